/*
 * Whole files: read, replaced, and what is said of one that cannot be used.  The other
 * half of base/file.h, which the module does without.
 */
#include "base/file.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum ca_err
read_all(int fd, size_t max, struct ca_buf *out, uint8_t *block, size_t size)
{
	size_t total = 0;

	for (;;) {
		ssize_t n = read(fd, block, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return CA_ERR_IO;
		if (n == 0)
			return ca_buf_err(out);
		total += (size_t)n;
		if (total > max)
			return CA_ERR_LIMIT;
		ca_buf_put(out, block, (size_t)n);
		if (ca_buf_err(out) != CA_OK)
			return ca_buf_err(out);
	}
}

enum ca_err
ca_file_read_fd(int fd, size_t max, struct ca_buf *out)
{
	uint8_t block[16384];
	enum ca_err rc = read_all(fd, max, out, block, sizeof block);
	int saved = errno;

	explicit_bzero(block, sizeof block); /* it may be a private key */
	errno = saved;
	return rc;
}

enum ca_err
ca_file_read(int dirfd, const char *path, size_t max, struct ca_buf *out)
{
	int fd;
	enum ca_err rc = ca_file_open(dirfd, path, &fd, NULL);

	if (rc != CA_OK)
		return rc;
	rc = ca_file_read_fd(fd, max, out);
	int saved = errno;
	(void)close(fd);
	errno = saved;
	return rc;
}

static void
log_untrusted(const struct ca_log *log, const char *path)
{
	struct stat st;
	const char *why;

	if (stat(path, &st) != 0) {
		ca_log_err(log,
		    "%s is refused because of its owner, permissions or type",
		    path);
	} else if ((why = ca_file_distrust(&st)) == NULL) {
		ca_log_err(log,
		    "%s is not a regular file, or not a directory if one is "
		    "needed",
		    path);
	} else {
		bool owner = st.st_uid != 0 && st.st_uid != ca_sys_owner();

		ca_log_err(log, "%s %-s; run: %-s %s", path, why,
		    owner ? "chown root" : "chmod go-w", path);
	}
}

void
ca_file_log(const struct ca_log *log, const char *path, enum ca_err err)
{
	switch (err) {
	case CA_ERR_NOT_FOUND:
		ca_log_err(log, "%s %-s", path,
		    errno == ENOTDIR ? "is not a directory, or a part of its "
				       "path is not"
				     : "does not exist");
		break;
	case CA_ERR_UNTRUSTED:
		log_untrusted(log, path);
		break;
	case CA_ERR_IO:
		ca_log_err(log, "cannot read %s: %m", path);
		break;
	default:
		ca_log_err(log, "%s: %-s", path, ca_err_text(err));
		break;
	}
}

/* A rename is durable only after an fsync of the directory. */
static enum ca_err
sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir;

	if (slash == NULL)
		dir = strdup(".");
	else
		dir = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (dir == NULL)
		return CA_ERR_MEMORY;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	if (fd < 0)
		return CA_ERR_IO;
	int failed = fsync(fd) != 0 && errno != EINVAL;
	(void)close(fd);
	return failed ? CA_ERR_IO : CA_OK;
}

enum ca_err
ca_file_replace(const char *path, const void *p, size_t len, mode_t mode)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf name = CA_BUF_INIT(8192);
	char *tmp = NULL;
	int fd = -1;

	ca_buf_fmt(&name, "%s.XXXXXX", path);
	if ((tmp = ca_buf_take(&name, NULL)) == NULL) {
		ret = ca_buf_err(&name);
		goto out;
	}
	if ((fd = mkostemp(tmp, O_CLOEXEC)) < 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	if (ca_file_write_fd(fd, p, len) != CA_OK || fsync(fd) != 0 ||
	    fchmod(fd, mode) != 0 || rename(tmp, path) != 0) {
		int saved = errno;
		(void)unlink(tmp);
		errno = saved;
		ret = CA_ERR_IO;
		goto out;
	}
	if ((rc = sync_parent(path)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	if (fd >= 0) {
		int saved = errno;
		(void)close(fd);
		errno = saved;
	}
	ca_buf_free(&name);
	free(tmp);
	return ret;
}
