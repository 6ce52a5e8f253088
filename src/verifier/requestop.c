/*
 * The operation request: the request of one attempt, and how to ask it.
 */
#include <string.h>

#include <openssl/x509.h>

#include "base/tr.h"
#include "map/map.h"
#include "verifier/operationint.h"
#include "verify/path.h"

/* The module's helper uses a key on a token. */
static enum ca_err
sign_by_module(void *ctx, const struct ca_config *cfg,
    const struct ca_bytes *leaf, const struct ca_bytes *transcript,
    struct ca_buf *out)
{
	struct ca_operation *o = ctx;
	const struct ca_op_call call = {
	    .leaf = *leaf, .transcript = *transcript};
	struct ca_op_reply reply;
	enum ca_err rc;

	(void)cfg; /* READY named the key and the helper */
	rc = ca_calls_ask(o->calls, CA_OP_SIGN, &call, &reply, NULL);
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

/* For a conversation that discards its first answer: what the user is told then. */
static void
put_discarded(struct ca_operation *o)
{
	const char *text =
	    _("A password is not used for this login. Sign the request below, "
	      "for example with: certauth sign. Then enter the answer.");

	if (o->cfg->first_answer != CA_FIRST_IGNORE)
		return;
	ca_operation_text(o, text, strlen(text));
	o->notice = o->n;
}

enum ca_err
ca_operation_request(struct ca_operation *o, const struct ca_op_body *body,
    struct ca_report *report)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct ca_context ctx = ca_operation_context(o, body);
	const struct ca_auth_peer peer = ca_operation_peer(o, body);
	const struct ca_host_signer signer = {sign_by_module, o};
	struct ca_request *req = NULL;
	enum ca_reason reason = CA_R_INTERNAL;

	/* what the module needs to know, READY has said */
	if (o->cfg->proof[0] == CA_PROOF_PASSWORD)
		return CA_OK;

	rc = ca_auth_request(&ctx, &peer, &signer, &req, &reason);
	if (rc != CA_OK) {
		o->answer.reason = (uint64_t)reason;
		ca_operation_abort(report, reason);
		ca_operation_outcome(o, report, CA_REPORT_ALL, "login");
		ret = rc;
		goto out;
	}
	ca_buf_put(&o->request, req->raw, req->len);
	o->answer.request = (struct ca_bytes){o->request.p, o->request.len};
	put_discarded(o);
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
