/*
 * The sequence of checks, and the one line that grants a login.
 */
#include "auth/attempt.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "map/map.h"
#include "verify/path.h"
#include "verify/verify.h"

void
ca_auth_result_clear(struct ca_auth_result *result)
{
	free(result->login);
	X509_free(result->leaf);
	sk_X509_pop_free(result->chain, X509_free);
	ca_verify_trace_clear(&result->trace);
	*result = (struct ca_auth_result){NULL, NULL, NULL};
}

/* ---- before the signature ---- */

static bool
same_item(
    struct ca_attempt *a, const char *what, const char *asked, const char *now)
{
	if (now != NULL && strcmp(asked, now) == 0)
		return true;
	ca_report_set(a->report, CA_CHECK_SIGNATURE, CA_FAIL, CA_R_NONCE,
	    "the request was made for the %s \"%s\", and the application now "
	    "has \"%s\": the application or another module has changed it, or "
	    "a request cannot contain its characters or its length",
	    what, asked, now != NULL ? now : "");
	return false;
}

/* The request names whom and what this attempt is about, not another one. */
static bool
request_is_ours(struct ca_attempt *a)
{
	const struct ca_auth_peer *peer = a->peer;
	const char *user = peer->user != NULL ? peer->user : "";
	const char *rhost = peer->rhost != NULL ? peer->rhost : "";

	return same_item(a, "user", a->req->user, user) &&
	       same_item(a, "service", a->req->service, peer->service) &&
	       same_item(a, "remote host", a->req->rhost, rhost);
}

/* A clock that was set back during the attempt must not lengthen it. */
static bool
in_time(const struct ca_request *req, time_t now)
{
	if (now < 0)
		return false;
	uint64_t t = (uint64_t)now;
	uint64_t off =
	    t > req->issued_at ? t - req->issued_at : req->issued_at - t;
	return off <= req->lifetime;
}

static enum ca_err
check_form(struct ca_attempt *a, const struct ca_bytes *response)
{
	enum ca_err rc;

	rc = ca_response_parse(
	    response->p, response->len, a->req->nonce, &a->msgs);
	if (rc == CA_DENIED) {
		ca_report_set(a->report, CA_CHECK_SIGNATURE, CA_FAIL,
		    CA_R_NONCE,
		    "the client answered an earlier prompt, a prompt of "
		    "another login, or with a saved answer; it must answer the "
		    "prompt of this login");
		return rc;
	}
	if (rc != CA_OK) {
		ca_report_abort(a->report, CA_R_ANSWER_MALFORMED,
		    "%s; the client does not follow certauth-protocol(7), or "
		    "the answer was changed on its way",
		    ca_err_text(rc));
		return rc;
	}
	if (!request_is_ours(a))
		return CA_DENIED;
	if (!in_time(a->req, a->ctx->now)) {
		ca_report_abort(a->report, CA_R_REQUEST_EXPIRED, "%s",
		    ca_auth_abort_text(CA_R_REQUEST_EXPIRED));
		return CA_ERR_EXPIRED;
	}
	return CA_OK;
}

static enum ca_err
take_answer(struct ca_attempt *a, const struct ca_bytes *text)
{
	if (a->req != NULL) {
		a->nschemes = a->req->nschemes;
		memcpy(a->scheme, a->req->scheme, sizeof a->req->scheme);
		return check_form(a, text);
	}
	if (a->claims == NULL) {
		ca_report_abort(a->report, CA_R_NO_RESIDENT, "%s",
		    ca_auth_abort_text(CA_R_NO_RESIDENT));
		return CA_DENIED;
	}
	a->nschemes = ca_auth_schemes(a->ctx->crypto, a->ctx->cfg, a->scheme);
	return ca_attempt_password(a, text);
}

/* ---- after the signature ---- */

/*
 * A client that sent no intermediates may have them registered beside its
 * certificate.  What cannot be read there is the mapping's to refuse; here it
 * only means that the chain has to stand without.
 */
static enum ca_err
add_registered_chain(const struct ca_context *ctx,
    const struct ca_auth_peer *peer, STACK_OF(X509) *rest)
{
	struct ca_map_budget budget = {CA_ATTEMPT_REGISTERED, CA_PATH_COST_MAX};
	STACK_OF(X509) *links = NULL;
	enum ca_err rc;

	if (rest == NULL || sk_X509_num(rest) > 0 || peer->user == NULL)
		return CA_OK;
	rc = ca_map_registered_chain(ctx, peer->user, &budget, &links);
	while (rc == CA_OK && sk_X509_num(links) > 0) {
		X509 *cert = sk_X509_shift(links);

		if (sk_X509_push(rest, cert) <= 0) {
			X509_free(cert);
			rc = CA_ERR_MEMORY;
		}
	}
	sk_X509_pop_free(links, X509_free);
	return rc == CA_ERR_MEMORY ? rc : CA_OK;
}

/*
 * Mapping runs where validity, purpose or revocation failed, but not behind a
 * chain that did not hold: whoever makes a key and a chain of his own does not
 * get the users file read for 128 names of his choice.  Somebody who explains
 * sees the rules all the same; what cannot be read then is nothing that the
 * module would fail of.
 */
enum ca_err
ca_auth_certificate(const struct ca_context *ctx,
    const struct ca_auth_peer *peer, const struct ca_auth_sent *sent,
    const struct ca_auth_trace *trace, struct ca_report *report,
    struct ca_auth_result *r)
{
	enum ca_err ret = CA_ERR_UNSET, rc, map_rc = CA_OK;
	const struct ca_verify_input in = {.leaf = r->leaf,
	    .untrusted = sent->rest,
	    .staple = sent->staple,
	    .nstaples = sent->nstaples,
	    .origin = sent->origin,
	    .now = ctx->now,
	    .trace = &r->trace,
	    .all_crls = trace != NULL};

	if ((rc = add_registered_chain(ctx, peer, sent->rest)) != CA_OK) {
		ca_report_abort(report, CA_R_INTERNAL, "%s", ca_err_text(rc));
		ret = rc;
		goto out;
	}
	rc = ca_verify(ctx->crypto, ctx->cfg, ctx->log, &in, report, &r->chain);
	const struct ca_map_input map = {
	    r->leaf, r->chain, peer->user, peer->service, peer->rhost};
	bool chained = ca_report_verdict(report, CA_CHECK_CHAIN) == CA_PASS;
	if (chained || trace != NULL)
		map_rc = ca_map_explain(ctx, &map, report, &r->login,
		    trace != NULL ? trace->rule : NULL,
		    trace != NULL ? trace->ctx : NULL);
	if (!chained)
		map_rc = CA_OK;
	if (rc != CA_OK || map_rc != CA_OK) {
		ret = rc != CA_OK ? rc : map_rc;
		goto out;
	}
	ret = CA_OK;
out:
	return ret;
}

static enum ca_err
check_certificate(struct ca_attempt *a, struct ca_auth_result *r)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	STACK_OF(X509) *rest = NULL;

	rc = ca_auth_decode_rest(a->ctx->crypto, a->ctx->log, a->msgs.cert,
	    a->msgs.ncerts, a->report, &rest);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	const struct ca_auth_sent sent = {rest, a->msgs.ocsp, a->msgs.nocsp,
	    a->msgs.ncerts > 0 ? CA_STAPLES_BY_CLIENT : CA_STAPLES_BY_NOBODY};
	rc = ca_auth_certificate(a->ctx, a->peer, &sent, NULL, a->report, r);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	sk_X509_pop_free(rest, X509_free);
	return ret;
}

/* The login that was asked for, if one was. */
static bool
login_is_asked(const struct ca_auth_peer *peer, const char *login)
{
	if (login == NULL || login[0] == '\0')
		return false;
	return peer->user == NULL || peer->user[0] == '\0' ||
	       strcmp(peer->user, login) == 0;
}

enum ca_err
ca_auth_check(const struct ca_context *ctx, const struct ca_auth_peer *peer,
    const struct ca_auth_answer *answer, struct ca_report *report,
    struct ca_auth_result *result)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_attempt a = {.ctx = ctx,
	    .peer = peer,
	    .req = answer->req,
	    .claims = answer->claims,
	    .report = report,
	    .bytes = CA_BUF_INIT(CA_PASSWORD_TEXT_MAX),
	    .der = CA_BUF_INIT(256)};

	ERR_set_mark(); /* the queue is the application's too */
	*result = (struct ca_auth_result){NULL, NULL, NULL};
	ca_auth_facts(peer, report);
	if ((rc = take_answer(&a, &answer->text)) != CA_OK ||
	    (rc = ca_attempt_signature(&a, &result->leaf)) != CA_OK ||
	    (rc = check_certificate(&a, result)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (!ca_report_granted(report, CA_REPORT_ALL) ||
	    !login_is_asked(peer, result->login)) {
		ret = CA_DENIED;
		goto out;
	}
	/* last: what is refused uses up no text, nor room for others */
	if (a.req == NULL && (rc = ca_attempt_claim(&a)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK; /* the one line that grants */
out:
	ca_buf_free(&a.bytes);
	ca_buf_free(&a.der);
	if (ret != CA_OK)
		ca_auth_result_clear(result);
	ERR_pop_to_mark();
	return ret;
}
