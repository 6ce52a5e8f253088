/*
 * A process of its own for each case, since what is taken from a process does not
 * come back.  Include it behind cmocka.h.
 */
#ifndef CA_TESTS_CONFINECHILD_H
#define CA_TESTS_CONFINECHILD_H

#include "confine/confine.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define USER 2001
#define GROUP 2002

#ifdef __has_feature
#define HAS_FEATURE(f) __has_feature(f)
#else
#define HAS_FEATURE(f) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||           \
    HAS_FEATURE(address_sanitizer) || HAS_FEATURE(thread_sanitizer) ||         \
    HAS_FEATURE(memory_sanitizer)
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* How f ended in a child: the wait status. */
static inline int
child_status(int (*f)(void))
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(f());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static inline void
child_returns_(int (*f)(void), int value, const char *name, int line)
{
	int status = child_status(f);

	if (!WIFEXITED(status) || WEXITSTATUS(status) != value)
		fail_msg("line %d: %s: wait status 0x%x, expected exit status "
			 "%d",
		    line, name, (unsigned)status, value);
}

static inline void
child_dies_(int (*f)(void), int sig, const char *name, int line)
{
	int status = child_status(f);

	if (!WIFSIGNALED(status) || WTERMSIG(status) != sig)
		fail_msg("line %d: %s: wait status 0x%x, expected signal %d",
		    line, name, (unsigned)status, sig);
}

#define child_returns(f, value) child_returns_(f, value, #f, __LINE__)
#define child_dies(f, sig) child_dies_(f, sig, #f, __LINE__)

/* Sanitizers and valgrind live in the process, and need what is taken from it. */
static inline void
needs_a_plain_process(void)
{
	const char *preloaded = getenv("LD_PRELOAD");

	if (SANITIZED ||
	    (preloaded != NULL && strstr(preloaded, "vgpreload") != NULL)) {
		print_message(
		    "# SKIP: a sanitizer or valgrind needs the system "
		    "calls and the memory itself\n");
		skip();
	}
}

/* Become a user if this is root. */
static inline int
as_user(void)
{
	const struct ca_become who = {USER, GROUP, NULL, 0};
	const char *step = "";

	return ca_confine_user(geteuid() == 0 ? &who : NULL, &step) == CA_OK
		   ? 0
		   : -1;
}

#endif
