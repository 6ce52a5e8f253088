#include "audit/logfollow.h"
#include "audit/logsourceint.h"
#include "tool/cli.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DAY 86400
#define BLOCK 4096
#define BEGINNING "-"
#define SIBLINGS_MAX 1000

/* ---- the journal ---- */

static enum ca_err
ignore(void *ctx, const struct ca_logrecord *record)
{
	(void)ctx;
	(void)record;
	return CA_OK;
}

/* The place after the last entry. */
static int
journal_end(struct ca_logfollow *at)
{
	struct ca_logsource s = {.visit = ignore};
	int status = ca_logjournal_read(&s, "--lines=1");

	if (status == CA_EXIT_OK)
		(void)snprintf(at->cursor, sizeof at->cursor, "%s",
		    s.state.cursor[0] != '\0' ? s.state.cursor : BEGINNING);
	return status;
}

/*
 * journalctl seeks the entry that is next to a cursor which it does not know, so
 * the entry with the cursor itself is asked for (not --after-cursor): if it is not
 * there, the journal was rotated away or is another one.
 */
static int
journal_on(struct ca_logsource *s, struct ca_logfollow *at)
{
	char where[CA_LOGRECORD_CURSOR + 16], old[sizeof at->cursor];
	bool all = strcmp(at->cursor, BEGINNING) == 0;
	int status;

	memcpy(old, at->cursor, sizeof old);
	(void)snprintf(where, sizeof where, "--cursor=%s", old);
	s->state.after = old;
	s->state.follow = true;
	status = ca_logjournal_read(s, all ? "--since=@0" : where);
	s->state.after = NULL;
	if (s->state.cursor[0] != '\0')
		memcpy(at->cursor, s->state.cursor, sizeof at->cursor);
	if (all || s->state.passed || status != CA_EXIT_OK)
		return status;
	at->lost = true;
	/* nothing comes after the lost place: go on at the end */
	return s->state.cursor[0] != '\0' ? CA_EXIT_OK : journal_end(at);
}

/* ---- a file ---- */

static void
keep_tail(int fd, struct ca_logfollow *at)
{
	size_t n =
	    at->offset < sizeof at->tail ? (size_t)at->offset : sizeof at->tail;

	at->file = true;
	if (pread(fd, at->tail, n, (off_t)(at->offset - n)) == (ssize_t)n) {
		at->taillen = n;
		return;
	}
	/* the file was truncated meanwhile: what it has next is new */
	at->offset = 0;
	at->taillen = 0;
	at->lost = true;
}

/* Does the file begin with what was read? */
static bool
matches(int fd, const struct ca_logfollow *at)
{
	uint8_t tail[CA_LOGFOLLOW_TAIL];
	size_t n = at->taillen;

	return at->offset >= n &&
	       pread(fd, tail, n, (off_t)(at->offset - n)) == (ssize_t)n &&
	       memcmp(tail, at->tail, n) == 0;
}

/* The place after the last complete line. */
static enum ca_err
file_end(int fd, uint64_t size, struct ca_logfollow *at)
{
	char block[BLOCK];

	while (size > 0) {
		size_t n = size < sizeof block ? (size_t)size : sizeof block;
		const char *nl;

		if (pread(fd, block, n, (off_t)(size - n)) != (ssize_t)n)
			return CA_ERR_IO;
		if ((nl = memrchr(block, '\n', n)) != NULL) {
			size -= n - (size_t)(nl + 1 - block);
			break;
		}
		size -= n;
	}
	at->offset = size;
	return CA_OK;
}

static enum ca_err
read_on(struct ca_logsource *s, int fd, struct ca_logfollow *at, bool ended)
{
	struct stat st;
	enum ca_err rc;

	if (fstat(fd, &st) != 0 || lseek(fd, (off_t)at->offset, SEEK_SET) < 0)
		return CA_ERR_IO;
	s->state.follow = !ended;
	s->state.used = 0;
	/* the form without a year, see logsource.c */
	rc = ca_logrecord_read(
	    fd, st.st_mtime + DAY, s->visit, s->ctx, &s->state);
	at->offset += s->state.used;
	return rc;
}

/* auth.log.1, secure-20261129 */
static bool
is_sibling(const char *name, const char *of)
{
	size_t n = strlen(of);

	return strncmp(name, of, n) == 0 && (name[n] == '.' || name[n] == '-');
}

static int
open_regular(int dir, const char *name, struct stat *st)
{
	int fd =
	    openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 || (fstat(fd, st) == 0 && S_ISREG(st->st_mode)))
		return fd;
	(void)close(fd);
	errno = EINVAL;
	return -1;
}

/* Open the file that path was renamed to; -1: it is not there, or compressed. */
static int
rotated(const char *path, const struct ca_logfollow *at)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	char parent[4096];
	struct dirent *e;
	struct stat st;
	int fd = -1, n = 0;
	DIR *d;

	if (snprintf(parent, sizeof parent, "%.*s/",
		slash != NULL ? (int)(slash - path) : 1,
		slash != NULL ? path : ".") >= (int)sizeof parent ||
	    (d = opendir(parent)) == NULL)
		return -1;
	while (fd < 0 && n++ < SIBLINGS_MAX && (e = readdir(d)) != NULL) {
		if (!is_sibling(e->d_name, name) ||
		    (fd = open_regular(dirfd(d), e->d_name, &st)) < 0)
			continue;
		if (!ca_logsource_gzip(fd) && matches(fd, at))
			break;
		(void)close(fd);
		fd = -1;
	}
	(void)closedir(d);
	return fd;
}

/* The file is another one now: read the rest of the old one. */
static enum ca_err
finish_old(struct ca_logsource *s, const char *path, struct ca_logfollow *at)
{
	int old = rotated(path, at);
	enum ca_err rc = CA_OK;

	if (old >= 0) {
		rc = read_on(s, old, at, true);
		(void)close(old);
	} else {
		at->lost = true;
	}
	at->offset = 0;
	at->taillen = 0;
	return rc;
}

static enum ca_err
follow_fd(struct ca_logsource *s, const char *path, int fd,
    struct ca_logfollow *at, const struct stat *st)
{
	enum ca_err rc = CA_OK;

	if (!at->file) {
		rc = file_end(fd, (uint64_t)st->st_size, at);
		if (rc == CA_OK)
			keep_tail(fd, at);
		return rc;
	}
	if (!matches(fd, at))
		rc = finish_old(s, path, at);
	if (rc == CA_OK)
		rc = read_on(s, fd, at, false);
	int saved = errno;
	keep_tail(fd, at);
	errno = saved;
	return rc;
}

int
ca_logfollow_file(
    struct ca_logsource *s, const char *path, struct ca_logfollow *at)
{
	struct stat st;
	int fd = open_regular(AT_FDCWD, path, &st);
	enum ca_err rc = CA_ERR_IO;

	s->read = path;
	if (fd < 0 && errno == EINVAL)
		return ca_cli_fail("%s is not a regular file", path);
	if (fd < 0)
		return ca_logsource_failed(path, CA_ERR_IO);
	if (ca_logsource_gzip(fd)) {
		(void)close(fd);
		return ca_cli_fail(
		    "%s is compressed; name the file that the log is written to",
		    path);
	}
	rc = follow_fd(s, path, fd, at, &st);
	int saved = errno;
	(void)close(fd);
	errno = saved;
	return rc == CA_OK ? CA_EXIT_OK : ca_logsource_failed(path, rc);
}

/* ---- this host's log ---- */

int
ca_logfollow_system(struct ca_logsource *s, struct ca_logfollow *at)
{
	static const char *const files[] = {
	    CA_LOG_DIR "/auth.log", CA_LOG_DIR "/secure"};

	switch (ca_logjournal_look()) {
	case CA_LOGJOURNAL_THERE:
		s->read = "the journal";
		return at->cursor[0] == '\0' ? journal_end(at)
					     : journal_on(s, at);
	case CA_LOGJOURNAL_DENIED:
		return ca_logsource_denied();
	case CA_LOGJOURNAL_NONE:
		break;
	}
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (access(files[i], F_OK) == 0)
			return ca_logfollow_file(s, files[i], at);
	return ca_logsource_none();
}
