/*
 * Messages on a stream socket: a header of 5 bytes (type, length of the content
 * in 4 bytes), then the content.  A descriptor comes with the first byte.
 */
#include "op/op.h"

#include <errno.h>
#include <unistd.h>

#define HEADER 5

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

/* ---- send ---- */

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
	if ((rc = ca_stream_send(
		 link->fd, out.p, out.len, fd, link->deadline)) != CA_OK) {
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

static enum ca_err
recv_all(struct ca_op_link *link, void *p, size_t len, int *fd)
{
	return ca_stream_recv(link->fd, p, len, fd, link->deadline);
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
		long long now = ca_stream_clock();
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
	return ca_stream_send(socket, "", 1, fd, 0);
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
