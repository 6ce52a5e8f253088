/*
 * Parsing one line of the users file.
 */
#include "map/rule.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

#define TOKENS_MAX 8 /* login, selector, and each option once */

/* ---- words ---- */

/*
 * Split a line into words at blanks, into rule->text.  Double quotes enclose
 * blanks and are removed.  A backslash protects the character after it; both are
 * kept, and the selector interprets them.  A # at the beginning of a word begins a
 * comment.
 */
static enum ca_err
split(
    struct ca_rule *rule, const char *line, size_t len, char **word, size_t *n)
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
			return ca_rule_refuse(rule,
			    "too many words; a value with "
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
			return ca_rule_refuse(
			    rule, "a double quote is not closed");
		*out++ = '\0'; /* replaces the blank or the end of the line */
	}
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

/* Parse YYYY-MM-DD, the end of that day in UTC, or YYYY-MM-DDTHH:MM:SSZ. */
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
	if (len == 20 &&
	    (p[10] != 'T' || !digits(p + 11, 2, &tm.tm_hour) || p[13] != ':' ||
		!digits(p + 14, 2, &tm.tm_min) || p[16] != ':' ||
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
			return ca_rule_refuse(rule,
			    "service= needs names of PAM services in lower case, separated by commas");
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
	enum ca_err rc = ca_selector_name_value(
	    rule, value, strlen(value), false, &rule->issuer_buf);

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

	return strncmp(word, name, len) == 0 && word[len] == '='
		   ? word + len + 1
		   : NULL;
}

static enum ca_err
parse_option(struct ca_rule *rule, const char *word)
{
	const char *value, *why;

	if (strcmp(word, "ignorecase") == 0 && !rule->ignorecase) {
		rule->ignorecase = true;
		return CA_OK;
	}
	if (strcmp(word, "keep-domain") == 0 && !rule->keep_domain) {
		rule->keep_domain = true;
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
			return ca_rule_refuse(rule, "%-s", why);
		rule->from = value;
		return CA_OK;
	}
	if ((value = option_value(word, "until")) != NULL && !rule->has_until) {
		if (!parse_date(value, &rule->until))
			return ca_rule_refuse(rule,
			    "until= needs a date such as "
			    "2027-01-31 or 2027-01-31T18:00:00Z");
		rule->has_until = true;
		return CA_OK;
	}
	return ca_rule_refuse(rule,
	    "unknown or repeated option: %.100s (a value with blanks needs double quotes, as in \"subject:CN=A B,O=C\" or issuer=\"CN=A B,O=C\"; no blank follows the colon)",
	    word);
}

/* ---- the line ---- */

static void
clear(struct ca_rule *rule)
{
	rule->login = rule->selector = rule->from = rule->service = NULL;
	rule->value = rule->issuer = NULL;
	rule->len = rule->issuer_len = rule->star = 0;
	rule->pattern = rule->has_until = rule->ignorecase = false;
	rule->keep_domain = rule->refuses = false;
	rule->until = 0;
	rule->why[0] = '\0';
	ca_buf_reset(&rule->value_buf);
	ca_buf_reset(&rule->issuer_buf);
}

/* Return CA_ERR_FORMAT for bytes that no line has. */
static enum ca_err
check_bytes(struct ca_rule *rule, const char *line, size_t len)
{
	if (len > CA_RULE_LINE_MAX)
		return ca_rule_refuse(
		    rule, "the line has more than %d bytes", CA_RULE_LINE_MAX);
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)line[i] < 0x20 && line[i] != '\t') ||
		    line[i] == 0x7f)
			return ca_rule_refuse(rule,
			    "the line has a control byte (0x%02x)%-s",
			    (unsigned char)line[i],
			    line[i] == '\r'
				? ": lines must end as on Unix (dos2unix, or "
				  "sed -i 's/\\r$//')"
				: "");
	if (len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
		return ca_rule_refuse(rule,
		    "the file begins with a byte order mark; save the file as UTF-8 without one");
	return CA_OK;
}

/* A login with blanks, without double quotes: the selector comes later. */
static bool
blank_login(struct ca_rule *rule, char **word, size_t n)
{
	const char *value;

	if (n < 3 || strchr(word[1], ':') != NULL)
		return false;
	for (size_t i = 2; i < n; i++)
		if (ca_selector_find(rule, word[i], &value) == CA_OK)
			return true;
	return false;
}

/* The login is the first word. */
static enum ca_err
parse_login(struct ca_rule *rule, char **word, size_t n)
{
	const char *login = word[0];
	size_t len = strlen(login);
	bool blank = memchr(login, ' ', len) != NULL ||
		     memchr(login, '\t', len) != NULL ||
		     blank_login(rule, word, n);

	rule->login = login;
	rule->pattern = strcmp(login, "*") == 0;
	rule->refuses = strcmp(login, "!") == 0;
	if (blank) {
		(void)ca_rule_refuse(rule,
		    "a login name with a blank is not supported (%.100s), so the line is ignored",
		    login);
		return CA_ERR_UNSUPPORTED;
	}
	if (!rule->pattern && !ca_login_valid(login, len))
		return ca_rule_refuse(rule, "not a login name: %.100s", login);
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
	if ((rc = check_bytes(rule, line, len)) != CA_OK)
		return rc;
	if ((rc = split(rule, line, len, word, &n)) != CA_OK)
		return rc;
	if (n == 0)
		return CA_ERR_NOT_FOUND;
	if (n == 1)
		return ca_rule_refuse(rule,
		    "a line must have the form LOGIN SELECTOR [OPTION ...]");
	if ((rc = parse_login(rule, word, n)) != CA_OK)
		return rc;
	if ((rc = ca_selector_find(rule, word[1], &value)) != CA_OK)
		return rc;
	for (size_t i = 2; i < n; i++)
		if ((rc = parse_option(rule, word[i])) != CA_OK)
			return rc;
	if ((rc = ca_selector_parse(rule, value)) != CA_OK)
		return rc;
	return ca_selector_finish(rule);
}
