/*
 * The operations judge, recheck and session.
 */
#include <string.h>

#include "base/tr.h"
#include "verifier/operationint.h"

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
			ca_operation_text(o, text, strlen(text));
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
	ca_operation_text(o, result->login, strlen(result->login));
	o->login = o->n;
	const char *rule = ca_report_get0_fact(report, CA_FACT_RULE);
	if (o->cfg->sessions && rule != NULL) {
		ca_operation_text(o, rule, strlen(rule));
		o->rule = o->n;
	}
	if (ca_auth_expires_soon(o->cfg, report, result->leaf, now, &b) &&
	    ca_buf_text(&b) != NULL) {
		ca_operation_text(o, ca_buf_text(&b), b.len);
		o->notice = o->n;
	}
	ret = CA_OK;
out:
	ca_buf_free(&b);
	return ret;
}

/* What the user can do something about. */
static void
put_why(struct ca_operation *o, enum ca_reason reason)
{
	const char *text = NULL;

	if (reason == CA_R_ANSWER_CUT)
		text =
		    _("The answer was truncated on its way to this host: its "
		      "end is missing.");
	else if (reason == CA_R_ANSWER_MALFORMED)
		text =
		    _("The answer is malformed: it differs from what certauth "
		      "printed.");
	if (text == NULL)
		return;
	ca_operation_text(o, text, strlen(text));
	o->notice = o->n;
}

/* There is no response: the module could not get one. */
static enum ca_err
log_abort(struct ca_operation *o, const struct ca_op_body *body,
    struct ca_report *report)
{
	enum ca_reason reason = body->reason < CA_REASON_COUNT
				    ? (enum ca_reason)body->reason
				    : CA_R_INTERNAL;

	ca_operation_abort(report, reason);
	put_why(o, reason);
	return body->err > CA_OK && body->err <= CA_ERR_SIGNATURE
		   ? (enum ca_err)body->err
		   : CA_ERR_UNSET;
}

static enum ca_err
judge_response(struct ca_operation *o, const struct ca_op_body *body,
    struct ca_report *report)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct ca_context ctx = ca_operation_context(o, body);
	const struct ca_auth_peer peer = ca_operation_peer(o, body);
	struct ca_auth_result result = {NULL, NULL, NULL};
	struct ca_request *req = NULL;

	/* a signed password answers no request */
	if (o->cfg->proof[0] == CA_PROOF_PASSWORD)
		rc = body->request.len == 0 ? CA_OK : CA_ERR_FORMAT;
	else
		rc = ca_request_parse(body->request.p, body->request.len, &req);
	if (rc != CA_OK) {
		ca_operation_abort(report, CA_R_INTERNAL);
		ret = rc;
		goto out;
	}
	const struct ca_auth_answer answer = {req, body->response, o->claims};
	rc = ca_auth_check(&ctx, &peer, &answer, report, &result);
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

enum ca_err
ca_operation_judge(struct ca_operation *o, const struct ca_op_body *body,
    struct ca_report *report)
{
	enum ca_err rc = body->reason != 0 ? log_abort(o, body, report)
					   : judge_response(o, body, report);

	ca_operation_outcome(o, report, CA_REPORT_ALL, "login");
	return rc;
}

enum ca_err
ca_operation_recheck(struct ca_operation *o, const struct ca_op_body *body,
    struct ca_report *report)
{
	const struct ca_context ctx = ca_operation_context(o, body);
	const struct ca_auth_peer peer = ca_operation_peer(o, body);
	enum ca_err rc;

	/* the module asks for what READY said, mode and require_account, alone */
	if (body->kept.len == 0 || o->cfg->mode == CA_MODE_AUDIT)
		return CA_ERR_NOT_FOUND;
	rc = ca_auth_recheck(&ctx, &peer, &body->kept, report);
	ca_operation_outcome(o, report, CA_REPORT_CERT, "account");
	return rc;
}

/* What ends a session.  A revocation counts first: it is not taken back.  Then the end
 * of a validity; anything else only if nothing else is wrong, in the order of the
 * checks. */
static enum ca_check
session_check(const struct ca_report *report)
{
	static const enum ca_check order[] = {CA_CHECK_CHAIN, CA_CHECK_VALIDITY,
	    CA_CHECK_PURPOSE, CA_CHECK_REVOCATION, CA_CHECK_MAPPING};

	if (ca_report_check_reason(report, CA_CHECK_REVOCATION) == CA_R_REVOKED)
		return CA_CHECK_REVOCATION;
	if (ca_report_check_reason(report, CA_CHECK_VALIDITY) == CA_R_EXPIRED)
		return CA_CHECK_VALIDITY;
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		enum ca_verdict verdict = ca_report_verdict(report, order[i]);

		if (verdict != CA_PASS && verdict != CA_WAIVED)
			return order[i];
	}
	return CA_CHECKS;
}

enum ca_err
ca_operation_session(struct ca_operation *o, const struct ca_op_body *body,
    struct ca_report *report)
{
	const struct ca_context ctx = ca_operation_context(o, body);
	const struct ca_auth_peer peer = ca_operation_peer(o, body);
	enum ca_err rc = ca_auth_session(&ctx, &peer, &body->kept, report);
	enum ca_check check = session_check(report);

	enum ca_reason why = check < CA_CHECKS
				 ? ca_report_check_reason(report, check)
				 : CA_R_NONE;

	if (rc == CA_OK)
		why = CA_R_OK;
	o->answer.reason = why != CA_R_NONE ? why : CA_R_INTERNAL;
	const char *text =
	    check < CA_CHECKS ? ca_report_get0_detail(report, check) : NULL;
	if (rc == CA_OK)
		text = ca_report_get0_fact(report, CA_FACT_RULE);
	if (text != NULL) {
		ca_operation_text(o, text, strlen(text));
		o->notice = o->n;
	}
	return rc;
}
