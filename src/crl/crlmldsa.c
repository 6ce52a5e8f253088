#include "crl/crlmldsa.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "crl/crlsig.h"

#define PUBLIC_MAX 2592 /* bytes of the public key of ML-DSA-87 */
#define TR_LEN 64
#define MU_LEN 64

/* tr = SHAKE256(pk, 64) and what precedes the message in mu: tr, and M' with an
 * empty context string (FIPS 204, Algorithm 3 line 10 and Algorithm 8 line 6). */
static enum ca_err
begin(struct ca_crypto *crypto, EVP_PKEY *key, EVP_MD_CTX *ctx)
{
	static const uint8_t pure_without_context[] = {0, 0};
	const EVP_MD *shake = ca_crypto_get0_md(crypto, "SHAKE256");
	uint8_t public[PUBLIC_MAX], tr[TR_LEN];
	size_t len = 0;

	if (ctx == NULL || shake == NULL ||
	    EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY,
		public, sizeof public, &len) != 1 ||
	    EVP_DigestInit_ex(ctx, shake, NULL) != 1 ||
	    EVP_DigestUpdate(ctx, public, len) != 1 ||
	    EVP_DigestFinalXOF(ctx, tr, sizeof tr) != 1 ||
	    EVP_DigestInit_ex(ctx, shake, NULL) != 1 ||
	    EVP_DigestUpdate(ctx, tr, sizeof tr) != 1 ||
	    EVP_DigestUpdate(
		ctx, pure_without_context, sizeof pure_without_context) != 1)
		return CA_ERR_CRYPTO;
	return CA_OK;
}

/* A libcrypto that did not know the parameter "mu" would take mu for the
 * message, and find the signature wrong. */
static enum ca_err
verify_mu(struct ca_crypto *crypto, EVP_PKEY *key,
    const struct ca_crlread *read, const uint8_t mu[MU_LEN])
{
	int one = 1;
	const OSSL_PARAM params[] = {
	    OSSL_PARAM_int("mu", &one), OSSL_PARAM_END};

	return ca_crlsig_verify_message(crypto, key, read, mu, MU_LEN, params);
}

enum ca_err
ca_crl_mldsa_verify(struct ca_crypto *crypto, const struct ca_scheme *scheme,
    EVP_PKEY *key, const struct ca_crlread *read, struct ca_crl_source *src)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_crlread again = {0};
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t mu[MU_LEN];

	ERR_set_mark();
	if (!read->accepted || read->digest_len == 0 ||
	    read->signature.len == 0 || !EVP_PKEY_is_a(key, scheme->key_name)) {
		ret = CA_DENIED;
		goto out;
	}
	if ((rc = begin(crypto, key, ctx)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ca_crl_source_rewind(src);
	if ((rc = ca_crlread_hash(crypto, src, ctx, &again)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (!ca_crlread_same(read, &again)) {
		ret = CA_ERR_STALE;
		goto out;
	}
	if (EVP_DigestFinalXOF(ctx, mu, sizeof mu) != 1) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	if ((rc = verify_mu(crypto, key, read, mu)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_crlread_clear(&again);
	EVP_MD_CTX_free(ctx);
	ERR_pop_to_mark();
	return ret;
}
