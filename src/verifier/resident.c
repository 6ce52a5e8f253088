#include "verifier/resident.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "op/op.h"
#include "verifier/letgo.h"
#include "verifier/peer.h"
#include "verifier/warm.h"

#define QUIET_MS 15    /* without an operation, before spares are replaced */
#define SPARES_LEAST 2 /* below that, one is replaced at once */
#define PAUSE_MS 100   /* after the kernel had no descriptor or process */
#define WAITS_MS                                                               \
	1000        /* between two bytes to a module that waits for a worker */
#define END_MS 8000 /* for the operations at work, after SIGTERM */
#define TELL_MS 60000 /* between two lines about users at their limits */
#define EVENTS 64
#define ACCEPTS 64 /* at one time, so that other events get their turn */

bool
ca_resident_watch(const struct ca_resident *r, int op, int fd, unsigned events)
{
	struct epoll_event e = {.events = events, .data.fd = fd};

	return epoll_ctl(r->epoll, op, fd, &e) == 0;
}

static void
drop(struct ca_resident *r, size_t at)
{
	int fd = r->queue.v[at].fd;

	(void)epoll_ctl(r->epoll, EPOLL_CTL_DEL, fd, NULL);
	ca_letgo(fd);
	ca_queue_remove(&r->queue, at);
}

/* ---- connections ---- */

/* What a user may cause is told at most once a minute. */
static void
tell_limit(struct ca_resident *r, uid_t uid)
{
	long long now = ca_stream_clock();

	if (r->told_at != 0 && now - r->told_at < TELL_MS)
		return;
	r->told_at = now;
	ca_log_warning(&r->log,
	    "user id %u, or all users together, have too many connections that "
	    "wait; further ones are closed",
	    (unsigned)uid);
}

/* The byte fits into the buffer of a new connection; nothing waits. */
static bool
greet(int fd, uint8_t version)
{
	return send(fd, &version, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

static void
welcome(struct ca_resident *r, int fd, uint8_t version)
{
	struct ca_waiting w = {
	    .fd = fd, .until = ca_stream_clock() + CA_SILENT_MS};
	bool may = version != 0 && ca_peer_counts_for(fd, &w.uid);

	if (may && !ca_queue_may(&r->queue, w.uid)) {
		tell_limit(r, w.uid);
		may = false;
	}
	if (!may || !greet(fd, version) ||
	    !ca_resident_watch(
		r, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLRDHUP | EPOLLONESHOT)) {
		ca_letgo(fd);
		return;
	}
	ca_queue_add(&r->queue, &w);
}

static bool
is_passing(int error)
{
	return error == EAGAIN || error == EINTR || error == ECONNABORTED;
}

static void
accept_all(struct ca_resident *r, size_t socket)
{
	for (int i = 0; i < ACCEPTS; i++) {
		int fd = accept4(r->socket[socket].fd, NULL, NULL,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			welcome(r, fd, r->socket[socket].version);
			continue;
		}
		if (!is_passing(errno)) {
			/* the connection stays in the queue of the socket, and
			 * would be reported again at once */
			r->accept_at = ca_stream_clock() + PAUSE_MS;
			(void)epoll_ctl(r->epoll, EPOLL_CTL_DEL,
			    r->socket[socket].fd, NULL);
			ca_log_err(&r->log, "cannot accept a connection: %m");
		}
		return;
	}
}

static bool
listen_on(const struct ca_resident *r)
{
	for (size_t i = 0; i < r->sockets; i++) {
		if (!ca_resident_watch(
			r, EPOLL_CTL_ADD, r->socket[i].fd, EPOLLIN) &&
		    errno != EEXIST)
			return false;
	}
	return true;
}

/* ---- events ---- */

static void
take_signals(struct ca_resident *r)
{
	struct signalfd_siginfo info;

	while (read(r->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGHUP)
			r->again = true;
		if (info.ssi_signo != SIGTERM && info.ssi_signo != SIGINT)
			continue;
		r->ending = true;
		r->end_at = ca_stream_clock() + END_MS;
	}
	ca_crew_reap(&r->crew);
}

/* Of a connection: it can be read, or its other end was closed. */
static void
take_event(struct ca_resident *r, int fd, unsigned events)
{
	size_t at = ca_queue_find(&r->queue, fd);

	if (at == r->queue.n) {
		if (!ca_crew_claim(&r->crew, fd))
			ca_crew_left(&r->crew, fd);
		return;
	}
	r->queue.v[at].ready = true;
	r->queue.v[at].until = ca_stream_clock() + WAITS_MS;
	if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0 ||
	    !ca_resident_watch(r, EPOLL_CTL_MOD, fd, EPOLLRDHUP | EPOLLONESHOT))
		drop(r, at);
}

/* The place of a listening socket, or r->sockets. */
static size_t
find_socket(const struct ca_resident *r, int fd)
{
	size_t i = 0;

	while (i < r->sockets && r->socket[i].fd != fd)
		i++;
	return i;
}

/* New connections come last: one may get the number of one that ended, about which
 * there may be an event too. */
static void
take_events(struct ca_resident *r, const struct epoll_event *e, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (e[i].data.fd != r->signals &&
		    find_socket(r, e[i].data.fd) == r->sockets)
			take_event(r, e[i].data.fd, e[i].events);
	}
	take_signals(r);
	for (size_t i = 0; i < n; i++) {
		size_t socket = find_socket(r, e[i].data.fd);

		if (socket < r->sockets)
			accept_all(r, socket);
	}
}

/* ---- time ---- */

static void
sooner(long long *next, long long at)
{
	if (at >= 0 && (*next < 0 || at < *next))
		*next = at;
}

/* Close what was silent for too long.  The oldest come first. */
static long long
end_silent(struct ca_resident *r)
{
	long long now = ca_stream_clock();

	for (size_t i = 0; i < r->queue.n;) {
		if (r->queue.v[i].ready) {
			i++;
			continue;
		}
		if (r->queue.v[i].until > now && !r->ending)
			return r->queue.v[i].until;
		drop(r, i);
	}
	return -1;
}

/* Tell those that wait for a worker that this is so: no module gives up only because
 * others came first. */
static long long
tell_waiting(struct ca_resident *r)
{
	long long now = ca_stream_clock(), next = -1;

	for (size_t i = 0; i < r->queue.n; i++) {
		struct ca_waiting *w = &r->queue.v[i];

		if (!w->ready)
			continue;
		if (w->until <= now) {
			ca_op_waits(w->fd);
			w->until = now + WAITS_MS;
		}
		sooner(&next, w->until);
	}
	return next;
}

static void
dispatch(struct ca_resident *r)
{
	uid_t uid[CA_WORKERS_MAX];
	size_t at;

	for (;;) {
		at = ca_queue_next(&r->queue, uid, ca_crew_uids(&r->crew, uid));
		if (at == r->queue.n)
			return;
		const struct ca_waiting w = r->queue.v[at];
		if (!ca_crew_give(&r->crew, w.fd, w.uid)) {
			ca_log_err(&r->log, "cannot start a worker: %m");
			return;
		}
		ca_queue_remove(&r->queue, at);
		r->spare_at = ca_stream_clock() + QUIET_MS;
	}
}

/* Spares that are forked at once compete with the login that they follow. */
static long long
replace_spares(struct ca_resident *r)
{
	long long now = ca_stream_clock();

	if (r->ending)
		return -1;
	if (r->crew.spares >= SPARES_LEAST && r->crew.spares < CA_SPARES &&
	    now >= r->spare_at)
		ca_warm_authorities(&r->crew.worker);
	while (r->crew.spares < SPARES_LEAST ||
	       (r->crew.spares < CA_SPARES && now >= r->spare_at)) {
		if (!ca_crew_spare(&r->crew))
			return now + PAUSE_MS;
	}
	return r->crew.spares < CA_SPARES ? r->spare_at : -1;
}

/* Everything that is due; the time of ca_stream_clock when more is, or -1. */
static long long
do_due(struct ca_resident *r)
{
	long long next = -1;

	if (r->accept_at != 0 && ca_stream_clock() >= r->accept_at)
		r->accept_at = listen_on(r) ? 0 : ca_stream_clock() + PAUSE_MS;
	if (r->accept_at != 0)
		next = r->accept_at;
	sooner(&next, end_silent(r));
	dispatch(r);
	sooner(&next, tell_waiting(r));
	uid_t uid[CA_WORKERS_MAX];
	if (ca_queue_next(&r->queue, uid, ca_crew_uids(&r->crew, uid)) <
	    r->queue.n)
		sooner(&next, ca_stream_clock() + PAUSE_MS);
	sooner(&next, ca_crew_kill(&r->crew));
	sooner(&next, replace_spares(r));
	if (r->ending)
		sooner(&next, r->end_at);
	return next;
}

static bool
is_over(const struct ca_resident *r)
{
	uid_t uid[CA_WORKERS_MAX];

	return r->ending &&
	       (ca_stream_clock() >= r->end_at ||
		   (r->queue.n == 0 && ca_crew_uids(&r->crew, uid) == 0));
}

static int
milliseconds(long long at)
{
	long long left = at - ca_stream_clock();

	if (at < 0)
		return -1;
	if (left < 0)
		return 0;
	return left > 60000 ? 60000 : (int)left;
}

static void
stop_listening(struct ca_resident *r)
{
	for (size_t i = 0; i < r->sockets; i++) {
		(void)epoll_ctl(r->epoll, EPOLL_CTL_DEL, r->socket[i].fd, NULL);
		(void)close(r->socket[i].fd);
	}
	r->sockets = 0;
}

enum ca_err
ca_resident_serve(struct ca_resident *r)
{
	struct epoll_event e[EVENTS];
	int n;

	r->again = false;
	if (!listen_on(r) ||
	    (!ca_resident_watch(r, EPOLL_CTL_ADD, r->signals, EPOLLIN) &&
		errno != EEXIST))
		return CA_ERR_IO;
	while (!is_over(r)) {
		long long next = do_due(r);

		n = epoll_wait(r->epoll, e, EVENTS, milliseconds(next));
		if (n < 0 && errno != EINTR)
			return CA_ERR_IO;
		if (n > 0)
			take_events(r, e, (size_t)n);
		if (r->ending)
			stop_listening(r);
		else if (r->again || (n > 0 && ca_resident_replaced())) {
			/* or nobody would be served while one SIGHUP follows
			 * the other */
			dispatch(r);
			return CA_ERR_STALE;
		}
	}
	return CA_OK;
}
