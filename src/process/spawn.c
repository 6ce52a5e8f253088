#include "process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

/* How long a minder may take to kill and to say so, in milliseconds. */
#define MINDER_PATIENCE 5000

/* ---- which programs may be run ---- */

/* What is wrong with one component of the path, or NULL. */
static const char *
component_distrust(const struct stat *st, bool last, bool holds_file)
{
	if (S_ISLNK(st->st_mode))
		return "is a symbolic link; configure the path of its target";
	if (!last && !S_ISDIR(st->st_mode))
		return "is not a directory";
	if (last && !S_ISREG(st->st_mode))
		return "is not a file";
	if (last && (st->st_mode & S_IXUSR) == 0)
		return "is not executable";
	/* in a sticky directory nobody can replace what is root's */
	if (!last && !holds_file && (st->st_mode & S_ISVTX) != 0 &&
	    st->st_uid == 0)
		return NULL;
	return ca_file_distrust(st);
}

/* Log what is wrong with the first n bytes of path. */
static void
tell_component(
    const struct ca_log *log, const char *path, size_t n, const char *wrong)
{
	if (path[n] == '\0')
		ca_log_err(log, "helper %s: %-s", path, wrong);
	else
		ca_log_err(
		    log, "helper %s: %.*s: %-s", path, (int)n, path, wrong);
}

/*
 * Open the next component of path at *dir, and put its descriptor there.
 * at: where it begins; returns where the next one does, or NULL.
 */
static const char *
step_into(const char *path, const char *at, int *dir, const struct ca_log *log,
    enum ca_err *rc)
{
	char name[NAME_MAX + 1];
	size_t n = strcspn(at, "/");
	const char *next = at[n] == '/' ? at + n + 1 : at + n;
	bool last = at[n] == '\0';
	bool holds_file = !last && strchr(next, '/') == NULL;
	struct stat st;
	int fd;

	*rc = CA_ERR_UNTRUSTED;
	if (n == 0 || n > NAME_MAX || (n == 1 && at[0] == '.') ||
	    (n == 2 && at[0] == '.' && at[1] == '.')) {
		ca_log_err(log,
		    "helper %s: it is not an absolute path without \".\", "
		    "\"..\" and empty names",
		    path);
		return NULL;
	}
	memcpy(name, at, n);
	name[n] = '\0';
	fd = openat(*dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		*rc = errno == ENOENT || errno == ENOTDIR ? CA_ERR_NOT_FOUND
							  : CA_ERR_IO;
		tell_component(
		    log, path, (size_t)(at + n - path), strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return NULL;
	}
	const char *wrong = component_distrust(&st, last, holds_file);
	if (wrong != NULL) {
		tell_component(log, path, (size_t)(at + n - path), wrong);
		(void)close(fd);
		return NULL;
	}
	(void)close(*dir);
	*dir = fd;
	*rc = CA_OK;
	return next;
}

enum ca_err
ca_spawn_open(const char *path, const struct ca_log *log, int *fd)
{
	enum ca_err ret = CA_ERR_UNSET, rc = CA_ERR_UNTRUSTED;
	int dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *at = path + 1;

	if (dir < 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	if (path[0] != '/' || path[1] == '\0') {
		ca_log_err(log, "helper %s: it is not an absolute path", path);
		ret = CA_ERR_UNTRUSTED;
		goto out;
	}
	while (at != NULL && *at != '\0')
		at = step_into(path, at, &dir, log, &rc);
	if (rc == CA_OK && path[strlen(path) - 1] == '/')
		rc = CA_ERR_UNTRUSTED;
	if (rc != CA_OK) {
		ret = rc;
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

/* ---- start and end ---- */

struct ends {
	int in[2], out[2], control[2], null;
};

static void
close_all(const int *fd, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (fd[i] >= 0)
			(void)close(fd[i]);
	}
}

static int
make_ends(struct ends *e)
{
	*e = (struct ends){{-1, -1}, {-1, -1}, {-1, -1}, -1};
	/* a socket, so that writing to a helper that died raises no SIGPIPE
	 * in the host application */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, e->in) != 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, e->control) !=
		0 ||
	    pipe2(e->out, O_CLOEXEC) != 0 ||
	    fcntl(e->out[0], F_SETFL, O_NONBLOCK) != 0)
		return -1;
	e->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	return e->null >= 0 ? 0 : -1;
}

enum ca_err
ca_spawn_start(const struct ca_spawn_params *params, struct ca_spawn *spawn)
{
	enum ca_err ret = CA_ERR_UNSET;
	sigset_t all, before;
	struct ends e;
	pid_t pid;
	int saved;

	*spawn = (struct ca_spawn){-1, -1, -1, -1};
	if (make_ends(&e) != 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	const struct ca_spawn_child child = {
	    params, e.control[1], e.in[1], e.out[1], e.null};
	/* the application's handlers must not run in a copy of it */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = ca_spawn_clone(0);
	if (pid == 0)
		ca_spawn_minder(&child);
	saved = errno;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = saved;
	if (pid < 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	*spawn = (struct ca_spawn){e.in[0], e.out[0], e.control[0], pid};
	e.in[0] = e.out[0] = e.control[0] = -1; /* transferred */
	ret = CA_OK;
out:
	saved = errno;
	close_all(e.in, 2);
	close_all(e.out, 2);
	close_all(e.control, 2);
	close_all(&e.null, 1);
	errno = saved;
	return ret;
}

/* The notes of program and minder; a failure before exec comes first and is
 * the one that tells more.  False: the minder does not answer. */
static bool
read_notes(int control, struct ca_spawn_end *end)
{
	struct pollfd fd = {control, POLLIN, 0};
	struct ca_spawn_note note;

	for (;;) {
		int n = poll(&fd, 1, MINDER_PATIENCE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		ssize_t len = recv(control, &note, sizeof note, MSG_DONTWAIT);
		/* a minder that ended before it read our word leaves a reset,
		 * which is told once and ahead of its notes */
		if (len < 0 && (errno == EINTR || errno == ECONNRESET))
			continue;
		if (len != (ssize_t)sizeof note)
			return true; /* its end is closed: it has ended */
		if (note.how == CA_SPAWN_LACKS)
			end->lacks = note.value;
		if (end->how == CA_SPAWN_FAILED || note.how == CA_SPAWN_LACKS)
			continue;
		end->how = (enum ca_spawn_how)note.how;
		end->value = note.value;
		end->step = ca_spawn_step(note.step);
	}
}

void
ca_spawn_end(struct ca_spawn *spawn, struct ca_spawn_end *end)
{
	*end = (struct ca_spawn_end){CA_SPAWN_UNKNOWN, 0, "", 0};
	if (spawn->minder <= 0)
		return;
	/* a word, since a copy of this end may live on in another child of
	 * the application, and then closing it would say nothing */
	(void)!send(spawn->control, "k", 1, MSG_NOSIGNAL);
	if (!read_notes(spawn->control, end))
		(void)kill(spawn->minder, SIGKILL);
	while (waitpid(spawn->minder, NULL, __WALL) < 0 && errno == EINTR)
		continue;
	close_all(&spawn->in, 1);
	close_all(&spawn->out, 1);
	close_all(&spawn->control, 1);
	*spawn = (struct ca_spawn){-1, -1, -1, -1};
}
