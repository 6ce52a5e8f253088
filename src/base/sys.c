#include "base/sys.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/home.h"

int
ca_sys_openat(int dirfd, const char *path, int flags)
{
	return openat(dirfd, path, flags | O_CLOEXEC);
}

bool
ca_sys_listed(int dirfd, const char *name)
{
	return faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	       errno != ENOENT;
}

ssize_t
ca_sys_readlinkat(int dirfd, const char *name, char *out, size_t size)
{
	return readlinkat(dirfd, name, out, size);
}

uid_t
ca_sys_owner(void)
{
	return geteuid();
}

int
ca_sys_passwd(const char *name, struct passwd *pw, char *buffer, size_t size,
    struct passwd **found)
{
	return getpwnam_r(name, pw, buffer, size, found);
}

enum ca_err
ca_sys_home(
    const char *name, const char *home, uid_t uid, char path[PATH_MAX], int *fd)
{
	(void)name;
	return ca_home_open(home, uid, path, fd);
}
