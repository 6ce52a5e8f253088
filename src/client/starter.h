/*
 * Which program started this process, that is, asks through askpass.  The
 * kernel says so, not the prompt.
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
 * Find the parent process by /proc/PPID/comm; /proc/PPID/exe is not readable
 * if the parent is setuid.  CA_DENIED (logged): there is no /proc, it hides the
 * parent (hidepid) or belongs to another PID namespace, or the parent has
 * exited.  Other ancestors are not considered, because it is not known what
 * the processes between do.
 */
CA_MUST_CHECK enum ca_err ca_caller_find(
    const struct ca_log *log, struct ca_caller *caller);

#endif
