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
	unsigned level;     /* substacks around the line */
	const char *service; /* of a line of pam.conf; else NULL */
	int argc;
	const char *argv[CA_PAM_ARGS_MAX];
};

typedef void ca_pam_visit(void *ctx, const struct ca_pam_line *line);

/*
 * Visit the lines of dir/service in order.  With follow, the lines of an included
 * file are visited in place of the include (at most 32 levels, as in Linux-PAM);
 * the line of a substack is visited before them.  As in Linux-PAM, a file that is
 * not in dir is looked for in /usr/lib/pam.d.  CA_ERR_NOT_FOUND, CA_ERR_IO (errno)
 * for the file itself; an included file that cannot be opened is skipped.
 */
CA_MUST_CHECK enum ca_err ca_pamfile_walk(const char *dir, const char *service,
    bool follow, ca_pam_visit *visit, void *ctx);

/* The same for pam.conf(5), which libpam reads if there is no dir: the lines of
 * service, or of all services if that is NULL, in the file pam.conf beside dir. */
CA_MUST_CHECK enum ca_err ca_pamfile_walk_conf(const char *dir,
    const char *service, bool follow, ca_pam_visit *visit, void *ctx);

/* Is there a file that the line includes?  True for other lines. */
bool ca_pamfile_is_there(const char *dir, const struct ca_pam_line *line);

/* The file name of the line's module, without its directory. */
const char *ca_pamfile_module(const struct ca_pam_line *line);

/* The line's module is pam_certauth.so, in any directory. */
bool ca_pamfile_is_ours(const struct ca_pam_line *line);

/* The line includes another file (@include, include, substack). */
bool ca_pamfile_includes(const struct ca_pam_line *line);

#endif
