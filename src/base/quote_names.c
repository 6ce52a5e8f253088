/*
 * Names of RFC 4514, and words of a shell, into a buffer (base/buf.h, base/text.h): what
 * the module does without.
 */
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/utf8.h"

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Is it an OID, or a short name that ca_name_rfc4514 writes? */
static bool
is_type(const char *p, size_t len)
{
	static const char *const types[] = {"CN", "O", "OU", "C", "DC", "UID",
	    "L", "ST", "STREET", "emailAddress", "serialNumber", "sn",
	    "givenName", "initials", "generationQualifier", "title", "name",
	    "dnQualifier"};
	size_t dots = 0;

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strlen(types[i]) == len &&
		    strncasecmp(types[i], p, len) == 0)
			return true;
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '.' && i > 0 && p[i - 1] != '.')
			dots++;
		else if (!digit(p[i]))
			return false;
	}
	return dots > 0 && p[len - 1] != '.';
}

bool
ca_text_separates(const void *text, size_t at)
{
	const char *p = text;
	size_t begin = at, slashes = 0;

	if (at > 0 && p[at - 1] == ' ')
		return true;
	while (begin > 0 && (letter(p[begin - 1]) || digit(p[begin - 1]) ||
				p[begin - 1] == '.'))
		begin--;
	if (begin == at || !is_type(p + begin, at - begin))
		return false;
	if (begin == 0)
		return true;
	if (strchr(" ,+;:\"(", p[begin - 1]) == NULL || p[begin - 1] == '\0')
		return false;
	/* the separator must not be escaped by an odd number of backslashes */
	while (slashes + 1 < begin && p[begin - 2 - slashes] == '\\')
		slashes++;
	return slashes % 2 == 0;
}

/* ---- into a buffer ---- */

void
ca_buf_shell(struct ca_buf *b, const char *text)
{
	if (text[0] != '~' && ca_text_plain(text, strlen(text))) {
		ca_buf_str(b, text);
		return;
	}
	ca_buf_str(b, "'");
	for (const char *p = text; *p != '\0'; p++)
		ca_buf_fmt(b, *p == '\'' ? "'\\''" : "%c", *p);
	ca_buf_str(b, "'");
}

void
ca_buf_quote_names(struct ca_buf *b, const void *p, size_t len)
{
	const uint8_t *s = p;
	char out[CA_TEXT_STEP];
	size_t n;

	ca_buf_u8(b, '"');
	for (size_t i = 0; i < len;) {
		const char *special =
		    s[i] == '=' && ca_text_separates(s, i) ? "" : "\\\"=";

		i += ca_text_next(s + i, len - i, special, out, &n);
		ca_buf_put(b, out, n);
	}
	ca_buf_u8(b, '"');
}

/* The length of the escape (RFC 4514 section 2.4) at p; 0: p is no escape. */
static size_t
dn_escape(const char *p, size_t len)
{
	static const char hex[] = "0123456789abcdefABCDEF";

	if (len < 2 || p[0] != '\\' || p[1] == '\0')
		return 0;
	if (strchr(" \"#+,;<=>\\", p[1]) != NULL)
		return 2;
	return len > 2 && p[2] != '\0' && strchr(hex, p[1]) != NULL &&
		       strchr(hex, p[2]) != NULL
		   ? 3
		   : 0;
}

void
ca_buf_quote_dn(struct ca_buf *b, const void *p, size_t len)
{
	const char *s = p;
	size_t n, type = 0; /* where an attribute type can begin */

	ca_buf_u8(b, '"');
	for (size_t i = 0; i < len; i += n) {
		uint32_t c = 0;
		size_t escape = dn_escape(s + i, len - i);
		bool as_is;

		n = ca_utf8_next((const uint8_t *)s + i, len - i, &c);
		as_is = n > 0 && ca_utf8_printable(c) && c != '"' && c != '\\';
		if (c == '=')
			as_is = i > type && is_type(s + type, i - type);
		if (escape > 0)
			n = escape;
		else if (n == 0)
			n = 1;
		if (escape == 0 && (c == ',' || c == '+'))
			type = i + 1;
		if (escape > 0 || as_is)
			ca_buf_put(b, s + i, n);
		else
			for (size_t k = 0; k < n; k++)
				ca_buf_fmt(b, "\\%02X", (uint8_t)s[i + k]);
	}
	ca_buf_u8(b, '"');
}
