#include "verify/crlrev.h"
#include "verify/verify.h"

#include <string.h>

static int
no_crl(struct ca_revocation *rev, X509 *cert)
{
	struct ca_buf name = CA_BUF_INIT(65536);
	const char *text;

	ca_name_rfc4514(X509_get_issuer_name(cert), &name);
	text = ca_buf_text(&name);
	ca_crlrev_fail(rev, CA_R_CRL_MISSING, cert, "none of %s in %s",
	    text != NULL ? text : "its issuer", rev->dir_path);
	ca_buf_free(&name);
	return 0;
}

/* No CRL answers for the certificate, or not for all reasons. */
static int
missing(struct ca_revocation *rev, X509 *cert)
{
	if (rev->dir == NULL && rev->dir_rc != CA_ERR_NOT_FOUND) {
		ca_crlrev_fail(rev, CA_R_CRL_DIR, cert, "%s: %s", rev->dir_path,
		    rev->dir_rc == CA_ERR_IO ? strerror(rev->dir_errno)
					     : ca_err_text(rev->dir_rc));
		return 0;
	}
	if (rev->trouble.reason != CA_R_OK) {
		if (rev->failed.reason == CA_R_OK)
			rev->failed = rev->trouble;
		return 0;
	}
	if (rev->mode == CA_CRL_PREFER) {
		if (rev->absent.reason == CA_R_OK)
			ca_crlrev_find(
			    &rev->absent, CA_R_CRL_ABSENT, cert, "no CRL");
		return 1;
	}
	return no_crl(rev, cert);
}

/* Past nextUpdate.  It is looked at all the same, since what it revokes stays
 * revoked; cert_crl refuses afterwards what is late beyond the grace. */
static int
expired(struct ca_revocation *rev, X509 *cert)
{
	struct seen *seen = ca_crlrev_seen(rev, rev->checking);
	const X509_CRL *x = rev->checking;
	time_t t = rev->now;

	if (seen == NULL)
		return 0;
	t = rev->grace > (uint64_t)t ? 0 : t - (time_t)rev->grace;
	if (rev->grace == 0 ||
	    X509_cmp_time(X509_CRL_get0_nextUpdate(x), &t) <= 0) {
		seen->late = true;
		return 1;
	}
	if (rev->stale.reason == CA_R_OK)
		ca_crlrev_find(&rev->stale, CA_R_CRL_STALE, cert, "%s",
		    ca_crl_get0_name(seen->crl));
	return 1;
}

/*
 * The CRL's issuer is off the path and has a path of its own, whose revocation
 * status is asked for too.  OpenSSL does not go further than one such path, so
 * an issuer that vouches for itself (PKITS 4.14.30: the CRL of the indirect
 * issuer covers that issuer's own certificate) cannot pass there.  It may: its
 * path is the one being validated right now, and RFC 5280 section 6.3.3 (f)
 * asks for no more.
 */
static int
path_of_issuer(struct ca_revocation *rev, X509_STORE_CTX *ctx, X509 *cert)
{
	X509 *issuer = X509_STORE_CTX_get0_current_issuer(ctx);
	X509 *leaf = X509_STORE_CTX_get0_cert(ctx);

	if (X509_STORE_CTX_get0_parent_ctx(ctx) != NULL && issuer != NULL &&
	    leaf != NULL && X509_cmp(issuer, leaf) == 0)
		return 1;
	ca_crlrev_fail(rev, CA_R_CRL_SIGNATURE, cert,
	    "the CRL's issuer has no valid path");
	return 0;
}

/* The only CRLs there are cover other certificates than this: for `prefer` it
 * is as if there were none. */
static int
out_of_scope(struct ca_revocation *rev, X509 *cert)
{
	const struct seen *seen = ca_crlrev_seen(rev, rev->checking);

	ca_crlrev_fail(rev, CA_R_CRL_SCOPE, cert, "%s",
	    seen != NULL ? ca_crl_get0_name(seen->crl) : "a CRL");
	return 0;
}

static int
signature(struct ca_revocation *rev, X509_STORE_CTX *ctx, X509 *cert)
{
	X509 *issuer = ca_crlrev_issuer(ctx);
	struct seen *seen = ca_crlrev_seen(rev, rev->checking);

	if (seen != NULL && issuer != NULL &&
	    ca_crl_verify(seen->crl, issuer) == CA_OK)
		return 1;
	ca_crlrev_fail(
	    rev, CA_R_CRL_SIGNATURE, cert, "the CRL's signature is wrong");
	return 0;
}

static int
decide(struct ca_revocation *rev, X509_STORE_CTX *ctx, int error, X509 *cert)
{
	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_CRL:
		return ca_crlrev_anchor(ctx) ? 1 : missing(rev, cert);
	case X509_V_ERR_CRL_HAS_EXPIRED:
		return ca_crlrev_anchor(ctx) ? 1 : expired(rev, cert);
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
		return signature(rev, ctx, cert);
	case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
		return path_of_issuer(rev, ctx, cert);
	case X509_V_ERR_DIFFERENT_CRL_SCOPE:
		/* an anchor needs no CRL, thus none that fits */
		if (ca_crlrev_anchor(ctx))
			return 1;
		return out_of_scope(rev, cert);
	case X509_V_ERR_CERT_REVOKED:
		/* by OpenSSL's look-up; cert_crl finds the details */
		return 0;
	case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
		ca_crlrev_fail(rev, CA_R_CRL_EXTENSION, cert, "a CRL");
		return 0;
	case X509_V_ERR_CRL_NOT_YET_VALID:
		ca_crlrev_fail(rev, CA_R_CRL_FUTURE, cert, "a CRL");
		return 0;
	case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
		ca_crlrev_fail(rev, CA_R_CRL_SIGNATURE, cert, "%s",
		    X509_verify_cert_error_string(error));
		return 0;
	case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
	case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
		ca_crlrev_fail(rev, CA_R_CRL_MALFORMED, cert, "%s",
		    X509_verify_cert_error_string(error));
		return 0;
	default:
		return -1; /* none of ours */
	}
}

bool
ca_revocation_error(
    struct ca_revocation *rev, X509_STORE_CTX *ctx, int error, int *ok)
{
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
	int go;

	if (rev->mode == CA_CRL_OFF)
		return false;
	rev->looking = ctx;
	go = decide(rev, ctx, error, cert);
	if (go < 0 && X509_STORE_CTX_get0_parent_ctx(ctx) != NULL) {
		/* the purpose is that of the login, not of a CRL issuer */
		go = error == X509_V_ERR_INVALID_PURPOSE &&
		     X509_STORE_CTX_get_error_depth(ctx) == 0;
		if (!go)
			ca_crlrev_fail(rev, CA_R_CRL_SIGNATURE, cert,
			    "the path of the CRL's issuer: %s",
			    X509_verify_cert_error_string(error));
	}
	if (go < 0)
		return false;
	if (go)
		X509_STORE_CTX_set_error(ctx, X509_V_OK);
	*ok = go;
	return true;
}
