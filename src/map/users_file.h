/*
 * Reading the users file.  Private to this room.
 */
#ifndef CA_MAP_USERS_FILE_H
#define CA_MAP_USERS_FILE_H

#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/log.h"
#include "map/rule.h"

/* bytes of the file: a million sha256: lines are 85 MB */
#define CA_USERS_MAX ((size_t)256 * 1024 * 1024)

/* The place of a rule in the file. */
struct ca_users_line {
	unsigned number; /* from 1 */
	uint64_t offset; /* in the file */
};

/* Anything but CA_OK ends the walk. */
typedef enum ca_err ca_users_visit(
    void *ctx, const struct ca_rule *rule, const struct ca_users_line *line);

/*
 * Visit every rule of path, in order.  CA_ERR_CONFIG: lines do not parse; up to
 * mistakes (1 or more) of them are logged with FILE:LINE.  As many lines that are
 * ignored (ca_rule_parse) are logged as warnings.  CA_ERR_NOT_FOUND,
 * CA_ERR_UNTRUSTED, CA_ERR_IO, CA_ERR_LIMIT, logged; or the result of visit.  st (may be NULL) receives the file's state.
 */
CA_MUST_CHECK enum ca_err ca_users_scan(const char *path, unsigned mistakes,
    const struct ca_log *log, ca_users_visit *visit, void *ctx,
    struct stat *st);

#endif
