/*
 * A connection on its way to a worker: what only certauth-verifier does with it.
 */
#include "op/op.h"

#include <sys/socket.h>
#include <unistd.h>

enum ca_err
ca_op_passed(int socket, int *fd)
{
	uint8_t byte;

	*fd = -1;
	enum ca_err rc = ca_stream_recv(socket, &byte, 1, fd, 0);
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
	return ca_stream_send(link->fd, &version, 1, -1, link->deadline);
}
