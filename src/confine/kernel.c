#include "confine/kernel.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SYS_landlock_create_ruleset
#define NR_CREATE SYS_landlock_create_ruleset
#else
#define NR_CREATE 444 /* the same on every architecture of kernel.h */
#endif
#define GET_VERSION 1U /* LANDLOCK_CREATE_RULESET_VERSION */

/* A kernel that takes filters looks at the address first: EFAULT. */
bool
ca_confine_kernel_filters(void)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, NULL) != 0 &&
	       errno == EFAULT;
}

/* The kernel refuses this question only if it has no Landlock; a sandbox around us
 * may do so by any error. */
long
ca_confine_kernel_landlock(void)
{
	long version = syscall(NR_CREATE, NULL, 0UL, GET_VERSION);

	return version > 0 ? version : 0;
}
