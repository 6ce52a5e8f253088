/*
 * LD_PRELOAD: FASTER seconds go by each time that a program reads the monotonic clock.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

__attribute__((visibility("default"))) int
clock_gettime(clockid_t clock, struct timespec *out)
{
	static long gone;
	const char *faster = getenv("FASTER");
	int rc = (int)syscall(SYS_clock_gettime, clock, out);

	if (rc == 0 && clock == CLOCK_MONOTONIC && faster != NULL)
		out->tv_sec += gone += atol(faster);
	return rc;
}
