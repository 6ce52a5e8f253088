#include "audit/logsourceint.h"
#include "tool/cli.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 1000 /* rotated files */
#define DAY 86400

/* ---- one file ---- */

int
ca_logsource_failed(const char *path, enum ca_err rc)
{
	if (rc == CA_ERR_FORMAT)
		return ca_cli_fail(
		    "%s: gzip reported an error; entries may be missing", path);
	if (rc == CA_ERR_NOT_FOUND)
		return ca_cli_fail("%s: /usr/bin/gzip is not installed", path);
	if (rc == CA_ERR_IO && errno == EACCES)
		return ca_cli_fail(
		    "%s: no permission; run the command as root, or as a member of the group adm",
		    path);
	return ca_cli_fail("%s: %s", path,
	    rc == CA_ERR_IO ? strerror(errno) : ca_err_text(rc));
}

bool
ca_logsource_gzip(int fd)
{
	unsigned char magic[2];

	return pread(fd, magic, 2, 0) == 2 && magic[0] == 0x1f &&
	       magic[1] == 0x8b;
}

static enum ca_err
read_fd(struct ca_logsource *s, int fd)
{
	static char name[] = "gzip", decompress[] = "-dc";
	char *const argv[] = {name, decompress, NULL};
	struct stat st;
	/* a day more, in case the clock was wrong */
	time_t before = time(NULL) + DAY;

	if (fstat(fd, &st) != 0)
		return CA_ERR_IO;
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return CA_ERR_IO;
	}
	if (S_ISREG(st.st_mode))
		before = st.st_mtime + DAY;
	if (ca_logsource_gzip(fd))
		return ca_logprogram_read(
		    "/usr/bin/gzip", argv, fd, true, before, s);
	return ca_logrecord_read(fd, before, s->visit, s->ctx, &s->state);
}

int
ca_logsource_file(struct ca_logsource *s, const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	/* a copy, because a program's descriptors must be above 2 */
	int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
			  : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	enum ca_err rc;

	s->read = standard ? "standard input" : path;
	if (fd < 0)
		return ca_logsource_failed(s->read, CA_ERR_IO);
	rc = read_fd(s, fd);
	int saved = errno;
	(void)close(fd);
	errno = saved;
	return rc == CA_OK ? CA_EXIT_OK : ca_logsource_failed(s->read, rc);
}

/* ---- the files of syslog ---- */

struct found {
	char path[NAME_MAX + sizeof CA_LOG_DIR + 1];
	time_t mtime;
};

/* auth.log (Debian) or secure (Red Hat), or one that logrotate has renamed. */
static bool
is_log(const char *name)
{
	size_t n = strncmp(name, "auth.log", 8) == 0 ? 8
		   : strncmp(name, "secure", 6) == 0 ? 6
						     : 0;

	if (n == 0 || name[n] == '\0')
		return n > 0;
	return (name[n] == '.' || name[n] == '-') && name[n + 1] >= '0' &&
	       name[n + 1] <= '9';
}

static bool
other_compression(const char *name)
{
	static const char *const ends[] = {".xz", ".bz2", ".zst", ".lz4"};

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (strlen(name) > strlen(ends[i]) &&
		    strcmp(name + strlen(name) - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

static int
older(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->mtime != y->mtime)
		return x->mtime < y->mtime ? -1 : 1;
	return strcmp(y->path, x->path);
}

/* List the files; those that were not written since s->since are not read. */
static size_t
list(const struct ca_logsource *s, struct found *v)
{
	struct dirent *e;
	struct stat st;
	size_t n = 0;
	DIR *d = opendir(CA_LOG_DIR);

	while (d != NULL && n < FILES_MAX && (e = readdir(d)) != NULL) {
		if (!is_log(e->d_name) ||
		    fstatat(dirfd(d), e->d_name, &st, 0) != 0 ||
		    !S_ISREG(st.st_mode) || st.st_mtime < s->since)
			continue;
		(void)snprintf(
		    v[n].path, sizeof v[n].path, CA_LOG_DIR "/%s", e->d_name);
		v[n++].mtime = st.st_mtime;
	}
	if (d != NULL)
		(void)closedir(d);
	if (n > 0)
		qsort(v, n, sizeof *v, older);
	return n;
}

static int
read_files(struct ca_logsource *s)
{
	struct found *v = calloc(FILES_MAX, sizeof *v);
	size_t n = v != NULL ? list(s, v) : 0;
	int status = v != NULL ? CA_EXIT_OK : ca_cli_fail("out of memory");

	for (size_t i = 0; i < n; i++) {
		int got =
		    other_compression(v[i].path)
			? ca_cli_fail(
			      "%s is not read: only gzip is supported; use: xzcat FILE | certauth log --file -",
			      v[i].path)
			: ca_logsource_file(s, v[i].path);

		if (got != CA_EXIT_OK)
			status = got;
	}
	if (n == 0 && v != NULL && s->since == 0)
		status = ca_logsource_none();
	free(v);
	s->read = CA_LOG_DIR "/auth.log and " CA_LOG_DIR "/secure";
	return status;
}

int
ca_logsource_denied(void)
{
	return ca_cli_fail(
	    "no permission to read the journal: run the command as root, or as a member of the group adm or systemd-journal");
}

int
ca_logsource_none(void)
{
	return ca_cli_fail(
	    "this host has neither a journal nor " CA_LOG_DIR
	    "/auth.log or " CA_LOG_DIR "/secure; name a file with --file FILE");
}

int
ca_logsource_system(struct ca_logsource *s)
{
	char since[64];

	switch (ca_logjournal_look()) {
	case CA_LOGJOURNAL_THERE:
		(void)snprintf(
		    since, sizeof since, "--since=@%lld", (long long)s->since);
		return ca_logjournal_read(s, since);
	case CA_LOGJOURNAL_DENIED:
		return ca_logsource_denied();
	case CA_LOGJOURNAL_NONE:
		break;
	}
	return read_files(s);
}
