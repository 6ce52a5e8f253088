/*
 * Giving up rights for good, between clone or fork and exec.  Everything here is
 * async-signal-safe: no function allocates, logs, or calls what does.  The
 * wrappers of glibc for setresuid and its like would try to reach threads that
 * are not in this process, so they are called as bare system calls.
 */
#ifndef CA_PROCESS_BECOME_H
#define CA_PROCESS_BECOME_H

#include <stddef.h>
#include <sys/types.h>

struct ca_become {
	uid_t uid;
	gid_t gid;
	const gid_t
	    *groups; /* the supplementary groups; NULL if ngroups is 0 */
	size_t ngroups;
};

/*
 * Become that user, from root: set the supplementary groups and all of the real,
 * effective and saved ids, then verify each of them, and verify that the process
 * cannot become root or its group again (unless that is the user wanted).
 * 0, or -1 with errno; the process must end then, since some ids may have
 * changed.
 */
int ca_become(const struct ca_become *who);

/*
 * Make the real and the saved ids those that are effective now: a program that is
 * executed with no_new_privs gets its effective user from the real one on Linux
 * before 6.16.  0, or -1 with errno.
 */
int ca_become_effective(void);

/* Drop all capabilities, also those that an exec would give, and gain none from
 * a setuid program.  0, or -1 with errno. */
int ca_become_powerless(void);

/* Close every descriptor from first on.  0, or -1 with errno if one may be open
 * still. */
int ca_become_close(unsigned first);

#endif
