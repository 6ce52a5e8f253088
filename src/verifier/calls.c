#include "verifier/calls.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/sys.h"

/* How long the module may take for a name service, or a token that signs. */
#define ASK_MS 60000

enum ca_err
ca_calls_ask(struct ca_calls *calls, enum ca_op_type type,
    const struct ca_op_call *call, struct ca_op_reply *reply, int *fd)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_op_msg msg = {.type = type, .u.call = *call};
	struct ca_op_link *link = &calls->link;

	*reply = (struct ca_op_reply){0};
	/* whoever stops the module's process must not keep this one for long */
	link->deadline = ca_stream_clock() +
			 (type == CA_OP_OPEN ? calls->message_ms : ASK_MS);
	if ((rc = ca_op_send(link, &msg, -1)) != CA_OK ||
	    (rc = ca_op_recv(link, &msg, fd)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (msg.type != CA_OP_REPLY) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	*reply = msg.u.reply;
	ret = CA_OK;
out:
	/* a reply that comes late must not be taken for that to another call */
	link->broken |= ret != CA_OK;
	if (ret != CA_OK && fd != NULL && *fd >= 0) {
		(void)close(*fd);
		*fd = -1;
	}
	return ret;
}

int
ca_calls_open(struct ca_calls *calls, const char *path, bool directory,
    char target[PATH_MAX])
{
	const struct ca_op_call call = {.path = path, .directory = directory};
	struct ca_op_reply reply;
	int fd = -1;

	if (ca_calls_ask(calls, CA_OP_OPEN, &call, &reply, &fd) != CA_OK) {
		errno = EIO;
		return -1;
	}
	if (target != NULL && reply.path != NULL)
		(void)snprintf(target, PATH_MAX, "%s", reply.path);
	if (fd < 0 && reply.err == CA_ERR_UNTRUSTED)
		errno = CA_SYS_UNTRUSTED;
	else if (fd < 0)
		errno =
		    reply.sys > 0 && reply.sys < 4096 ? (int)reply.sys : EIO;
	return fd;
}

void
ca_calls_log(void *calls, enum ca_log_level level, const char *line)
{
	struct ca_calls *c = calls;
	const struct ca_op_msg msg = {.type = CA_OP_LOG,
	    .u.log = {.level = (uint64_t)level, .line = line}};
	int saved = errno;

	/* who does not read lines gets no verdict either */
	c->link.deadline = ca_stream_clock() + c->message_ms;
	(void)!ca_op_send(&c->link, &msg, -1);
	errno = saved;
}
