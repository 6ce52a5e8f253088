/*
 * After a login: what is kept of it, and looking at its certificate again.
 */
#include "auth/auth.h"

#include <openssl/err.h>
#include <string.h>

#include "ocsp/ocsp.h"
#include "verify/verify.h"

#define CHAIN_MAX 64 /* certificates */

static void
put_vector(struct ca_buf *out, const void *p, size_t len)
{
	size_t at = ca_buf_vector_begin(out, 3);

	ca_buf_put(out, p, len);
	ca_buf_vector_end(out, at, 3);
}

/* login, as a vector with a length of 2 bytes; each certificate of the chain, leaf
 * first, with one of 3 bytes; then, if there are some, an empty vector and each
 * OCSP response.  Without the responses, a session whose status they alone can
 * show would be refused after its login was granted. */
enum ca_err
ca_auth_keep(const struct ca_auth_result *from, struct ca_buf *out)
{
	int n = from->chain != NULL ? sk_X509_num(from->chain) : 0;
	bool first = true;

	if (n < 1 || n > CHAIN_MAX)
		return CA_ERR_LIMIT;
	size_t at = ca_buf_vector_begin(out, 2);
	ca_buf_str(out, from->login);
	ca_buf_vector_end(out, at, 2);
	for (int i = 0; i < n; i++) {
		unsigned char *der = NULL;
		int len = i2d_X509(sk_X509_value(from->chain, i), &der);

		if (len <= 0)
			return CA_ERR_CRYPTO;
		put_vector(out, der, (size_t)len);
		OPENSSL_free(der);
	}
	for (size_t i = 0; i < from->trace.nocsp; i++) {
		const struct ca_ocsp_use *use = &from->trace.ocsp[i];

		if (use->der == NULL)
			continue;
		if (first)
			put_vector(out, "", 0);
		first = false;
		put_vector(out, use->der, use->len);
	}
	return ca_buf_err(out);
}

/* What ca_auth_keep wrote. */
struct kept {
	struct ca_reader login;
	struct ca_bytes cert[CHAIN_MAX];
	size_t n;
	struct ca_bytes staple[CA_CERTS_MAX];
	size_t nstaples;
};

static enum ca_err
read_staples(struct ca_reader *r, struct kept *out)
{
	struct ca_reader staple;
	enum ca_err rc;

	while (r->left > 0) {
		if (out->nstaples == CA_CERTS_MAX)
			return CA_ERR_LIMIT;
		if ((rc = ca_read_vector(r, 3, 1, CA_OCSP_MAX, &staple)) !=
		    CA_OK)
			return rc;
		out->staple[out->nstaples++] =
		    (struct ca_bytes){staple.p, staple.left};
	}
	return CA_OK;
}

static enum ca_err
read_kept(const struct ca_bytes *from, struct kept *out)
{
	struct ca_reader r = ca_reader_of(from->p, from->len), cert;
	enum ca_err rc = ca_read_vector(&r, 2, 1, UINT16_MAX, &out->login);

	out->n = out->nstaples = 0;
	while (rc == CA_OK && r.left > 0) {
		rc = ca_read_vector(&r, 3, 0, CA_CERT_MAX, &cert);
		if (rc == CA_OK && cert.left == 0) {
			rc = read_staples(&r, out);
			break;
		}
		if (out->n == CHAIN_MAX)
			return CA_ERR_LIMIT;
		if (rc == CA_OK)
			out->cert[out->n++] =
			    (struct ca_bytes){cert.p, cert.left};
	}
	return rc == CA_OK && out->n == 0 ? CA_ERR_FORMAT : rc;
}

/* The caller frees both, after an error too. */
static enum ca_err
decode_kept(const struct ca_context *ctx, const struct kept *kept,
    struct ca_report *report, X509 **leaf, STACK_OF(X509) **rest)
{
	enum ca_err rc;

	*rest = NULL;
	*leaf = NULL;
	rc = ca_crypto_cert(
	    ctx->crypto, kept->cert[0].p, kept->cert[0].len, leaf);
	if (rc == CA_OK)
		rc = ca_auth_decode_rest(
		    ctx->crypto, ctx->log, kept->cert, kept->n, report, rest);
	return rc;
}

/* Chain, validity, purpose and revocation of what was kept. */
static enum ca_err
verify_kept(const struct ca_context *ctx, const struct kept *kept,
    struct ca_report *report)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	STACK_OF(X509) *rest;
	X509 *leaf;

	if ((rc = decode_kept(ctx, kept, report, &leaf, &rest)) != CA_OK) {
		ret = rc;
		goto out;
	}
	const struct ca_verify_input in = {.leaf = leaf,
	    .untrusted = rest,
	    .now = ctx->now,
	    .staple = kept->staple,
	    .nstaples = kept->nstaples};
	if ((rc = ca_verify(ctx->crypto, ctx->cfg, ctx->log, &in, report,
		 NULL)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	X509_free(leaf);
	sk_X509_pop_free(rest, X509_free);
	return ret;
}

static bool
is_login(const char *user, const struct ca_reader *login)
{
	return user != NULL && strlen(user) == login->left &&
	       memcmp(user, login->p, login->left) == 0;
}

static enum ca_err
take_kept(const struct ca_auth_peer *peer, const struct ca_bytes *from,
    struct ca_report *report, struct kept *kept)
{
	enum ca_err rc = read_kept(from, kept);

	if (rc != CA_OK) {
		ca_report_abort(report, CA_R_INTERNAL, "%s", ca_err_text(rc));
		return rc;
	}
	/* PAM_USER may have been changed since: that login was not checked */
	if (is_login(peer->user, &kept->login))
		return CA_OK;
	ca_report_abort(report, CA_R_OTHER_USER,
	    "the login by certificate was for user %.*s", (int)kept->login.left,
	    (const char *)kept->login.p);
	return CA_DENIED;
}

enum ca_err
ca_auth_recheck(const struct ca_context *ctx, const struct ca_auth_peer *peer,
    const struct ca_bytes *from, struct ca_report *report)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct kept kept;

	ERR_set_mark();
	if ((rc = take_kept(peer, from, report, &kept)) != CA_OK) {
		ret = rc;
		goto out;
	}
	rc = verify_kept(ctx, &kept, report);
	if (rc != CA_OK) {
		ca_report_abort(report, CA_R_INTERNAL, "%s", ca_err_text(rc));
		ret = rc;
		goto out;
	}
	if (!ca_report_granted(report, CA_REPORT_CERT)) {
		ret = CA_DENIED;
		goto out;
	}
	ret = CA_OK;
out:
	ERR_pop_to_mark();
	return ret;
}

enum ca_err
ca_auth_session(const struct ca_context *ctx, const struct ca_auth_peer *peer,
    const struct ca_bytes *from, struct ca_report *report)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const unsigned only = CA_REPORT_CERT | 1u << CA_CHECK_MAPPING;
	struct ca_auth_result result = {NULL, NULL, NULL};
	STACK_OF(X509) *rest = NULL;
	struct kept kept;

	ERR_set_mark();
	if ((rc = take_kept(peer, from, report, &kept)) != CA_OK) {
		ret = rc;
		goto out;
	}
	rc = decode_kept(ctx, &kept, report, &result.leaf, &rest);
	if (rc == CA_OK) {
		const struct ca_auth_sent sent = {
		    rest, kept.staple, kept.nstaples, CA_STAPLES_BY_NOBODY};
		rc = ca_auth_certificate(
		    ctx, peer, &sent, NULL, report, &result);
	}
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	if (!ca_report_granted(report, only) || result.login == NULL ||
	    strcmp(result.login, peer->user) != 0) {
		ret = CA_DENIED;
		goto out;
	}
	ret = CA_OK;
out:
	sk_X509_pop_free(rest, X509_free);
	ca_auth_result_clear(&result);
	ERR_pop_to_mark();
	return ret;
}
