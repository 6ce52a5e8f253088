/*
 * What the module does without of base/sys.h: accounts, and whether a name exists.
 * sys.c has the rest.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/home.h"
#include "base/sys.h"

int
ca_sys_passwd(const char *name, struct passwd *pw, char *buffer, size_t size,
    struct passwd **found)
{
	return getpwnam_r(name, pw, buffer, size, found);
}

bool
ca_sys_exists(int dirfd, const char *name, bool follow)
{
	return faccessat(dirfd, name, F_OK, follow ? 0 : AT_SYMLINK_NOFOLLOW) ==
		   0 ||
	       errno != ENOENT;
}

enum ca_err
ca_sys_home(
    const char *name, const char *home, uid_t uid, char path[PATH_MAX], int *fd)
{
	(void)name;
	return ca_home_open(home, uid, path, fd);
}
