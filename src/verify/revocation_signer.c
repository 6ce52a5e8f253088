/*
 * Who signed a CRL (RFC 5280 section 6.3.3 (f)): a certificate of the path that
 * is checked, or another certificate whose own path ends at the same trust anchor
 * and is not revoked either.
 */
#include "verify/issued.h"
#include "verify/revocationint.h"
#include "verify/verify.h"

#include <string.h>

/* The question who signed f, for the certificate at `at', and its answer. */
struct question {
	struct ca_revocation *rev;
	const struct place *at;
	struct crl_facts *f;
	struct signer answer;
};

static void
reject(struct question *q, enum ca_reason reason, const char *why)
{
	struct finding now = {.reason = CA_R_OK};

	ca_rev_find(&now, reason, place_cert(q->at), "%s/%s %s",
	    q->rev->dir_path, ca_crl_get0_name(q->f->crl), why);
	ca_rev_prefer(&q->answer.why, &now);
}

static bool
is_issuer(const struct crl_facts *f, X509 *cert)
{
	return ca_crl_same_name(X509_get_subject_name(cert),
	    X509_CRL_get_issuer(ca_crl_get0_x509(f->crl)));
}

/* Section 6.3.3 (f).  A certificate without keyUsage allows every use. */
static bool
may_sign(X509 *cert)
{
	return (X509_get_key_usage(cert) & KU_CRL_SIGN) != 0;
}

static void
tell_no_crl_sign(struct question *q)
{
	q->answer.mute = true;
	reject(q, CA_R_CRL_ISSUER,
	    q->rev->mode == CA_CRL_PREFER
		? "is signed by a CA whose certificate may not sign CRLs "
		  "(keyUsage without cRLSign)"
		: "is signed by a CA whose certificate may not sign CRLs "
		  "(keyUsage without cRLSign); until the CA has a new "
		  "certificate, set crl = prefer or crl = off for this "
		  "service");
}

static void
tell_signature(struct question *q, X509 *cert)
{
	struct ca_buf why = CA_BUF_INIT(24000);
	const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(cert);
	AUTHORITY_KEYID *aki = X509_CRL_get_ext_d2i(ca_crl_get0_x509(q->f->crl),
	    NID_authority_key_identifier, NULL, NULL);

	ca_buf_str(&why, "has a wrong signature, or another CA or key with the "
			 "same name has signed it");
	if (ski != NULL && aki != NULL && aki->keyid != NULL &&
	    ASN1_OCTET_STRING_cmp(ski, aki->keyid) != 0) {
		ca_buf_str(&why, " (the CRL names the key ");
		ca_name_key_id(aki->keyid, &why);
		ca_buf_str(&why, ", the CA has the key ");
		ca_name_key_id(ski, &why);
		ca_buf_str(&why, ")");
	}
	ca_buf_str(&why, "; in that case put its certificate into "
			 "intermediates_dir; else run `certauth crl update");
	ca_buf_str(&why, q->rev->options);
	ca_buf_str(&why, "`");
	reject(q, CA_R_CRL_SIGNATURE,
	    ca_buf_text(&why) != NULL ? ca_buf_text(&why)
				      : "has a wrong signature");
	AUTHORITY_KEYID_free(aki);
	ca_buf_free(&why);
}

/* Did cert, whose path is valid, sign the CRL, and may it?  CA_OK, CA_DENIED, or
 * an error. */
static enum ca_err
try_signer(struct question *q, X509 *cert)
{
	enum ca_err rc = ca_crl_verify(q->f->crl, cert);

	if (rc != CA_OK && rc != CA_DENIED)
		return rc;
	if (rc == CA_DENIED) {
		tell_signature(q, cert);
		return CA_DENIED;
	}
	if (!may_sign(cert)) {
		tell_no_crl_sign(q);
		return CA_DENIED;
	}
	q->answer.cert = cert;
	return CA_OK;
}

/* Try the path itself, first the certificates above this one. */
static enum ca_err
on_path(struct question *q)
{
	const struct place *at = q->at;
	int n = sk_X509_num(at->chain);

	for (int k = 1; k <= n; k++) {
		X509 *cert = sk_X509_value(at->chain, (at->i + k) % n);
		enum ca_err rc;

		if (!is_issuer(q->f, cert))
			continue;
		if ((rc = try_signer(q, cert)) != CA_DENIED)
			return rc;
	}
	return CA_DENIED;
}

/* Check the certificates of the issuer's path.  Those that are also on the path
 * that is checked are judged there.  crl_check = leaf checks no issuer. */
static void
ask_status(struct ca_revocation *rev, struct crl_issuer *is, int level)
{
	struct place at = {is->chain, 0, level, false};
	int n = rev->check == CA_CRL_CHAIN ? sk_X509_num(is->chain) - 1 : 0;
	bool sure = true;

	for (; at.i < n; at.i++) {
		struct finding f = {.reason = CA_R_INTERNAL};

		if (ca_issued_among(
			rev->chain, sk_X509_num(rev->chain), place_cert(&at)) ||
		    rev->status(rev, &at, &f))
			continue;
		sure = false;
		is->why = f;
		if (f.reason == CA_R_REVOKED) {
			is->state = ISSUER_BAD;
			return;
		}
	}
	is->state = sure ? ISSUER_GOOD : ISSUER_UNSURE;
}

/* The remembered issuer; NULL if there are too many. */
static struct crl_issuer *
remember(struct ca_revocation *rev, X509 *cert, bool *known)
{
	struct crl_issuer *is;

	*known = true;
	for (size_t i = 0; i < rev->nissuers; i++)
		if (rev->issuer[i].cert == cert)
			return &rev->issuer[i];
	if (rev->nissuers == CA_CRL_ISSUERS_MAX)
		return NULL;
	*known = false;
	is = &rev->issuer[rev->nissuers++];
	*is = (struct crl_issuer){.cert = cert, .state = ISSUER_BUSY};
	return is;
}

/* What is known of cert as an issuer of CRLs. */
static enum ca_err
judge_issuer(struct question *q, X509 *cert, struct crl_issuer **out)
{
	struct ca_revocation *rev = q->rev;
	X509 *anchor = sk_X509_value(rev->chain, sk_X509_num(rev->chain) - 1);
	bool known;
	struct crl_issuer *is = remember(rev, cert, &known);
	char why[CA_REVOCATION_WHY] = "";
	enum ca_err rc;

	if (is == NULL)
		return CA_ERR_LIMIT;
	*out = is;
	if (known)
		return CA_OK;
	rc = rev->paths.find(rev->paths.ctx, cert, anchor, &is->chain, why);
	if (rc != CA_OK && rc != CA_DENIED)
		return rc;
	ca_rev_find(&is->why, CA_R_CRL_ISSUER, place_cert(q->at),
	    "%s/%s: no valid path for the CRL issuer: %s", rev->dir_path,
	    ca_crl_get0_name(q->f->crl), why);
	if (rc == CA_OK)
		ask_status(rev, is, q->at->level + 1);
	else
		is->state = ISSUER_BAD;
	return CA_OK;
}

/*
 * Did cert, which is not on the path, sign?  CA_DENIED: no, or it may not.  Its
 * path is validated before the CRL's signature, because a client can send a
 * certificate with any key.
 */
static enum ca_err
try_issuer(struct question *q, X509 *cert)
{
	struct crl_issuer *is;
	enum ca_err rc;

	if ((rc = judge_issuer(q, cert, &is)) != CA_OK)
		return rc;
	if (is->chain == NULL) {
		ca_rev_prefer(&q->answer.why, &is->why);
		return CA_DENIED;
	}
	if ((rc = try_signer(q, cert)) != CA_OK)
		return rc;
	/* an issuer that is still being judged may revoke, but cannot show that
	 * a certificate is not revoked */
	q->answer.sure = is->state == ISSUER_GOOD;
	if (!q->answer.sure)
		ca_rev_prefer(&q->answer.why, &is->why);
	if (is->state != ISSUER_BAD)
		return CA_OK;
	/* the issuer is revoked */
	q->answer.cert = NULL;
	return CA_DENIED;
}

static enum ca_err
off_path(struct question *q)
{
	STACK_OF(X509) *found = sk_X509_new_null();
	enum ca_err rc =
	    found == NULL
		? CA_ERR_MEMORY
		: q->rev->paths.named(q->rev->paths.ctx,
		      X509_CRL_get_issuer(ca_crl_get0_x509(q->f->crl)), found);

	for (int i = 0;
	     rc == CA_OK && q->answer.cert == NULL && i < sk_X509_num(found);
	     i++) {
		X509 *cert = sk_X509_value(found, i);

		if (ca_issued_among(
			q->at->chain, sk_X509_num(q->at->chain), cert))
			continue;
		rc = try_issuer(q, cert);
		if (rc == CA_DENIED)
			rc = CA_OK;
	}
	sk_X509_free(found);
	return rc;
}

enum ca_err
ca_rev_sign(struct ca_revocation *rev, const struct place *at,
    struct crl_facts *f, struct signer *out)
{
	struct question q = {rev, at, f, {.sure = true, .why.reason = CA_R_OK}};
	bool on = at->chain == rev->chain;
	enum ca_err rc;

	if (on && f->tried) {
		*out = f->signer;
		return CA_OK;
	}
	rc = on_path(&q);
	if (rc == CA_DENIED && at->level < CA_REVOCATION_LEVELS)
		rc = off_path(&q);
	if (rc != CA_OK && rc != CA_DENIED)
		return rc;
	if (q.answer.cert == NULL && q.answer.why.reason == CA_R_OK)
		reject(&q, CA_R_CRL_ISSUER,
		    "is signed by a CA whose certificate is not known; put "
		    "that certificate into intermediates_dir");
	*out = q.answer;
	/* elsewhere, not every possible signer was asked */
	if (on && at->level == 0) {
		f->tried = true;
		f->signer = q.answer;
	}
	return CA_OK;
}
