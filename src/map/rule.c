#include "map/rule.h"
#include "base/utf8.h"
#include "map/dn.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CANONICAL_MAX 65536
#define TOKENS_MAX 8 /* login, selector, and each option once */

enum form { HEX, NAME, NAME_SERIAL, NAME_NAME, TEXT, SID, RAW };

static const struct {
	const char *name;
	bool strong, pattern;
	enum form form;
	unsigned bytes; /* of HEX; 0: 1 to 64 */
} selectors[CA_SELECTORS] = {
	[CA_SEL_SHA256] = {"sha256", true, false, HEX, 32},
	[CA_SEL_KEY] = {"key", true, false, HEX, 32},
	[CA_SEL_ISSUER_SERIAL] = {"issuer-serial", true, false, NAME_SERIAL, 0},
	[CA_SEL_SKI] = {"ski", true, false, HEX, 0},
	[CA_SEL_SID] = {"sid", true, false, SID, 0},
	[CA_SEL_SUBJECT] = {"subject", false, false, NAME, 0},
	[CA_SEL_ISSUER_SUBJECT] = {"issuer-subject", false, false, NAME_NAME,
	    0},
	[CA_SEL_EMAIL] = {"email", false, true, TEXT, 0},
	[CA_SEL_UPN] = {"upn", false, true, TEXT, 0},
	[CA_SEL_CN] = {"cn", false, true, TEXT, 0},
	[CA_SEL_UID] = {"uid", false, true, TEXT, 0},
	[CA_SEL_DNS] = {"dns", false, true, TEXT, 0},
	[CA_SEL_URI] = {"uri", false, true, TEXT, 0},
	[CA_SEL_KRB] = {"krb", false, true, TEXT, 0},
	[CA_SEL_MATCH] = {"match", false, false, RAW, 0},
};

const char *
ca_selector_name(enum ca_selector sel)
{
	return (unsigned)sel < CA_SELECTORS ? selectors[sel].name : "?";
}

bool
ca_selector_strong(enum ca_selector sel)
{
	return (unsigned)sel < CA_SELECTORS && selectors[sel].strong;
}

void
ca_selector_normalise(enum ca_selector sel, uint8_t *p, size_t len)
{
	size_t at;

	if (sel == CA_SEL_UPN)
		ca_ascii_lower(p, len);
	if (sel != CA_SEL_EMAIL)
		return;
	for (at = len; at > 0 && p[at - 1] != '@'; at--)
		;
	if (at > 0)
		ca_ascii_lower(p + at, len - at);
}

void
ca_rule_init(struct ca_rule *rule)
{
	rule->value_buf = CA_BUF_INIT(CANONICAL_MAX);
	rule->issuer_buf = CA_BUF_INIT(CANONICAL_MAX);
	rule->why[0] = '\0';
}

void
ca_rule_free(struct ca_rule *rule)
{
	ca_buf_free(&rule->value_buf);
	ca_buf_free(&rule->issuer_buf);
}

static enum ca_err __attribute__((format(printf, 2, 3)))
refuse(struct ca_rule *rule, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(rule->why, sizeof rule->why, fmt, ap);
	va_end(ap);
	return CA_ERR_FORMAT;
}

/* ---- words ---- */

/*
 * Split a line into words at blanks, into rule->text.  Double quotes hold a
 * word together and are dropped; a backslash protects the character behind it,
 * and both stay, for the selector to interpret.  A # at the beginning of a
 * word begins a comment.
 */
static enum ca_err
split(struct ca_rule *rule, const char *line, size_t len, char **word,
    size_t *n)
{
	char *out = rule->text;
	size_t i = 0;

	*n = 0;
	for (;;) {
		bool quoted = false;

		while (i < len && (line[i] == ' ' || line[i] == '\t'))
			i++;
		if (i == len || line[i] == '#')
			return CA_OK;
		if (*n == TOKENS_MAX)
			return refuse(rule, "too many words; a value with "
			    "blanks needs double quotes");
		word[(*n)++] = out;
		for (; i < len; i++) {
			if (!quoted && (line[i] == ' ' || line[i] == '\t'))
				break;
			if (line[i] == '"') {
				quoted = !quoted;
				continue;
			}
			if (line[i] == '\\' && i + 1 < len)
				*out++ = line[i++];
			*out++ = line[i];
		}
		if (quoted)
			return refuse(rule, "a double quote without its "
			    "counterpart");
		*out++ = '\0'; /* in place of the blank or the line's end */
	}
}

/* ---- values ---- */

/* Two hexadecimal digits a byte, colons between bytes allowed, in lower case
 * without them. */
static enum ca_err
hex_value(struct ca_rule *rule, const char *p, struct ca_buf *out,
    size_t *bytes)
{
	for (*bytes = 0; *p != '\0'; (*bytes)++) {
		int high, low;

		if (*bytes > 0 && *p == ':')
			p++;
		high = ca_hex_digit(p[0]);
		low = high < 0 ? -1 : ca_hex_digit(p[1]);
		if (high < 0 || low < 0)
			return refuse(rule, "%s: needs pairs of hexadecimal "
			    "digits", ca_selector_name(rule->sel));
		ca_buf_u8(out, (uint8_t)"0123456789abcdef"[high]);
		ca_buf_u8(out, (uint8_t)"0123456789abcdef"[low]);
		p += 2;
	}
	return CA_OK;
}

static enum ca_err
hex_selector(struct ca_rule *rule, const char *p)
{
	unsigned want = selectors[rule->sel].bytes;
	size_t bytes;
	enum ca_err rc;

	if ((rc = hex_value(rule, p, &rule->value_buf, &bytes)) != CA_OK)
		return rc;
	if (want != 0 && bytes != want)
		return refuse(rule, "%s: needs %u hexadecimal digits",
		    ca_selector_name(rule->sel), 2 * want);
	if (bytes == 0 || bytes > 64)
		return refuse(rule, "%s: needs 1 to 64 bytes in hexadecimal",
		    ca_selector_name(rule->sel));
	return CA_OK;
}

static enum ca_err
name_value(struct ca_rule *rule, const char *p, size_t len, bool fold,
    struct ca_buf *out)
{
	const char *why;
	enum ca_err rc = ca_dn_parse(p, len, fold, out, &why);

	if (rc == CA_ERR_FORMAT || rc == CA_ERR_LIMIT)
		return refuse(rule, "%s", why);
	return rc;
}

/* The ; without a backslash that stands between two parts; NULL: none. */
static const char *
semicolon(const char *p)
{
	for (; *p != '\0'; p++) {
		if (*p == ';')
			return p;
		if (*p == '\\' && p[1] != '\0')
			p++;
	}
	return NULL;
}

/* Serial: hexadecimal, most significant digit first, leading zeros dropped;
 * written as certificates and `openssl x509 -serial` have it. */
static enum ca_err
serial_value(struct ca_rule *rule, const char *p, struct ca_buf *out)
{
	char digits[CA_RULE_LINE_MAX];
	size_t n = 0;

	if (*p == '-')
		ca_buf_u8(out, (uint8_t)*p++);
	for (; *p != '\0'; p++) {
		if (*p == ':' && n > 0 && p[1] != '\0')
			continue;
		if (ca_hex_digit(*p) < 0)
			return refuse(rule, "issuer-serial: the serial number "
			    "needs hexadecimal digits alone");
		digits[n++] = *p;
	}
	if (n == 0)
		return refuse(rule, "issuer-serial: the serial number is "
		    "missing behind ;");
	size_t zeros = 0;
	while (zeros + 1 < n && digits[zeros] == '0')
		zeros++;
	ca_ascii_lower(digits, n);
	ca_buf_put(out, digits + zeros, n - zeros);
	return CA_OK;
}

static enum ca_err
two_parts(struct ca_rule *rule, const char *p)
{
	const char *second = semicolon(p);
	struct ca_buf *out = &rule->value_buf;
	enum ca_err rc;

	if (second == NULL)
		return refuse(rule, "%s: needs two parts with ; between",
		    ca_selector_name(rule->sel));
	rc = name_value(rule, p, (size_t)(second - p), rule->ignorecase, out);
	if (rc != CA_OK)
		return rc;
	/* no pair of a canonical name begins with a semicolon */
	ca_buf_u8(out, ';');
	if (rule->sel == CA_SEL_ISSUER_SERIAL)
		return serial_value(rule, second + 1, out);
	return name_value(rule, second + 1, strlen(second + 1),
	    rule->ignorecase, out);
}

/* Take one character with its escape; *star: it is a bare star. */
static enum ca_err
text_char(struct ca_rule *rule, const char **at, uint8_t *c, bool *star)
{
	const char *p = *at;

	*star = *p == '*';
	if (*p != '\\') {
		*c = (uint8_t)*p;
		*at = p + 1;
		return CA_OK;
	}
	if (p[1] != '\0' && strchr(" \"#+,;<=>\\*", p[1]) != NULL) {
		*c = (uint8_t)p[1];
		*at = p + 2;
		return CA_OK;
	}
	int high = ca_hex_digit(p[1]);
	int low = high < 0 ? -1 : ca_hex_digit(p[2]);
	if (low < 0)
		return refuse(rule, "a backslash before neither a special "
		    "character nor two hexadecimal digits");
	*c = (uint8_t)(high << 4 | low);
	if (*c == 0)
		return refuse(rule, "a NUL, which never matches");
	*at = p + 3;
	return CA_OK;
}

static enum ca_err
text_selector(struct ca_rule *rule, const char *p)
{
	struct ca_buf *out = &rule->value_buf;
	size_t stars = 0;
	enum ca_err rc;

	while (*p != '\0') {
		uint8_t c = 0;
		bool star = false;

		if ((rc = text_char(rule, &p, &c, &star)) != CA_OK)
			return rc;
		if (!star) {
			ca_buf_u8(out, c);
			continue;
		}
		rule->star = out->len;
		stars++;
	}
	if (stars > 0 && !rule->pattern)
		return refuse(rule, "a * in a selector needs the login *; "
		    "write \\* for the character");
	if (stars != 1 && rule->pattern)
		return refuse(rule, "the login * needs exactly one * in its "
		    "selector");
	if (out->len == 0)
		return refuse(rule, rule->pattern ? "a * alone would take any "
		    "certificate; use issuer= and write text beside it" :
		    "%s: has no value", ca_selector_name(rule->sel));
	if (rule->sel == CA_SEL_EMAIL && out->err == CA_OK &&
	    memchr(out->p, '@', out->len) == NULL)
		return refuse(rule, "email: needs an address with @");
	return CA_OK;
}

static enum ca_err
sid_selector(struct ca_rule *rule, const char *p)
{
	size_t len = strlen(p);

	if (strncmp(p, "S-1-", 4) != 0 || len < 5 || len > 184 ||
	    strspn(p + 2, "0123456789-") != len - 2)
		return refuse(rule, "sid: needs a SID such as "
		    "S-1-5-21-1-2-3-1001");
	ca_buf_str(&rule->value_buf, p);
	return CA_OK;
}

/* A rule of sss-certmap(5): its backslashes are its own, but for \". */
static enum ca_err
raw_selector(struct ca_rule *rule, const char *p)
{
#ifndef HAVE_SSS_CERTMAP
	(void)p;
	return refuse(rule, "match: needs libsss_certmap, which this build "
	    "lacks");
#else
	for (; *p != '\0'; p++)
		if (p[0] != '\\' || p[1] != '"')
			ca_buf_u8(&rule->value_buf, (uint8_t)*p);
	if (rule->value_buf.len == 0)
		return refuse(rule, "match: has no value");
	return CA_OK;
#endif
}

static enum ca_err
parse_selector(struct ca_rule *rule, const char *value)
{
	if (rule->pattern && !selectors[rule->sel].pattern)
		return refuse(rule, "%s: cannot make a login: it takes no *",
		    ca_selector_name(rule->sel));
	switch (selectors[rule->sel].form) {
	case HEX:
		return hex_selector(rule, value);
	case NAME:
		return name_value(rule, value, strlen(value), rule->ignorecase,
		    &rule->value_buf);
	case NAME_SERIAL:
	case NAME_NAME:
		return two_parts(rule, value);
	case TEXT:
		return text_selector(rule, value);
	case SID:
		return sid_selector(rule, value);
	case RAW:
		return raw_selector(rule, value);
	}
	return CA_ERR_UNSET;
}

/* ---- options ---- */

static bool
digits(const char *p, size_t n, int *out)
{
	*out = 0;
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		*out = *out * 10 + (p[i] - '0');
	}
	return true;
}

/* YYYY-MM-DD: to the end of that day in UTC; or YYYY-MM-DDTHH:MM:SSZ. */
static bool
parse_date(const char *p, time_t *out)
{
	struct tm tm = {0}, back;
	size_t len = strlen(p);

	if ((len != 10 && len != 20) || !digits(p, 4, &tm.tm_year) ||
	    p[4] != '-' || !digits(p + 5, 2, &tm.tm_mon) || p[7] != '-' ||
	    !digits(p + 8, 2, &tm.tm_mday))
		return false;
	tm.tm_hour = 23;
	tm.tm_min = tm.tm_sec = 59;
	if (len == 20 && (p[10] != 'T' || !digits(p + 11, 2, &tm.tm_hour) ||
	    p[13] != ':' || !digits(p + 14, 2, &tm.tm_min) || p[16] != ':' ||
	    !digits(p + 17, 2, &tm.tm_sec) || p[19] != 'Z'))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	back = tm;
	*out = timegm(&back);
	return back.tm_mday == tm.tm_mday && back.tm_mon == tm.tm_mon &&
	    back.tm_hour == tm.tm_hour && back.tm_min == tm.tm_min &&
	    back.tm_sec == tm.tm_sec;
}

static enum ca_err
service_option(struct ca_rule *rule, const char *list)
{
	for (const char *p = list;; p++) {
		size_t len = strspn(p, "abcdefghijklmnopqrstuvwxyz"
				       "0123456789_.-");

		if (len == 0 || (p[len] != ',' && p[len] != '\0'))
			return refuse(rule, "service= needs names of PAM "
			    "services, in lower case, with commas between");
		p += len;
		if (*p == '\0')
			break;
	}
	rule->service = list;
	return CA_OK;
}

static enum ca_err
issuer_option(struct ca_rule *rule, const char *value)
{
	enum ca_err rc = name_value(rule, value, strlen(value), false,
	    &rule->issuer_buf);

	if (rc != CA_OK)
		return rc;
	if ((rc = ca_buf_err(&rule->issuer_buf)) != CA_OK)
		return rc;
	rule->issuer = rule->issuer_buf.p;
	rule->issuer_len = rule->issuer_buf.len;
	return CA_OK;
}

/* The value of an option called name, or NULL. */
static const char *
option_value(const char *word, const char *name)
{
	size_t len = strlen(name);

	return strncmp(word, name, len) == 0 && word[len] == '=' ?
	    word + len + 1 : NULL;
}

static enum ca_err
parse_option(struct ca_rule *rule, const char *word)
{
	const char *value, *why;

	if (strcmp(word, "ignorecase") == 0 && !rule->ignorecase) {
		rule->ignorecase = true;
		return CA_OK;
	}
	if ((value = option_value(word, "issuer")) != NULL &&
	    rule->issuer == NULL)
		return issuer_option(rule, value);
	if ((value = option_value(word, "service")) != NULL &&
	    rule->service == NULL)
		return service_option(rule, value);
	if ((value = option_value(word, "from")) != NULL &&
	    rule->from == NULL) {
		if ((why = ca_from_check(value)) != NULL)
			return refuse(rule, "%s", why);
		rule->from = value;
		return CA_OK;
	}
	if ((value = option_value(word, "until")) != NULL && !rule->has_until) {
		if (!parse_date(value, &rule->until))
			return refuse(rule, "until= needs a date such as "
			    "2027-01-31 or 2027-01-31T18:00:00Z");
		rule->has_until = true;
		return CA_OK;
	}
	return refuse(rule, "not an option, or twice: %.100s (a value with "
	    "blanks needs double quotes)", word);
}

/* ---- the line ---- */

static enum ca_err
find_selector(struct ca_rule *rule, const char *word, const char **value)
{
	const char *colon = strchr(word, ':');
	size_t len = colon != NULL ? (size_t)(colon - word) : 0;

	for (int s = 0; s < CA_SELECTORS; s++)
		if (colon != NULL && strlen(selectors[s].name) == len &&
		    memcmp(selectors[s].name, word, len) == 0) {
			rule->sel = (enum ca_selector)s;
			rule->selector = word;
			*value = colon + 1;
			return CA_OK;
		}
	return refuse(rule, "no such selector: %.100s", word);
}

static void
clear(struct ca_rule *rule)
{
	rule->login = rule->selector = rule->from = rule->service = NULL;
	rule->value = rule->issuer = NULL;
	rule->len = rule->issuer_len = rule->star = 0;
	rule->pattern = rule->has_until = rule->ignorecase = false;
	rule->until = 0;
	rule->why[0] = '\0';
	ca_buf_reset(&rule->value_buf);
	ca_buf_reset(&rule->issuer_buf);
}

/* ignorecase for text; names are folded as they are parsed. */
static enum ca_err
finish_value(struct ca_rule *rule)
{
	enum ca_err rc = ca_buf_err(&rule->value_buf);
	struct ca_buf *v = &rule->value_buf;

	if (rc == CA_ERR_LIMIT)
		return refuse(rule, "the selector is too long");
	if (rc != CA_OK)
		return rc;
	if (selectors[rule->sel].form == TEXT) {
		ca_selector_normalise(rule->sel, v->p, v->len);
		if (!ca_utf8_text(v->p, v->len))
			return refuse(rule, "the value is not plain text in "
			    "UTF-8");
		if (rule->ignorecase)
			ca_ascii_lower(v->p, v->len);
	}
	rule->value = v->p;
	rule->len = v->len;
	return CA_OK;
}

enum ca_err
ca_rule_parse(struct ca_rule *rule, const char *line, size_t len)
{
	char *word[TOKENS_MAX];
	const char *value = "";
	size_t n;
	enum ca_err rc;

	clear(rule);
	if (len > CA_RULE_LINE_MAX)
		return refuse(rule, "the line has over %d bytes",
		    CA_RULE_LINE_MAX);
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)line[i] < 0x20 && line[i] != '\t') ||
		    line[i] == 0x7f)
			return refuse(rule, "a control byte (0x%02x)%s",
			    (unsigned char)line[i], line[i] == '\r' ?
			    ": lines must end as on Unix" : "");
	if ((rc = split(rule, line, len, word, &n)) != CA_OK)
		return rc;
	if (n == 0)
		return CA_ERR_NOT_FOUND;
	if (n == 1)
		return refuse(rule, "a line is LOGIN SELECTOR [OPTION ...]");
	rule->login = word[0];
	rule->pattern = strcmp(word[0], "*") == 0;
	if (!rule->pattern && !ca_login_valid(word[0], strlen(word[0])))
		return refuse(rule, "not a login name: %.100s", word[0]);
	if ((rc = find_selector(rule, word[1], &value)) != CA_OK)
		return rc;
	for (size_t i = 2; i < n; i++)
		if ((rc = parse_option(rule, word[i])) != CA_OK)
			return rc;
	if ((rc = parse_selector(rule, value)) != CA_OK)
		return rc;
	return finish_value(rule);
}
