/*
 * Messages on a stream socket: a header of 5 bytes (type, length of the content
 * in 4 bytes), then the content.  A descriptor comes with the first byte.
 */
#include "op/op.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEADER 5

long long
ca_op_clock(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0)
		return -1;
	return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
ca_op_link_init(struct ca_op_link *link, int fd)
{
	*link =
	    (struct ca_op_link){.fd = fd, .in = CA_BUF_INIT(CA_OP_FRAME_MAX)};
}

void
ca_op_link_clear(struct ca_op_link *link)
{
	ca_buf_free(&link->in);
	link->in = CA_BUF_INIT(CA_OP_FRAME_MAX);
}

/* Wait until the socket is ready, or the deadline. */
static enum ca_err
wait_for(const struct ca_op_link *link, short events)
{
	struct pollfd p = {link->fd, events, 0};

	for (;;) {
		long long left = -1;

		if (link->deadline != 0) {
			long long now = ca_op_clock();

			if (now < 0)
				return CA_ERR_IO;
			left = link->deadline - now;
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

/* ---- send ---- */

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

static enum ca_err
send_all(struct ca_op_link *link, const uint8_t *p, size_t len, int fd)
{
	size_t done = 0;
	enum ca_err rc;

	while (done < len) {
		union control c;
		/* sendmsg does not write to it */
		struct iovec iov = {(void *)(uintptr_t)(p + done), len - done};
		struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

		if (fd >= 0 && done == 0)
			attach(&m, &c, fd);
		ssize_t n = sendmsg(link->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0) {
			done += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return CA_ERR_IO;
		if ((rc = wait_for(link, POLLOUT)) != CA_OK)
			return rc;
	}
	return CA_OK;
}

enum ca_err
ca_op_send(struct ca_op_link *link, const struct ca_op_msg *msg, int fd)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf out = CA_BUF_INIT(HEADER + CA_OP_FRAME_MAX);

	ca_buf_u8(&out, (uint8_t)msg->type);
	ca_buf_u8(&out, 0);
	size_t at = ca_buf_vector_begin(&out, 3);
	ca_op_write(msg, &out);
	ca_buf_vector_end(&out, at, 3);
	if ((rc = ca_buf_err(&out)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (link->broken) {
		errno = EPIPE;
		ret = CA_ERR_IO;
		goto out;
	}
	if ((rc = send_all(link, out.p, out.len, fd)) != CA_OK) {
		link->broken = true;
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_buf_free(&out);
	return ret;
}

/* ---- receive ---- */

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

/* Read len bytes.  *fd: a descriptor that came with them, if fd is not NULL. */
static enum ca_err
recv_all(struct ca_op_link *link, uint8_t *p, size_t len, int *fd)
{
	size_t done = 0;
	enum ca_err rc;

	while (done < len) {
		union control c;
		struct iovec iov = {p + done, len - done};
		struct msghdr m = {.msg_iov = &iov,
		    .msg_iovlen = 1,
		    .msg_control = c.bytes,
		    .msg_controllen = sizeof c.bytes};
		ssize_t n =
		    recvmsg(link->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

		if (n > 0 && !detach(&m, fd))
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
		if ((rc = wait_for(link, POLLIN)) != CA_OK)
			return rc;
	}
	return CA_OK;
}

/* Make room for len bytes in the buffer, and read them. */
static enum ca_err
recv_content(struct ca_op_link *link, size_t len)
{
	static const uint8_t zero[4096];
	enum ca_err rc = CA_OK;

	ca_buf_reset(&link->in);
	while (link->in.len < len) {
		size_t at = link->in.len, n = len - at;

		if (n > sizeof zero)
			n = sizeof zero;
		ca_buf_put(&link->in, zero, n);
		if ((rc = ca_buf_err(&link->in)) != CA_OK ||
		    (rc = recv_all(link, link->in.p + at, n, NULL)) != CA_OK)
			break;
	}
	return rc == CA_ERR_CANCELLED ? CA_ERR_FORMAT : rc;
}

/* The header of the first message, after bytes that say that there is none yet. */
static enum ca_err
recv_first(struct ca_op_link *link, uint8_t header[HEADER])
{
	enum ca_err rc;

	for (;;) {
		if ((rc = recv_all(link, header, 1, NULL)) != CA_OK)
			return rc;
		if (header[0] != 0)
			break;
		long long now = ca_op_clock();
		if (now < 0 || now >= link->wait_end)
			return CA_ERR_TIMEOUT;
		link->deadline = now + link->wait_ms;
	}
	link->wait_ms = 0;
	rc = recv_all(link, header + 1, HEADER - 1, NULL);
	return rc == CA_ERR_CANCELLED ? CA_ERR_FORMAT : rc;
}

enum ca_err
ca_op_recv(struct ca_op_link *link, struct ca_op_msg *msg, int *fd)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	uint8_t header[HEADER];
	int got = -1;

	*msg = (struct ca_op_msg){CA_OP_NONE, {{0}}};
	if (fd != NULL)
		*fd = -1;
	if (link->wait_ms != 0)
		rc = recv_first(link, header);
	else
		rc = recv_all(
		    link, header, sizeof header, fd != NULL ? &got : NULL);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	size_t len =
	    (size_t)header[2] << 16 | (size_t)header[3] << 8 | header[4];
	if (header[1] != 0 || len > CA_OP_FRAME_MAX) {
		ret = header[1] != 0 ? CA_ERR_FORMAT : CA_ERR_LIMIT;
		goto out;
	}
	if ((rc = recv_content(link, len)) != CA_OK ||
	    (rc = ca_op_parse(header[0], link->in.p, link->in.len, msg)) !=
		CA_OK) {
		ret = rc;
		goto out;
	}
	if (fd != NULL)
		*fd = got;
	got = -1; /* transferred */
	ret = CA_OK;
out:
	if (got >= 0)
		(void)close(got);
	return ret;
}

/* ---- one byte ---- */

enum ca_err
ca_op_pass(int socket, int fd)
{
	struct ca_op_link link = {.fd = socket};

	return send_all(&link, (const uint8_t *)"", 1, fd);
}

enum ca_err
ca_op_passed(int socket, int *fd)
{
	struct ca_op_link link = {.fd = socket};
	uint8_t byte;

	*fd = -1;
	enum ca_err rc = recv_all(&link, &byte, 1, fd);
	if (rc == CA_OK && *fd < 0)
		rc = CA_ERR_FORMAT;
	if (rc != CA_OK && *fd >= 0) {
		(void)close(*fd);
		*fd = -1;
	}
	return rc;
}

void
ca_op_waits(int socket)
{
	(void)send(socket, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

enum ca_err
ca_op_greet(struct ca_op_link *link, uint8_t version)
{
	return send_all(link, &version, 1, -1);
}

enum ca_err
ca_op_greeted(struct ca_op_link *link)
{
	uint8_t version = 0;
	enum ca_err rc = recv_all(link, &version, 1, NULL);

	if (rc != CA_OK)
		return rc;
	return version == CA_OP_VERSION ? CA_OK : CA_ERR_UNSUPPORTED;
}
