#include "verify/crlrev.h"

#include <time.h>

int
ca_crlrev_check_revocation(X509_STORE_CTX *ctx)
{
	struct ca_revocation *rev = ca_crlrev_of(ctx);
	int ok = rev->check_revocation(ctx);

	if (ok > 0 && X509_STORE_CTX_get0_parent_ctx(ctx) == NULL &&
	    rev->failed.reason == CA_R_OK)
		rev->done = true;
	return ok;
}

/*
 * OpenSSL's check of scope, issuer, time and signature.  ca_revocation_error
 * answers for the signature (a stripped CRL has none); that it was found good
 * is asked once more here, because the engine skips it where it has no issuer.
 */
int
ca_crlrev_check_crl(X509_STORE_CTX *ctx, X509_CRL *x)
{
	struct ca_revocation *rev = ca_crlrev_of(ctx);
	const X509_CRL *outer = rev->checking;
	struct seen *seen = ca_crlrev_seen(rev, x);
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
	X509 *issuer;
	int ok;

	if (seen == NULL) {
		ca_crlrev_fail(rev, CA_R_INTERNAL, cert, "a CRL from nowhere");
		return 0;
	}
	seen->late = false;
	rev->checking = x;
	rev->looking = ctx;
	ok = rev->check_crl(ctx, x);
	rev->checking = outer;
	rev->looking = ctx; /* that of a CRL's issuer is gone */
	/* the path of a CRL's issuer may have grown the list, and moved it */
	if ((seen = ca_crlrev_seen(rev, x)) == NULL || ok <= 0) {
		ca_crlrev_fail(rev, CA_R_CRL_MISSING, cert,
		    "a CRL is not accepted: %s",
		    X509_verify_cert_error_string(
			X509_STORE_CTX_get_error(ctx)));
		return 0;
	}
	issuer = ca_crlrev_issuer(ctx);
	if (issuer == NULL || ca_crl_verify(seen->crl, issuer) != CA_OK) {
		X509_STORE_CTX_set_error(ctx, X509_V_ERR_CRL_SIGNATURE_FAILURE);
		ca_crlrev_fail(rev, CA_R_CRL_SIGNATURE, cert, "a CRL");
		return 0;
	}
	return ok;
}

static const char *
reason_text(int reason)
{
	static const char *const text[] = {"unspecified", "keyCompromise",
	    "cACompromise", "affiliationChanged", "superseded",
	    "cessationOfOperation", "certificateHold", "7", "removeFromCRL",
	    "privilegeWithdrawn", "aACompromise"};

	if (reason < 0 || (size_t)reason >= sizeof text / sizeof *text)
		return "no reason given";
	return text[reason];
}

/* For those who want to see why (trace.h). */
static void
note(struct seen *seen, X509_STORE_CTX *ctx, bool revokes)
{
	int depth = X509_STORE_CTX_get_error_depth(ctx);

	/* the path of a CRL's own issuer is not the one that is told of */
	if (X509_STORE_CTX_get0_parent_ctx(ctx) != NULL || depth < 0 ||
	    depth >= CA_SEEN_DEPTHS)
		return;
	seen->asked |= UINT64_C(1) << depth;
	if (revokes)
		seen->revoked |= UINT64_C(1) << depth;
}

static int
revoked(struct ca_revocation *rev, X509_STORE_CTX *ctx, struct ca_crl *crl,
    X509 *cert, const struct ca_crl_entry *entry)
{
	struct tm tm;
	time_t t = (time_t)entry->date;
	char date[32] = "an unknown date";

	if (gmtime_r(&t, &tm) != NULL)
		(void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &tm);
	/* it outweighs whatever was found before */
	ca_crlrev_find(&rev->failed, CA_R_REVOKED, cert, "%s: since %s, %s",
	    ca_crl_get0_name(crl), date, reason_text(entry->reason));
	X509_STORE_CTX_set_error(ctx, X509_V_ERR_CERT_REVOKED);
	return 0;
}

static bool
same_extension(const X509_CRL *a, const X509_CRL *b, int nid)
{
	int i = X509_CRL_get_ext_by_NID(a, nid, -1);
	int j = X509_CRL_get_ext_by_NID(b, nid, -1);

	if (i < 0 || j < 0)
		return i < 0 && j < 0;
	return ASN1_STRING_cmp(X509_EXTENSION_get_data(X509_CRL_get_ext(a, i)),
		   X509_EXTENSION_get_data(X509_CRL_get_ext(b, j))) == 0;
}

/*
 * Of two CRLs of one scope OpenSSL takes that with the later thisUpdate.  Of
 * two of the same moment nobody knows which is the newer one, and either may
 * be the one that revokes.
 */
static bool
are_twins(const X509_CRL *a, const X509_CRL *b)
{
	return a != b &&
	       X509_NAME_cmp(X509_CRL_get_issuer(a), X509_CRL_get_issuer(b)) ==
		   0 &&
	       ASN1_TIME_compare(X509_CRL_get0_lastUpdate(a),
		   X509_CRL_get0_lastUpdate(b)) == 0 &&
	       same_extension(a, b, NID_issuing_distribution_point) &&
	       same_extension(a, b, NID_delta_crl);
}

/* The entry for cert in a twin of x by the same key; *in: that CRL.  Those in
 * rev->seen have been found to be signed.  As ca_crl_lookup. */
static enum ca_err
look_into_twins(struct ca_revocation *rev, X509_STORE_CTX *ctx,
    const X509_CRL *x, X509 *cert, struct ca_crl_entry *entry,
    struct ca_crl **in)
{
	X509 *issuer = ca_crlrev_issuer(ctx);
	enum ca_err rc = CA_ERR_NOT_FOUND;

	for (size_t i = 0; i < rev->n && rc == CA_ERR_NOT_FOUND; i++) {
		struct ca_crl *crl = rev->seen[i].crl;

		if (issuer == NULL || !are_twins(x, ca_crl_get0_x509(crl)) ||
		    ca_crl_verify(crl, issuer) != CA_OK)
			continue;
		*in = crl;
		rc = ca_crl_lookup(crl, cert, entry);
	}
	return rc;
}

/*
 * Is the certificate on the CRL?  0 is no to the login, 1 is "not revoked", 2
 * is removeFromCRL, for which OpenSSL passes the base CRL over.  OpenSSL's own
 * function goes first; it sees the entries only if the CRL is whole.
 */
int
ca_crlrev_cert_crl(X509_STORE_CTX *ctx, X509_CRL *x, X509 *cert)
{
	struct ca_revocation *rev = ca_crlrev_of(ctx);
	struct seen *seen = ca_crlrev_seen(rev, x);
	struct ca_crl_entry entry;
	struct ca_crl *in;
	int own;
	enum ca_err rc;

	if (seen == NULL) {
		ca_crlrev_fail(rev, CA_R_INTERNAL, cert, "a CRL from nowhere");
		return 0;
	}
	in = seen->crl;
	rev->looking = ctx;
	own = rev->cert_crl(ctx, x, cert);
	rc = ca_crl_lookup(in, cert, &entry);
	if (rc == CA_ERR_NOT_FOUND)
		rc = look_into_twins(rev, ctx, x, cert, &entry, &in);
	note(seen, ctx, rc == CA_OK && entry.reason != CA_CRL_REMOVE);
	if (rc == CA_OK && entry.reason != CA_CRL_REMOVE)
		return revoked(rev, ctx, in, cert, &entry);
	if ((rc != CA_OK && rc != CA_ERR_NOT_FOUND) || own <= 0) {
		ca_crlrev_fail(rev, CA_R_CRL_MALFORMED, cert,
		    "%s cannot be searched: %s", ca_crl_get0_name(seen->crl),
		    ca_err_text(rc));
		X509_STORE_CTX_set_error(ctx, X509_V_ERR_UNSPECIFIED);
		return 0;
	}
	/* it does not revoke, and is too old to say that it need not */
	if (seen->late && !ca_crlrev_anchor(ctx)) {
		ca_crlrev_fail(rev, CA_R_CRL_EXPIRED, cert,
		    "%s is past its nextUpdate", ca_crl_get0_name(seen->crl));
		X509_STORE_CTX_set_error(ctx, X509_V_ERR_CRL_HAS_EXPIRED);
		return 0;
	}
	ca_log_debug(rev->log, "%s (%-s) does not revoke %-s",
	    ca_crl_get0_name(seen->crl), ca_crl_engine_name(seen->crl),
	    rc == CA_OK ? "it any more" : "it");
	return rc == CA_OK ? 2 : 1;
}
