/*
 * PBMAC1, the check value of newer PKCS#12 files (RFC 9579; RFC 8018 section
 * 7.1): PBKDF2, then HMAC.  libcrypto verifies it since 3.4.
 */
#include "key/p12.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pkcs12.h>
#include <string.h>

#include "data/der.h"
#include "key/pbe.h"

#define KEY_MAX 256 /* bytes; RFC 9579 uses the length of the hash */

bool
ca_p12_is_pbmac1(const X509_ALGOR *alg)
{
	return OBJ_obj2nid(alg->algorithm) == NID_pbmac1;
}

/* The bytes that the check value is about: those of authSafe's data. */
static enum ca_err
content_of(struct ca_reader r, struct ca_reader *out)
{
	struct ca_reader pfx, part, value;

	if (ca_der_expect(&r, CA_DER_SEQUENCE, &pfx) != CA_OK ||
	    ca_der_expect(&pfx, CA_DER_INTEGER, &part) != CA_OK ||
	    ca_der_expect(&pfx, CA_DER_SEQUENCE, &part) != CA_OK ||
	    ca_der_expect(&part, CA_DER_OID, &value) != CA_OK ||
	    ca_der_expect(&part, CA_DER_CONTEXT_0, &value) != CA_OK)
		return CA_ERR_FORMAT;
	return ca_der_expect(&value, CA_DER_OCTET_STRING, out);
}

/* PBMAC1-params ::= SEQUENCE { keyDerivationFunc, messageAuthScheme } */
static bool
params_of(const X509_ALGOR *alg, X509_ALGOR **kdf, X509_ALGOR **mac)
{
	const ASN1_TYPE *type = alg->parameter;
	struct ca_reader r, seq;

	if (type == NULL || type->type != V_ASN1_SEQUENCE)
		return false;
	r = ca_reader_of(ASN1_STRING_get0_data(type->value.sequence),
	    (size_t)ASN1_STRING_length(type->value.sequence));
	if (ca_der_expect(&r, CA_DER_SEQUENCE, &seq) != CA_OK)
		return false;
	const unsigned char *p = seq.p;
	*kdf = d2i_X509_ALGOR(NULL, &p, (long)seq.left);
	if (*kdf != NULL)
		*mac = d2i_X509_ALGOR(
		    NULL, &p, (long)(seq.left - (size_t)(p - seq.p)));
	return *mac != NULL;
}

/* The digest of an HMAC, or NULL. */
static EVP_MD *
digest_of(OSSL_LIB_CTX *lib, const X509_ALGOR *hmac)
{
	int md = NID_undef, nid = NID_hmacWithSHA1; /* PBKDF2's default */

	if (hmac != NULL)
		nid = OBJ_obj2nid(hmac->algorithm);
	if (EVP_PBE_find(EVP_PBE_TYPE_PRF, nid, NULL, &md, NULL) != 1 ||
	    md == NID_undef || OBJ_nid2sn(md) == NULL)
		return NULL;
	return EVP_MD_fetch(lib, OBJ_nid2sn(md), NULL);
}

/* The key of the HMAC.  RFC 9579 section 5: keyLength must be there, and the
 * password is its UTF-8. */
static enum ca_err
derive(const struct ca_p12_mac *m, const X509_ALGOR *alg, uint8_t key[KEY_MAX],
    size_t *len)
{
	enum ca_err ret = CA_ERR_UNSET;
	int64_t n = 0, rounds = 1;
	EVP_MD *prf = NULL;
	PBKDF2PARAM *kdf = NULL;

	if (OBJ_obj2nid(alg->algorithm) == NID_id_pbkdf2 &&
	    alg->parameter != NULL)
		kdf = ASN1_TYPE_unpack_sequence(
		    ASN1_ITEM_rptr(PBKDF2PARAM), alg->parameter);
	if (kdf == NULL || kdf->salt->type != V_ASN1_OCTET_STRING ||
	    ASN1_INTEGER_get_int64(&n, kdf->keylength) != 1 || n < 1 ||
	    n > KEY_MAX || (prf = digest_of(m->lib, kdf->prf)) == NULL) {
		ret = CA_ERR_UNSUPPORTED;
		goto out;
	}
	if (!ca_pbe_count_sane(kdf->iter) ||
	    ASN1_INTEGER_get_int64(&rounds, kdf->iter) != 1) {
		ret = CA_ERR_LIMIT;
		goto out;
	}
	*len = (size_t)n;
	if (PKCS5_PBKDF2_HMAC(m->pass != NULL ? m->pass : "", m->passlen,
		ASN1_STRING_get0_data(kdf->salt->value.octet_string),
		ASN1_STRING_length(kdf->salt->value.octet_string), (int)rounds,
		prf, (int)n, key) != 1) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	ret = CA_OK;
out:
	EVP_MD_free(prf);
	PBKDF2PARAM_free(kdf);
	return ret;
}

enum ca_err
ca_p12_pbmac1(const struct ca_p12_mac *m)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	X509_ALGOR *kdf = NULL, *mac = NULL;
	EVP_MD *md = NULL;
	uint8_t key[KEY_MAX], value[EVP_MAX_MD_SIZE];
	size_t keylen = 0, len = 0;
	struct ca_reader content;

	ERR_set_mark();
	if (content_of(ca_reader_of(m->der, m->len), &content) != CA_OK ||
	    !params_of(m->alg, &kdf, &mac) ||
	    (md = digest_of(m->lib, mac)) == NULL) {
		ret = CA_ERR_UNSUPPORTED;
		goto out;
	}
	if ((rc = derive(m, kdf, key, &keylen)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (EVP_Q_mac(m->lib, "HMAC", NULL, EVP_MD_get0_name(md), NULL, key,
		keylen, content.p, content.left, value, sizeof value,
		&len) == NULL) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	if (len != (size_t)ASN1_STRING_length(m->value) ||
	    CRYPTO_memcmp(value, ASN1_STRING_get0_data(m->value), len) != 0) {
		ret = CA_ERR_PIN;
		goto out;
	}
	ret = CA_OK;
out:
	OPENSSL_cleanse(key, sizeof key);
	EVP_MD_free(md);
	X509_ALGOR_free(kdf);
	X509_ALGOR_free(mac);
	ERR_pop_to_mark();
	return ret;
}
