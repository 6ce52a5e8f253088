/*
 * A line on the terminals of a session.  sshd says no terminal to PAM, so the processes
 * below the recorded one are looked at.
 */
#include "sessions/sessionsint.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/format.h"

#define PROCESSES_MAX 65536
#define TERMINALS_MAX 16
#define ANCESTORS_MAX 64
#define PTS_FIRST 136 /* major numbers, of 256 terminals each */
#define PTS_LAST 143
#define TTY 4

struct process {
	pid_t pid, parent;
	int tty;
};

static size_t
read_processes(struct process **out)
{
	DIR *d = opendir("/proc");
	const struct dirent *e;
	size_t n = 0, room = 0;
	struct ca_session_stat st;

	*out = NULL;
	while (d != NULL && n < PROCESSES_MAX && (e = readdir(d)) != NULL) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);

		if (pid <= 0 || ca_session_stat(pid, &st) != CA_OK)
			continue;
		if (n == room) {
			struct process *v =
			    realloc(*out, (room + 256) * sizeof *v);

			if (v == NULL)
				break;
			*out = v;
			room += 256;
		}
		(*out)[n++] = (struct process){pid, st.parent, st.tty};
	}
	if (d != NULL)
		(void)closedir(d);
	return n;
}

static bool
add(int terminal[TERMINALS_MAX], size_t *n, int tty)
{
	for (size_t i = 0; i < *n; i++)
		if (terminal[i] == tty)
			return true;
	if (*n == TERMINALS_MAX)
		return false;
	terminal[(*n)++] = tty;
	return true;
}

static int
by_pid(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Is the leader among the ancestors?  A user may make any number of them: the deepest
 * are not looked at. */
static bool
is_below(
    const struct process *v, size_t n, const struct process *p, pid_t leader)
{
	for (int i = 0; p != NULL && i < ANCESTORS_MAX; i++) {
		const struct process parent = {.pid = p->parent};

		if (p->pid == leader)
			return true;
		p = bsearch(&parent, v, n, sizeof *v, by_pid);
	}
	return false;
}

/* That of the process itself; without one, those of the processes below it. */
static size_t
find(const struct ca_session *s, int terminal[TERMINALS_MAX])
{
	const pid_t leader = (pid_t)s->process.pid;
	struct ca_session_stat st;
	struct process *v;
	size_t found = 0, n;

	if (ca_session_stat(leader, &st) != CA_OK ||
	    st.start != s->process.start)
		return 0;
	if (st.tty != 0) {
		terminal[0] = st.tty;
		return 1;
	}
	n = read_processes(&v);
	if (n > 0)
		qsort(v, n, sizeof *v, by_pid);
	for (size_t i = 0; i < n; i++)
		if (v[i].tty != 0 && is_below(v, n, &v[i], leader) &&
		    !add(terminal, &found, v[i].tty))
			break;
	free(v);
	return found;
}

/* The device, if it is the one with that number: a name may be another's by now. */
static int
open_terminal(int tty)
{
	/* as the kernel packs it into a field of /proc/PID/stat */
	unsigned major_of = ((unsigned)tty >> 8) & 0xfff;
	unsigned minor_of =
	    ((unsigned)tty & 0xff) | (((unsigned)tty >> 12) & 0xfff00);
	char path[64];
	struct stat st;
	int fd;

	if (major_of >= PTS_FIRST && major_of <= PTS_LAST)
		(void)snprintf(path, sizeof path, "/dev/pts/%u",
		    (major_of - PTS_FIRST) * 256 + minor_of);
	else if (major_of == TTY)
		(void)snprintf(path, sizeof path,
		    minor_of < 64 ? "/dev/tty%u" : "/dev/ttyS%u",
		    minor_of < 64 ? minor_of : minor_of - 64);
	else
		return -1;
	/* one that is stopped must not stop this */
	fd = open(
	    path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISCHR(st.st_mode) ||
			   st.st_rdev != makedev(major_of, minor_of))) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

void
ca_sessions_tell(
    const struct ca_sessions_one *one, const char *what, const char *why)
{
	int terminal[TERMINALS_MAX];
	char line[512];
	size_t n;

	if (one->elsewhere)
		return;
	n = find(&one->s, terminal);
	ca_format(line, sizeof line - 2,
	    "certauth: %-s: %-s; session of %s by %s, certificate %s", what,
	    why, one->s.account, one->s.service, one->s.subject);
	for (size_t i = 0; i < n; i++) {
		int fd = open_terminal(terminal[i]);

		if (fd < 0)
			continue;
		/* what the terminal does not take is lost, as with wall(1) */
		(void)!write(fd, "\r\n", 2);
		(void)!write(fd, line, strlen(line));
		(void)!write(fd, "\r\n", 2);
		(void)close(fd);
	}
}
