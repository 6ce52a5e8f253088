#include "verifier/worker.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/reason.h"
#include "confine/confine.h"
#include "map/match.h"
#include "map/sss.h"
#include "verifier/broker.h"
#include "verifier/operation.h"

#ifndef MESSAGE_MS
#define MESSAGE_MS 5000 /* how long the module may take for a message */
#endif

#ifdef CA_VERIFIER_HOOK
/* tests/takeover/hook.c: what a worker does that was taken over */
void ca_worker_hook(struct ca_operation *o, const struct ca_op_body *body);
#endif

/* Receive a message of that type, which borrows from the link. */
static enum ca_err
receive(struct ca_op_link *link, enum ca_op_type type, struct ca_op_msg *msg)
{
	link->deadline = ca_stream_clock() + MESSAGE_MS;
	enum ca_err rc = ca_op_recv(link, msg, NULL);

	if (rc != CA_OK)
		return rc;
	return msg->type == type ? CA_OK : CA_ERR_FORMAT;
}

/* The bytes of ARGS stay while other messages use the link. */
static enum ca_err
take_args(struct ca_operation *o, struct ca_buf *bytes)
{
	struct ca_op_link *link = &o->calls->link;
	struct ca_op_msg msg;
	enum ca_err rc = receive(link, CA_OP_ARGS, &msg);

	if (rc != CA_OK)
		return rc;
	*bytes = link->in; /* transferred */
	link->in = CA_BUF_INIT(CA_OP_FRAME_MAX);
	o->args = msg.u.args;
	if (o->args.service == NULL)
		o->args.service = "";
	if (o->args.id.len != CA_OP_ID_LEN || o->args.op < CA_OP_REQUEST ||
	    o->args.op > CA_OP_SESSION)
		return CA_ERR_FORMAT;
	o->op = (enum ca_op)o->args.op;
	return CA_OK;
}

/* A user who names files to a process of another one would learn of what that
 * process may read, and of its memory by /proc.  The module of such a user starts a
 * verifier of its own (src/module/arguments.c). */
static enum ca_err
check_args(const struct ca_worker *w, const struct ca_operation *o)
{
	/* it would tell anybody which certificate has which login */
	if (w->others_only && o->op == CA_OP_SESSION) {
		ca_log_err(&o->log,
		    "the resident verifier judges open sessions for root's "
		    "processes only");
		return CA_ERR_UNTRUSTED;
	}
	for (size_t i = 0; w->others_only && i < o->args.argv.n; i++) {
		const char *arg = o->args.argv.v[i];

		/* all of them share the memory of uses, whose span they set */
		if (strncmp(arg, "password_", 9) == 0) {
			ca_log_err(&o->log,
			    "the resident verifier reads the module's argument "
			    "%s for root's processes only; write it into "
			    "certauth.conf",
			    arg);
			return CA_ERR_UNTRUSTED;
		}
		if (!ca_op_names_file(arg))
			continue;
		ca_log_err(&o->log,
		    "the module's argument %s names a file, which the resident "
		    "verifier reads for root's processes only; use "
		    "verifier=auto",
		    arg);
		return CA_ERR_UNTRUSTED;
	}
	return CA_OK;
}

/* ---- confinement ---- */

/* A step that a kernel lacks: confine = require refuses. */
static enum ca_err
lacks(const struct ca_operation *o, enum ca_err rc, const char *step,
    const char *what)
{
	if (rc == CA_OK)
		return CA_OK;
	if (rc == CA_ERR_UNSUPPORTED &&
	    (o->cfg == NULL || o->cfg->confine == CA_CONFINEMENT_PREFER)) {
		ca_log_debug(&o->log,
		    "certauth-verifier is not confined by %-s: this kernel, or "
		    "a sandbox around this process, has no %-s",
		    what, what);
		return CA_OK;
	}
	if (rc == CA_ERR_UNSUPPORTED)
		ca_log_err(&o->log,
		    "certauth-verifier cannot be confined: this kernel, or a "
		    "sandbox around this process, has no %-s; confine = prefer "
		    "in certauth.conf accepts that",
		    what);
	else
		ca_log_err(&o->log,
		    "certauth-verifier cannot be confined: %-s: %m", step);
	return rc == CA_ERR_UNSUPPORTED ? rc : CA_ERR_IO;
}

static enum ca_err
confine(const struct ca_worker *w, const struct ca_operation *o,
    const struct ca_op_texts *paths)
{
	static const char *const always[] = {CA_SYSCONFDIR, "/etc/hosts"};
	const char *list[CA_OP_LIST_MAX + 2];
	struct ca_confine_sockets sockets = {.fd = {w->fd}, .n = 1};
	struct ca_confine_calls calls;
	const char *step = "";
	size_t n = 0;
	enum ca_err rc;

	for (size_t i = 0; i < 2; i++)
		list[n++] = always[i];
	for (size_t i = 0; i < paths->n; i++)
		list[n++] = paths->v[i];
	const struct ca_confine_files files = {list, n, false};
	rc = ca_confine_limits(&CA_CONFINE_LIMITS, w->parent, &step);
	if (rc != CA_OK) {
		ca_log_err(&o->log,
		    "certauth-verifier cannot be confined: %-s: %m", step);
		return CA_ERR_IO;
	}
	rc = ca_confine_files(&files, &step);
	if ((rc = lacks(o, rc, step, "Landlock")) != CA_OK)
		return rc;
	if (w->claims >= 0)
		sockets.fd[sockets.n++] = w->claims;
	if (w->broker >= 0)
		sockets.fd[sockets.n++] = w->broker;
	rc = ca_confine_calls_make(CA_WORKER_CALLS, &sockets, &calls);
	if (rc == CA_OK)
		rc = ca_confine_calls_enter(&calls, &step);
	return lacks(o, rc, step, "seccomp");
}

/* Calls that no list has yet, so that the next version's does. */
static void
tell_refused(const struct ca_operation *o)
{
	int number[CA_CONFINE_REFUSED];
	size_t n = ca_confine_refused(number, CA_CONFINE_REFUSED);

	for (size_t i = 0; i < n; i++)
		ca_log(&o->log, CA_LOG_WARNING,
		    "certauth-verifier: system call %d was refused; please "
		    "report it as a bug",
		    number[i]);
}

/* ---- signed passwords ---- */

/* The parent answers at once, or its end is closed. */
static enum ca_reason
claim(void *ctx, const struct ca_claim *claim)
{
	const int fd = *(const int *)ctx;
	const long long deadline = ca_stream_clock() + MESSAGE_MS;
	uint8_t answer;

	/* or it was replaced meanwhile */
	if (ca_stream_send(fd, claim, sizeof *claim, -1, deadline) != CA_OK ||
	    ca_stream_recv(fd, &answer, 1, NULL, deadline) != CA_OK)
		return CA_R_RESTARTED;
	if (answer >= CA_REASON_COUNT)
		return CA_R_INTERNAL;
	return (enum ca_reason)answer;
}

/* Only the operation that may have to claim keeps the way to the parent. */
static void
set_claims(struct ca_worker *w, struct ca_operation *o)
{
	static struct ca_auth_claims claims = {claim, NULL};

	if (w->claims >= 0 && o->op == CA_OP_JUDGE && o->cfg != NULL &&
	    o->cfg->proof[0] == CA_PROOF_PASSWORD) {
		claims.ctx = &w->claims;
		o->claims = &claims;
	} else if (w->claims >= 0) {
		(void)close(w->claims);
		w->claims = -1;
	}
}

/* ---- SSSD ---- */

/* Only an operation that may ask has a broker, and no worker asks without one. */
static void
set_broker(struct ca_worker *w, const struct ca_operation *o)
{
	w->broker = -1;
	if ((o->op == CA_OP_JUDGE || o->op == CA_OP_SESSION) &&
	    o->cfg != NULL && o->cfg->directory == CA_DIRECTORY_SSS &&
	    (w->broker = ca_broker_start()) < 0)
		ca_log_err(
		    &o->log, "cannot start the process that asks SSSD: %m");
	ca_sss_use(w->broker);
}

/* ---- the operation ---- */

static enum ca_err
become(const struct ca_worker *w, const struct ca_operation *o)
{
	const struct ca_become who = {.uid = w->uid, .gid = w->gid};
	const char *step = "";
	enum ca_err rc = ca_confine_user(w->become ? &who : NULL, &step);

	if (rc != CA_OK)
		ca_log_err(&o->log,
		    "certauth-verifier cannot become user _certauth: %-s: %m",
		    step);
	return rc;
}

static enum ca_err
send_ready(struct ca_operation *o, const struct ca_op_texts *paths)
{
	struct ca_op_msg msg = {.type = CA_OP_READY};

	ca_operation_ready(o, paths, &msg.u.ready);
	o->calls->link.deadline = ca_stream_clock() + MESSAGE_MS;
	return ca_op_send(&o->calls->link, &msg, -1);
}

static enum ca_err
run(struct ca_worker *w, struct ca_operation *o, struct ca_buf *args,
    struct ca_buf *body)
{
	struct ca_op_link *link = &o->calls->link;
	struct ca_op_texts paths = {{NULL}, 0};
	struct ca_op_msg msg;
	enum ca_err rc;

	o->log = (struct ca_log){ca_calls_log, o->calls, false};
	if ((rc = take_args(o, args)) != CA_OK ||
	    (rc = check_args(w, o)) != CA_OK || (rc = become(w, o)) != CA_OK)
		return rc;
	ca_calls_use(o->calls);
	ca_operation_configure(o);
	ca_operation_paths(o, &paths);
	set_claims(w, o);
	set_broker(w, o);
	if (o->op != CA_OP_REQUEST)
		(void)ca_certmap_load(); /* if the parent has not */
	if ((rc = confine(w, o, &paths)) != CA_OK ||
	    (rc = send_ready(o, &paths)) != CA_OK || o->cfg == NULL)
		return rc; /* with a mistake in it, READY was the answer */
	if ((rc = receive(link, CA_OP_BODY, &msg)) != CA_OK)
		return rc;
	o->calls->grant = paths;
	o->calls->ready = true;
	*body = link->in; /* transferred */
	link->in = CA_BUF_INIT(CA_OP_FRAME_MAX);
	const struct ca_op_body content = msg.u.body;
#ifdef CA_VERIFIER_HOOK
	ca_worker_hook(o, &content);
#endif
	ca_operation_run(o, &content);
	tell_refused(o);
	msg = (struct ca_op_msg){.type = CA_OP_ANSWER};
	msg.u.answer = o->answer;
	link->deadline = ca_stream_clock() + MESSAGE_MS;
	return ca_op_send(link, &msg, -1);
}

void
ca_worker_run(struct ca_worker *w)
{
	static struct ca_operation o;
	static struct ca_calls calls;
	struct ca_buf args = CA_BUF_INIT(0), body = CA_BUF_INIT(0);

	calls.owner = w->owner;
	calls.others_only = w->others_only;
	calls.apart = w->apart;
	calls.message_ms = MESSAGE_MS;
	ca_op_link_init(&calls.link, w->fd);
	o.calls = &calls;
	o.crypto = w->crypto;
	enum ca_err rc = run(w, &o, &args, &body);
	/* nothing is freed: the process ends */
	_exit(rc == CA_OK ? 0 : 1);
}
