#include "verifier/operation.h"

#include "map/map.h"
#include "verifier/operationint.h"

#define ANSWER_BYTES ((size_t)1 << 18)

/* ---- configuration ---- */

void
ca_operation_configure(struct ca_operation *o)
{
	o->request = CA_BUF_INIT(CA_REQUEST_MAX);
	o->der = CA_BUF_INIT(ANSWER_BYTES);
	o->kept = CA_BUF_INIT(ANSWER_BYTES);
	o->text = CA_BUF_INIT(ANSWER_BYTES);
	o->index = CA_BUF_INIT(CA_OP_TEXT_MAX - 1);
	o->log = (struct ca_log){ca_calls_log, o->calls, false};
	o->cfg_err = ca_config_load((int)o->args.argv.n, o->args.argv.v,
	    o->args.service, &o->log, &o->cfg);
	o->log.debug = o->cfg != NULL && o->cfg->debug;
	if (o->cfg != NULL)
		ca_buf_fmt(&o->index, "%s.cdb", o->cfg->users);
}

static void
add_path(struct ca_op_texts *paths, const char *path)
{
	if (path != NULL && path[0] == '/' && paths->n < CA_OP_LIST_MAX)
		paths->v[paths->n++] = path;
}

void
ca_operation_paths(struct ca_operation *o, struct ca_op_texts *paths)
{
	const struct ca_config *cfg = o->cfg;

	paths->n = 0;
	if (cfg == NULL)
		return;
	add_path(paths, cfg->ca_dir);
	add_path(paths, cfg->intermediates_dir);
	add_path(paths, cfg->crl_dir);
	add_path(paths, cfg->users);
	add_path(paths, ca_buf_text(&o->index)); /* its index */
	add_path(paths, cfg->users_dir);
	if (o->op != CA_OP_REQUEST)
		return;
	/* this operation sees no byte that a client sent in answer; only it may
	 * have the host's key */
	add_path(paths, cfg->host_cert);
	add_path(paths, cfg->host_key);
	/* a key on a token has no path; this program signs by it */
	if (cfg->host_key != NULL && cfg->host_key[0] != '/')
		add_path(paths, cfg->helper);
}

void
ca_operation_clear(struct ca_operation *o)
{
	ca_config_free(o->cfg);
	ca_buf_free(&o->request);
	ca_buf_free(&o->der);
	ca_buf_free(&o->kept);
	ca_buf_free(&o->text);
	ca_buf_free(&o->index);
}

/* ---- one operation ---- */

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
	/* the module logs an outcome unless this says that one was */
	if (!o->calls->lost)
		o->answer.reason = CA_R_CONFIG;
	return o->cfg_err == CA_ERR_MEMORY ? CA_ERR_MEMORY : CA_ERR_CONFIG;
}

/* This worker has seen nothing of a client but the name of the login. */
static enum ca_err
confirm(const struct ca_operation *o, const struct ca_op_body *body)
{
	const struct ca_context ctx = ca_operation_context(o, body);

	return body->user != NULL ? ca_map_names(&ctx, body->user)
				  : CA_ERR_FORMAT;
}

static enum ca_err
carry_out(struct ca_operation *o, const struct ca_op_body *body,
    struct ca_report *report)
{
	const struct ca_auth_peer peer = ca_operation_peer(o, body);

	ca_auth_facts(&peer, report);
	switch (o->op) {
	case CA_OP_REQUEST:
		return ca_operation_request(o, body, report);
	case CA_OP_JUDGE:
		return ca_operation_judge(o, body, report);
	case CA_OP_RECHECK:
		return ca_operation_recheck(o, body, report);
	case CA_OP_CONFIRM:
		return confirm(o, body);
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
	ca_operation_finish(o);
out:
	ca_report_free(report);
}
