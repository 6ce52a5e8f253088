/*
 * Reading /etc/pam.d: which modules a service names, and how.  For `doctor`
 * and `explain`, which tell; nothing is decided by it.
 */
#ifndef CA_TOOL_PAMFILE_H
#define CA_TOOL_PAMFILE_H

#include <stdbool.h>

#include "base/err.h"

#define CA_PAM_ARGS_MAX 64

struct ca_pam_line {
	const char *file; /* as it was opened */
	unsigned number;  /* of the line's beginning, from 1 */
	const char *type; /* auth, account, password or session; "@include" */
	const char
	    *control;       /* as written, brackets included; "" for @include */
	const char *module; /* or the file that is included */
	int argc;
	const char *argv[CA_PAM_ARGS_MAX];
};

typedef void ca_pam_visit(void *ctx, const struct ca_pam_line *line);

/*
 * Visit the lines of dir/service in order: all, or with follow also those of
 * what it includes, in its place (32 levels at most, as Linux-PAM has it).
 * CA_ERR_NOT_FOUND, CA_ERR_IO (errno): the file itself; an included one that
 * is missing is passed over.
 */
CA_MUST_CHECK enum ca_err ca_pamfile_walk(const char *dir, const char *service,
    bool follow, ca_pam_visit *visit, void *ctx);

/* The line's module is pam_certauth.so, whatever its directory. */
bool ca_pamfile_is_ours(const struct ca_pam_line *line);

/* The line includes another file (@include, include, substack). */
bool ca_pamfile_includes(const struct ca_pam_line *line);

#endif
