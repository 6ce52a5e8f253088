#include "base/file.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

const char *
ca_file_distrust(const struct stat *st)
{
	if (st->st_uid != 0 && st->st_uid != ca_sys_owner())
		return "is owned neither by root nor by this process's user";
	/* also with the sticky bit, as on /tmp: others could add files */
	if (st->st_mode & S_IWGRP)
		return "is writable by its group";
	if (st->st_mode & S_IWOTH)
		return "is writable by everyone";
	return NULL;
}

static enum ca_err
open_checked(int dirfd, const char *path, int flags, mode_t type, int *fd,
    struct stat *st)
{
	struct stat own;

	if (st == NULL)
		st = &own;
	int f = ca_sys_openat(
	    dirfd, path, flags | O_RDONLY | O_NOCTTY | O_NONBLOCK);
	if (f < 0 && errno == CA_SYS_UNTRUSTED) {
		errno = EPERM;
		return CA_ERR_UNTRUSTED;
	}
	if (f < 0)
		return errno == ENOENT || errno == ENOTDIR ? CA_ERR_NOT_FOUND
							   : CA_ERR_IO;
	if (fstat(f, st) != 0) {
		int saved = errno;
		(void)close(f);
		errno = saved;
		return CA_ERR_IO;
	}
	if ((st->st_mode & S_IFMT) != type || ca_file_distrust(st) != NULL) {
		(void)close(f);
		errno = EPERM;
		return CA_ERR_UNTRUSTED;
	}
	*fd = f;
	return CA_OK;
}

enum ca_err
ca_file_open(int dirfd, const char *path, int *fd, struct stat *st)
{
	return open_checked(dirfd, path, 0, S_IFREG, fd, st);
}

enum ca_err
ca_file_opendir(int dirfd, const char *path, int *fd, struct stat *st)
{
	return open_checked(dirfd, path, O_DIRECTORY, S_IFDIR, fd, st);
}

enum ca_err
ca_file_write_fd(int fd, const void *p, size_t len)
{
	const uint8_t *at = p;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return CA_ERR_IO;
		at += n;
		len -= (size_t)n;
	}
	return CA_OK;
}
