#include "base/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER ".certauth"

bool
ca_home_theirs(const struct stat *st, uid_t uid)
{
	if (S_ISDIR(st->st_mode) && st->st_uid == 0 &&
	    (st->st_mode & S_ISVTX) != 0)
		return true;
	return (st->st_uid == 0 || st->st_uid == uid) &&
	       (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Walk from / down. */
static enum ca_err
walk(const char *path, uid_t uid, int *out)
{
	enum ca_err ret = CA_ERR_UNSET;
	char *copy = NULL, *save = NULL;
	struct stat st;
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || (copy = strdup(path)) == NULL) {
		ret = CA_ERR_IO;
		goto out;
	}
	for (char *part = strtok_r(copy, "/", &save); part != NULL;
	     part = strtok_r(NULL, "/", &save)) {
		int next = openat(
		    fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (next < 0) {
			ret = errno == ENOENT ? CA_ERR_NOT_FOUND : CA_ERR_IO;
			goto out;
		}
		(void)close(fd);
		fd = next;
		if (fstat(fd, &st) != 0 || !ca_home_theirs(&st, uid)) {
			ret = CA_ERR_UNTRUSTED;
			goto out;
		}
	}
	*out = fd;
	fd = -1; /* transferred */
	ret = CA_OK;
out:
	free(copy);
	if (fd >= 0)
		(void)close(fd);
	return ret;
}

enum ca_err
ca_home_open(const char *home, uid_t uid, char path[PATH_MAX], int *fd)
{
	char real[PATH_MAX];

	/* symbolic links in the path to a home are common.  walk() checks each
	 * part of the resolved path, so a race gains nothing. */
	if (home[0] != '/' || realpath(home, real) == NULL)
		return CA_ERR_NOT_FOUND;
	int n = snprintf(path, PATH_MAX, "%s/" FOLDER, real);
	if (n < 0 || n >= PATH_MAX)
		return CA_ERR_NOT_FOUND;
	return walk(path, uid, fd);
}
