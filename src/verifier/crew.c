#include "verifier/crew.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "confine/confine.h"
#include "op/op.h"
#include "process/become.h"
#include "verifier/letgo.h"
#include "verifier/warm.h"

/* The module gives an operation 5 s, and more while it opens files, looks up an
 * account or has a token sign, which may take a minute each.  When it has given up,
 * it closes the connection. */
#define LEFT_MS 1000
#define WORK_MS 300000

#define SPARE_MS 100 /* after a spare ended by itself */

/* The descriptors of a child, after standard error: its own socket, and the connection,
 * which a spare gets later. */
#define OWN 3
#define CONNECTION 4

/* ---- in the child ---- */

/* Keep these descriptors alone, fd only if it is one: a worker must not read another's
 * connection. */
static void
keep_only(int own, int fd)
{
	sigset_t none;

	(void)sigemptyset(&none);
	/* either may have the number of the other */
	if (fd >= 0 && (fd = fcntl(fd, F_DUPFD, CONNECTION + 1)) < 0)
		_exit(1);
	if ((own != OWN && dup2(own, OWN) != OWN) ||
	    (fd >= 0 && dup2(fd, CONNECTION) != CONNECTION) ||
	    ca_become_close(fd >= 0 ? CONNECTION + 1 : CONNECTION) != 0 ||
	    sigprocmask(SIG_SETMASK, &none, NULL) != 0)
		_exit(1);
}

/* Who is not root, in this user namespace, gets only what everybody may read. */
static bool
others_only(int fd)
{
	struct ucred peer = {0, (uid_t)-1, (gid_t)-1};
	socklen_t len = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 ||
	       peer.uid != 0;
}

static _Noreturn void
work(const struct ca_crew *c, int fd)
{
	struct ca_worker w = c->worker;

	w.fd = fd;
	w.claims = OWN;
	w.others_only = others_only(fd);
	ca_worker_run(&w);
}

static _Noreturn void
wait_for_work(const struct ca_crew *c)
{
	int fd;

	ca_warm_pages();
	if (ca_op_passed(OWN, &fd) != CA_OK)
		_exit(0); /* the parent ended, or was replaced */
	work(c, fd);
}

/* ---- in the parent ---- */

static struct ca_hand *
add(struct ca_crew *c, pid_t pid, int own)
{
	struct ca_hand *h = &c->v[c->n++];

	*h = (struct ca_hand){.pid = pid, .own = own, .fd = -1};
	return h;
}

static void
close_own(const struct ca_crew *c, struct ca_hand *h)
{
	if (h->own < 0)
		return;
	(void)epoll_ctl(c->epoll, EPOLL_CTL_DEL, h->own, NULL);
	(void)close(h->own);
	h->own = -1;
}

static void
set_work(const struct ca_crew *c, struct ca_hand *h, int fd, uid_t uid)
{
	struct epoll_event e = {.events = EPOLLIN, .data.fd = h->own};

	/* without it, the worker has nobody who remembers, and denies */
	if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, h->own, &e) != 0)
		close_own(c, h);
	h->spare = false;
	h->fd = fd;
	h->uid = uid;
	h->kill_at = ca_stream_clock() + WORK_MS;
}

/* Fork a process with a socket of its own, which carries out the operation of the
 * connection fd, or waits for one if fd is -1.  NULL: that cannot be done. */
static struct ca_hand *
start(struct ca_crew *c, int fd)
{
	int pair[2];

	if (c->n == sizeof c->v / sizeof c->v[0] ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return NULL;
	pid_t pid = fork();
	if (pid == 0) {
		keep_only(pair[1], fd);
		if (fd >= 0)
			work(c, CONNECTION);
		wait_for_work(c);
	}
	(void)close(pair[1]);
	if (pid < 0) {
		(void)close(pair[0]);
		return NULL;
	}
	return add(c, pid, pair[0]);
}

bool
ca_crew_spare(struct ca_crew *c)
{
	struct ca_hand *h;

	if (ca_stream_clock() < c->spare_at || (h = start(c, -1)) == NULL)
		return false;
	h->spare = true;
	c->spares++;
	return true;
}

/* Pass fd to a spare.  One that is dead already is left to ca_crew_reap. */
static bool
pass(struct ca_crew *c, int fd, uid_t uid)
{
	for (size_t i = 0; i < c->n && c->spares > 0; i++) {
		struct ca_hand *h = &c->v[i];

		if (!h->spare)
			continue;
		h->spare = false;
		c->spares--;
		if (ca_op_pass(h->own, fd) == CA_OK) {
			set_work(c, h, fd, uid);
			return true;
		}
		close_own(c, h);
	}
	return false;
}

bool
ca_crew_give(struct ca_crew *c, int fd, uid_t uid)
{
	struct ca_hand *h;

	if (pass(c, fd, uid))
		return true;
	if ((h = start(c, fd)) == NULL)
		return false;
	set_work(c, h, fd, uid);
	return true;
}

bool
ca_crew_claim(struct ca_crew *c, int fd)
{
	struct ca_claim claim;
	size_t i = 0;

	while (i < c->n && (c->v[i].spare || c->v[i].own != fd))
		i++;
	if (i == c->n)
		return false;
	time_t now = time(NULL);
	/* a worker that sends another length is answered by an end */
	if (recv(fd, &claim, sizeof claim, MSG_DONTWAIT | MSG_TRUNC) ==
	    (ssize_t)sizeof claim) {
		uint8_t answer = (uint8_t)ca_claims_take(&c->claims, &claim,
		    c->v[i].uid, now > 0 ? (uint64_t)now : 0);

		(void)send(fd, &answer, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	close_own(c, &c->v[i]);
	return true;
}

size_t
ca_crew_uids(const struct ca_crew *c, uid_t *uid)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n && n < CA_WORKERS_MAX; i++) {
		if (!c->v[i].spare && c->v[i].fd >= 0)
			uid[n++] = c->v[i].uid;
	}
	return n;
}

void
ca_crew_left(struct ca_crew *c, int fd)
{
	long long at = ca_stream_clock() + LEFT_MS;

	for (size_t i = 0; i < c->n; i++) {
		if (!c->v[i].spare && c->v[i].fd == fd && at < c->v[i].kill_at)
			c->v[i].kill_at = at;
	}
}

/* A process is collected by ca_crew_reap alone, so its number is still its own. */
long long
ca_crew_kill(struct ca_crew *c)
{
	long long now = ca_stream_clock(), next = -1;

	for (size_t i = 0; i < c->n; i++) {
		struct ca_hand *h = &c->v[i];

		if (h->spare || h->killed || h->fd < 0)
			continue;
		if (h->kill_at > now) {
			if (next < 0 || h->kill_at < next)
				next = h->kill_at;
			continue;
		}
		ca_log_warning(c->log,
		    "a worker for user id %u did not end, and is killed",
		    (unsigned)h->uid);
		(void)kill(h->pid, SIGKILL);
		h->killed = true;
	}
	return next;
}

/* A child that was forked just now may have it open still: closing alone would
 * leave it registered. */
static void
leave(const struct ca_crew *c, int fd)
{
	(void)epoll_ctl(c->epoll, EPOLL_CTL_DEL, fd, NULL);
	ca_letgo(fd);
}

static void
tell_end(const struct ca_crew *c, const struct ca_hand *h, int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		ca_log_err(c->log,
		    "a worker for user id %u used up its %d s of CPU time; if "
		    "a large CRL has no index, run: certauth crl compile; else "
		    "please report it as a bug",
		    (unsigned)h->uid, CA_CONFINE_CPU);
	else if (WIFSIGNALED(status) && !h->killed)
		ca_log_err(c->log,
		    "a worker for user id %u was ended by signal %d; please "
		    "report it as a bug unless somebody sent that signal",
		    (unsigned)h->uid, WTERMSIG(status));
}

void
ca_crew_reap(struct ca_crew *c)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		size_t i = 0;

		while (i < c->n && c->v[i].pid != pid)
			i++;
		if (i == c->n)
			continue; /* of the parent that this one replaced */
		tell_end(c, &c->v[i], status);
		if (c->v[i].spare) {
			c->spares--;
			c->spare_at = ca_stream_clock() + SPARE_MS;
		}
		close_own(c, &c->v[i]);
		if (c->v[i].fd >= 0)
			leave(c, c->v[i].fd);
		c->v[i] = c->v[--c->n];
	}
}
