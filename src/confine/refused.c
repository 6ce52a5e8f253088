/*
 * A call that the filter answers by SIGSYS fails with ENOSYS, as if the kernel did
 * not have it, and its number is recorded.  The handler makes no call itself.  What
 * it records is the only mutable global of this room; the PAM module never gets
 * here.
 */
#include "confine/refused.h"
#include "confine/confine.h"

#include <errno.h>
#include <signal.h>
#include <ucontext.h>

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

/* The register that has the result of a call when the handler returns.  On ppc64
 * it depends on the instruction that made the call: there is none here. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define RESULT(mc) ((mc)->gregs[REG_RAX])
#elif defined(__i386__)
#define RESULT(mc) ((mc)->gregs[REG_EAX])
#elif defined(__aarch64__)
#define RESULT(mc) ((mc)->regs[0])
#elif defined(__arm__)
#define RESULT(mc) ((mc)->arm_r0)
#elif defined(__riscv)
#define RESULT(mc) ((mc)->__gregs[REG_A0])
#elif defined(__s390x__)
#define RESULT(mc) ((mc)->gregs[2])
#endif

static volatile int numbers[CA_CONFINE_REFUSED];
static volatile size_t count;

bool
ca_confine_refused_works(void)
{
#ifdef RESULT
	return true;
#else
	return false;
#endif
}

static void
record(int number)
{
	for (size_t i = 0; i < count; i++)
		if (numbers[i] == number)
			return;
	if (count < CA_CONFINE_REFUSED) {
		numbers[count] = number;
		count = count + 1;
	}
}

static void
refuse(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	/* the signal may come from a process, too: then there is no call */
	if (info->si_code != SYS_SECCOMP)
		return;
	record(info->si_syscall);
#ifdef RESULT
	RESULT(&uc->uc_mcontext) =
	    (__typeof__(RESULT(&uc->uc_mcontext)))-ENOSYS;
#else
	(void)uc;
#endif
}

int
ca_confine_refused_start(void)
{
	struct sigaction sa = {.sa_flags = SA_SIGINFO};
	sigset_t one;

	count = 0;
	sa.sa_sigaction = refuse;
	(void)sigfillset(&sa.sa_mask);
	(void)sigemptyset(&one);
	(void)sigaddset(&one, SIGSYS);
	return sigaction(SIGSYS, &sa, NULL) == 0 &&
		       sigprocmask(SIG_UNBLOCK, &one, NULL) == 0
		   ? 0
		   : -1;
}

size_t
ca_confine_refused(int *number, size_t max)
{
	size_t n = 0;

	for (; n < count && n < max; n++)
		number[n] = numbers[n];
	return n;
}
