/*
 * The fields of a CRL before its entries (RFC 5280 section 5.1.2), and the
 * signature algorithm among them, which says how to hash.
 */
#include "crl/crlsig.h"
#include "crl/window.h"

#include <openssl/err.h>

/* ---- the signature algorithm, which says how to hash ---- */

static enum ca_err
choose_digest(struct scan *s, struct ca_reader whole)
{
	const uint8_t *p = whole.p;
	X509_ALGOR *alg;
	const char *name;
	const EVP_MD *md;

	ERR_set_mark();
	alg = d2i_X509_ALGOR(NULL, &p, (long)whole.left);
	if (alg == NULL) { /* perhaps for lack of memory: crlform.c */
		p = whole.p;
		alg = d2i_X509_ALGOR(NULL, &p, (long)whole.left);
	}
	ERR_pop_to_mark();
	if (alg == NULL)
		return CA_ERR_FORMAT;
	name = ca_crlsig_digest(s->crypto, alg);
	X509_ALGOR_free(alg);
	if (name == NULL) {
		s->hashing = false; /* the digest is not used */
		return CA_OK;
	}
	s->out->accepted = true;
	if (*name == '\0') {
		s->keep_tbs = true;
		return CA_OK;
	}
	if ((md = ca_crypto_get0_md(s->crypto, name)) == NULL ||
	    (s->md = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(s->md, md, NULL) != 1)
		return CA_ERR_CRYPTO;
	return CA_OK;
}

/* ---- the fields before the entries ---- */

enum ca_err
ca_crl_head_issuer(
    struct scan *s, uint64_t end, bool digest, struct ca_reader *issuer)
{
	struct ca_reader whole, content;
	uint8_t tag;
	enum ca_err rc;

	rc =
	    ca_crl_window_take(s, end, CA_CRL_HEAD_MAX, &tag, &whole, &content);
	if (rc != CA_OK)
		return rc;
	ca_buf_put(&s->head, whole.p, whole.left);
	if (tag == CA_DER_INTEGER) {
		if (content.left != 1 || content.p[0] != 1)
			return CA_ERR_FORMAT;
		rc = ca_crl_window_take(
		    s, end, CA_CRL_HEAD_MAX, &tag, &whole, &content);
		if (rc != CA_OK)
			return rc;
		ca_buf_put(&s->head, whole.p, whole.left);
	}
	if (tag != CA_DER_SEQUENCE)
		return CA_ERR_FORMAT;
	ca_buf_put(&s->alg, whole.p, whole.left);
	if (ca_buf_err(&s->alg) != CA_OK)
		return ca_buf_err(&s->alg) == CA_ERR_MEMORY ? CA_ERR_MEMORY
							    : CA_ERR_FORMAT;
	if (digest && (rc = choose_digest(s, whole)) != CA_OK)
		return rc;
	rc =
	    ca_crl_window_take(s, end, CA_CRL_HEAD_MAX, &tag, issuer, &content);
	if (rc != CA_OK)
		return rc;
	return tag == CA_DER_SEQUENCE ? CA_OK : CA_ERR_FORMAT;
}

enum ca_err
ca_crl_head(struct scan *s, uint64_t end)
{
	struct ca_reader whole, content;
	uint8_t tag;
	size_t header, len;
	enum ca_err rc;

	if ((rc = ca_crl_head_issuer(s, end, true, &whole)) != CA_OK)
		return rc;
	ca_buf_put(&s->head, whole.p, whole.left);
	rc =
	    ca_crl_window_take(s, end, CA_CRL_HEAD_MAX, &tag, &whole, &content);
	if (rc != CA_OK)
		return rc;
	if (!ca_der_is_time(tag))
		return CA_ERR_FORMAT;
	ca_buf_put(&s->head, whole.p, whole.left);
	if (pos(s) < end) {
		if ((rc = ca_crl_window_peek(s, &tag, &header, &len)) != CA_OK)
			return rc;
		if (ca_der_is_time(tag)) {
			rc = ca_crl_window_take(
			    s, end, CA_CRL_HEAD_MAX, &tag, &whole, &content);
			if (rc != CA_OK)
				return rc;
			ca_buf_put(&s->head, whole.p, whole.left);
		}
	}
	return ca_buf_err(&s->head);
}
