/*
 * The host's Certificate and CertificateVerify.
 */
#include "host/hostint.h"

#include <openssl/x509.h>

static enum ca_err
put_certificate(STACK_OF(X509) *certs, const uint8_t *nonce, struct ca_buf *msg)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	unsigned char *der[CA_CERTS_MAX] = {NULL};
	struct ca_bytes list[CA_CERTS_MAX];
	int n = sk_X509_num(certs);

	for (int i = 0; i < n; i++) {
		int len = i2d_X509(sk_X509_value(certs, i), &der[i]);

		if (len <= 0) {
			ret = CA_ERR_CRYPTO;
			goto out;
		}
		list[i] = (struct ca_bytes){der[i], (size_t)len};
	}
	rc = ca_certificate_write(msg, nonce, list, NULL, (size_t)n);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	for (int i = 0; i < n; i++)
		OPENSSL_free(der[i]);
	return ret;
}

/* Sign what msg holds: the request and the host's Certificate. */
static enum ca_err
put_verify(struct ca_crypto *crypto, const struct ca_scheme *scheme,
    EVP_PKEY *key, struct ca_buf *msg)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf sig = CA_BUF_INIT(8192);
	struct ca_bytes part = {msg->p, msg->len};
	uint8_t hash[CA_TRANSCRIPT_HASH_LEN], tbs[CA_SIGNED_CONTENT_MAX];

	if ((rc = ca_crypto_transcript(crypto, &part, 1, hash)) != CA_OK) {
		ret = rc;
		goto out;
	}
	size_t len = ca_signed_content(CA_SIGNER_HOST, hash, tbs);
	rc = ca_crypto_sign(crypto, scheme, key, tbs, len, &sig);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	rc = ca_certificate_verify_write(msg, scheme->code, sig.p, sig.len);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_buf_free(&sig);
	return ret;
}

/* A CertificateVerify of another's making: its form, scheme, signature. */
static enum ca_err
check_verify(struct ca_crypto *crypto, const struct ca_config *cfg, X509 *leaf,
    const struct ca_buf *before, const struct ca_buf *verify)
{
	struct ca_reader r = ca_reader_of(verify->p, verify->len), body, sig;
	struct ca_bytes part = {before->p, before->len};
	uint8_t hash[CA_TRANSCRIPT_HASH_LEN], tbs[CA_SIGNED_CONTENT_MAX];
	const struct ca_scheme *scheme;
	uint8_t type = 0;
	uint16_t code = 0;
	enum ca_err rc;

	if (ca_read_u8(&r, &type) != CA_OK ||
	    type != CA_MSG_CERTIFICATE_VERIFY ||
	    ca_read_vector(&r, 3, 0, 65535, &body) != CA_OK || r.left > 0 ||
	    ca_read_u16(&body, &code) != CA_OK ||
	    ca_read_vector(&body, 2, 0, 65535, &sig) != CA_OK || body.left > 0)
		return CA_ERR_FORMAT;
	if ((scheme = ca_scheme_by_code(code)) == NULL ||
	    (ca_scheme_is_pkcs1(scheme) && !cfg->rsa_pkcs1))
		return CA_ERR_UNSUPPORTED;
	if ((rc = ca_crypto_transcript(crypto, &part, 1, hash)) != CA_OK)
		return rc;
	size_t len = ca_signed_content(CA_SIGNER_HOST, hash, tbs);
	return ca_crypto_verify(crypto, scheme, X509_get0_pubkey(leaf),
	    &(struct ca_signed){tbs, len, sig.p, sig.left});
}

/* Have it signed by a token. */
static enum ca_err
put_token_verify(const struct ca_context *ctx, X509 *leaf,
    const struct ca_host_signer *signer, struct ca_buf *msg)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct ca_config *cfg = ctx->cfg;
	const struct ca_log *log = ctx->log;
	struct ca_buf verify = CA_BUF_INIT(16384);
	unsigned char *der = NULL;
	int len = i2d_X509(leaf, &der);
	const struct ca_bytes transcript = {msg->p, msg->len};
	struct ca_bytes bytes = {der, len > 0 ? (size_t)len : 0};

	if (signer == NULL || len <= 0) {
		ca_log_err(log,
		    "host_key: only the PAM module can use a key on a token");
		ret = CA_ERR_UNSUPPORTED;
		goto out;
	}
	rc = signer->sign(signer->ctx, cfg, &bytes, &transcript, &verify);
	if (rc != CA_OK) {
		ca_log_err(log, "host_key: the token did not sign: %-s",
		    ca_err_text(rc));
		ret = rc;
		goto out;
	}
	if ((rc = check_verify(ctx->crypto, cfg, leaf, msg, &verify)) !=
	    CA_OK) {
		ca_log_err(log,
		    "host_key: the signature of the token does not verify "
		    "with the key of host_cert %s: %-s",
		    cfg->host_cert, ca_err_text(rc));
		ret = rc;
		goto out;
	}
	ca_buf_put(msg, verify.p, verify.len);
	if ((rc = ca_buf_err(msg)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	OPENSSL_free(der);
	ca_buf_free(&verify);
	return ret;
}

enum ca_err
ca_host_proof(const struct ca_context *ctx, const uint8_t *nonce,
    const struct ca_host_signer *signer, struct ca_buf *msg)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_host_identity host;
	size_t before = msg->len;

	if ((rc = ca_host_load(ctx, &host)) != CA_OK)
		return rc;
	rc = put_certificate(host.certs, nonce, msg);
	if (rc == CA_OK && host.key == NULL)
		rc = put_token_verify(
		    ctx, sk_X509_value(host.certs, 0), signer, msg);
	else if (rc == CA_OK)
		rc = put_verify(ctx->crypto, host.scheme, host.key, msg);
	if (rc != CA_OK) {
		ca_log_err(ctx->log,
		    "the proof of this host cannot be made: %-s",
		    ca_err_text(rc));
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	if (ret != CA_OK && ca_buf_err(msg) == CA_OK)
		msg->len = before;
	ca_host_clear(&host);
	return ret;
}
