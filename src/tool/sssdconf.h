/*
 * The syntax of sssd.conf: [section], key = value,
 * and lines that begin with a blank and continue the value before.
 */
#ifndef CA_TOOL_SSSDCONF_H
#define CA_TOOL_SSSDCONF_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct ca_sssdconf_entry {
	char *section, *key, *value;
	unsigned line;
};

struct ca_sssdconf {
	struct ca_sssdconf_entry *v;
	size_t n, max;
	unsigned line; /* of a mistake */
	const char *why;
};

/*
 * Parse text.  CA_ERR_FORMAT: line and why, a static phrase, say more;
 * CA_ERR_MEMORY.  Whatever the result, ca_sssdconf_clear frees conf, which must
 * be {0} before.
 */
CA_MUST_CHECK enum ca_err ca_sssdconf_parse(
    struct ca_sssdconf *conf, const struct ca_buf *text);
void ca_sssdconf_clear(struct ca_sssdconf *conf);

/* The last entry of that key in a section, which is the one that SSSD uses, or
 * NULL. */
const struct ca_sssdconf_entry *ca_sssdconf_find(
    const struct ca_sssdconf *conf, const char *section, const char *key);

#endif
