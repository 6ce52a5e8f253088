#include "module/verifier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/reason.h"
#include "base/utf8.h"
#include "module/outcome.h"
#include "module/slot.h"

#define VERDICT_MS 5000 /* for an operation, without the calls of the worker */
#define WAIT_MS 30000   /* for a worker, while the parent says that it lives */
/* what takes longest, in a set-up without mistakes */
#define LARGE_CRL "if a large CRL has no index, run: certauth crl compile"
#define LINES_MAX 4096 /* that one operation may log */

void
ca_verifier_init(struct ca_verifier *v, const struct ca_verifier_args *args,
    const struct ca_log *log, const char *service)
{
	*v = (struct ca_verifier){.args = args,
	    .log = log,
	    .service = service,
	    .spawn = {-1, -1, -1, -1},
	    .slot = -1,
	    .held = CA_BUF_INIT(CA_OP_FRAME_MAX),
	    .home = {-1, 0, NULL}};
	ca_op_link_init(&v->link, -1);
}

/* What belongs to one operation. */
static void
end_operation(struct ca_verifier *v)
{
	if (v->link.fd >= 0)
		(void)close(v->link.fd);
	v->link.fd = -1;
	v->link.broken = false;
	ca_verifier_home_close(&v->home);
	ca_buf_free(&v->held);
	v->held = CA_BUF_INIT(CA_OP_FRAME_MAX);
	v->said = (struct ca_op_ready){0};
	v->ready = false;
	v->user = NULL;
	v->lines = 0;
	memset(v->calls, 0, sizeof v->calls);
	v->spent = 0;
}

void
ca_verifier_clear(struct ca_verifier *v)
{
	struct ca_spawn_end end;

	end_operation(v);
	ca_op_link_clear(&v->link);
	ca_buf_free(&v->held);
	if (v->spawned)
		ca_spawn_end(&v->spawn, &end);
}

/* ---- one operation ---- */

static bool
is_id(const struct ca_verifier *v, const struct ca_bytes *id)
{
	return id->len == CA_OP_ID_LEN &&
	       memcmp(id->p, v->id, CA_OP_ID_LEN) == 0;
}

static enum ca_err
send_args(struct ca_verifier *v)
{
	struct ca_op_msg msg = {.type = CA_OP_ARGS};

	if (getrandom(v->id, sizeof v->id, 0) != (ssize_t)sizeof v->id)
		return CA_ERR_IO;
	msg.u.args.op = (uint64_t)v->op;
	msg.u.args.id = (struct ca_bytes){v->id, sizeof v->id};
	msg.u.args.service = v->service;
	msg.u.args.argv = v->args->argv;
	msg.u.args.owner = geteuid();
	return ca_op_send(&v->link, &msg, -1);
}

/* The worker's lines are ours, unless it was taken over: then they are still
 * printable, each is one line, and none reads like an outcome. */
static enum ca_err
take_line(struct ca_verifier *v, const struct ca_op_log *line)
{
	size_t len = line->line != NULL ? strlen(line->line) : 0;

	if (++v->lines > LINES_MAX || line->level > CA_LOG_DEBUG)
		return CA_ERR_LIMIT;
	if (len == 0 || len >= CA_LOG_LINE_MAX ||
	    !ca_utf8_text(line->line, len) || ca_outcome_in(line->line))
		return CA_ERR_FORMAT;
	ca_log_pass(v->log, (enum ca_log_level)line->level, line->line);
	return CA_OK;
}

static enum ca_err
take_ready(struct ca_verifier *v, const struct ca_op_ready *ready,
    const struct ca_op_body *body)
{
	struct ca_op_msg msg = {.type = CA_OP_BODY};

	if (v->ready || !is_id(v, &ready->id) ||
	    (ready->err != 0 && ready->err != CA_ERR_CONFIG &&
		ready->err != CA_ERR_MEMORY))
		return CA_ERR_FORMAT;
	v->said = *ready;
	v->held = v->link.in; /* transferred */
	v->link.in = CA_BUF_INIT(CA_OP_FRAME_MAX);
	v->ready = true;
	if (ready->err != 0)
		return CA_OK;
	msg.u.body = *body;
	return ca_op_send(&v->link, &msg, -1);
}

static enum ca_err
take_answer(const struct ca_verifier *v, const struct ca_op_msg *msg,
    const struct ca_op_body *body, struct ca_op_answer *answer)
{
	const struct ca_op_answer *a = &msg->u.answer;
	const struct ca_outcome about = {
	    v->op, v->said.audit != 0, body->user, v->service, body->rhost};

	if (!v->ready || !is_id(v, &a->id) || a->err == CA_ERR_UNSET ||
	    a->err > CA_ERR_SIGNATURE)
		return CA_ERR_FORMAT;
	for (size_t i = 0; i < a->line.n; i++) {
		size_t len = strlen(a->line.v[i]);

		if (len >= CA_LOG_LINE_MAX || !ca_utf8_text(a->line.v[i], len))
			return CA_ERR_FORMAT;
	}
	if (!ca_outcome_fits(&about, a))
		return CA_ERR_FORMAT;
	*answer = *a;
	return CA_OK;
}

static enum ca_err
talk(struct ca_verifier *v, const struct ca_op_body *body,
    struct ca_op_answer *answer)
{
	struct ca_op_msg msg;
	enum ca_err rc;

	for (;;) {
		/* the link looks at its deadline only when it has to wait */
		if (ca_stream_clock() >= v->link.deadline)
			return CA_ERR_TIMEOUT;
		if ((rc = ca_op_recv(&v->link, &msg, NULL)) != CA_OK)
			return rc;
		switch (msg.type) {
		case CA_OP_LOG:
			rc = take_line(v, &msg.u.log);
			break;
		case CA_OP_READY:
			rc = take_ready(v, &msg.u.ready, body);
			if (rc == CA_OK && v->said.err != 0) {
				answer->err = v->said.err;
				answer->reason = CA_R_CONFIG;
				return CA_OK;
			}
			break;
		case CA_OP_OPEN:
		case CA_OP_ACCOUNT:
		case CA_OP_HOME:
		case CA_OP_SIGN:
			rc = ca_verifier_serve(v, &msg);
			break;
		case CA_OP_ANSWER:
			return take_answer(v, &msg, body, answer);
		case CA_OP_NONE:
		case CA_OP_ARGS:
		case CA_OP_BODY:
		case CA_OP_REPLY:
		case CA_OP_TYPES:
			rc = CA_ERR_FORMAT;
			break;
		}
		if (rc != CA_OK)
			return rc;
	}
}

static void
tell(const struct ca_verifier *v, enum ca_err rc)
{
	const char *what = ca_err_text(rc);

	if (rc == CA_ERR_TIMEOUT)
		what = "it gave no verdict in time; " LARGE_CRL;
	else if (rc == CA_ERR_CANCELLED ||
		 (rc == CA_ERR_IO && (errno == ECONNRESET || errno == EPIPE)))
		what = "it ended without a verdict; " LARGE_CRL;
	ca_log_err(v->log, "certauth-verifier (%-s): %-s; run: certauth doctor",
	    v->spawned ? "spawned" : "resident", what);
}

enum ca_err
ca_verifier_ask(struct ca_verifier *v, enum ca_op op,
    const struct ca_op_body *body, struct ca_op_answer *answer)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	int fd;

	*answer = (struct ca_op_answer){0};
	end_operation(v);
	v->op = op;
	v->user = body->user;
	if ((rc = ca_verifier_connect(v, &fd)) != CA_OK) {
		ret = rc;
		goto out;
	}
	v->link.fd = fd;
	v->link.deadline =
	    ca_stream_clock() + (long long)VERDICT_MS * ca_verifier_patience;
	v->link.wait_ms = v->spawned ? 0 : VERDICT_MS;
	v->link.wait_end = ca_stream_clock() + WAIT_MS;
	if ((rc = send_args(v)) != CA_OK ||
	    (rc = talk(v, body, answer)) != CA_OK) {
		tell(v, rc);
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_slot_leave(&v->slot);
	return ret;
}
