/*
 * The socket of an ssh-agent: the connection, and one message with its reply,
 * each within a time limit.
 */
#include "base/stream.h"
#include "key/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Another user's agent could sign in this user's name, or learn what is signed.
 * The kernel, not the path, says who owns the agent. */
static enum ca_err
check_owner(int fd, const char *path, const struct ca_log *log)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t len = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 ||
	    len != sizeof peer) {
		ca_log_err(log,
		    "ssh-agent at %s: its owner cannot be determined: %m",
		    path);
		return CA_ERR_IO;
	}
	if (peer.uid != geteuid() && peer.uid != 0) {
		ca_log_err(log,
		    "ssh-agent at %s is not used, because it belongs to another "
		    "user (uid %lu)",
		    path, (unsigned long)peer.uid);
		return CA_ERR_UNTRUSTED;
	}
	return CA_OK;
}

enum ca_err
ca_agent_connect(const char *path, const struct ca_log *log, int *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	/* this limits connect() too, which waits while the backlog is full */
	struct timeval limit = {.tv_sec = CA_AGENT_LIST_MS / 1000};
	int fd = -1;

	if (strlen(path) >= sizeof addr.sun_path) {
		ca_log_err(log,
		    "ssh-agent at %s: the path is too long for a "
		    "socket",
		    path);
		ret = CA_ERR_LIMIT;
		goto out;
	}
	memcpy(addr.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit,
			  sizeof limit) != 0) {
		ca_log_err(
		    log, "no socket for the ssh-agent can be created: %m");
		ret = CA_ERR_IO;
		goto out;
	}
	if (connect(fd, (struct sockaddr *)&addr, sizeof addr) != 0) {
		if (errno == EAGAIN)
			ret = CA_ERR_TIMEOUT;
		else
			ret = errno == ENOENT ? CA_ERR_NOT_FOUND : CA_ERR_IO;
		ca_log_err(log, "no ssh-agent answers at %s: %m", path);
		goto out;
	}
	if ((rc = check_owner(fd, path, log)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	*out = fd;
	fd = -1; /* transferred */
	ret = CA_OK;
out:
	if (fd >= 0)
		(void)close(fd);
	return ret;
}

static enum ca_err
wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = events};

	for (;;) {
		int64_t now;
		int n;

		if ((now = ca_stream_clock()) < 0)
			return CA_ERR_IO;
		if (now >= deadline)
			return CA_ERR_TIMEOUT;
		n = poll(&p, 1, (int)(deadline - now));
		if (n > 0)
			return CA_OK;
		if (n < 0 && errno != EINTR)
			return CA_ERR_IO;
	}
}

static bool
again(void)
{
	return errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK;
}

static enum ca_err
send_all(int fd, const uint8_t *p, size_t len, int64_t deadline)
{
	while (len > 0) {
		enum ca_err rc = wait_for(fd, POLLOUT, deadline);
		ssize_t n;

		if (rc != CA_OK)
			return rc;
		n = send(fd, p, len, MSG_NOSIGNAL);
		if (n < 0 && again())
			continue;
		if (n <= 0)
			return CA_ERR_IO;
		p += n;
		len -= (size_t)n;
	}
	return CA_OK;
}

static enum ca_err
recv_all(int fd, size_t len, int64_t deadline, struct ca_buf *out)
{
	uint8_t block[4096];

	while (len > 0) {
		enum ca_err rc = wait_for(fd, POLLIN, deadline);
		ssize_t n;

		if (rc != CA_OK)
			return rc;
		n = recv(fd, block, len < sizeof block ? len : sizeof block, 0);
		if (n < 0 && again())
			continue;
		if (n <= 0)
			return CA_ERR_IO;
		ca_buf_put(out, block, (size_t)n);
		len -= (size_t)n;
	}
	return ca_buf_err(out);
}

enum ca_err
ca_agent_exchange(
    int fd, const struct ca_buf *msg, int ms, struct ca_buf *reply)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	int64_t now;
	struct ca_buf head = CA_BUF_INIT(8);
	struct ca_reader r;
	uint32_t len;

	if (msg->err != CA_OK || msg->len == 0 ||
	    msg->len > CA_AGENT_REPLY_MAX) {
		ret = CA_ERR_LIMIT;
		goto out;
	}
	if ((now = ca_stream_clock()) < 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	const int64_t deadline = now + ms;
	ca_buf_u16(&head, (uint16_t)(msg->len >> 16));
	ca_buf_u16(&head, (uint16_t)msg->len);
	if ((rc = ca_buf_err(&head)) != CA_OK ||
	    (rc = send_all(fd, head.p, head.len, deadline)) != CA_OK ||
	    (rc = send_all(fd, msg->p, msg->len, deadline)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ca_buf_reset(&head);
	if ((rc = recv_all(fd, 4, deadline, &head)) != CA_OK) {
		ret = rc;
		goto out;
	}
	r = ca_reader_of(head.p, head.len);
	if (ca_read_u32(&r, &len) != CA_OK || len == 0) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	if (len > CA_AGENT_REPLY_MAX) {
		ret = CA_ERR_LIMIT;
		goto out;
	}
	if ((rc = recv_all(fd, len, deadline, reply)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_buf_free(&head);
	return ret;
}
