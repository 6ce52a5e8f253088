/*
 * Take rights from this process for good, before it reads what an attacker may
 * have sent.  docs/confinement.md says what each step takes away, and what
 * happens on a kernel that lacks it.
 *
 * The process has one thread and executes no program afterwards.  The order is:
 * ca_confine_user (it needs root), ca_confine_limits (a change of the user
 * clears what it sets), ca_confine_files (it opens the paths), then
 * ca_confine_calls_enter, which forbids all of these.
 *
 * A function that fails sets *step to the name of the system call or of the
 * limit at fault (static); errno is that of the call.  The process must end
 * then: some of its rights may be gone and others not.
 */
#ifndef CA_CONFINE_CONFINE_H
#define CA_CONFINE_CONFINE_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/err.h"
#include "process/become.h"

/* ---- the user (user.c) ---- */

/*
 * Become that user, which needs root, and drop all capabilities.  If who is NULL,
 * the process keeps its user.  Nothing is executed or forked, so a limit on the
 * number of processes (RLIMIT_NPROC) does not matter.  CA_ERR_USAGE: the process
 * would be root, or in root's group.  CA_ERR_IO.
 */
CA_MUST_CHECK enum ca_err ca_confine_user(
    const struct ca_become *who, const char **step);

/* ---- limits (limits.c) ---- */

struct ca_confine_limits {
	rlim_t cpu;   /* seconds; SIGXCPU then, and SIGKILL one second later */
	rlim_t data;  /* bytes of writable private memory */
	rlim_t files; /* descriptors */
};

#define CA_CONFINE_CPU 2
/* four times a CRL that is held in memory (docs/limits.md) */
#define CA_CONFINE_DATA ((rlim_t)256 << 20)
#define CA_CONFINE_FILES 1024 /* 256 CRLs of each issuer are open at once */
#define CA_CONFINE_LIMITS                                                      \
	((struct ca_confine_limits){                                           \
	    CA_CONFINE_CPU, CA_CONFINE_DATA, CA_CONFINE_FILES})

/*
 * Set the limits (one that is lower already stays), and none at all of core
 * files, of files that grow, and of new processes; gain no rights from a setuid
 * program; forbid other processes of the user to trace this one.  SIGXCPU kills
 * again if it was ignored or blocked.  The process dies with the thread that
 * forked it; parent is the process of that thread as getppid(2) shows it here: 0 if
 * it is outside of this process's pid namespace.  CA_ERR_IO; CA_ERR_CANCELLED if
 * the parent is dead already.
 */
CA_MUST_CHECK enum ca_err ca_confine_limits(
    const struct ca_confine_limits *limits, pid_t parent, const char **step);

/* ---- files (files.c) ---- */

/* What may still be opened. */
struct ca_confine_files {
	/* files, and directories with all below them: may be read, and nothing
	 * else.  A symbolic link stands for what it leads to.  What cannot be
	 * opened now (absent, or not for this user) is left out. */
	const char *const *paths;
	size_t n;
	bool network; /* sockets are used as before */
	bool local;   /* UNIX sockets that have a path are used as before */
	bool reading; /* every file may be read and executed; paths is empty */
	/* files, and directories with all below them, that may be changed; as
	 * paths otherwise */
	const char *const *writable;
	size_t nwritable;
};

/*
 * Refuse every other access to files by EACCES, whatever the owner and mode of
 * a file allow; descriptors that are open keep their rights.  Without network,
 * TCP and other sockets that the kernel can refuse are refused too.  A symbolic
 * link below a path that leads out of all paths cannot be followed.
 * CA_ERR_UNSUPPORTED: the kernel has no Landlock; nothing changed, the caller
 * decides.  CA_ERR_IO.  Async-signal-safe.
 */
CA_MUST_CHECK enum ca_err ca_confine_files(
    const struct ca_confine_files *files, const char **step);

/* ---- system calls (calls.c, calltable.c) ---- */

enum ca_confine_mode {
	/* every call that is not on the list kills: proves the list complete */
	CA_CONFINE_KILL,
	/* a call that only an attack makes kills; any other that is not on the
	 * list fails with ENOSYS and is recorded, so that a new version of a
	 * library locks nobody out */
	CA_CONFINE_PRODUCTION,
};

#define CA_CONFINE_CODE 256 /* instructions */

/* A filter, to be made once and used by many processes. */
struct ca_confine_calls {
	enum ca_confine_mode mode;
	unsigned short n;
	struct sock_filter code[CA_CONFINE_CODE];
};

/* The sockets of a process. */
struct ca_confine_sockets {
	int fd[3]; /* connected, of type stream or seqpacket: data may be sent
		    * to these and received from these alone */
	size_t n;
	/* instead: it may make and connect UNIX sockets, and use each.  Which one
	 * it connects to no filter can see. */
	bool local;
};

/*
 * Make the filter.
 * CA_ERR_UNSUPPORTED: this architecture's calls are not known.  CA_ERR_LIMIT: the
 * table of calls does not fit (a bug).
 */
CA_MUST_CHECK enum ca_err ca_confine_calls_make(enum ca_confine_mode mode,
    const struct ca_confine_sockets *sockets, struct ca_confine_calls *calls);

/*
 * Use the filter in this process, which has set no_new_privs.  In production
 * SIGSYS gets a handler and is unblocked.  CA_ERR_UNSUPPORTED: the kernel, or a
 * sandbox around this process, has no filters; nothing is forbidden then, and the
 * caller decides.  CA_ERR_USAGE: the filter was not made.  CA_ERR_IO.
 */
CA_MUST_CHECK enum ca_err ca_confine_calls_enter(
    const struct ca_confine_calls *calls, const char **step);

/* ---- what was refused (refused.c) ---- */

#define CA_CONFINE_REFUSED 16 /* different numbers that are kept */

/*
 * The numbers of the calls that failed with ENOSYS since the filter was entered,
 * each once, at most max of them; their count.  Not recorded where the calls
 * fail without a signal (ppc64).
 */
size_t ca_confine_refused(int *number, size_t max);

#endif
