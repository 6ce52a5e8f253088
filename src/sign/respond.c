/*
 * The response: the certificates, and the signature over request and
 * certificates (RFC 8446 section 4.4.3).
 */
#include "sign/respond.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "sign/identity.h"
#include "wire/scheme.h"

static bool
self_issued(X509 *cert)
{
	return X509_NAME_cmp(X509_get_subject_name(cert),
		   X509_get_issuer_name(cert)) == 0;
}

/* The certificate in chain that issued cert, or NULL. */
static X509 *
issuer_of(X509 *cert, STACK_OF(X509) *chain)
{
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *c = sk_X509_value(chain, i);

		if (X509_check_issued(c, cert) == X509_V_OK)
			return c;
	}
	return NULL;
}

/* Leaf first, each followed by its issuer, without the root
 * (docs/protocol.md). */
static size_t
order_chain(const struct ca_identity *id, X509 *out[CA_CERTS_MAX])
{
	size_t n = 0;

	if (id->registered)
		return 0;
	for (X509 *c = id->leaf; c != NULL && n < CA_CERTS_MAX;
	     c = issuer_of(c, id->chain)) {
		if (n > 0 && self_issued(c))
			break;
		out[n++] = c;
	}
	return n;
}

void
ca_response_certs_clear(struct ca_response_certs *certs)
{
	for (size_t i = 0; i < certs->n; i++)
		OPENSSL_free((void *)(uintptr_t)certs->der[i].p);
	for (size_t i = 0; i < certs->n; i++)
		free((void *)(uintptr_t)certs->staple[i].p);
	*certs = (struct ca_response_certs){.n = 0};
}

enum ca_err
ca_response_certs(const struct ca_identity *id, struct ca_response_certs *certs)
{
	X509 *cert[CA_CERTS_MAX];
	size_t n = order_chain(id, cert);

	*certs = (struct ca_response_certs){.n = 0};
	for (; certs->n < n; certs->n++) {
		unsigned char *p = NULL;
		int len = i2d_X509(cert[certs->n], &p);

		if (len <= 0)
			return CA_ERR_CRYPTO;
		certs->der[certs->n] = (struct ca_bytes){p, (size_t)len};
		certs->cert[certs->n] = cert[certs->n];
		certs->issuer[certs->n] = issuer_of(cert[certs->n], id->chain);
	}
	return CA_OK;
}

static enum ca_err
write_certificate(const struct ca_request *req,
    const struct ca_response_certs *certs, struct ca_buf *out)
{
	return ca_certificate_write(
	    out, req->nonce, certs->der, certs->staple, certs->n);
}

/* Bytes of a CertificateVerify by id, at most; 0: its key is not usable. */
static size_t
verify_bound(const struct ca_identity *id)
{
	EVP_PKEY *key = X509_get0_pubkey(id->leaf);
	int sig = key != NULL ? EVP_PKEY_get_size(key) : 0;

	/* its header, scheme and length */
	return sig > 0 ? 8 + (size_t)sig : 0;
}

/* Write the Certificate message with as many staples as a host reads: the first
 * certificate's are the most useful. */
static enum ca_err
write_fitting(const struct ca_request *req, const struct ca_identity *id,
    struct ca_response_certs *certs, struct ca_buf *out)
{
	size_t room = CA_RESPONSE_MAX - verify_bound(id);
	enum ca_err rc = write_certificate(req, certs, out);

	for (size_t i = certs->n; i-- > 0;) {
		struct ca_bytes *staple = &certs->staple[i];

		if (staple->len == 0)
			continue;
		if (rc == CA_OK ? out->len <= room : rc != CA_ERR_LIMIT)
			break;
		free((void *)(uintptr_t)staple->p);
		*staple = (struct ca_bytes){NULL, 0};
		ca_buf_reset(out);
		rc = write_certificate(req, certs, out);
	}
	return rc;
}

size_t
ca_response_unstaple(struct ca_response_certs *certs)
{
	size_t n = 0;

	for (size_t i = 0; i < certs->n; i++) {
		n += certs->staple[i].len > 0 ? 1 : 0;
		free((void *)(uintptr_t)certs->staple[i].p);
		certs->staple[i] = (struct ca_bytes){NULL, 0};
	}
	return n;
}

enum ca_err
ca_response_certs_bound(const struct ca_request *req,
    const struct ca_identity *id, const struct ca_response_certs *certs,
    size_t *len)
{
	struct ca_buf cert = CA_BUF_INIT(CA_RESPONSE_MAX);
	enum ca_err rc = write_certificate(req, certs, &cert);

	if (rc == CA_OK && verify_bound(id) == 0)
		rc = CA_ERR_CRYPTO;
	*len = cert.len + verify_bound(id);
	ca_buf_free(&cert);
	return rc;
}

enum ca_err
ca_response_bound(
    const struct ca_request *req, const struct ca_identity *id, size_t *len)
{
	struct ca_response_certs certs;
	enum ca_err rc = ca_response_certs(id, &certs);

	if (rc == CA_OK)
		rc = ca_response_certs_bound(req, id, &certs, len);
	ca_response_certs_clear(&certs);
	return rc;
}

/* A signature to be made. */
struct signing {
	struct ca_identity *id;
	const struct ca_key_ui *ui;
	const struct ca_scheme *scheme; /* the last that was tried */
	uint8_t tbs[CA_SIGNED_CONTENT_MAX];
	size_t len;
	struct ca_buf sig;
};

static enum ca_err
sign(void *ctx, const struct ca_scheme *scheme)
{
	struct signing *s = ctx;

	s->scheme = scheme;
	return ca_key_sign(s->id->key, scheme, s->tbs, s->len, s->ui, &s->sig);
}

enum ca_err
ca_respond_certs(struct ca_crypto *crypto, const struct ca_request *req,
    struct ca_identity *id, struct ca_response_certs *certs,
    const struct ca_key_ui *ui, struct ca_buf *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct signing s = {
	    .id = id, .ui = ui, .sig = CA_BUF_INIT(CA_RESPONSE_MAX)};
	struct ca_buf cert = CA_BUF_INIT(CA_RESPONSE_MAX);
	uint8_t hash[CA_TRANSCRIPT_HASH_LEN];

	if ((rc = write_fitting(req, id, certs, &cert)) != CA_OK) {
		ret = rc;
		goto out;
	}
	/* every message so far; the host's proof is part of raw */
	const struct ca_bytes part[] = {
	    {req->raw, req->len}, {cert.p, cert.len}};
	if ((rc = ca_crypto_transcript(crypto, part, 2, hash)) != CA_OK) {
		ret = rc;
		goto out;
	}
	s.len = ca_signed_content(CA_SIGNER_CLIENT, hash, s.tbs);
	if ((rc = ca_identity_sign(id, req, sign, &s)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ca_buf_put(out, cert.p, cert.len);
	rc = ca_certificate_verify_write(
	    out, s.scheme->code, s.sig.p, s.sig.len);
	if (rc == CA_OK && out->len > CA_RESPONSE_MAX)
		rc = CA_ERR_LIMIT;
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_buf_free(&cert);
	ca_buf_free(&s.sig);
	return ret;
}

enum ca_err
ca_respond(struct ca_crypto *crypto, const struct ca_request *req,
    struct ca_identity *id, const struct ca_key_ui *ui, struct ca_buf *out)
{
	struct ca_response_certs certs;
	enum ca_err rc = ca_response_certs(id, &certs);

	if (rc == CA_OK)
		rc = ca_respond_certs(crypto, req, id, &certs, ui, out);
	ca_response_certs_clear(&certs);
	return rc;
}
