/*
 * LD_PRELOAD: time() is LATER seconds later than it is.
 */
#include <stdlib.h>
#include <time.h>

__attribute__((visibility("default"))) time_t
time(time_t *out)
{
	const char *later = getenv("LATER");
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += later != NULL ? atol(later) : 0;
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}
