#include "base/sys.h"

#include <fcntl.h>
#include <unistd.h>

int
ca_sys_openat(int dirfd, const char *path, int flags)
{
	return openat(dirfd, path, flags | O_CLOEXEC);
}

bool
ca_sys_link(int dirfd, const char *name, char target[PATH_MAX])
{
	ssize_t n = readlinkat(dirfd, name, target, PATH_MAX - 1);

	target[n > 0 ? n : 0] = '\0';
	return n > 0;
}

uid_t
ca_sys_owner(void)
{
	return geteuid();
}
