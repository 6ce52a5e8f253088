/*
 * Parse the selector of a line and its value.
 */
#include "base/utf8.h"
#include "map/ascii.h"
#include "map/dn.h"
#include "map/dnhint.h"
#include "map/rule.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Parse pairs of hexadecimal digits, with or without colons between them; write
 * them in lower case without colons. */
static enum ca_err
hex_value(
    struct ca_rule *rule, const char *p, struct ca_buf *out, size_t *bytes)
{
	for (*bytes = 0; *p != '\0'; (*bytes)++) {
		int high, low;

		if (*bytes > 0 && *p == ':')
			p++;
		high = ca_ascii_hex(p[0]);
		low = high < 0 ? -1 : ca_ascii_hex(p[1]);
		if (low < 0)
			return ca_rule_refuse(rule,
			    "%-s: needs pairs of hexadecimal "
			    "digits",
			    ca_selector_name(rule->sel));
		ca_buf_u8(out, (uint8_t) "0123456789abcdef"[high]);
		ca_buf_u8(out, (uint8_t) "0123456789abcdef"[low]);
		p += 2;
	}
	return CA_OK;
}

static enum ca_err
hex_selector(struct ca_rule *rule, const char *p)
{
	unsigned want = ca_selectors[rule->sel].bytes;
	size_t bytes;
	enum ca_err rc;

	if ((rc = hex_value(rule, p, &rule->value_buf, &bytes)) != CA_OK)
		return rc;
	if (want != 0 && bytes != want)
		return ca_rule_refuse(rule, "%-s: needs %u hexadecimal digits",
		    ca_selector_name(rule->sel), 2 * want);
	if (bytes == 0 || bytes > 64)
		return ca_rule_refuse(rule,
		    "%-s: needs 1 to 64 bytes in hexadecimal",
		    ca_selector_name(rule->sel));
	return CA_OK;
}

static enum ca_err
slashes(struct ca_rule *rule, const char *p, size_t len)
{
	static const char example[] = "CN=Alice,O=Example,C=DE";
	struct ca_buf name = CA_BUF_INIT((size_t)CA_RULE_LINE_MAX * 2);
	struct ca_buf quoted = CA_BUF_INIT((size_t)CA_RULE_LINE_MAX * 8);
	enum ca_err rc;

	ca_dnhint_slashes(p, len, &name);
	if (name.err == CA_OK && name.len > 0)
		ca_buf_quote_dn(
		    &quoted, name.p, name.len < 200 ? name.len : 200);
	else
		ca_buf_quote_dn(&quoted, example, strlen(example));
	const char *text = ca_buf_text(&quoted);
	rc = ca_rule_refuse(rule,
	    "the name is in openssl's form with slashes; write it as in RFC 4514: %-s",
	    text != NULL ? text : example);
	ca_buf_free(&name);
	ca_buf_free(&quoted);
	return rc;
}

enum ca_err
ca_selector_name_value(struct ca_rule *rule, const char *p, size_t len,
    bool fold, struct ca_buf *out)
{
	const char *why;
	enum ca_err rc;

	if (len > 0 && p[0] == '/')
		return slashes(rule, p, len);
	rc = ca_dn_parse(p, len, fold, out, &why);

	if (rc == CA_ERR_FORMAT || rc == CA_ERR_LIMIT)
		return ca_rule_refuse(rule, "%-s", why);
	return rc;
}

/* Return the first ; without a backslash before it, or NULL. */
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

/* Parse a serial number as `openssl x509 -serial` prints it: hexadecimal.  Remove
 * leading zeros. */
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
		if (ca_ascii_hex(*p) < 0)
			return ca_rule_refuse(rule,
			    "issuer-serial: the serial number must have only hexadecimal digits");
		digits[n++] = *p;
	}
	if (n == 0)
		return ca_rule_refuse(rule,
		    "issuer-serial: the serial number after ; is missing");
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
		return ca_rule_refuse(rule,
		    "%-s: needs two parts separated by ;",
		    ca_selector_name(rule->sel));
	rc = ca_selector_name_value(
	    rule, p, (size_t)(second - p), rule->ignorecase, out);
	if (rc != CA_OK)
		return rc;
	/* no pair of a canonical name begins with a semicolon */
	ca_buf_u8(out, ';');
	if (rule->sel == CA_SEL_ISSUER_SERIAL)
		return serial_value(rule, second + 1, out);
	return ca_selector_name_value(
	    rule, second + 1, strlen(second + 1), rule->ignorecase, out);
}

/* Read one character and its escape; *star: it is a star without an escape. */
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
	int high = ca_ascii_hex(p[1]);
	int low = high < 0 ? -1 : ca_ascii_hex(p[2]);
	if (low < 0)
		return ca_rule_refuse(rule,
		    "after a backslash, a special character or two hexadecimal digits are required");
	*c = (uint8_t)(high << 4 | low);
	if (*c == 0)
		return ca_rule_refuse(
		    rule, "the value has a NUL character, and can never match");
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
		return ca_rule_refuse(rule,
		    "a * in a selector needs the login *; write \\* for the character itself");
	if (stars != 1 && rule->pattern)
		return ca_rule_refuse(rule,
		    "the login * needs exactly one * in its "
		    "selector");
	if (out->len == 0 && rule->pattern)
		return ca_rule_refuse(rule,
		    "a * alone would match any certificate; write text before or after it, and use issuer=");
	if (out->len == 0)
		return ca_rule_refuse(
		    rule, "%-s: has no value", ca_selector_name(rule->sel));
	if (rule->sel == CA_SEL_EMAIL && out->err == CA_OK &&
	    memchr(out->p, '@', out->len) == NULL)
		return ca_rule_refuse(rule, "email: needs an address with @");
	return CA_OK;
}

static enum ca_err
sid_selector(struct ca_rule *rule, const char *p)
{
	size_t len = strlen(p);

	if (strncmp(p, "S-1-", 4) != 0 || len < 5 || len > 184 ||
	    strspn(p + 2, "0123456789-") != len - 2)
		return ca_rule_refuse(rule, "sid: needs a SID such as "
					    "S-1-5-21-1-2-3-1001");
	ca_buf_str(&rule->value_buf, p);
	return CA_OK;
}

/* Copy a rule of sss-certmap(5); only the escape of a double quote is removed. */
static enum ca_err
raw_selector(struct ca_rule *rule, const char *p)
{
#ifndef HAVE_SSS_CERTMAP
	(void)p;
	return ca_rule_refuse(rule,
	    "match: needs libsss_certmap, and certauth was built without it");
#else
	for (; *p != '\0'; p++)
		if (p[0] != '\\' || p[1] != '"')
			ca_buf_u8(&rule->value_buf, (uint8_t)*p);
	if (rule->value_buf.len == 0)
		return ca_rule_refuse(rule, "match: has no value");
	return CA_OK;
#endif
}

enum ca_err
ca_selector_parse(struct ca_rule *rule, const char *value)
{
	if (rule->pattern && !ca_selectors[rule->sel].pattern)
		return ca_rule_refuse(rule,
		    "%-s: this selector cannot be used with the login *",
		    ca_selector_name(rule->sel));
	switch (ca_selectors[rule->sel].form) {
	case CA_FORM_HEX:
		return hex_selector(rule, value);
	case CA_FORM_NAME:
		return ca_selector_name_value(rule, value, strlen(value),
		    rule->ignorecase, &rule->value_buf);
	case CA_FORM_NAME_SERIAL:
	case CA_FORM_NAME_NAME:
		return two_parts(rule, value);
	case CA_FORM_TEXT:
		return text_selector(rule, value);
	case CA_FORM_SID:
		return sid_selector(rule, value);
	case CA_FORM_RAW:
		return raw_selector(rule, value);
	}
	return CA_ERR_UNSET;
}

/* Name the selector that was probably meant: upn: for upn= or UPN:, subject: for
 * a name. */
static enum ca_err
no_such(struct ca_rule *rule, const char *word)
{
	size_t len = strcspn(word, ":=");

	for (int s = 0; s < CA_SELECTORS && word[len] != '\0'; s++) {
		const char *name = ca_selectors[s].name;

		/* CN=Alice,O=Corp is a name, and CN=Alice may be one */
		if (word[len] == '=' && strchr(word, ',') != NULL)
			break;
		if (strlen(name) == len && strncasecmp(name, word, len) == 0)
			return ca_rule_refuse(rule,
			    "no such selector: %.100s "
			    "(write %-s:VALUE)",
			    word, name);
	}
	if (word[0] == '/' || (word[len] == '=' && strchr(word, ',') != NULL))
		return ca_rule_refuse(rule,
		    "no such selector: %.100s (the "
		    "whole subject is subject:NAME; `certauth inspect "
		    "CERT.pem' shows how to write it)",
		    word);
	return ca_rule_refuse(rule,
	    "no such selector: %.100s (`certauth "
	    "inspect CERT.pem' shows those of a certificate)",
	    word);
}

enum ca_err
ca_selector_find(struct ca_rule *rule, const char *word, const char **value)
{
	const char *colon = strchr(word, ':');
	size_t len = colon != NULL ? (size_t)(colon - word) : 0;

	for (int s = 0; s < CA_SELECTORS; s++)
		if (colon != NULL && strlen(ca_selectors[s].name) == len &&
		    memcmp(ca_selectors[s].name, word, len) == 0) {
			rule->sel = (enum ca_selector)s;
			rule->selector = word;
			*value = colon + 1;
			return CA_OK;
		}
	return no_such(rule, word);
}

/* keep-domain: the pattern is *@DOMAIN, with a domain of A-Z a-z 0-9 . and -, so that
 * the login is a plain name and a domain that the line has chosen. */
static enum ca_err
check_domain(struct ca_rule *rule)
{
	const struct ca_buf *v = &rule->value_buf;
	bool good = rule->pattern && rule->star == 0 && v->len > 1 &&
		    v->p[0] == '@' && v->p[1] != '.' && v->p[1] != '-';

	for (size_t i = 1; good && i < v->len; i++)
		good = (v->p[i] >= '0' && v->p[i] <= '9') ||
		       (v->p[i] >= 'a' && v->p[i] <= 'z') ||
		       (v->p[i] >= 'A' && v->p[i] <= 'Z') || v->p[i] == '.' ||
		       v->p[i] == '-';
	return good
		   ? CA_OK
		   : ca_rule_refuse(rule,
			 "keep-domain needs the login * and a selector *@DOMAIN, as in: * upn:*@corp.example keep-domain");
}

/* Text is folded here for ignorecase; names are folded when they are parsed. */
enum ca_err
ca_selector_finish(struct ca_rule *rule)
{
	enum ca_err rc = ca_buf_err(&rule->value_buf);
	struct ca_buf *v = &rule->value_buf;

	if (rc == CA_ERR_LIMIT)
		return ca_rule_refuse(rule, "the selector is too long");
	if (rc != CA_OK)
		return rc;
	if (ca_selectors[rule->sel].form == CA_FORM_TEXT) {
		ca_selector_normalise(rule->sel, v->p, v->len);
		if (!ca_utf8_text(v->p, v->len))
			return ca_rule_refuse(rule,
			    "the value is not plain text in "
			    "UTF-8");
		if (rule->ignorecase)
			ca_ascii_lower(v->p, v->len);
	}
	rule->value = v->p;
	rule->len = v->len;
	return rule->keep_domain ? check_domain(rule) : CA_OK;
}
