#include "client/pending.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/tr.h"
#include "client/clientconf.h"
#include "channel/pieces.h"

#define SUFFIX ".answer"
#define NAME_LEN (64 + sizeof SUFFIX)
#define TRIAL "trial."

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

/* Only the user may write here: another writer could choose the answer. */
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

/* ---- the places ---- */

enum { PLACES = 2 };

/* The name of the n-th place; NULL: it does not exist, or no memory. */
static const char *
place(int n, struct ca_buf *path)
{
	const char *run = getenv("XDG_RUNTIME_DIR");

	ca_buf_reset(path);
	if (n == 0 && !own_runtime_dir(run))
		return NULL;
	if (n == 0)
		ca_buf_fmt(path, "%s/certauth", run);
	else
		ca_buf_fmt(path, "%s/.cache/certauth", ca_client_home());
	return ca_buf_text(path);
}

/* CA_ERR_NOT_FOUND, CA_ERR_UNTRUSTED, CA_ERR_IO: errno says why. */
static enum ca_err
open_place(const char *name, int *fd)
{
	struct stat st;
	int dir = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0)
		return errno == ENOENT                      ? CA_ERR_NOT_FOUND
		       : errno == ELOOP || errno == ENOTDIR ? CA_ERR_UNTRUSTED
							    : CA_ERR_IO;
	if (fstat(dir, &st) != 0 || !private(&st)) {
		(void)close(dir);
		return CA_ERR_UNTRUSTED;
	}
	*fd = dir;
	return CA_OK;
}

/* Create the place, and the directory above it. */
static enum ca_err
make_place(struct ca_buf *path, int *fd)
{
	const char *name = ca_buf_text(path);
	char *slash = name != NULL ? strrchr((char *)path->p, '/') : NULL;

	if (slash == NULL)
		return CA_ERR_MEMORY;
	*slash = '\0';
	(void)mkdir(name, 0700);
	*slash = '/';
	if (mkdir(name, 0700) != 0 && errno != EEXIST)
		return CA_ERR_IO;
	return open_place(name, fd);
}

/* Write len bytes there and remove them: a directory may be read-only, on a
 * full disk, or over its quota. */
static enum ca_err
try_place(int dir, size_t len)
{
	static const char zero[CA_RESPONSE_CHARS_MAX];
	char name[sizeof TRIAL + 20];

	(void)snprintf(name, sizeof name, TRIAL "%ld", (long)getpid());
	(void)unlinkat(dir, name, 0);
	int fd = openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return CA_ERR_IO;
	bool done = ca_file_write_fd(fd, zero,
			len < sizeof zero ? len : sizeof zero) == CA_OK;
	int why = errno;
	/* some file systems check the quota only when a file is closed */
	if (close(fd) != 0 && done) {
		done = false;
		why = errno;
	}
	(void)unlinkat(dir, name, 0);
	errno = why;
	return done ? CA_OK : CA_ERR_IO;
}

enum ca_err
ca_pending_open(
    const struct ca_log *log, size_t len, struct ca_buf *path, int *fd)
{
	enum ca_err ret = CA_ERR_UNSET, rc = CA_ERR_IO;
	struct ca_buf why = CA_BUF_INIT(16384);
	int dir = -1;

	for (int n = 0; n < PLACES && rc == CA_ERR_IO; n++) {
		const char *name = place(n, path);

		if (name == NULL)
			continue;
		if ((rc = make_place(path, &dir)) == CA_OK &&
		    (rc = try_place(dir, len)) != CA_OK) {
			(void)close(dir);
			dir = -1;
		}
		if (rc == CA_ERR_UNTRUSTED)
			ca_log_err(log,
			    "%s must be a directory that you own, with mode "
			    "0700; remove it, or set XDG_RUNTIME_DIR",
			    name);
		else if (rc != CA_OK)
			ca_buf_fmt(&why, "; %s: %s", name, _(strerror(errno)));
	}
	if (rc != CA_OK) {
		if (rc != CA_ERR_UNTRUSTED)
			ca_log_err(log,
			    "no directory can keep the response between its "
			    "pieces (tried XDG_RUNTIME_DIR and ~/.cache)%s",
			    ca_buf_text(&why) != NULL ? ca_buf_text(&why) : "");
		ret = rc;
		goto out;
	}
	*fd = dir;
	dir = -1; /* transferred */
	ret = CA_OK;
out:
	if (dir >= 0)
		(void)close(dir);
	ca_buf_free(&why);
	return ret;
}

/* ---- the answers ---- */

static bool
is_ours(const char *name)
{
	return strncmp(name, TRIAL, sizeof TRIAL - 1) == 0 ||
	       (strlen(name) == NAME_LEN - 1 &&
		   strspn(name, "0123456789abcdef") == 64 &&
		   strcmp(name + 64, SUFFIX) == 0);
}

/* Remove the files that have expired by now. */
static void
clean(int dir, time_t now)
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
		if (is_ours(e->d_name) &&
		    fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_mtime < now)
			(void)unlinkat(dir, e->d_name, 0);
	(void)closedir(list);
}

static enum ca_err
load(int dir, const unsigned char hash[32], time_t now, struct ca_buf *text)
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
	/* a second link would be a name that this program does not remove */
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
ca_pending_load(
    const unsigned char hash[32], time_t now, struct ca_buf *text, int *fd)
{
	enum ca_err rc = CA_ERR_NOT_FOUND;
	struct ca_buf path = CA_BUF_INIT(8192);

	for (int n = 0; n < PLACES && rc == CA_ERR_NOT_FOUND; n++) {
		const char *name = place(n, &path);
		int dir = -1;

		/* another user's directory has no file of this user */
		if (name == NULL || open_place(name, &dir) != CA_OK)
			continue;
		clean(dir, now);
		rc = load(dir, hash, now, text);
		if (rc == CA_OK)
			*fd = dir; /* transferred */
		else
			(void)close(dir);
	}
	ca_buf_free(&path);
	return rc;
}

enum ca_err
ca_pending_save(int dir, const unsigned char hash[32], time_t end,
    const void *text, size_t len)
{
	const struct timespec when[2] = {{end, 0}, {end, 0}};
	char name[NAME_LEN];

	file_name(hash, name);
	int fd = openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return CA_ERR_IO;
	bool done =
	    ca_file_write_fd(fd, text, len) == CA_OK && futimens(fd, when) == 0;
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
