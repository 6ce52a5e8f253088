/*
 * Start a program as a child of this process, without rights, with two streams
 * and nothing else: for tools of ours.  (A PAM module must not have children
 * that its application sees: spawn.h.)
 */
#ifndef CA_PROCESS_START_H
#define CA_PROCESS_START_H

#include <limits.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "process/become.h"

/* Exit statuses of a program that never ran. */
enum {
	CA_START_NO_USER = 125, /* it could not become the user */
	CA_START_NO_ENDS = 126, /* its descriptors, or /, could not be had */
	CA_START_NO_EXEC = 127, /* execveat failed */
};

struct ca_start {
	int program; /* to execute; stays the caller's, as in and out do */
	int in, out; /* its standard input and output, above 2 */
	const struct ca_become
	    *who; /* NULL: as this process; else needs root */
	char *const *argv, *const *envp;
};

/*
 * The program has no capabilities and can gain none, / as working directory, no
 * other descriptor but standard error, and dies with this process's thread.
 * *pid is to be waited for.  CA_ERR_IO, errno.
 */
CA_MUST_CHECK enum ca_err ca_start(const struct ca_start *start, pid_t *pid);

/* The same, with the writing end of a new pipe as standard output; start->out is
 * not read.  *from is the reading end, the caller's to close.  CA_ERR_IO, errno. */
CA_MUST_CHECK enum ca_err ca_start_reading(
    const struct ca_start *start, int *from, pid_t *pid);

/* Wait for a child of ca_start; true: it ended with status 0. */
bool ca_start_succeeded(pid_t pid);

/* Open the program called name in the directory of this executable, as in a build
 * folder, or else the installed one.  path: which one.  -1: errno. */
int ca_start_program(const char *name, char path[PATH_MAX]);

/*
 * Put an order into a file in memory, for ca_start.in: reading it never blocks.
 * *out is the caller's to close if it is not -1, after an error too.  CA_ERR_IO, errno.
 */
CA_MUST_CHECK enum ca_err ca_start_order(
    const char *name, const struct ca_buf *order, int *out);

/* The user nobody, without groups; uid and gid 65534 if no user has this name. */
struct ca_become ca_start_nobody(void);

#endif
