/* Set one key of the configuration from its text. */
#include "base/buf.h"
#include "base/utf8.h"
#include "config/config.h"
#include "config/ini.h"
#include "config/keys.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What is set, and how a mistake in it is reported. */
struct site {
	const char *where;
	const char *key;
	const char *value;
	const struct ca_log *log;
	bool relative; /* an option of the tool: a path may be relative */
};

static enum ca_err
mistake(const struct site *at, const char *what)
{
	struct ca_buf text = CA_BUF_INIT(4096);

	ca_buf_quote(&text, at->value, strnlen(at->value, 256));
	const char *quoted = ca_buf_text(&text);
	ca_log_err(at->log, "%-s: %s = %-s %-s", at->where, at->key,
	    quoted != NULL ? quoted : "?", what);
	ca_buf_free(&text);
	return CA_ERR_CONFIG;
}

static enum ca_err
set_bool(bool *out, const struct site *at)
{
	static const struct ca_key_word words[] = {{"yes", 1}, {"no", 0},
	    {"true", 1}, {"false", 0}, {"on", 1}, {"off", 0}, {"1", 1},
	    {"0", 0}, {NULL, 0}};

	for (const struct ca_key_word *w = words; w->word != NULL; w++)
		if (strcmp(at->value, w->word) == 0) {
			*out = w->value != 0;
			return CA_OK;
		}
	return mistake(at, "must be yes or no");
}

/* The value of the word of len bytes at p, or -1. */
static int
word_value(const struct ca_key_word *words, const char *p, size_t len)
{
	for (const struct ca_key_word *w = words; w->word != NULL; w++)
		if (strlen(w->word) == len && memcmp(p, w->word, len) == 0)
			return w->value;
	return -1;
}

static enum ca_err
not_a_word(const struct ca_key_word *words, const struct site *at)
{
	struct ca_buf text = CA_BUF_INIT(1024);

	ca_buf_str(&text, "must be one of: ");
	for (const struct ca_key_word *w = words; w->word != NULL; w++)
		ca_buf_fmt(&text, "%s%s", w == words ? "" : ", ", w->word);
	const char *s = ca_buf_text(&text);
	enum ca_err rc = mistake(at, s != NULL ? s : "is not a valid value");
	ca_buf_free(&text);
	return rc;
}

/* All of our enums have the size of int. */
static enum ca_err
set_enum(void *out, const struct ca_key *key, const struct site *at)
{
	int v = word_value(key->words, at->value, strlen(at->value));

	if (v < 0)
		return not_a_word(key->words, at);
	_Static_assert(sizeof(enum ca_crl_mode) == sizeof(int) &&
			   sizeof(enum ca_proof) == sizeof(int),
	    "enums are ints");
	memcpy(out, &v, sizeof v);
	return CA_OK;
}

static uint64_t
unit(const char *s)
{
	static const struct {
		const char *unit;
		uint64_t seconds;
	} units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400},
	    {"w", 604800}};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strcmp(s, units[i].unit) == 0)
			return units[i].seconds;
	return 0;
}

/* A number within min..max, with a unit if the key is a time. */
static enum ca_err
parse_number(uint64_t *out, const struct ca_key *key, const struct site *at)
{
	bool time = key->type != CA_KEY_UINT;
	size_t digits = strspn(at->value, "0123456789");
	uint64_t factor = unit(at->value + digits), v = 0;
	char range[128];

	if (digits == 0 || digits > 15 || factor == 0 ||
	    (!time && at->value[digits] != '\0'))
		return mistake(at, time ? "must be a time such as 90, 30s, 5m, "
					  "2h or 14d"
					: "must be a whole number");
	for (size_t i = 0; i < digits; i++)
		v = v * 10 + (uint64_t)(at->value[i] - '0');
	/* no overflow: 15 digits times a week are below 2^64 */
	v *= factor;
	if (v < key->min || v > key->max) {
		(void)snprintf(range, sizeof range,
		    "must be from %llu to %llu%s", (unsigned long long)key->min,
		    (unsigned long long)key->max, time ? " seconds" : "");
		return mistake(at, range);
	}
	*out = v;
	return CA_OK;
}

static enum ca_err
set_text(char **out, const struct ca_key *key, const struct site *at)
{
	const char *wrong = NULL;
	char *copy = NULL;

	if (at->value[0] == '\0' && key->min > 0)
		return mistake(at, "must not be empty");
	if (at->value[0] != '\0') {
		if (key->type == CA_KEY_PATH && at->value[0] != '/' &&
		    !at->relative)
			wrong = "is not an absolute path";
		else if (key->type == CA_KEY_PATH &&
			 strlen(at->value) >= PATH_MAX)
			wrong = "is too long to be a path";
		else if (key->check != NULL && !at->relative)
			wrong = key->check(at->value);
		if (wrong != NULL)
			return mistake(at, wrong);
		if ((copy = strdup(at->value)) == NULL)
			return CA_ERR_MEMORY;
	}
	free(*out);
	*out = copy;
	return CA_OK;
}

void
ca_key_list_free(struct ca_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i]);
	free(list->v);
	*list = (struct ca_list){NULL, 0};
}

/* The next entry of the list at *s, with its length in *len, or NULL. */
static const char *
entry(const struct ca_key *key, const char **s, size_t *len)
{
	/* a value of a variable may have a comma */
	const char *separators = key->type == CA_KEY_VARIABLES ? " \t" : " \t,";
	const char *p = *s + strspn(*s, separators);

	*len = strcspn(p, separators);
	*s = p + *len;
	return *len > 0 ? p : NULL;
}

#define PRINT_DIGITS 64 /* hexadecimal digits of a SHA-256 */

/*
 * Convert a SHA-256 fingerprint to lower-case digits: 32 bytes with or without
 * colons, as `openssl x509 -fingerprint -sha256' prints them, and with or
 * without the text before them; or sha256:HEX of the users file.  Return NULL,
 * or what is wrong.
 */
static const char *
print_digits(const char *s, char out[PRINT_DIGITS + 1])
{
	static const char *const prefixes[] = {"Fingerprint=", "sha256:"};
	static const char no[] =
	    "is not a SHA-256 fingerprint of 64 hexadecimal digits; to print "
	    "it, run: openssl x509 -noout -fingerprint -sha256 -in CA.pem";
	size_t n = 0;

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (strncasecmp(s, prefixes[i], strlen(prefixes[i])) == 0)
			s += strlen(prefixes[i]);
	bool colons = strlen(s) == PRINT_DIGITS + PRINT_DIGITS / 2 - 1;

	if (!colons && strlen(s) != PRINT_DIGITS)
		return no;
	for (size_t i = 0; s[i] != '\0'; i++) {
		if (colons && i % 3 == 2) {
			if (s[i] != ':')
				return no;
		} else if (strchr("0123456789abcdef", s[i]) != NULL) {
			out[n++] = s[i];
		} else if (strchr("ABCDEF", s[i]) != NULL) {
			out[n++] = (char)(s[i] - 'A' + 'a');
		} else {
			return no;
		}
	}
	out[n] = '\0';
	return NULL;
}

/* Is the entry the word before "Fingerprint=" in what openssl prints? */
static bool
is_print_label(const struct ca_key *key, const char *p, size_t len)
{
	static const char label[] = "sha256 Fingerprint=";

	return key->type == CA_KEY_PRINTS && len == strlen("sha256") &&
	       strncasecmp(p, label, strlen(label)) == 0;
}

static enum ca_err
list_add(struct ca_list *list, const struct ca_key *key, const char *p,
    size_t len, const struct site *at)
{
	struct site part = *at;
	const char *wrong;
	char many[64];

	if (list->n >= key->max) {
		(void)snprintf(many, sizeof many,
		    "has too many entries; at most %u are allowed",
		    (unsigned)key->max);
		return mistake(at, many);
	}
	char **v = realloc(list->v, (list->n + 2) * sizeof *v);
	if (v == NULL)
		return CA_ERR_MEMORY;
	list->v = v;
	if ((v[list->n] = strndup(p, len)) == NULL)
		return CA_ERR_MEMORY;
	part.value = v[list->n++];
	v[list->n] = NULL;
	if (key->check != NULL && (wrong = key->check(part.value)) != NULL)
		return mistake(&part, wrong);
	if (key->type == CA_KEY_VARIABLES && ca_key_list_repeats(list))
		return mistake(&part, "names a variable twice; remove one");
	if (key->type == CA_KEY_PRINTS) {
		char digits[PRINT_DIGITS + 1];

		if ((wrong = print_digits(part.value, digits)) != NULL)
			return mistake(&part, wrong);
		/* the digits are not longer than the value */
		memcpy(v[list->n - 1], digits, sizeof digits);
	}
	return CA_OK;
}

static enum ca_err
set_list(struct ca_list *out, const struct ca_key *key, const struct site *at)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_list list = {NULL, 0};
	const char *s = at->value, *p;
	size_t len;

	while ((p = entry(key, &s, &len)) != NULL)
		if (!is_print_label(key, p, len) &&
		    (rc = list_add(&list, key, p, len, at)) != CA_OK) {
			ret = rc;
			goto out;
		}
	if (list.n < key->min) {
		ret = mistake(at, "must not be empty");
		goto out;
	}
	ca_key_list_free(out);
	*out = list;
	list = (struct ca_list){NULL, 0}; /* transferred */
	ret = CA_OK;
out:
	ca_key_list_free(&list);
	return ret;
}

static enum ca_err
set_proof(enum ca_proof out[2], const struct ca_key *key, const struct site *at)
{
	int got[2] = {0, 0};
	const char *s = at->value, *p;
	size_t len, n = 0;

	while ((p = entry(key, &s, &len)) != NULL) {
		int v = word_value(key->words, p, len);

		if (v < 0)
			return not_a_word(key->words, at);
		if (n == 2 || (n == 1 && got[0] == v))
			return mistake(at, "names the same source twice");
		got[n++] = v;
	}
	if (n == 0)
		return mistake(at, "must not be empty");
	/* whoever asks for a password shows no prompt of ours */
	if (n == 2 &&
	    (got[0] == CA_PROOF_PASSWORD || got[1] == CA_PROOF_PASSWORD))
		return mistake(at, "has password, which must stand alone");
	out[0] = (enum ca_proof)got[0];
	out[1] = (enum ca_proof)got[1];
	return CA_OK;
}

static enum ca_err
set_value(
    struct ca_config *cfg, const struct ca_key *key, const struct site *at)
{
	enum ca_err rc;
	uint64_t v;

	if (strlen(at->value) > CA_INI_VALUE_MAX ||
	    !ca_utf8_text(at->value, strlen(at->value)))
		return mistake(at,
		    "is longer than 65536 bytes, or is not printable "
		    "UTF-8 text");
	switch (key->type) {
	case CA_KEY_BOOL:
		return set_bool(ca_key_member(cfg, key), at);
	case CA_KEY_ENUM:
		return set_enum(ca_key_member(cfg, key), key, at);
	case CA_KEY_UINT:
	case CA_KEY_SECONDS:
		if ((rc = parse_number(&v, key, at)) == CA_OK)
			*(unsigned *)ca_key_member(cfg, key) = (unsigned)v;
		return rc;
	case CA_KEY_DURATION:
		if ((rc = parse_number(&v, key, at)) == CA_OK)
			*(uint64_t *)ca_key_member(cfg, key) = v;
		return rc;
	case CA_KEY_PATH:
	case CA_KEY_STRING:
		return set_text(ca_key_member(cfg, key), key, at);
	case CA_KEY_LIST:
	case CA_KEY_PRINTS:
	case CA_KEY_VARIABLES:
		return set_list(ca_key_member(cfg, key), key, at);
	case CA_KEY_PROOF:
		return set_proof(ca_key_member(cfg, key), key, at);
	}
	return CA_ERR_UNSET;
}

static enum ca_err
set_at(struct ca_config *cfg, const struct site *at)
{
	const struct ca_key *key = ca_key_find(at->key);

	if (key == NULL) {
		ca_log_err(at->log,
		    "%-s: no such key: %s (certauth.conf(5) "
		    "lists the keys)",
		    at->where, at->key);
		return CA_ERR_CONFIG;
	}
	enum ca_err rc = set_value(cfg, key, at);
	if (rc == CA_ERR_MEMORY)
		ca_log_err(at->log, "%-s: out of memory", at->where);
	return rc;
}

enum ca_err
ca_config_set(struct ca_config *cfg, const char *key, const char *value,
    const char *where, const struct ca_log *log)
{
	struct site at = {where, key, value, log, false};

	return set_at(cfg, &at);
}

enum ca_err
ca_config_set_option(struct ca_config *cfg, const char *key, const char *value,
    const char *where, const struct ca_log *log)
{
	struct site at = {where, key, value, log, true};

	return set_at(cfg, &at);
}
