/*
 * Changes of the users file: add a rule, remove rules.
 */
#ifndef CA_CLI_USERSEDIT_H
#define CA_CLI_USERSEDIT_H

#include <stddef.h>

#include "base/err.h"
#include "base/log.h"

/*
 * Add a line, or take away those of a login (and of one selector, unless
 * NULL).  The file is locked, replaced in one step, keeps its other lines,
 * comments and order, and its index, if it has one, is made anew.  *n: how
 * many lines were added or taken away; 0: it was as wanted, and is untouched.
 * Errors are logged.
 */
CA_MUST_CHECK enum ca_err ca_users_add(
    const char *path, const char *line, const struct ca_log *log, size_t *n);
CA_MUST_CHECK enum ca_err ca_users_remove(const char *path, const char *login,
    const char *selector, const struct ca_log *log, size_t *n);

#endif
