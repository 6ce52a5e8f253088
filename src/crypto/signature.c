/* Signatures with keys in memory: which scheme fits a key, verify, sign. */
#include "crypto/certgate.h"
#include "crypto/crypto.h"
#include "crypto/sigalg.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>
#include <strings.h>

bool
ca_crypto_has_scheme(struct ca_crypto *c, const struct ca_scheme *scheme)
{
	switch (scheme->key) {
	case CA_KEY_NONE:
		return false;
	case CA_KEY_EC:
	case CA_KEY_ED25519:
	case CA_KEY_ED448:
	case CA_KEY_RSA:
	case CA_KEY_RSA_PSS:
		return true; /* in the default provider since 3.0 */
	case CA_KEY_MLDSA44:
	case CA_KEY_MLDSA65:
	case CA_KEY_MLDSA87:
		return ca_sigalg_have_mldsa(ca_crypto_get0_libctx(c), scheme);
	}
	return false;
}

/* RFC 5480 section 2.1.1 forbids explicit curve parameters, which could look
 * like those of a known curve: the key must name its curve. */
static bool
is_named_group(const EVP_PKEY *key, const char *group)
{
	char name[64];
	size_t len;
	int is_explicit = 0;

	if (EVP_PKEY_get_group_name(key, name, sizeof name, &len) != 1 ||
	    strcmp(name, group) != 0)
		return false;
	if (EVP_PKEY_get_int_param(key,
		OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
		&is_explicit) == 1 &&
	    is_explicit)
		return false;
	return true;
}

static struct ca_reader
put_number(const BIGNUM *n, uint8_t *out, size_t max)
{
	int len = n == NULL ? -1 : BN_bn2binpad(n, out, (int)max);

	return ca_reader_of(out, len < 0 ? 0 : (size_t)len);
}

bool
ca_crypto_rsa_exponent(const EVP_PKEY *key)
{
	BIGNUM *e = NULL;
	bool good =
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
	    BN_is_odd(e) && !BN_is_one(e) &&
	    BN_num_bits(e) <= CA_RSA_EXPONENT_BITS;

	BN_free(e);
	return good;
}

bool
ca_crypto_rsa_ok(const EVP_PKEY *key)
{
	uint8_t modulus[CA_RSA_MAX_BITS / 8],
	    exponent[CA_RSA_EXPONENT_BITS / 8];
	BIGNUM *n = NULL, *e = NULL;
	int bits = EVP_PKEY_get_bits(key);
	bool ok = false;

	ERR_set_mark();
	if (bits >= CA_RSA_MIN_BITS && bits <= CA_RSA_MAX_BITS &&
	    ca_crypto_rsa_exponent(key) &&
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1)
		ok = ca_rsa_cost(put_number(n, modulus, sizeof modulus),
			 put_number(e, exponent, sizeof exponent)) <=
		     CA_RSA_COST_MAX;
	BN_free(n);
	BN_free(e);
	ERR_pop_to_mark();
	return ok;
}

static int
digest_size(const struct ca_scheme *scheme)
{
	return strcmp(scheme->digest, "SHA256") == 0   ? 32
	       : strcmp(scheme->digest, "SHA384") == 0 ? 48
						       : 64;
}

/* libcrypto writes the name as SHA256 or as SHA2-256. */
static bool
digest_is(const struct ca_scheme *scheme, const char *name)
{
	return strcasecmp(name, scheme->digest) == 0 ||
	       (strncasecmp(name, "SHA2-", 5) == 0 &&
		   strcmp(name + 5, scheme->digest + 3) == 0);
}

/*
 * RFC 4055 section 3.1: a key can fix its hash, the hash of MGF1, and the
 * minimum length of the salt.  A key without parameters fits every hash; a
 * parameter that is absent means SHA-1, which no scheme uses.  RFC 8446 section
 * 4.2.3 requires that both hashes are the scheme's, and a salt of the same
 * length.
 */
static bool
pss_params_fit(const struct ca_scheme *scheme, const EVP_PKEY *key)
{
	char md[32] = "", mgf1[32] = "";
	int salt = -1;
	OSSL_PARAM params[] = {
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_RSA_DIGEST, md, sizeof md),
	    OSSL_PARAM_utf8_string(
		OSSL_PKEY_PARAM_RSA_MGF1_DIGEST, mgf1, sizeof mgf1),
	    OSSL_PARAM_int(OSSL_PKEY_PARAM_RSA_PSS_SALTLEN, &salt),
	    OSSL_PARAM_END};

	if (EVP_PKEY_get_params(key, params) != 1)
		return false;
	if (!OSSL_PARAM_modified(&params[0]) &&
	    !OSSL_PARAM_modified(&params[1]) &&
	    !OSSL_PARAM_modified(&params[2]))
		return true;
	return salt >= 0 && salt <= digest_size(scheme) &&
	       digest_is(scheme, md) && digest_is(scheme, mgf1);
}

bool
ca_crypto_scheme_fits(const struct ca_scheme *scheme, const EVP_PKEY *key)
{
	bool fits = false;

	ERR_set_mark();
	if (scheme != NULL && key != NULL &&
	    EVP_PKEY_is_a(key, scheme->key_name)) {
		fits = true;
		if (scheme->group != NULL &&
		    !is_named_group(key, scheme->group))
			fits = false;
		if ((scheme->key == CA_KEY_RSA ||
			scheme->key == CA_KEY_RSA_PSS) &&
		    !ca_crypto_rsa_ok(key))
			fits = false;
		if (scheme->key == CA_KEY_RSA_PSS &&
		    !pss_params_fit(scheme, key))
			fits = false;
	}
	ERR_pop_to_mark();
	return fits;
}

/* RSA-PSS with the same hash for MGF1, and a salt of exactly its length (RFC
 * 8446 section 4.2.3): _DIGEST sets this for signing and requires it for
 * verifying; the default would accept any length. */
static bool
set_padding(const struct ca_scheme *scheme, EVP_PKEY_CTX *ctx)
{
	if (scheme->key != CA_KEY_RSA && scheme->key != CA_KEY_RSA_PSS)
		return true;
	if (!scheme->pss)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) ==
		       1;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) ==
		   1;
}

enum ca_err
ca_crypto_verify(struct ca_crypto *c, const struct ca_scheme *scheme,
    EVP_PKEY *key, const struct ca_signed *what)
{
	enum ca_err ret = CA_ERR_UNSET;
	EVP_MD_CTX *ctx = NULL;
	EVP_PKEY_CTX *pctx = NULL; /* belongs to ctx */

	ERR_set_mark();
	if (!ca_crypto_scheme_fits(scheme, key)) {
		ret = CA_ERR_UNSUPPORTED;
		goto out;
	}
	if ((ctx = EVP_MD_CTX_new()) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if (EVP_DigestVerifyInit_ex(ctx, &pctx, scheme->digest,
		ca_crypto_get0_libctx(c), NULL, key, NULL) != 1 ||
	    !set_padding(scheme, pctx)) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	/* 0 and negative values mean a wrong or a malformed signature; which
	 * is which is not reliable */
	if (EVP_DigestVerify(
		ctx, what->sig, what->siglen, what->tbs, what->len) != 1) {
		ret = CA_DENIED;
		goto out;
	}
	ret = CA_OK;
out:
	EVP_MD_CTX_free(ctx);
	ERR_pop_to_mark();
	return ret;
}

enum ca_err
ca_crypto_sign(struct ca_crypto *c, const struct ca_scheme *scheme,
    EVP_PKEY *key, const void *tbs, size_t len, struct ca_buf *sig)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	EVP_MD_CTX *ctx = NULL;
	EVP_PKEY_CTX *pctx = NULL; /* belongs to ctx */
	uint8_t *p = NULL;
	size_t n = 0;

	ERR_set_mark();
	if (!ca_crypto_scheme_fits(scheme, key)) {
		ret = CA_ERR_UNSUPPORTED;
		goto out;
	}
	if ((ctx = EVP_MD_CTX_new()) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if (EVP_DigestSignInit_ex(ctx, &pctx, scheme->digest,
		ca_crypto_get0_libctx(c), NULL, key, NULL) != 1 ||
	    !set_padding(scheme, pctx) ||
	    EVP_DigestSign(ctx, NULL, &n, tbs, len) != 1) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	if ((p = OPENSSL_malloc(n)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if (EVP_DigestSign(ctx, p, &n, tbs, len) != 1) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	ca_buf_put(sig, p, n);
	if ((rc = ca_buf_err(sig)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	OPENSSL_free(p);
	EVP_MD_CTX_free(ctx);
	ERR_pop_to_mark();
	return ret;
}
