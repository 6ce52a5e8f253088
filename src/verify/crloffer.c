#include "verify/crlrev.h"

#include <openssl/x509v3.h>
#include <stdlib.h>

static bool
may_sign(X509 *cert, const X509_NAME *name, const AUTHORITY_KEYID *akid)
{
	return X509_NAME_cmp(X509_get_subject_name(cert), name) == 0 &&
	       X509_check_akid(cert, akid) == X509_V_OK;
}

/*
 * The certificate that OpenSSL's engine will take for the issuer of a CRL
 * (crl_akid_check): the certificate's own issuer, one further up the path,
 * else one off the path.  It decides by name and key identifier; the
 * signature it tries after the choice among CRLs.  A CRL of the right name
 * and a wrong signature would then stand in the light of a good one, so the
 * signature is tried before.
 */
static X509 *
signer_of(X509_STORE_CTX *ctx, X509_CRL *x)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	STACK_OF(X509) *more = X509_STORE_CTX_get0_untrusted(ctx);
	const X509_NAME *name = X509_CRL_get_issuer(x);
	AUTHORITY_KEYID *akid =
	    X509_CRL_get_ext_d2i(x, NID_authority_key_identifier, NULL, NULL);
	int i = X509_STORE_CTX_get_error_depth(ctx);
	X509 *found = NULL;

	if (i != sk_X509_num(chain) - 1)
		i++;
	for (; i < sk_X509_num(chain) && found == NULL; i++)
		if (may_sign(sk_X509_value(chain, i), name, akid))
			found = sk_X509_value(chain, i);
	for (i = 0; i < sk_X509_num(more) && found == NULL; i++)
		if (may_sign(sk_X509_value(more, i), name, akid))
			found = sk_X509_value(more, i);
	AUTHORITY_KEYID_free(akid);
	return found;
}

/* It is the chain that is refused, and says so. */
static void
gate_is_shut(struct ca_revocation *rev, X509 *cert)
{
	ca_log_debug(rev->log, "a large CRL is not read, since a signature on "
			       "the path to the CA is wrong");
	ca_crlrev_find(&rev->trouble, CA_R_CRL_MISSING, cert,
	    "no CRL was read, since a signature on the path is wrong");
}

static bool
usable(struct ca_revocation *rev, X509_STORE_CTX *ctx, struct ca_crl *crl,
    X509 *cert)
{
	X509_CRL *x = ca_crl_get0_x509(crl);
	enum ca_reason reason = ca_crl_trouble(crl);
	time_t now = rev->now;
	int later;
	X509 *signer;
	enum ca_err rc;

	if (reason != CA_R_OK) {
		ca_crlrev_not_offered(
		    rev, crl, reason, cert, ca_reason_text(reason));
		return false;
	}
	later = X509_cmp_time(X509_CRL_get0_lastUpdate(x), &now);
	if (later == 0) {
		ca_crlrev_not_offered(rev, crl, CA_R_CRL_MALFORMED, cert,
		    "has a malformed thisUpdate");
		return false;
	}
	if (later > 0) {
		ca_crlrev_not_offered(rev, crl, CA_R_CRL_FUTURE, cert,
		    "is not yet valid: its thisUpdate is in the future");
		return false;
	}
	if ((signer = signer_of(ctx, x)) == NULL) {
		ca_crlrev_not_offered(rev, crl, CA_R_CRL_SIGNATURE, cert,
		    "is by a CA that no certificate here belongs to");
		return false;
	}
	if ((X509_get_key_usage(signer) & KU_CRL_SIGN) == 0) {
		ca_crlrev_not_offered(rev, crl, CA_R_CRL_SIGNATURE, cert,
		    "is by a CA whose certificate does not allow to sign "
		    "CRLs (no cRLSign)");
		return false;
	}
	/* its own CRL may revoke an anchor; others are not asked for it */
	if (ca_crlrev_anchor(ctx) && X509_cmp(signer, cert) != 0)
		return false;
	rc = ca_crl_verify(crl, signer);
	if (rc == CA_ERR_CANCELLED) {
		gate_is_shut(rev, cert);
		return false;
	}
	if (rc != CA_OK) {
		ca_crlrev_not_offered(rev, crl, CA_R_CRL_SIGNATURE, cert,
		    "has a wrong signature");
		return false;
	}
	return true;
}

/* Remember what is offered, and put it on the stack. */
static bool
offer(struct ca_revocation *rev, STACK_OF(X509_CRL) * stack, struct ca_crl *crl)
{
	X509_CRL *x = ca_crl_get0_x509(crl);

	if (ca_crlrev_seen(rev, x) == NULL) {
		struct seen *v = realloc(rev->seen, (rev->n + 1) * sizeof *v);
		if (v == NULL)
			return false;
		rev->seen = v;
		v[rev->n++] = (struct seen){crl, false};
	}
	if (!X509_CRL_up_ref(x))
		return false;
	if (sk_X509_CRL_push(stack, x) <= 0) {
		X509_CRL_free(x);
		return false;
	}
	return true;
}

/* The CRLs of one issuer's name; false: not known, for want of memory or
 * because a file could not be read on the way. */
static bool
find_named(struct ca_revocation *rev, X509_STORE_CTX *ctx,
    const X509_NAME *name, const struct ca_crl_wanted *wanted,
    STACK_OF(X509_CRL) * stack)
{
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
	struct ca_crls found = {NULL, 0};
	enum ca_reason trouble = CA_R_OK;
	enum ca_err rc =
	    ca_crldir_find(rev->dir, name, wanted, &found, &trouble);
	bool ok = rc == CA_OK;

	if (rc == CA_ERR_CANCELLED)
		gate_is_shut(rev, cert);
	else if (rc != CA_OK)
		ca_crlrev_find(&rev->trouble, CA_R_CRL_DIR, cert, "%s: %s",
		    rev->dir_path, ca_err_text(rc));
	else if (trouble != CA_R_OK)
		ca_crlrev_find(&rev->trouble, trouble, cert,
		    "a file in %s cannot be used", rev->dir_path);
	/* the one that revokes may be the one that cannot be read */
	ok = ok && trouble != CA_R_CRL_DIR;
	for (size_t i = 0; ok && i < found.n; i++)
		if (usable(rev, ctx, found.v[i], cert))
			ok = offer(rev, stack, found.v[i]);
	free(found.v);
	return ok;
}

/* Indirect CRLs: the names under which the certificate's distribution points
 * say that its CRLs are issued (RFC 5280 section 4.2.1.13, cRLIssuer). */
static bool
find_indirect(struct ca_revocation *rev, X509_STORE_CTX *ctx, X509 *cert,
    const struct ca_crl_wanted *wanted, STACK_OF(X509_CRL) * stack)
{
	int crit = -1;
	CRL_DIST_POINTS *dps =
	    X509_get_ext_d2i(cert, NID_crl_distribution_points, &crit, NULL);
	const X509_NAME *nm = X509_get_issuer_name(cert);
	/* -1: there is none; else there is, and it cannot be read */
	bool ok = dps != NULL || crit == -1;

	for (int i = 0; ok && i < sk_DIST_POINT_num(dps); i++) {
		GENERAL_NAMES *gens = sk_DIST_POINT_value(dps, i)->CRLissuer;

		for (int j = 0; ok && j < sk_GENERAL_NAME_num(gens); j++) {
			GENERAL_NAME *gen = sk_GENERAL_NAME_value(gens, j);

			if (gen->type != GEN_DIRNAME ||
			    X509_NAME_cmp(gen->d.directoryName, nm) == 0)
				continue;
			ok = find_named(
			    rev, ctx, gen->d.directoryName, wanted, stack);
		}
	}
	CRL_DIST_POINTS_free(dps);
	return ok;
}

/* The serial numbers of the whole path: one pass over a CRL answers for all
 * of them.  The bytes belong to v[i].p, from malloc. */
#define PATH_MAX_SERIALS 64

static size_t
serials(X509_STORE_CTX *ctx, struct ca_bytes v[PATH_MAX_SERIALS])
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	size_t n = 0;

	for (int i = 0; i < sk_X509_num(chain) && n < PATH_MAX_SERIALS; i++) {
		uint8_t *p = NULL;
		int len = ca_crl_serial(sk_X509_value(chain, i), &p);

		if (len > 0)
			v[n++] = (struct ca_bytes){p, (size_t)len};
	}
	return n;
}

/* X509_STORE_CTX_lookup_crls_fn: the stack is OpenSSL's to free. */
STACK_OF(X509_CRL) *
    ca_crlrev_lookup_crls(const X509_STORE_CTX *cctx, const X509_NAME *name)
{
	X509_STORE_CTX *ctx = (X509_STORE_CTX *)cctx; /* getters want it so */
	struct ca_revocation *rev = ca_crlrev_of(ctx);
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
	STACK_OF(X509_CRL) *stack = NULL;
	struct ca_bytes serial[PATH_MAX_SERIALS];
	struct ca_crl_wanted wanted = {serial, 0};

	rev->trouble.reason = CA_R_OK;
	rev->looking = ctx;
	/* no path leads to the issuer of an anchor that is not self-issued */
	if (rev->dir == NULL ||
	    (ca_crlrev_anchor(ctx) &&
		X509_NAME_cmp(X509_get_subject_name(cert), name) != 0))
		return NULL;
	wanted.n = serials(ctx, serial);
	if ((stack = sk_X509_CRL_new_null()) == NULL ||
	    !find_named(rev, ctx, name, &wanted, stack) ||
	    !find_indirect(rev, ctx, cert, &wanted, stack)) {
		/* with some of the CRLs missing, none is offered: the one
		 * that revokes may be among those that could not be read */
		if (rev->trouble.reason == CA_R_OK)
			ca_crlrev_find(
			    &rev->trouble, CA_R_CRL_DIR, cert, "out of memory");
		sk_X509_CRL_pop_free(stack, X509_CRL_free);
		stack = NULL;
	}
	for (size_t i = 0; i < wanted.n; i++)
		OPENSSL_free((void *)serial[i].p);
	return stack;
}
