/*
 * One line of the users file: `login selector [option ...]`.  Private to this
 * room; certauth-users(5) describes the form.
 */
#ifndef CA_MAP_RULE_H
#define CA_MAP_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "map/selector.h"

#define CA_RULE_LINE_MAX 4096 /* bytes, without the line's end */

struct ca_rule {
	const char *login; /* "*" for a pattern, "!" for a refusal */
	bool pattern;
	bool refuses; /* no login may have the certificate */
	enum ca_selector sel;
	const char *selector; /* as in the line, without quotes */
	const uint8_t *value; /* normalised; with ignorecase in lower case */
	size_t len;
	size_t star;           /* pattern: the star is before this byte */
	const uint8_t *issuer; /* canonical (dn.h); NULL: any */
	size_t issuer_len;
	const char *from;    /* a list for ca_from_match; NULL: anywhere */
	const char *service; /* names separated by commas; NULL: any */
	time_t until;        /* the last second; valid if has_until */
	bool has_until;
	bool ignorecase;
	bool keep_domain; /* pattern: the login is the whole value, *@DOMAIN */
	char why[384];    /* after CA_ERR_FORMAT: what is wrong */
	/* what the pointers above point to */
	char text[CA_RULE_LINE_MAX + 1];
	struct ca_buf value_buf, issuer_buf;
};

/* Prepare and free a rule, which can be used for one line after the other. */
void ca_rule_init(struct ca_rule *rule);
void ca_rule_free(struct ca_rule *rule);

/*
 * Parse the len bytes of a line (without its end).  CA_ERR_NOT_FOUND: the line is
 * blank or a comment; CA_ERR_FORMAT: rule->why has the reason; CA_ERR_UNSUPPORTED:
 * the login has a blank, as directories allow; the line can be ignored, and
 * rule->why has the reason; CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_rule_parse(
    struct ca_rule *rule, const char *line, size_t len);

/* Write why, by the format of ca_format (%s quotes); return CA_ERR_FORMAT. */
enum ca_err ca_rule_refuse(struct ca_rule *rule, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The steps of ca_rule_parse in selector_parse.c; results as ca_rule_parse.  find:
 * set sel and selector from the word, and *value to the text after the colon.
 * parse, after the options: write the value into value_buf.  finish: normalise
 * it.  name_value: append the canonical form of an RFC 4514 name to out.
 */
CA_MUST_CHECK enum ca_err ca_selector_find(
    struct ca_rule *rule, const char *word, const char **value);
CA_MUST_CHECK enum ca_err ca_selector_parse(
    struct ca_rule *rule, const char *value);
CA_MUST_CHECK enum ca_err ca_selector_finish(struct ca_rule *rule);
CA_MUST_CHECK enum ca_err ca_selector_name_value(struct ca_rule *rule,
    const char *p, size_t len, bool fold, struct ca_buf *out);

/* Return NULL if the list has the form that from= requires, else the reason. */
const char *ca_from_check(const char *list);

/*
 * Return true if rhost (NULL or "": a login at the machine) matches the list:
 * `local`, an address, a network (ADDRESS/BITS), or a name with * and ?, compared
 * without case.  An IPv4-mapped IPv6 address is compared as IPv4.
 */
bool ca_from_match(const char *list, const char *rhost);

/* A login name that a line or a directory may have: 1 to 256 bytes of printable
 * UTF-8 without blanks and / : , * ? " #, not beginning with - . or ~. */
bool ca_login_valid(const char *login, size_t len);

/* A login name that a pattern may give: 1 to 256 bytes, only A-Z a-z 0-9 _ . -,
 * beginning with a letter, digit or _, and not only digits.  Return NULL, or why
 * the text is none, as a static phrase. */
const char *ca_login_underivable(const char *login, size_t len);

#endif
