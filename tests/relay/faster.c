/*
 * LD_PRELOAD: FASTER seconds go by each time that a program reads the monotonic clock;
 * with FASTER_WHEN only once that file has content.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

__attribute__((visibility("default"))) int
clock_gettime(clockid_t clock, struct timespec *out)
{
	static long gone;
	const char *faster = getenv("FASTER"), *when = getenv("FASTER_WHEN");
	struct stat st;
	int rc = (int)syscall(SYS_clock_gettime, clock, out);

	if (rc == 0 && clock == CLOCK_MONOTONIC && faster != NULL &&
	    (when == NULL || (stat(when, &st) == 0 && st.st_size > 0)))
		out->tv_sec += gone += atol(faster);
	return rc;
}
