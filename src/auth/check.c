#include "auth/auth.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/certgate.h"
#include "map/map.h"
#include "verify/cost.h"
#include "verify/path.h"
#include "verify/verify.h"

#define REGISTERED_MAX 8 /* certificates, thus signature verifications */

/* All that one attempt is judged by. */
struct attempt {
	struct ca_crypto *crypto;
	const struct ca_config *cfg;
	const struct ca_log *log;
	const struct ca_auth_peer *peer;
	const struct ca_request *req;
	time_t now;
	struct ca_report *report;
	struct ca_proof_msgs msgs;
	uint8_t tbs[CA_SIGNED_CONTENT_MAX];
	size_t tbs_len;
};

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

/* The request names whom and what this attempt is about, not another one. */
static bool
request_is_ours(const struct ca_request *req, const struct ca_auth_peer *peer)
{
	const char *user = peer->user != NULL ? peer->user : "";
	const char *rhost = peer->rhost != NULL ? peer->rhost : "";

	return strcmp(req->user, user) == 0 && peer->service != NULL &&
	       strcmp(req->service, peer->service) == 0 &&
	       strcmp(req->rhost, rhost) == 0;
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
check_form(struct attempt *a, const void *response, size_t len)
{
	enum ca_err rc;

	rc = ca_response_parse(response, len, a->req->nonce, &a->msgs);
	if (rc == CA_DENIED) {
		ca_report_set(
		    a->report, CA_CHECK_SIGNATURE, CA_FAIL, CA_R_NONCE, NULL);
		return rc;
	}
	if (rc != CA_OK) {
		ca_report_abort(
		    a->report, CA_R_ANSWER_MALFORMED, "%s", ca_err_text(rc));
		return rc;
	}
	if (!request_is_ours(a->req, a->peer)) {
		ca_report_set(a->report, CA_CHECK_SIGNATURE, CA_FAIL,
		    CA_R_NONCE,
		    "user, service or remote host cannot be "
		    "named in a request");
		return CA_DENIED;
	}
	if (!in_time(a->req, a->now)) {
		ca_report_abort(a->report, CA_R_REQUEST_EXPIRED, NULL);
		return CA_ERR_EXPIRED;
	}
	return CA_OK;
}

/* ---- the signature ---- */

static const struct ca_scheme *
offered_scheme(const struct attempt *a)
{
	for (size_t i = 0; i < a->req->nschemes; i++) {
		if (a->req->scheme[i] == a->msgs.scheme)
			return ca_scheme_by_code(a->msgs.scheme);
	}
	return NULL;
}

/* The client signed the whole request and its own Certificate. */
static enum ca_err
make_tbs(struct attempt *a)
{
	const struct ca_bytes part[] = {
	    {a->req->raw, a->req->len}, a->msgs.certificate};
	uint8_t hash[CA_TRANSCRIPT_HASH_LEN];
	enum ca_err rc = ca_crypto_transcript(a->crypto, part, 2, hash);

	if (rc == CA_OK)
		a->tbs_len = ca_signed_content(CA_SIGNER_CLIENT, hash, a->tbs);
	return rc;
}

static enum ca_err
verify_by(struct attempt *a, const struct ca_scheme *scheme, X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);

	if (key == NULL)
		return CA_ERR_UNSUPPORTED;
	return ca_crypto_verify(a->crypto, scheme, key, a->tbs, a->tbs_len,
	    a->msgs.signature.p, a->msgs.signature.len);
}

static enum ca_reason
unfit_reason(X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);

	if (key == NULL)
		return CA_R_CERT_MALFORMED;
	if ((EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS")) &&
	    !ca_crypto_rsa_ok(key))
		return CA_R_KEY_WEAK;
	return CA_R_SCHEME;
}

/* Of a certificate that was not decoded. */
static enum ca_err
not_decoded(struct attempt *a, const struct ca_bytes *cert, enum ca_err rc)
{
	const char *why = ca_cert_refusal(cert->p, cert->len);

	ca_report_set(a->report, CA_CHECK_SIGNATURE, CA_FAIL,
	    rc == CA_ERR_UNSUPPORTED ? CA_R_KEY_WEAK : CA_R_CERT_MALFORMED,
	    "%s", why != NULL ? why : ca_err_text(rc));
	return rc;
}

static enum ca_err
sent_leaf(struct attempt *a, const struct ca_scheme *scheme, X509 **leaf)
{
	enum ca_err rc;

	rc = ca_crypto_cert(
	    a->crypto, a->msgs.cert[0].p, a->msgs.cert[0].len, leaf);
	if (rc != CA_OK)
		return not_decoded(a, &a->msgs.cert[0], rc);
	/* for the log, whatever comes of it */
	ca_verify_facts(a->crypto, *leaf, a->report);
	rc = verify_by(a, scheme, *leaf);
	if (rc == CA_DENIED)
		ca_report_set(a->report, CA_CHECK_SIGNATURE, CA_FAIL,
		    CA_R_SIGNATURE, NULL);
	else if (rc == CA_ERR_UNSUPPORTED)
		ca_report_set(a->report, CA_CHECK_SIGNATURE, CA_FAIL,
		    unfit_reason(*leaf), "the key does not fit %s",
		    scheme->name);
	else if (rc != CA_OK)
		ca_report_set(a->report, CA_CHECK_SIGNATURE, CA_FAIL,
		    CA_R_INTERNAL, "%s", ca_err_text(rc));
	return rc;
}

/* Try certs in their order, as far as the budget goes; what is beyond it is
 * named in the log. */
static void
try_each(struct attempt *a, const struct ca_scheme *scheme,
    const STACK_OF(X509) * certs, struct ca_map_budget *budget, X509 **leaf)
{
	for (int i = 0; i < sk_X509_num(certs) && *leaf == NULL; i++) {
		X509 *cert = sk_X509_value(certs, i);
		EVP_PKEY *key = X509_get0_pubkey(cert);
		size_t cost = ca_cost_verify(key);

		/* one that does not fit is refused by its kind alone */
		if (!ca_crypto_scheme_fits(scheme, key))
			continue;
		if (cost > budget->cost) {
			ca_log_warning(a->log,
			    "registered certificate %d of %d for %s is not "
			    "tried: its key takes too long to verify by, after "
			    "those before it",
			    i + 1, sk_X509_num(certs), a->peer->user);
			continue;
		}
		budget->cost -= cost;
		if (verify_by(a, scheme, cert) == CA_OK &&
		    X509_up_ref(cert) == 1)
			*leaf = cert;
	}
}

/*
 * "You have my certificate": which ones are tried is decided by PAM_USER
 * alone.  The first whose key verifies the signature is the client's.
 */
static enum ca_err
registered_leaf(struct attempt *a, const struct ca_scheme *scheme, X509 **leaf)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_map_budget budget = {REGISTERED_MAX, CA_PATH_COST_MAX};
	STACK_OF(X509) *certs = NULL;
	int n = 0;

	if (a->peer->user != NULL && a->peer->user[0] != '\0') {
		rc = ca_map_registered(
		    a->crypto, a->cfg, a->log, a->peer->user, &budget, &certs);
		if (rc != CA_OK) {
			ca_report_set(a->report, CA_CHECK_SIGNATURE, CA_FAIL,
			    CA_R_USERS_FILE, "the registered certificates: %s",
			    ca_err_text(rc));
			ret = rc;
			goto out;
		}
		n = certs != NULL ? sk_X509_num(certs) : 0;
	}
	try_each(a, scheme, certs, &budget, leaf);
	if (*leaf == NULL) {
		ca_report_set(a->report, CA_CHECK_SIGNATURE, CA_FAIL,
		    n > 0 ? CA_R_SIGNATURE : CA_R_NO_REGISTERED,
		    n > 0 ? "by none of %d registered certificates" : NULL, n);
		ret = CA_DENIED;
		goto out;
	}
	ca_verify_facts(a->crypto, *leaf, a->report);
	ret = CA_OK;
out:
	sk_X509_pop_free(certs, X509_free);
	return ret;
}

static enum ca_err
check_signature(struct attempt *a, X509 **leaf)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct ca_scheme *scheme = offered_scheme(a);

	if (scheme == NULL) {
		ca_report_set(a->report, CA_CHECK_SIGNATURE, CA_FAIL,
		    CA_R_SCHEME, "0x%04x was not offered", a->msgs.scheme);
		ret = CA_DENIED;
		goto out;
	}
	ca_report_fact(a->report, CA_FACT_SCHEME, scheme->name);
	if ((rc = make_tbs(a)) != CA_OK) {
		ca_report_set(a->report, CA_CHECK_SIGNATURE, CA_FAIL,
		    CA_R_INTERNAL, "%s", ca_err_text(rc));
		ret = rc;
		goto out;
	}
	rc = a->msgs.ncerts > 0 ? sent_leaf(a, scheme, leaf)
				: registered_leaf(a, scheme, leaf);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ca_report_set(a->report, CA_CHECK_SIGNATURE, CA_PASS, CA_R_OK, NULL);
	ret = CA_OK;
out:
	return ret;
}

/* ---- after the signature ---- */

/* One that is malformed fails the chain, even if no path needs it: its sender
 * is broken or probing.  One that may not be decoded is left out, as a CA that
 * was not sent: a path that needs it is not found. */
enum ca_err
ca_auth_decode_rest(struct ca_crypto *crypto, const struct ca_log *log,
    const struct ca_bytes *cert, size_t n, struct ca_report *report,
    STACK_OF(X509) * *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	X509 *x = NULL;

	*out = sk_X509_new_null();
	if (*out == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	for (size_t i = 1; i < n; i++) {
		rc = ca_crypto_cert(crypto, cert[i].p, cert[i].len, &x);
		const char *why = rc == CA_OK
				      ? NULL
				      : ca_cert_refusal(cert[i].p, cert[i].len);
		if (why != NULL) {
			ca_log_warning(log,
			    "certificate %zu of those sent is not used: %s",
			    i + 1, why);
			continue;
		}
		if (rc != CA_OK) {
			ca_report_set(report, CA_CHECK_CHAIN, CA_FAIL,
			    CA_R_CERT_MALFORMED, "certificate %zu: %s", i + 1,
			    ca_err_text(rc));
			continue;
		}
		if (sk_X509_push(*out, x) <= 0) {
			X509_free(x);
			ret = CA_ERR_MEMORY;
			goto out;
		}
		x = NULL; /* transferred */
	}
	ret = CA_OK;
out:
	if (ret != CA_OK)
		ca_report_abort(report, CA_R_INTERNAL, "%s", ca_err_text(ret));
	return ret;
}

/*
 * A client that sent no intermediates may have them registered beside its
 * certificate.  What cannot be read there is the mapping's to refuse; here it
 * only means that the chain has to stand without.
 */
static enum ca_err
add_registered_chain(struct ca_crypto *crypto, const struct ca_config *cfg,
    const struct ca_log *log, const struct ca_auth_peer *peer,
    STACK_OF(X509) * rest)
{
	struct ca_map_budget budget = {REGISTERED_MAX, CA_PATH_COST_MAX};
	STACK_OF(X509) *links = NULL;
	enum ca_err rc;

	if (rest == NULL || sk_X509_num(rest) > 0 || peer->user == NULL)
		return CA_OK;
	rc = ca_map_registered_chain(
	    crypto, cfg, log, peer->user, &budget, &links);
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

/* The second runs whatever came of the first. */
enum ca_err
ca_auth_certificate(struct ca_crypto *crypto, const struct ca_config *cfg,
    const struct ca_log *log, const struct ca_auth_peer *peer,
    STACK_OF(X509) * rest, time_t now, ca_map_trace *trace, void *ctx,
    struct ca_report *report, struct ca_auth_result *r)
{
	enum ca_err ret = CA_ERR_UNSET, rc, map_rc;
	const struct ca_verify_input in = {
	    .leaf = r->leaf, .untrusted = rest, .now = now, .trace = &r->trace};

	if ((rc = add_registered_chain(crypto, cfg, log, peer, rest)) !=
	    CA_OK) {
		ca_report_abort(report, CA_R_INTERNAL, "%s", ca_err_text(rc));
		ret = rc;
		goto out;
	}
	rc = ca_verify(crypto, cfg, log, &in, report, &r->chain);
	const struct ca_map_input map = {
	    r->leaf, r->chain, peer->user, peer->service, peer->rhost, now};
	map_rc = ca_map_explain(
	    crypto, cfg, log, &map, report, &r->login, trace, ctx);
	if (rc != CA_OK || map_rc != CA_OK) {
		ret = rc != CA_OK ? rc : map_rc;
		goto out;
	}
	ret = CA_OK;
out:
	return ret;
}

static enum ca_err
check_certificate(struct attempt *a, struct ca_auth_result *r)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	STACK_OF(X509) *rest = NULL;

	rc = ca_auth_decode_rest(
	    a->crypto, a->log, a->msgs.cert, a->msgs.ncerts, a->report, &rest);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	rc = ca_auth_certificate(a->crypto, a->cfg, a->log, a->peer, rest,
	    a->now, NULL, NULL, a->report, r);
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
ca_auth_check(struct ca_crypto *crypto, const struct ca_config *cfg,
    const struct ca_log *log, const struct ca_auth_peer *peer,
    const struct ca_request *req, const void *response, size_t len, time_t now,
    struct ca_report *report, struct ca_auth_result *result)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct attempt a = {.crypto = crypto,
	    .cfg = cfg,
	    .log = log,
	    .peer = peer,
	    .req = req,
	    .now = now,
	    .report = report};

	ERR_set_mark(); /* the queue is the application's too */
	*result = (struct ca_auth_result){NULL, NULL, NULL};
	ca_auth_facts(peer, report);
	if ((rc = check_form(&a, response, len)) != CA_OK ||
	    (rc = check_signature(&a, &result->leaf)) != CA_OK ||
	    (rc = check_certificate(&a, result)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (!ca_report_granted(report, CA_REPORT_ALL) ||
	    !login_is_asked(peer, result->login)) {
		ret = CA_DENIED;
		goto out;
	}
	ret = CA_OK; /* the one line that grants */
out:
	if (ret != CA_OK)
		ca_auth_result_clear(result);
	ERR_pop_to_mark();
	return ret;
}
