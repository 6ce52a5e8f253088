/*
 * Who started this process: the program that shows a prompt to askpass.  The
 * kernel says it, not the prompt.
 */
#ifndef CA_CLIENT_STARTER_H
#define CA_CLIENT_STARTER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"

#define CA_CALLER_NAME_MAX 15 /* bytes, TASK_COMM_LEN without its NUL */

struct ca_caller {
	char name[CA_CALLER_NAME_MAX + 1]; /* the file name that was started */
	bool root;                         /* its effective user is root */
};

/*
 * The parent process, by /proc/PPID and its comm.  exe is not readable where
 * the parent is setuid.  CA_DENIED (logged): /proc is absent, hides the parent
 * (hidepid) or is of other processes, or the parent ended meanwhile.
 * Ancestors are not looked at: whatever stands between is not known.
 */
CA_MUST_CHECK enum ca_err ca_caller_find(
    const struct ca_log *log, struct ca_caller *caller);

#endif
