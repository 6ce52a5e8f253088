/*
 * Private to this room: the table of the keys of certauth.conf, of the module
 * arguments and of the tool's options, and the place of each value in struct
 * ca_config.
 */
#ifndef CA_CONFIG_KEYS_H
#define CA_CONFIG_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

enum ca_key_type {
	CA_KEY_BOOL,
	CA_KEY_ENUM,      /* an enum of words */
	CA_KEY_UINT,      /* unsigned */
	CA_KEY_SECONDS,   /* unsigned; 30s, 5m, 2h, 14d or plain seconds */
	CA_KEY_DURATION,  /* uint64_t; the same forms */
	CA_KEY_PATH,      /* char *, absolute; NULL if empty and optional */
	CA_KEY_STRING,    /* char *; NULL if empty */
	CA_KEY_LIST,      /* struct ca_list; separated by blanks or commas */
	CA_KEY_PRINTS,    /* struct ca_list of SHA-256 fingerprints: 64
			  * lower-case hexadecimal digits each */
	CA_KEY_VARIABLES, /* struct ca_list of NAME or NAME=VALUE; separated by
			   * blanks alone; no name stands twice */
	CA_KEY_PROOF,     /* enum ca_proof[2] */
};

struct ca_key_word {
	const char *word; /* NULL ends */
	int value;
};

struct ca_key {
	const char *name; /* NULL ends the table */
	enum ca_key_type type;
	size_t offset;   /* in struct ca_config */
	const char *def; /* the default, as written in the file */
	uint64_t min, max;
	const struct ca_key_word *words;
	/* NULL, or a function that says what is wrong with a string or with
	 * one entry of a list, as a phrase ("is not an OID"), or NULL */
	const char *(*check)(const char *value);
};

#define CA_KEYS_MAX 96 /* there are fewer keys than this */

extern const struct ca_key ca_keys[];

/* The key with this name, or NULL. */
const struct ca_key *ca_key_find(const char *name);

/* The place of the value of key in cfg. */
static inline void *
ca_key_member(struct ca_config *cfg, const struct ca_key *key)
{
	return (char *)cfg + key->offset;
}

/* Where a key was set; all 0: it has its default. */
struct ca_config_place {
	unsigned line, argument;
	bool of_default; /* the line is in [default] */
};

struct ca_config_origin {
	char file[4096], section[64]; /* that is not [default] */
	struct ca_config_place at[CA_KEYS_MAX];
};

/* Keep where key was set. */
void ca_config_origin_line(struct ca_config *cfg, const char *file,
    const char *section, const struct ca_key *key, unsigned line);
void ca_config_origin_argument(
    struct ca_config *cfg, const struct ca_key *key, unsigned number);

/* Does the last entry, NAME or NAME=VALUE, have the name of another one? */
bool ca_key_list_repeats(const struct ca_list *list);

/* Free the entries; the list is empty afterwards. */
void ca_key_list_free(struct ca_list *list);

#endif
