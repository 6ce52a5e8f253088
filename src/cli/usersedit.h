/*
 * Change the users file: add a rule, remove rules.
 */
#ifndef CA_CLI_USERSEDIT_H
#define CA_CLI_USERSEDIT_H

#include <stddef.h>

#include "base/err.h"
#include "base/log.h"

/*
 * Add a line, or remove the lines of a login (and of one selector, unless NULL).
 * The file is locked and replaced in one step; its other lines, comments and order
 * stay.  If the file has an index, the index is replaced too.  *n: how many lines
 * were added or removed; 0: the file was not changed.  Errors are logged.
 */
CA_MUST_CHECK enum ca_err ca_users_add(
    const char *path, const char *line, const struct ca_log *log, size_t *n);
CA_MUST_CHECK enum ca_err ca_users_remove(const char *path, const char *login,
    const char *selector, const struct ca_log *log, size_t *n);

#endif
