/*
 * The looker: the process that has the PKCS#11 modules.
 */
#include "watch/watchint.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/stream.h"

#define LINE_MS 30000 /* a looker that is silent for longer hangs */
#define SURE_MS 300   /* another program may reset the card for a moment */

static const char *const words[] = {
    [CA_LOOK_UNKNOWN] = "unknown\n",
    [CA_LOOK_ABSENT] = "absent\n",
    [CA_LOOK_PRESENT] = "present\n",
};
#define WORDS (sizeof words / sizeof words[0])

/* ---- in the child ---- */

/* A token that is not here is looked for twice. */
static enum ca_look_at
look_surely(struct ca_look *look, enum ca_look_at last)
{
	const struct timespec pause = {0, SURE_MS * 1000000L};
	enum ca_look_at at = ca_look_now(look);

	if (at != CA_LOOK_ABSENT || last == CA_LOOK_ABSENT)
		return at;
	(void)nanosleep(&pause, NULL);
	return ca_look_now(look);
}

/* Look until the parent is gone.  A module may not notice that a service or reader is
 * back that was stopped, so it is not trusted for long without the token. */
static _Noreturn void
look_on(struct ca_look *look, int to, unsigned patience)
{
	enum ca_look_at last = CA_LOOK_UNKNOWN;
	long long here = ca_stream_clock();

	for (;;) {
		last = look_surely(look, last);
		if (write(to, words[last], strlen(words[last])) < 0)
			_exit(1);
		if (last == CA_LOOK_PRESENT)
			here = ca_stream_clock();
		else if (ca_stream_clock() - here >= 1000LL * patience)
			_exit(0);
		ca_look_wait(look);
	}
}

/* A module is foreign code: it gets no terminal, no rights by execve(2), and no
 * descriptor of the parent's. */
static bool
settle(pid_t parent, int keep)
{
	const struct rlimit none = {0, 0};
	sigset_t empty;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)sigemptyset(&empty);
	if (keep >= 0)
		(void)close(keep);
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
	       getppid() == parent &&
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && null >= 0 &&
	       dup2(null, STDIN_FILENO) >= 0 &&
	       dup2(null, STDOUT_FILENO) >= 0 &&
	       sigprocmask(SIG_SETMASK, &empty, NULL) == 0;
}

static _Noreturn void
be_looker(const struct ca_looker *l, const char *uri, const struct ca_log *log,
    int to)
{
	struct ca_look *look = NULL;
	enum ca_err rc = ca_look_new(uri, l->events, log, &look);

	/* modules that cannot be loaded are logged */
	if (rc != CA_OK)
		_exit(1);
	look_on(look, to, l->patience);
}

/* ---- in the parent ---- */

enum ca_err
ca_looker_start(
    struct ca_looker *l, const char *uri, const struct ca_log *log, int keep)
{
	const pid_t parent = getpid();
	int end[2];

	if (pipe2(end, O_CLOEXEC | O_NONBLOCK) != 0)
		return CA_ERR_IO;
	l->len = 0;
	l->spoke = false;
	l->last = CA_LOOK_UNKNOWN;
	l->pid = fork();
	if (l->pid == 0) {
		(void)close(end[0]);
		if (!settle(parent, keep))
			_exit(1);
		be_looker(l, uri, log, end[1]);
	}
	(void)close(end[1]);
	if (l->pid < 0) {
		int e = errno;

		l->pid = 0;
		(void)close(end[0]);
		errno = e;
		return CA_ERR_IO;
	}
	l->fd = end[0];
	l->deadline = ca_stream_clock() + LINE_MS;
	return CA_OK;
}

/* The line that begins what was read, which is taken away. */
static enum ca_err
take_line(struct ca_looker *l, enum ca_look_at *at)
{
	for (size_t i = 0; i < WORDS; i++) {
		const size_t len = strlen(words[i]);

		if (l->len < len || memcmp(l->line, words[i], len) != 0)
			continue;
		l->len -= len;
		memmove(l->line, l->line + len, l->len);
		*at = (enum ca_look_at)i;
		return CA_OK;
	}
	/* the longest word would be complete */
	return l->len < strlen(words[CA_LOOK_UNKNOWN]) &&
		       memchr(l->line, '\n', l->len) == NULL
		   ? CA_ERR_NOT_FOUND
		   : CA_ERR_FORMAT;
}

enum ca_err
ca_looker_line(struct ca_looker *l, enum ca_look_at *at, long long now)
{
	enum ca_err rc;
	ssize_t n;

	while ((rc = take_line(l, at)) == CA_ERR_NOT_FOUND) {
		n = read(l->fd, l->line + l->len, sizeof l->line - l->len);
		if (n == 0)
			return CA_ERR_CANCELLED;
		if (n < 0)
			return errno == EAGAIN || errno == EINTR
				   ? CA_ERR_NOT_FOUND
				   : CA_ERR_CANCELLED;
		l->len += (size_t)n;
	}
	if (rc != CA_OK)
		return rc;
	l->last = *at;
	l->spoke = true;
	l->deadline = now + LINE_MS;
	return CA_OK;
}

static void
stop_reading(struct ca_looker *l)
{
	if (l->fd >= 0)
		(void)close(l->fd);
	l->fd = -1;
}

void
ca_looker_kill(struct ca_looker *l)
{
	if (l->pid > 0)
		(void)kill(l->pid, SIGKILL);
	stop_reading(l);
}

bool
ca_looker_ended(struct ca_looker *l, int status)
{
	l->pid = 0;
	stop_reading(l);
	/* exit(3) of a module is no end by itself */
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 && l->spoke &&
	       l->last != CA_LOOK_PRESENT;
}
