#include "base/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

long long
ca_stream_clock(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0)
		return -1;
	return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

enum ca_err
ca_stream_wait(int fd, short events, long long deadline)
{
	struct pollfd p = {fd, events, 0};

	for (;;) {
		long long left = -1;

		if (deadline != 0) {
			long long now = ca_stream_clock();

			if (now < 0)
				return CA_ERR_IO;
			left = deadline - now;
			if (left <= 0)
				return CA_ERR_TIMEOUT;
		}
		int n = poll(&p, 1, left > 60000 ? 60000 : (int)left);
		if (n > 0)
			return CA_OK;
		if (n < 0 && errno != EINTR)
			return CA_ERR_IO;
	}
}

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static void
attach(struct msghdr *m, union control *c, int fd)
{
	memset(c, 0, sizeof *c);
	m->msg_control = c->bytes;
	m->msg_controllen = sizeof c->bytes;
	struct cmsghdr *h = CMSG_FIRSTHDR(m);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(h), &fd, sizeof fd);
}

enum ca_err
ca_stream_send(int fd, const void *p, size_t len, int pass, long long deadline)
{
	const uint8_t *bytes = p;
	size_t done = 0;
	enum ca_err rc;

	while (done < len) {
		union control c;
		/* sendmsg does not write to it */
		struct iovec iov = {
		    (void *)(uintptr_t)(bytes + done), len - done};
		struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

		if (pass >= 0 && done == 0)
			attach(&m, &c, pass);
		ssize_t n = sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0) {
			done += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return CA_ERR_IO;
		if ((rc = ca_stream_wait(fd, POLLOUT, deadline)) != CA_OK)
			return rc;
	}
	return CA_OK;
}

/* Keep the one descriptor of a message, and close any further one.  False:
 * there was none to be had, or more than one. */
static bool
detach(struct msghdr *m, int *fd)
{
	bool one = (m->msg_flags & MSG_CTRUNC) == 0;

	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h != NULL;
	     h = CMSG_NXTHDR(m, h)) {
		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int got;

			memcpy(&got, CMSG_DATA(h) + i * sizeof got, sizeof got);
			if (fd != NULL && *fd < 0) {
				*fd = got;
				continue;
			}
			(void)close(got);
			one = false;
		}
	}
	return one;
}

enum ca_err
ca_stream_recv(int fd, void *p, size_t len, int *got, long long deadline)
{
	uint8_t *bytes = p;
	size_t done = 0;
	enum ca_err rc;

	while (done < len) {
		union control c;
		struct iovec iov = {bytes + done, len - done};
		struct msghdr m = {.msg_iov = &iov,
		    .msg_iovlen = 1,
		    .msg_control = c.bytes,
		    .msg_controllen = sizeof c.bytes};
		ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

		if (n > 0 && !detach(&m, got))
			return CA_ERR_FORMAT;
		if (n > 0) {
			done += (size_t)n;
			continue;
		}
		if (n == 0)
			return done == 0 ? CA_ERR_CANCELLED : CA_ERR_FORMAT;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return CA_ERR_IO;
		if ((rc = ca_stream_wait(fd, POLLIN, deadline)) != CA_OK)
			return rc;
	}
	return CA_OK;
}
