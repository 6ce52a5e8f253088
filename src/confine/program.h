/*
 * Take rights from a program that is about to be executed, so that it cannot skip
 * this: what is entered before exec stays.  The program is one that may
 * load any PKCS#11 module, so it has threads, UNIX sockets, and everything to read.
 * It cannot execute another program, change files, reach the network, trace or
 * signal other processes, or become another user.
 */
#ifndef CA_CONFINE_PROGRAM_H
#define CA_CONFINE_PROGRAM_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CA_CONFINE_PROGRAM_CODE 512 /* instructions */
#define CA_CONFINE_WRITABLE_MAX 68  /* paths, with those of four devices */

/* What a kernel, or a sandbox around this process, does not have. */
#define CA_CONFINE_NO_LANDLOCK 1
#define CA_CONFINE_NO_SECCOMP 2

struct ca_confine_program {
	/* from the caller, borrowed: files and directories that may be changed */
	const char *const *writable;
	size_t nwritable;
	bool network; /* it may use the network */
	/* from ca_confine_program_make */
	uint64_t key; /* the sixth argument of the one execveat(2) or execve(2)
		       * that is not refused: no program can guess it */
	struct sock_filter code[CA_CONFINE_PROGRAM_CODE];
	unsigned short n;
};

/* CA_ERR_IO: no random number (errno); CA_ERR_LIMIT: the calls
 * do not fit (a bug).  On an architecture whose calls are not known n is 0. */
CA_MUST_CHECK enum ca_err ca_confine_program_make(
    struct ca_confine_program *program);

/*
 * For a process that has given up its user and its capabilities.  Returns the
 * CA_CONFINE_NO_ bits of what is missing here (0: everything was done), or -1 with
 * errno: the process must end.
 */
int ca_confine_program_enter(const struct ca_confine_program *program);

/* What is missing here: CA_CONFINE_NO_ bits.  Nothing changes. */
int ca_confine_program_lacks(void);

#endif
