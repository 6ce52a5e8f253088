/*
 * Read /etc/pam.d: the modules of a service, and their arguments.  Only for the
 * output of commands such as `doctor` and `explain`; no login depends on it.
 */
#ifndef CA_TOOL_PAMFILE_H
#define CA_TOOL_PAMFILE_H

#include <stdbool.h>

#include "base/err.h"

#define CA_PAM_ARGS_MAX 64

struct ca_pam_line {
	const char *file; /* the path that was opened */
	unsigned number;  /* of the first line, from 1 */
	const char *type; /* auth, account, password or session; "@include" */
	const char
	    *control;       /* as written, brackets included; "" for @include */
	const char *module; /* or the included file */
	int argc;
	const char *argv[CA_PAM_ARGS_MAX];
};

typedef void ca_pam_visit(void *ctx, const struct ca_pam_line *line);

/*
 * Visit the lines of dir/service in order.  With follow, the lines of an included
 * file are visited in place of the include (at most 32 levels, as in Linux-PAM).
 * CA_ERR_NOT_FOUND, CA_ERR_IO (errno) for the file itself; an included file that
 * cannot be opened is skipped.
 */
CA_MUST_CHECK enum ca_err ca_pamfile_walk(const char *dir, const char *service,
    bool follow, ca_pam_visit *visit, void *ctx);

/* The line's module is pam_certauth.so, in any directory. */
bool ca_pamfile_is_ours(const struct ca_pam_line *line);

/* The line includes another file (@include, include, substack). */
bool ca_pamfile_includes(const struct ca_pam_line *line);

#endif
