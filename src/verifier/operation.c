#include "verifier/operation.h"

#include <errno.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "map/map.h"
#include "verify/path.h"

#define ANSWER_BYTES ((size_t)1 << 18)

/* ---- configuration ---- */

void
ca_operation_configure(struct ca_operation *o)
{
	o->request = CA_BUF_INIT(CA_REQUEST_MAX);
	o->der = CA_BUF_INIT(ANSWER_BYTES);
	o->kept = CA_BUF_INIT(ANSWER_BYTES);
	o->text = CA_BUF_INIT(ANSWER_BYTES);
	o->log = (struct ca_log){ca_calls_log, o->calls, false};
	o->cfg_err = ca_config_load((int)o->args.argv.n, o->args.argv.v,
	    o->args.service, &o->log, &o->cfg);
	o->log.debug = o->cfg != NULL && o->cfg->debug;
}

static void
add_path(struct ca_op_texts *paths, const char *path)
{
	if (path != NULL && path[0] == '/' && paths->n < CA_OP_LIST_MAX)
		paths->v[paths->n++] = path;
}

void
ca_operation_paths(const struct ca_operation *o, struct ca_op_texts *paths)
{
	const struct ca_config *cfg = o->cfg;

	paths->n = 0;
	if (cfg == NULL)
		return;
	add_path(paths, cfg->ca_dir);
	add_path(paths, cfg->intermediates_dir);
	add_path(paths, cfg->crl_dir);
	add_path(paths, cfg->users);
	add_path(paths, cfg->users_dir);
	if (o->op != CA_OP_REQUEST)
		return;
	/* this operation sees no byte that a client sent in answer; only it may
	 * have the host's key */
	add_path(paths, cfg->host_cert);
	add_path(paths, cfg->host_key);
}

void
ca_operation_clear(struct ca_operation *o)
{
	ca_config_free(o->cfg);
	ca_buf_free(&o->request);
	ca_buf_free(&o->der);
	ca_buf_free(&o->kept);
	ca_buf_free(&o->text);
}

/* ---- texts of the answer ---- */

/* The texts move while they are added: their places are kept. */
static void
add_text(struct ca_operation *o, const char *text, size_t len)
{
	if (o->n == CA_OP_LIST_MAX)
		return;
	o->at[o->n++] = o->text.len;
	ca_buf_put(&o->text, text, len);
	ca_buf_u8(&o->text, 0);
}

static const char *
text_at(const struct ca_operation *o, size_t number)
{
	return (const char *)o->text.p + o->at[number - 1];
}

static void
take_texts(const struct ca_operation *o, const size_t range[2],
    struct ca_op_texts *out)
{
	for (size_t i = range[0]; i < range[1]; i++)
		out->v[out->n++] = text_at(o, i + 1);
}

/* All texts are there: none moves any more. */
static void
finish(struct ca_operation *o)
{
	struct ca_op_answer *a = &o->answer;

	if (ca_buf_err(&o->text) != CA_OK) {
		a->err = CA_ERR_MEMORY;
		return;
	}
	if (o->login > 0)
		a->login = text_at(o, o->login);
	if (o->notice > 0)
		a->notice = text_at(o, o->notice);
	take_texts(o, o->env, &a->env);
	take_texts(o, o->line, &a->line);
}

static void
collect(void *ctx, enum ca_log_level level, const char *line)
{
	(void)level;
	add_text(ctx, line, strlen(line));
}

/* The lines about the outcome, for the module to log when the outcome has taken
 * effect.  They are the last texts of an answer. */
static void
log_outcome(struct ca_operation *o, struct ca_report *report, unsigned only,
    const char *event)
{
	const struct ca_log log = {collect, o, o->log.debug};

	o->line[0] = o->n;
	ca_auth_log(o->cfg, &log, report, only, event);
	o->line[1] = o->n;
}

static struct ca_context
context(const struct ca_operation *o, const struct ca_op_body *body)
{
	return (struct ca_context){
	    o->crypto, o->cfg, &o->log, (time_t)body->now};
}

static struct ca_auth_peer
peer_of(const struct ca_operation *o, const struct ca_op_body *body)
{
	return (struct ca_auth_peer){o->args.service, body->user, body->rhost};
}

static void
abort_report(struct ca_report *report, enum ca_reason reason)
{
	const char *text = ca_auth_abort_text(reason);

	if (text != NULL)
		ca_report_abort(report, reason, "%s", text);
	else
		ca_report_abort(report, reason, NULL);
}

/* ---- request ---- */

/* A key on a token is used by the module's helper. */
static enum ca_err
sign_by_module(void *ctx, const struct ca_config *cfg,
    const struct ca_bytes *leaf, const struct ca_bytes *transcript,
    struct ca_buf *out)
{
	struct ca_operation *o = ctx;
	const struct ca_op_call call = {.uri = cfg->host_key,
	    .helper = cfg->helper,
	    .timeout = cfg->helper_timeout,
	    .leaf = *leaf,
	    .transcript = *transcript};
	struct ca_op_reply reply;
	enum ca_err rc =
	    ca_calls_ask(o->calls, CA_OP_SIGN, &call, &reply, NULL);

	if (rc != CA_OK)
		return rc;
	if (reply.err != CA_OK)
		return reply.err > CA_OK && reply.err <= CA_ERR_SIGNATURE
			   ? (enum ca_err)reply.err
			   : CA_ERR_UNSET;
	ca_buf_put(out, reply.verify.p, reply.verify.len);
	return ca_buf_err(out);
}

/* What the helper of proof = command is told: the certificates that are
 * registered for the user. */
static enum ca_err
add_registered(struct ca_operation *o, const struct ca_context *ctx,
    const struct ca_op_body *body)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_map_budget budget = {CA_OP_REGISTERED, CA_PATH_COST_MAX};
	STACK_OF(X509) *certs = NULL;
	size_t len[CA_OP_REGISTERED], at = 0, n = 0;

	rc = ca_map_registered(ctx, body->user, &budget, &certs);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	for (int i = 0;
	     certs != NULL && i < sk_X509_num(certs) && n < CA_OP_REGISTERED;
	     i++) {
		unsigned char *der = NULL;
		int l = i2d_X509(sk_X509_value(certs, i), &der);

		if (l <= 0) {
			ret = CA_ERR_CRYPTO;
			goto out;
		}
		ca_buf_put(&o->der, der, (size_t)l);
		OPENSSL_free(der);
		len[n++] = (size_t)l;
	}
	if ((rc = ca_buf_err(&o->der)) != CA_OK) {
		ret = rc;
		goto out;
	}
	for (size_t i = 0; i < n; at += len[i++])
		o->answer.registered.v[i] =
		    (struct ca_bytes){o->der.p + at, len[i]};
	o->answer.registered.n = n;
	ret = CA_OK;
out:
	sk_X509_pop_free(certs, X509_free);
	return ret;
}

static bool
asks_helper(const struct ca_config *cfg, const struct ca_op_body *body)
{
	return body->helper != 0 && body->user != NULL &&
	       body->user[0] != '\0' &&
	       (cfg->proof[0] == CA_PROOF_COMMAND ||
		   cfg->proof[1] == CA_PROOF_COMMAND);
}

static void
put_settings(const struct ca_config *cfg, struct ca_op_answer *a)
{
	a->proof1 = (uint64_t)cfg->proof[0];
	a->proof2 = (uint64_t)cfg->proof[1];
	a->max_answer = cfg->max_answer;
	a->lifetime = cfg->lifetime;
	a->helper = cfg->helper;
	a->helper_timeout = cfg->helper_timeout;
	a->wait_for_token = cfg->wait_for_token;
	a->pkcs11 = cfg->pkcs11;
	a->require_pin = cfg->require_pin;
	a->ssh_agent = cfg->ssh_agent;
	a->user_certificates = cfg->user_certificates;
	a->token_uri = cfg->token_uri;
	a->key_file = cfg->key_file;
	a->min_uid = cfg->min_uid;
	a->max_uid = cfg->max_uid;
}

static enum ca_err
make_request(struct ca_operation *o, const struct ca_op_body *body,
    struct ca_report *report)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct ca_context ctx = context(o, body);
	const struct ca_auth_peer peer = peer_of(o, body);
	const struct ca_host_signer signer = {sign_by_module, o};
	struct ca_request *req = NULL;
	enum ca_reason reason = CA_R_INTERNAL;

	put_settings(o->cfg, &o->answer);
	rc = ca_auth_request(&ctx, &peer, &signer, &req, &reason);
	if (rc != CA_OK) {
		o->answer.reason = (uint64_t)reason;
		abort_report(report, reason);
		log_outcome(o, report, CA_REPORT_ALL, "login");
		ret = rc;
		goto out;
	}
	ca_buf_put(&o->request, req->raw, req->len);
	o->answer.request = (struct ca_bytes){o->request.p, o->request.len};
	if (asks_helper(o->cfg, body))
		o->answer.registered_err =
		    (uint64_t)add_registered(o, &ctx, body);
	if ((rc = ca_buf_err(&o->request)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_request_free(req);
	return ret;
}

/* ---- judge ---- */

/* NAME=VALUE of each variable of the session. */
static enum ca_err
put_environment(struct ca_operation *o, const struct ca_report *report)
{
	struct ca_buf b = CA_BUF_INIT(CA_OP_TEXT_MAX - 1);
	enum ca_err rc = CA_OK;

	o->env[0] = o->n;
	for (size_t i = 0; rc == CA_OK && ca_auth_env(report, i, &b); i++) {
		const char *text = ca_buf_text(&b);

		if (text != NULL)
			add_text(o, text, strlen(text));
		rc = text != NULL ? CA_OK : CA_ERR_MEMORY;
		ca_buf_reset(&b);
	}
	o->env[1] = o->n;
	ca_buf_free(&b);
	return rc;
}

/* What the module keeps and does after a grant. */
static enum ca_err
put_grant(struct ca_operation *o, const struct ca_report *report,
    const struct ca_auth_result *result, time_t now)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf b = CA_BUF_INIT(CA_OP_TEXT_MAX - 1);

	if ((rc = ca_auth_keep(result, &o->kept)) != CA_OK ||
	    (rc = put_environment(o, report)) != CA_OK) {
		ret = rc;
		goto out;
	}
	o->answer.kept = (struct ca_bytes){o->kept.p, o->kept.len};
	add_text(o, result->login, strlen(result->login));
	o->login = o->n;
	if (ca_auth_expires_soon(o->cfg, report, result->leaf, now, &b) &&
	    ca_buf_text(&b) != NULL) {
		add_text(o, ca_buf_text(&b), b.len);
		o->notice = o->n;
	}
	ret = CA_OK;
out:
	ca_buf_free(&b);
	return ret;
}

/* There is no response: the module could not get one. */
static enum ca_err
log_abort(const struct ca_op_body *body, struct ca_report *report)
{
	enum ca_reason reason = body->reason < CA_REASON_COUNT
				    ? (enum ca_reason)body->reason
				    : CA_R_INTERNAL;

	abort_report(report, reason);
	return body->err > CA_OK && body->err <= CA_ERR_SIGNATURE
		   ? (enum ca_err)body->err
		   : CA_ERR_UNSET;
}

static enum ca_err
judge_response(struct ca_operation *o, const struct ca_op_body *body,
    struct ca_report *report)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct ca_context ctx = context(o, body);
	const struct ca_auth_peer peer = peer_of(o, body);
	struct ca_auth_result result = {NULL, NULL, NULL};
	struct ca_request *req = NULL;

	rc = ca_request_parse(body->request.p, body->request.len, &req);
	if (rc != CA_OK) {
		abort_report(report, CA_R_INTERNAL);
		ret = rc;
		goto out;
	}
	rc = ca_auth_check(&ctx, &peer, req, &body->response, report, &result);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	if ((rc = put_grant(o, report, &result, ctx.now)) != CA_OK) {
		ca_report_abort(report, CA_R_INTERNAL, "%s", ca_err_text(rc));
		ret = rc;
		goto out;
	}
	ca_auth_warn_site(o->cfg, &o->log, &result, ctx.now);
	ret = CA_OK;
out:
	ca_auth_result_clear(&result);
	ca_request_free(req);
	return ret;
}

static enum ca_err
judge(struct ca_operation *o, const struct ca_op_body *body,
    struct ca_report *report)
{
	enum ca_err rc = body->reason != 0 ? log_abort(body, report)
					   : judge_response(o, body, report);

	log_outcome(o, report, CA_REPORT_ALL, "login");
	return rc;
}

/* ---- recheck ---- */

static enum ca_err
recheck(struct ca_operation *o, const struct ca_op_body *body,
    struct ca_report *report)
{
	const struct ca_context ctx = context(o, body);
	const struct ca_auth_peer peer = peer_of(o, body);
	enum ca_err rc;

	/* the module asks for mode and require_account alone */
	if (body->kept.len == 0 || o->cfg->mode == CA_MODE_AUDIT)
		return CA_ERR_NOT_FOUND;
	rc = ca_auth_recheck(&ctx, &peer, &body->kept, report);
	log_outcome(o, report, CA_REPORT_CERT, "account");
	return rc;
}

/* ---- all ---- */

/* Whatever is wrong, it was not the user. */
static enum ca_err
refuse_configuration(struct ca_operation *o, const struct ca_op_body *body)
{
	ca_log_err(&o->log,
	    "outcome=denied reason=%-s user=%s service=%s "
	    "detail=\"the line before names the file; run: certauth "
	    "doctor\"",
	    ca_reason_code(CA_R_CONFIG), body->user != NULL ? body->user : "",
	    o->args.service);
	return o->cfg_err == CA_ERR_MEMORY ? CA_ERR_MEMORY : CA_ERR_CONFIG;
}

static enum ca_err
carry_out(struct ca_operation *o, const struct ca_op_body *body,
    struct ca_report *report)
{
	const struct ca_auth_peer peer = peer_of(o, body);

	ca_auth_facts(&peer, report);
	switch (o->op) {
	case CA_OP_REQUEST:
		return make_request(o, body, report);
	case CA_OP_JUDGE:
		return judge(o, body, report);
	case CA_OP_RECHECK:
		return recheck(o, body, report);
	}
	return CA_ERR_USAGE;
}

void
ca_operation_run(struct ca_operation *o, const struct ca_op_body *body)
{
	struct ca_report *report = ca_report_new();

	o->answer.id = o->args.id;
	if (o->cfg == NULL) {
		o->answer.err = (uint64_t)refuse_configuration(o, body);
		goto out;
	}
	o->answer.audit = o->cfg->mode == CA_MODE_AUDIT;
	o->answer.account = o->cfg->require_account;
	o->answer.debug = o->cfg->debug;
	o->answer.err = (uint64_t)(report != NULL ? carry_out(o, body, report)
						  : CA_ERR_MEMORY);
	finish(o);
out:
	ca_report_free(report);
}
