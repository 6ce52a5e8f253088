/*
 * Run a program as a user without the host application noticing.
 *
 * The application may be threaded, have handlers, wait for children of its
 * own, or ignore SIGCHLD.  So the program is the child of a minder, and the
 * minder is a child of ours that says nothing when it ends: it is cloned
 * without an exit signal, so that no SIGCHLD comes and no wait() but one with
 * __WALL sees it.  (The program itself could not be such a child: execve(2)
 * gives every process SIGCHLD as its exit signal again.)  Neither library
 * handlers of fork nor signal handlers run in either process.
 */
#ifndef CA_PROCESS_SPAWN_H
#define CA_PROCESS_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/log.h"
#include "process/become.h"

/*
 * Open a program that may be run with rights: an absolute path without
 * symbolic links, "." and "..", the file executable, it and every directory
 * above owned by root (or by the user that this runs as) and writable by
 * nobody else; a sticky directory such as /tmp may stand above, but not hold
 * the file itself.  *fd is good for execveat alone.  What is wrong goes to log.
 * CA_ERR_NOT_FOUND, CA_ERR_UNTRUSTED, CA_ERR_IO.
 */
CA_MUST_CHECK enum ca_err ca_spawn_open(
    const char *path, const struct ca_log *log, int *fd);

struct ca_spawn_params {
	int exec_fd;      /* of ca_spawn_open; stays the caller's */
	const char *path; /* for a script, which a descriptor cannot be */
	char *const *argv, *const *envp;
	const struct ca_become
	    *who;             /* NULL: as this process; else needs root */
	unsigned cpu_seconds; /* limit of CPU time */
	bool keep;            /* keep the capabilities of this process */
	/* NULL, or the descriptor of a program that this one executes in its place:
	 * it gets that as CA_SPAWN_PASSED, and CA_SPAWN_CONTROL for its notes */
	const int *pass;
};

#define CA_SPAWN_CONTROL 3
#define CA_SPAWN_PASSED 5

struct ca_spawn {
	int in;      /* a socket: to the program's standard input */
	int out;     /* from its standard output; does not block */
	int control; /* to the minder */
	pid_t minder;
};

/* How a program ended. */
enum ca_spawn_how {
	CA_SPAWN_UNKNOWN, /* its minder did not say */
	CA_SPAWN_EXITED,  /* value: exit status */
	CA_SPAWN_SIGNAL,  /* value: signal */
	CA_SPAWN_FAILED,  /* it never ran; value: errno, step: at what */
	CA_SPAWN_LACKS,   /* no end: only in notes */
};

struct ca_spawn_end {
	enum ca_spawn_how how;
	int value;
	const char *step; /* static */
	int lacks;        /* what a note CA_SPAWN_LACKS said, or 0 */
};

/*
 * Start it: standard error is /dev/null, all other descriptors are closed, it
 * leads a session and process group of its own, has no capabilities and cannot
 * gain any, default signal handling, umask 077, / as working directory, and
 * dies with its minder.  CA_ERR_IO.
 */
CA_MUST_CHECK enum ca_err ca_spawn_start(
    const struct ca_spawn_params *params, struct ca_spawn *spawn);

/* Kill the program and its process group if they still run, wait for both
 * processes, close the descriptors, and say how it ended. */
void ca_spawn_end(struct ca_spawn *spawn, struct ca_spawn_end *end);

/* ---- inside: what runs between clone and exec (spawn_child.c) ---- */

struct ca_spawn_child {
	const struct ca_spawn_params *params;
	int control, in, out, null;
};

/* What a program failed at before it ran. */
enum ca_spawn_step {
	CA_SPAWN_STEP_NONE,
	CA_SPAWN_STEP_FDS,
	CA_SPAWN_STEP_FORK,
	CA_SPAWN_STEP_LIMITS,
	CA_SPAWN_STEP_USER,
	CA_SPAWN_STEP_CAPS,
	CA_SPAWN_STEP_CONFINE,
	CA_SPAWN_STEP_EXEC
};

/* What the children send through the control socket. */
struct ca_spawn_note {
	int how; /* enum ca_spawn_how */
	int value;
	int step; /* enum ca_spawn_step */
};

/* Be the minder.  Async-signal-safe throughout; all signals are blocked. */
_Noreturn void ca_spawn_minder(const struct ca_spawn_child *child);
const char *ca_spawn_step(int step);

/* clone(2) without any sharing, like fork(2) but for exit_signal. */
pid_t ca_spawn_clone(int exit_signal);

#endif
