/*
 * To be preloaded into an sshd under valgrind: the sandbox of its process for
 * the network removes system calls and descriptors that valgrind itself
 * needs in there.  The module does not run in that process.
 */
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int
prctl(int op, ...)
{
	unsigned long arg[4];
	va_list ap;

	va_start(ap, op);
	for (int i = 0; i < 4; i++)
		arg[i] = va_arg(ap, unsigned long);
	va_end(ap);
	/* not an error: newer versions end if there is no sandbox */
	if (op == PR_SET_SECCOMP)
		return 0;
	return (int)syscall(SYS_prctl, op, arg[0], arg[1], arg[2], arg[3]);
}

int
setrlimit(__rlimit_resource_t what, const struct rlimit *limit)
{
	if (what == RLIMIT_NOFILE || what == RLIMIT_FSIZE)
		return 0;
	return (int)syscall(SYS_prlimit64, 0, what, limit, NULL);
}
