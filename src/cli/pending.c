#include "cli/pending.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "wire/pieces.h"

#define SUFFIX ".answer"
#define NAME_LEN (64 + sizeof SUFFIX)

static void
file_name(const unsigned char hash[32], char name[NAME_LEN])
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < 32; i++) {
		name[2 * i] = digit[hash[i] >> 4];
		name[2 * i + 1] = digit[hash[i] & 15];
	}
	memcpy(name + 64, SUFFIX, sizeof SUFFIX);
}

/* Ours alone: whoever could write here could choose what we answer. */
static bool private(const struct stat *st)
{
	return st->st_uid == geteuid() &&
	       (st->st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

static bool
own_runtime_dir(const char *dir)
{
	struct stat st;

	return dir != NULL && dir[0] == '/' && stat(dir, &st) == 0 &&
	       S_ISDIR(st.st_mode) && private(&st);
}

enum ca_err
ca_pending_open(const struct ca_log *log, struct ca_buf *path, int *fd)
{
	enum ca_err ret = CA_ERR_UNSET;
	const char *run = getenv("XDG_RUNTIME_DIR");
	struct stat st;
	int dir = -1;

	if (own_runtime_dir(run))
		ca_buf_fmt(path, "%s/certauth", run);
	else
		ca_buf_fmt(path, "/tmp/certauth-%lu", (unsigned long)geteuid());
	const char *name = ca_buf_text(path);
	if (name == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((mkdir(name, 0700) != 0 && errno != EEXIST) ||
	    (dir = open(
		 name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0 ||
	    fstat(dir, &st) != 0) {
		ca_log_err(log, "%s: %m", name);
		ret = CA_ERR_IO;
		goto out;
	}
	if (!private(&st)) {
		ca_log_err(log,
		    "%s must belong to you, with mode 0700; "
		    "remove it, or set XDG_RUNTIME_DIR",
		    name);
		ret = CA_ERR_UNTRUSTED;
		goto out;
	}
	*fd = dir;
	dir = -1; /* transferred */
	ret = CA_OK;
out:
	if (dir >= 0)
		(void)close(dir);
	return ret;
}

static bool
is_answer(const char *name)
{
	return strlen(name) == NAME_LEN - 1 &&
	       strspn(name, "0123456789abcdef") == 64 &&
	       strcmp(name + 64, SUFFIX) == 0;
}

void
ca_pending_clean(int dir, time_t now)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	struct stat st;

	if (list == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	while ((e = readdir(list)) != NULL)
		if (is_answer(e->d_name) &&
		    fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_mtime < now)
			(void)unlinkat(dir, e->d_name, 0);
	(void)closedir(list);
}

enum ca_err
ca_pending_load(
    int dir, const unsigned char hash[32], time_t now, struct ca_buf *text)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	char name[NAME_LEN];
	struct stat st;

	file_name(hash, name);
	int fd =
	    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT  ? CA_ERR_NOT_FOUND
		       : errno == ELOOP ? CA_ERR_UNTRUSTED
					: CA_ERR_IO;
	if (fstat(fd, &st) != 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	/* a second link would be a name that we do not remove */
	if (!S_ISREG(st.st_mode) || !private(&st) || st.st_nlink != 1) {
		ret = CA_ERR_UNTRUSTED;
		goto out;
	}
	if (st.st_mtime < now) {
		ret = CA_ERR_NOT_FOUND;
		goto out;
	}
	if ((rc = ca_file_read_fd(fd, CA_RESPONSE_CHARS_MAX, text)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	(void)close(fd);
	return ret;
}

enum ca_err
ca_pending_save(int dir, const unsigned char hash[32], time_t end,
    const void *text, size_t len)
{
	const struct timespec when[2] = {{end, 0}, {end, 0}};
	const char *p = text;
	char name[NAME_LEN];
	size_t at = 0;

	file_name(hash, name);
	int fd = openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return CA_ERR_IO;
	while (at < len) {
		ssize_t n = write(fd, p + at, len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	bool done = at == len && futimens(fd, when) == 0;
	if (close(fd) != 0 || !done) {
		(void)unlinkat(dir, name, 0);
		return CA_ERR_IO;
	}
	return CA_OK;
}

void
ca_pending_remove(int dir, const unsigned char hash[32])
{
	char name[NAME_LEN];

	file_name(hash, name);
	(void)unlinkat(dir, name, 0);
}
