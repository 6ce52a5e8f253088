/*
 * Whose signature it is: the certificate that was sent, or a registered one.
 */
#include "auth/attempt.h"

#include <string.h>

#include "crypto/cost.h"
#include "map/map.h"
#include "verify/path.h"
#include "verify/verify.h"

static const struct ca_scheme *
offered_scheme(const struct ca_attempt *a)
{
	for (size_t i = 0; i < a->nschemes; i++) {
		if (a->scheme[i] == a->msgs.scheme)
			return ca_scheme_by_code(a->msgs.scheme);
	}
	return NULL;
}

/* The client signed the whole request and its own Certificate. */
static enum ca_err
make_tbs(struct ca_attempt *a)
{
	const struct ca_bytes part[] = {
	    {a->req->raw, a->req->len}, a->msgs.certificate};
	uint8_t hash[CA_TRANSCRIPT_HASH_LEN];
	enum ca_err rc = ca_crypto_transcript(a->ctx->crypto, part, 2, hash);

	if (rc == CA_OK)
		a->tbs_len = ca_signed_content(CA_SIGNER_CLIENT, hash, a->tbs);
	return rc;
}

static enum ca_err
verify_by(struct ca_attempt *a, const struct ca_scheme *scheme, X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);

	if (key == NULL)
		return CA_ERR_UNSUPPORTED;
	return ca_crypto_verify(a->ctx->crypto, scheme, key,
	    &(struct ca_signed){a->tbs, a->tbs_len, a->msgs.signature.p,
		a->msgs.signature.len});
}

static void
tell_not_offered(struct ca_attempt *a)
{
	const struct ca_scheme *used = ca_scheme_by_code(a->msgs.scheme);
	struct ca_buf text = CA_BUF_INIT(4096);

	ca_buf_fmt(&text,
	    "the client used the signature scheme 0x%04x%s%s, and this host "
	    "accepts ",
	    a->msgs.scheme, used != NULL ? " " : "",
	    used != NULL ? used->name : "");
	for (size_t i = 0; i < a->nschemes; i++) {
		const struct ca_scheme *s = ca_scheme_by_code(a->scheme[i]);

		if (s != NULL)
			ca_buf_fmt(&text, "%s%s", i > 0 ? ", " : "", s->name);
	}
	ca_report_set(a->report, CA_CHECK_SIGNATURE, CA_FAIL, CA_R_SCHEME, "%s",
	    ca_buf_text(&text) != NULL ? ca_buf_text(&text) : "?");
	ca_buf_free(&text);
}

static enum ca_err
sent_leaf(struct ca_attempt *a, const struct ca_scheme *scheme, X509 **leaf)
{
	enum ca_err rc;

	rc = ca_auth_decode_leaf(a->ctx->crypto, &a->msgs.cert[0],
	    CA_CHECK_SIGNATURE, a->report, leaf);
	if (rc != CA_OK)
		return rc;
	/* for the log, whatever comes of it */
	ca_verify_facts(a->ctx->crypto, *leaf, a->report);
	rc = verify_by(a, scheme, *leaf);
	if (rc == CA_DENIED)
		ca_report_set(a->report, CA_CHECK_SIGNATURE, CA_FAIL,
		    CA_R_SIGNATURE,
		    "the signature is not by the key of the certificate that "
		    "the client sent: the client's --cert and --key do not "
		    "belong together, or the request was changed on its way");
	else if (rc == CA_ERR_UNSUPPORTED)
		ca_attempt_unfit(*leaf, scheme, CA_CHECK_SIGNATURE, a->report);
	else if (rc != CA_OK)
		ca_report_set(a->report, CA_CHECK_SIGNATURE, CA_FAIL,
		    CA_R_INTERNAL, "%s", ca_err_text(rc));
	return rc;
}

/* Try certs in their order, as far as the budget goes; what is beyond it is
 * named in the log.  How many were tried, or do not fit. */
static int
try_each(struct ca_attempt *a, const struct ca_scheme *scheme,
    const STACK_OF(X509) *certs, struct ca_map_budget *budget, X509 **leaf)
{
	int beyond = 0;

	for (int i = 0; i < sk_X509_num(certs) && *leaf == NULL; i++) {
		X509 *cert = sk_X509_value(certs, i);
		EVP_PKEY *key = X509_get0_pubkey(cert);
		size_t cost = ca_cost_verify(key);

		/* one that does not fit is refused by its kind alone */
		if (!ca_crypto_scheme_fits(scheme, key) ||
		    !ca_attempt_has_key(a, cert))
			continue;
		if (cost > budget->cost) {
			ca_log_warning(a->ctx->log,
			    "registered certificate %d of %d for user %s is not "
			    "tried: verification with its key would exceed the cost "
			    "limit of one login",
			    i + 1, sk_X509_num(certs), a->peer->user);
			beyond++;
			continue;
		}
		budget->cost -= cost;
		if (verify_by(a, scheme, cert) == CA_OK &&
		    X509_up_ref(cert) == 1)
			*leaf = cert;
	}
	return sk_X509_num(certs) - beyond;
}

/*
 * "You have my certificate": which ones are tried is decided by PAM_USER
 * alone.  The first whose key verifies the signature is the client's.
 */
static enum ca_err
registered_leaf(
    struct ca_attempt *a, const struct ca_scheme *scheme, X509 **leaf)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_map_budget budget = {CA_ATTEMPT_REGISTERED, CA_PATH_COST_MAX};
	STACK_OF(X509) *certs = NULL;
	int n = 0;

	if (a->peer->user != NULL && a->peer->user[0] != '\0') {
		rc = ca_map_registered(a->ctx, a->peer->user, &budget, &certs);
		if (rc != CA_OK) {
			ca_report_set(a->report, CA_CHECK_SIGNATURE, CA_FAIL,
			    CA_R_USERS_FILE,
			    "the registered certificates cannot be read: %s",
			    ca_err_text(rc));
			ret = rc;
			goto out;
		}
		n = certs != NULL ? sk_X509_num(certs) : 0;
	}
	int tried = n > 0 ? try_each(a, scheme, certs, &budget, leaf) : 0;
	if (*leaf == NULL) {
		if (n > 0)
			ca_report_set(a->report, CA_CHECK_SIGNATURE, CA_FAIL,
			    CA_R_SIGNATURE,
			    "the signature is not by the key of any of the %d "
			    "registered certificates",
			    tried);
		else
			ca_report_set(a->report, CA_CHECK_SIGNATURE, CA_FAIL,
			    CA_R_NO_REGISTERED,
			    "%s has no certificate of the user; the client "
			    "must send its certificate (--cert), or an "
			    "administrator must put it there",
			    a->ctx->cfg->users_dir);
		ret = CA_DENIED;
		goto out;
	}
	ca_verify_facts(a->ctx->crypto, *leaf, a->report);
	ret = CA_OK;
out:
	sk_X509_pop_free(certs, X509_free);
	return ret;
}

enum ca_err
ca_attempt_signature(struct ca_attempt *a, X509 **leaf)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct ca_scheme *scheme = offered_scheme(a);

	if (scheme == NULL) {
		tell_not_offered(a);
		ret = CA_DENIED;
		goto out;
	}
	ca_report_fact(a->report, CA_FACT_SCHEME, scheme->name);
	if (a->tbs_len == 0 && (rc = make_tbs(a)) != CA_OK) {
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
