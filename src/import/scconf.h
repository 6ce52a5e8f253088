/*
 * The syntax of pam_pkcs11.conf (OpenSC's scconf), read for `certauth import`:
 *
 *	# comment
 *	NAME = VALUE, VALUE;
 *	NAME [LABEL] { ... }
 *
 * VALUE, NAME and LABEL are bare words or in double quotes, where a backslash
 * protects the character after it.  A `;' may be missing at the end of a line, as
 * in many existing files.
 */
#ifndef CA_IMPORT_SCCONF_H
#define CA_IMPORT_SCCONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define CA_SCCONF_BYTES ((size_t)1 << 20)
#define CA_SCCONF_ITEMS 10000
#define CA_SCCONF_DEPTH 8
#define CA_SCCONF_VALUES 64 /* of one item */

struct ca_scconf_item {
	size_t parent; /* index; of those at the top: CA_SCCONF_TOP */
	unsigned line;
	bool block;
	char *name;
	char *label; /* of a block, or NULL */
	char **value;
	size_t nvalues;
};

#define CA_SCCONF_TOP ((size_t)-1)

struct ca_scconf {
	struct ca_scconf_item *item;
	size_t n;
	/* after an error: its line, and the reason, a static phrase */
	unsigned line;
	const char *why;
};

/*
 * Parse len bytes.  CA_ERR_FORMAT, CA_ERR_LIMIT: line and why say more;
 * CA_ERR_MEMORY.  Whatever the result, ca_scconf_clear frees conf.
 */
CA_MUST_CHECK enum ca_err ca_scconf_parse(
    const void *text, size_t len, struct ca_scconf *conf);
void ca_scconf_clear(struct ca_scconf *conf);

/* The first value of item (may be NULL), or "". */
const char *ca_scconf_value(const struct ca_scconf_item *item);

/* Is the first value of item (may be NULL) true, as scconf understands it? */
bool ca_scconf_true(const struct ca_scconf_item *item);

/* The first setting (label NULL) or block of that name below parent, or NULL.
 */
const struct ca_scconf_item *ca_scconf_find(const struct ca_scconf *conf,
    size_t parent, const char *name, const char *label);

#endif
