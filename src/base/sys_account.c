/*
 * The accounts of base/sys.h; sys.c has its files.
 */
#include "base/home.h"
#include "base/sys.h"

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
