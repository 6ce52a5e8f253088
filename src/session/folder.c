/*
 * The folders of the records.
 */
#include "session/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

#define RANDOM 16 /* bytes */
#define UNFINISHED ".new"
#define NAME_BYTES (CA_SESSION_ID + sizeof UNFINISHED)

/* ---- open ---- */

/* Root's, and others have no right that mask names. */
static bool
is_roots(int fd, mode_t mask)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return false;
	errno = EPERM;
	return S_ISDIR(st.st_mode) && st.st_uid == 0 &&
	       (st.st_mode & mask) == 0;
}

/* The folder name below at; made with that mode, whatever the umask is. */
static enum ca_err
enter(int at, const char *name, bool make, mode_t mode, int *fd)
{
	bool made = make && mkdirat(at, name, mode & 0700) == 0;

	*fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd < 0)
		return errno == ENOENT ? CA_ERR_NOT_FOUND : CA_ERR_IO;
	if (made && fchmod(*fd, mode) != 0)
		goto bad;
	if (is_roots(*fd, mode == 0700 ? 0077 : 0022))
		return CA_OK;
	(void)close(*fd);
	*fd = -1;
	return CA_ERR_UNTRUSTED;
bad:
	(void)close(*fd);
	*fd = -1;
	return CA_ERR_IO;
}

enum ca_err
ca_session_folder(const char *name, bool make, int *fd)
{
	int run, certauth = -1;
	enum ca_err rc;

	*fd = -1;
	run = open("/run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run < 0)
		return errno == ENOENT ? CA_ERR_NOT_FOUND : CA_ERR_IO;
	rc = is_roots(run, 0022) ? CA_OK : CA_ERR_UNTRUSTED;
	if (rc == CA_OK)
		rc = enter(run, strrchr(CA_SESSION_DIR, '/') + 1, make, 0755,
		    &certauth);
	if (rc == CA_OK)
		rc = enter(certauth, name, make, 0700, fd);
	int e = errno;
	if (certauth >= 0)
		(void)close(certauth);
	(void)close(run);
	errno = e;
	return rc;
}

/* ---- write ---- */

static enum ca_err
new_id(char id[CA_SESSION_ID])
{
	static const char digit[] = "0123456789abcdef";
	uint8_t random[RANDOM];

	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return CA_ERR_IO;
	for (size_t i = 0; i < sizeof random; i++) {
		id[2 * i] = digit[random[i] >> 4];
		id[2 * i + 1] = digit[random[i] & 15];
	}
	id[2 * sizeof random] = '\0';
	return CA_OK;
}

bool
ca_session_is_id(const char *text)
{
	return text != NULL && strlen(text) == CA_SESSION_ID - 1 &&
	       strspn(text, "0123456789abcdef") == CA_SESSION_ID - 1;
}

/* A name that is new, then the final one: a reader never sees half a record. */
static enum ca_err
write_file(int folder, const char *id, const struct ca_buf *bytes)
{
	char name[NAME_BYTES];
	bool ok;
	int fd, e;

	(void)stpcpy(stpcpy(name, id), UNFINISHED);
	fd = openat(folder, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return CA_ERR_IO;
	ok = ca_file_write_fd(fd, bytes->p, bytes->len) == CA_OK;
	e = errno;
	if (close(fd) != 0 && ok) {
		e = errno;
		ok = false;
	}
	if (ok && renameat(folder, name, folder, id) == 0)
		return CA_OK;
	e = ok ? errno : e;
	(void)unlinkat(folder, name, 0);
	errno = e;
	return CA_ERR_IO;
}

enum ca_err
ca_session_store(int folder, const struct ca_session *s, char id[CA_SESSION_ID])
{
	struct ca_buf bytes = CA_BUF_INIT(CA_SESSION_MAX);
	enum ca_err rc;

	ca_session_write(s, &bytes);
	rc = ca_buf_err(&bytes);
	if (rc == CA_OK)
		rc = new_id(id);
	if (rc == CA_OK)
		rc = write_file(folder, id, &bytes);
	if (rc != CA_OK)
		id[0] = '\0';
	ca_buf_free(&bytes);
	return rc;
}

/* ---- read ---- */

static enum ca_err
read_all(int fd, struct ca_buf *bytes)
{
	uint8_t part[4096];
	ssize_t n;

	while ((n = read(fd, part, sizeof part)) != 0) {
		if (n < 0 && errno != EINTR)
			return CA_ERR_IO;
		if (n > 0)
			ca_buf_put(bytes, part, (size_t)n);
		if (ca_buf_err(bytes) != CA_OK)
			break;
	}
	return ca_buf_err(bytes);
}

enum ca_err
ca_session_load(
    int folder, const char *id, struct ca_buf *bytes, struct ca_session *out)
{
	struct stat st;
	enum ca_err rc;
	int fd;

	*out = (struct ca_session){0};
	fd = openat(folder, id,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? CA_ERR_NOT_FOUND : CA_ERR_IO;
	if (fstat(fd, &st) != 0)
		rc = CA_ERR_IO;
	else if (!S_ISREG(st.st_mode) || st.st_uid != 0 ||
		 (st.st_mode & 0077) != 0)
		rc = CA_ERR_UNTRUSTED;
	else
		rc = read_all(fd, bytes);
	(void)close(fd);
	return rc == CA_OK ? ca_session_parse(bytes->p, bytes->len, out) : rc;
}

bool
ca_session_remove(int folder, const char *id)
{
	return unlinkat(folder, id, 0) == 0;
}

/* ---- tidy ---- */

static bool
is_unfinished(const char *name)
{
	size_t len = strlen(name);

	return len == CA_SESSION_ID - 1 + sizeof UNFINISHED - 1 &&
	       strcmp(name + CA_SESSION_ID - 1, UNFINISHED) == 0;
}

void
ca_session_tidy(int folder, bool logins, size_t max)
{
	const time_t now = time(NULL);
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	struct stat st;

	if (d == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	while (max-- > 0 && (e = readdir(d)) != NULL) {
		if (!is_unfinished(e->d_name) &&
		    !(logins && ca_session_is_id(e->d_name)))
			continue;
		/* a clock that was set back must not keep one for ever */
		if (fstatat(folder, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    (now - st.st_mtime > CA_SESSION_LOGIN_LIFE ||
			st.st_mtime - now > CA_SESSION_LOGIN_LIFE))
			(void)unlinkat(folder, e->d_name, 0);
	}
	(void)closedir(d);
}
