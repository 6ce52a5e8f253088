/*
 * The filter of system calls, for its tests.  Include it behind cmocka.h and
 * confinechild.h.
 */
#ifndef CA_TESTS_CONFINEFILTER_H
#define CA_TESTS_CONFINEFILTER_H

#include "confine/calltable.h"
#include "confine/confine.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/syscall.h>

#define SOCKET 5
#define UNKNOWN (-1)

static inline struct ca_confine_calls
made(enum ca_confine_mode mode)
{
	struct ca_confine_calls calls;
	const struct ca_confine_sockets sockets = {{SOCKET}, 1, false};
	enum ca_err rc = ca_confine_calls_make(mode, &sockets, &calls);

	if (rc == CA_ERR_UNSUPPORTED) {
		print_message("# SKIP: the calls of this architecture are not "
			      "known\n");
		skip();
	}
	assert_int_equal(rc, CA_OK);
	return calls;
}

/* What happens to a call that is not in the table. */
static inline uint32_t
unknown(enum ca_confine_mode mode)
{
#if defined(__powerpc64__)
	return mode == CA_CONFINE_KILL ? SECCOMP_RET_KILL_PROCESS
				       : SECCOMP_RET_ERRNO | ENOSYS;
#else
	return mode == CA_CONFINE_KILL ? SECCOMP_RET_KILL_PROCESS
				       : SECCOMP_RET_TRAP;
#endif
}

/* CA_CALL_*, or UNKNOWN. */
static inline int
kind_of(long number)
{
	for (size_t i = 0; number >= 0 && i < ca_confine_table_size; i++)
		if (ca_confine_number(&ca_confine_table[i]) == number)
			return (int)ca_confine_table[i].kind;
	return UNKNOWN;
}

static inline void
needs_filters(void)
{
	(void)made(CA_CONFINE_KILL);
	errno = 0;
	if (syscall(SYS_seccomp, 1, 0, NULL) == 0 || errno != EFAULT) {
		print_message("# SKIP: this kernel, or a sandbox around the "
			      "tests, has no filters of system calls\n");
		skip();
	}
}

#endif
