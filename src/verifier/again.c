/*
 * Replace this program by itself: after an update of it or of a library, or on
 * SIGHUP.  The process keeps its number, its children and its sockets.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "op/op.h"
#include "verifier/resident.h"

#define FILES_MAX 32
#define LOOK_MS 1000 /* between two looks at the files */
#define SETTLED 2    /* seconds after the last change of a file */

/* Files that are mapped: the first is the program. */
static struct {
	char path[PATH_MAX];
	dev_t dev;
	ino_t ino;
	uid_t uid;
} file[FILES_MAX];
static size_t files;
static long long looked_at;

static void
note(const char *path)
{
	struct stat st;

	if (files == FILES_MAX || path[0] != '/' ||
	    strlen(path) >= sizeof file[0].path || stat(path, &st) != 0)
		return;
	memcpy(file[files].path, path, strlen(path) + 1);
	file[files].dev = st.st_dev;
	file[files].ino = st.st_ino;
	file[files++].uid = st.st_uid;
}

static int
note_library(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size;
	(void)ctx;
	note(info->dlpi_name);
	return 0;
}

void
ca_resident_files(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

	files = 0;
	if (n <= 0)
		return;
	path[n] = '\0';
	note(path);
	if (files == 1)
		(void)dl_iterate_phdr(note_library, NULL);
}

/* A file that is being written is left alone until it is complete. */
static bool
is_replaced(size_t i)
{
	struct stat st;

	return stat(file[i].path, &st) == 0 &&
	       (st.st_dev != file[i].dev || st.st_ino != file[i].ino) &&
	       st.st_ctime + SETTLED <= time(NULL);
}

bool
ca_resident_replaced(void)
{
	long long now = ca_stream_clock();

	if (now - looked_at < LOOK_MS)
		return false;
	looked_at = now;
	for (size_t i = 0; i < files; i++) {
		if (is_replaced(i))
			return true;
	}
	return false;
}

/* Is the program still that of its owner alone? */
static bool
is_trusted(void)
{
	struct stat st;

	return files > 0 && stat(file[0].path, &st) == 0 &&
	       S_ISREG(st.st_mode) && st.st_uid == file[0].uid &&
	       (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Keep fd over the execution, or not; add it to the list. */
static void
pass_on(struct ca_buf *list, int fd, bool keep)
{
	(void)fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC);
	ca_buf_fmt(list, "%d,", fd);
}

static void
pass_all(const struct ca_resident *r, struct ca_buf *sockets,
    struct ca_buf *waiting, bool keep)
{
	ca_buf_fmt(sockets, "%s=", CA_RESIDENT_SOCKETS);
	for (size_t i = 0; i < r->sockets; i++)
		pass_on(sockets, r->socket[i].fd, keep);
	ca_buf_fmt(waiting, "%s=", CA_RESIDENT_WAITING);
	for (size_t i = 0; i < r->queue.n; i++)
		pass_on(waiting, r->queue.v[i].fd, keep);
	(void)fcntl(r->crew.claims.fd, F_SETFD, keep ? 0 : FD_CLOEXEC);
}

void
ca_resident_again(struct ca_resident *r)
{
	static char name[] = "certauth-verifier", option[] = "--listen";
	static char journal[128], claims[32], notify[256];
	const char *stream = getenv("JOURNAL_STREAM");
	const char *supervisor = getenv("NOTIFY_SOCKET");
	struct ca_buf sockets = CA_BUF_INIT(1024), waiting = CA_BUF_INIT(32768);
	struct ca_buf unused = CA_BUF_INIT(65536);

	pass_all(r, &sockets, &waiting, true);
	(void)snprintf(journal, sizeof journal, "JOURNAL_STREAM=%s",
	    stream != NULL ? stream : "");
	(void)snprintf(
	    claims, sizeof claims, CA_RESIDENT_CLAIMS "=%d", r->crew.claims.fd);
	char *argv[] = {name, option, NULL};
	(void)snprintf(notify, sizeof notify, "NOTIFY_SOCKET=%s",
	    supervisor != NULL ? supervisor : "");
	char *envp[6] = {(char *)(uintptr_t)ca_buf_text(&sockets),
	    (char *)(uintptr_t)ca_buf_text(&waiting), claims};
	size_t n = 3;
	if (stream != NULL)
		envp[n++] = journal;
	if (supervisor != NULL)
		envp[n++] = notify;
	errno = EPERM;
	if (is_trusted() && envp[0] != NULL && envp[1] != NULL)
		(void)execve(file[0].path, argv, envp);
	ca_log_err(&r->log, "%s cannot be executed again: %m",
	    files > 0 ? file[0].path : "/proc/self/exe");
	pass_all(r, &unused, &unused, false);
	ca_buf_free(&unused);
	ca_buf_free(&sockets);
	ca_buf_free(&waiting);
}
