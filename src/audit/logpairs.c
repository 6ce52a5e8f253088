/*
 * The KEY=VALUE pairs of an attempt (`audit = text').
 */
#include "audit/loglineint.h"
#include "base/text.h"

#include <string.h>

/* How a value is quoted: ca_buf_quote and ca_buf_quote_names, or, for a name,
 * ca_buf_quote_dn, whose escapes belong to the name. */
enum form { FREE, NAME };

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The escape after a backslash: a special character, or xHH. */
static bool
escape(struct ca_logline_cursor *c)
{
	if (c->end - c->p >= 3 && c->p[0] == 'x') {
		int high = hex_digit(c->p[1]), low = hex_digit(c->p[2]);

		if (high < 0 || low < 0)
			return false;
		ca_logline_put(c->a, (char)(high << 4 | low));
		c->p += 3;
		return true;
	}
	if (c->p == c->end || *c->p == '\0' || strchr("\\\"=", *c->p) == NULL)
		return false;
	ca_logline_put(c->a, *c->p++);
	return true;
}

/* From behind the opening quote to behind the closing one. */
static const char *
quoted(struct ca_logline_cursor *c, enum form form)
{
	size_t begin = ca_logline_begin(c->a);

	while (c->p < c->end && *c->p != '"') {
		char byte = *c->p++;

		if (byte != '\\') {
			ca_logline_put(c->a, byte);
			continue;
		}
		if (form == FREE && !escape(c))
			return NULL;
		if (form == NAME) {
			if (c->p == c->end)
				return NULL;
			ca_logline_put(c->a, byte);
			ca_logline_put(c->a, *c->p++);
		}
	}
	return ca_logline_skip(c, '"') ? ca_logline_end(c->a, begin) : NULL;
}

/* A value that is one plain word.  reason: `reason=config: text' may follow. */
static const char *
word(struct ca_logline_cursor *c, bool reason)
{
	size_t begin = ca_logline_begin(c->a), n = 0;

	while (c->p + n < c->end && ca_text_plain(c->p + n, 1))
		n++;
	if (reason && n > 1 && c->p[n - 1] == ':')
		n--;
	for (size_t i = 0; i < n; i++)
		ca_logline_put(c->a, *c->p++);
	return n > 0 ? ca_logline_end(c->a, begin) : NULL;
}

static enum form
form_of(const char *key, size_t len)
{
	enum ca_fact fact = ca_logline_fact(key, len);

	return fact == CA_FACT_SUBJECT || fact == CA_FACT_ISSUER ||
		       fact == CA_FACT_ANCHOR
		   ? NAME
		   : FREE;
}

static bool
is_reason(const char *key, size_t len)
{
	return len == strlen("reason") && memcmp(key, "reason", len) == 0;
}

static bool
pair(struct ca_logline_cursor *c, const char **key, size_t *len)
{
	const char *value;

	*key = c->p;
	while (c->p < c->end &&
	       ((*c->p >= 'a' && *c->p <= 'z') ||
		   (*c->p >= '0' && *c->p <= '9') || *c->p == '_'))
		c->p++;
	*len = (size_t)(c->p - *key);
	if (*len == 0 || !ca_logline_skip(c, '='))
		return false;
	value = ca_logline_skip(c, '"') ? quoted(c, form_of(*key, *len))
					: word(c, is_reason(*key, *len));
	return value != NULL && ca_logline_set(c->a, *key, *len, value);
}

/* The text after `reason=CODE: ' is the module's own, to the end of the line. */
static bool
remark(struct ca_logline_cursor *c)
{
	size_t begin = ca_logline_begin(c->a);

	while (c->p < c->end)
		ca_logline_put(c->a, *c->p++);
	const char *text = ca_logline_end(c->a, begin);
	return text != NULL &&
	       ca_logline_set(c->a, "detail", strlen("detail"), text);
}

bool
ca_logline_pairs(struct ca_logline_cursor *c)
{
	const char *key;
	size_t len;

	for (;;) {
		if (!pair(c, &key, &len))
			return false;
		if (c->p == c->end)
			return true;
		if (len == strlen("reason") &&
		    memcmp(key, "reason", len) == 0 &&
		    ca_logline_skip_text(c, ": "))
			return remark(c);
		if (!ca_logline_skip(c, ' '))
			return false;
	}
}
