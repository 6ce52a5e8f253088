#include "crl/crlsig.h"
#include "crypto/sigalg.h"

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

static const char *
digest_name(int nid)
{
	switch (nid) {
	case NID_sha224:
		return "SHA224";
	case NID_sha256:
		return "SHA256";
	case NID_sha384:
		return "SHA384";
	case NID_sha512:
		return "SHA512";
	case NID_sha512_256:
		return "SHA512-256";
	case NID_sha3_224:
		return "SHA3-224";
	case NID_sha3_256:
		return "SHA3-256";
	case NID_sha3_384:
		return "SHA3-384";
	case NID_sha3_512:
		return "SHA3-512";
	default:
		return NULL; /* MD5, SHA-1 and unknown ones */
	}
}

static RSA_PSS_PARAMS *
pss_params(const X509_ALGOR *alg)
{
	const ASN1_OBJECT *obj;
	const void *value;
	int type;

	X509_ALGOR_get0(&obj, &type, &value, alg);
	if (type != V_ASN1_SEQUENCE)
		return NULL;
	return ASN1_item_unpack(value, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
}

/* The hash of MGF1 (RFC 4055 section 3.1); SHA-1 if it is absent. */
static int
mgf1_nid(const RSA_PSS_PARAMS *pss)
{
	const ASN1_OBJECT *obj;
	const void *value;
	int type, nid = NID_undef;
	X509_ALGOR *hash;

	if (pss->maskGenAlgorithm == NULL)
		return NID_sha1;
	X509_ALGOR_get0(&obj, &type, &value, pss->maskGenAlgorithm);
	if (OBJ_obj2nid(obj) != NID_mgf1 || type != V_ASN1_SEQUENCE)
		return NID_undef;
	hash = ASN1_item_unpack(value, ASN1_ITEM_rptr(X509_ALGOR));
	if (hash != NULL)
		nid = OBJ_obj2nid(hash->algorithm);
	X509_ALGOR_free(hash);
	return nid;
}

static const char *
pss_digest(const X509_ALGOR *alg)
{
	RSA_PSS_PARAMS *pss = pss_params(alg);
	const char *name = NULL;

	if (pss != NULL && pss->hashAlgorithm != NULL) {
		int nid = OBJ_obj2nid(pss->hashAlgorithm->algorithm);
		if (mgf1_nid(pss) == nid &&
		    (pss->trailerField == NULL ||
			ASN1_INTEGER_get(pss->trailerField) == 1))
			name = digest_name(nid);
	}
	RSA_PSS_PARAMS_free(pss);
	return name;
}

/* RFC 9881 section 2: the parameters must be absent. */
static const char *
mldsa_digest(struct ca_crypto *crypto, const X509_ALGOR *alg,
    const struct ca_scheme *mldsa)
{
	return alg->parameter == NULL && ca_crypto_has_scheme(crypto, mldsa)
		   ? "SHA512"
		   : NULL;
}

const char *
ca_crlsig_digest(struct ca_crypto *crypto, const X509_ALGOR *alg)
{
	const struct ca_scheme *mldsa = ca_sigalg_mldsa(alg->algorithm);
	int nid = OBJ_obj2nid(alg->algorithm), md, pk;

	if (mldsa != NULL)
		return mldsa_digest(crypto, alg, mldsa);
	if (nid == NID_rsassaPss) {
		ERR_set_mark();
		const char *name = pss_digest(alg);
		ERR_pop_to_mark();
		return name;
	}
	if (nid == NID_ED25519 || nid == NID_ED448)
		return "";
	if (!OBJ_find_sigid_algs(nid, &md, &pk))
		return NULL;
	if (pk != NID_rsaEncryption && pk != NID_X9_62_id_ecPublicKey)
		return NULL;
	return digest_name(md);
}

bool
ca_crlsig_accepted(struct ca_crypto *crypto, const X509_ALGOR *alg)
{
	return ca_crlsig_digest(crypto, alg) != NULL;
}

/* The digest that an algorithm signs, accepted or not; NID_undef. */
static int
digest_of(const X509_ALGOR *alg)
{
	int nid = OBJ_obj2nid(alg->algorithm), md = NID_undef, pk;
	RSA_PSS_PARAMS *pss;

	if (nid != NID_rsassaPss)
		return OBJ_find_sigid_algs(nid, &md, &pk) ? md : NID_undef;
	ERR_set_mark();
	/* RFC 4055 section 3.1: SHA-1 if it is absent */
	if ((pss = pss_params(alg)) != NULL)
		md = pss->hashAlgorithm != NULL
			 ? OBJ_obj2nid(pss->hashAlgorithm->algorithm)
			 : NID_sha1;
	RSA_PSS_PARAMS_free(pss);
	ERR_pop_to_mark();
	return md;
}

static void
refused_name(const X509_ALGOR *alg, char *out, size_t size)
{
	int md = digest_of(alg);
	char oid[80];
	const char *name = md == NID_sha1  ? "SHA-1"
			   : md == NID_md5 ? "MD5"
					   : NULL;

	if (name == NULL && OBJ_obj2txt(oid, sizeof oid, alg->algorithm, 0) > 0)
		name = oid;
	(void)snprintf(out, size, "%s, which is refused",
	    name != NULL ? name : "an unknown algorithm");
}

enum ca_reason
ca_crlsig_refusal(
    struct ca_crypto *crypto, const X509_ALGOR *alg, char *out, size_t size)
{
	struct ca_buf text = CA_BUF_INIT(256);
	enum ca_reason reason = CA_R_UNSUPPORTED;

	if (ca_sigalg_lack(
		ca_crypto_get0_libctx(crypto), alg->algorithm, &text)) {
		(void)snprintf(out, size, "%s",
		    ca_buf_text(&text) != NULL ? ca_buf_text(&text) : "?");
	} else if (ca_sigalg_mldsa_params(alg)) {
		(void)snprintf(out, size,
		    "ML-DSA and has parameters of the algorithm, which must be "
		    "absent (RFC 9881 section 2)");
	} else {
		reason = CA_R_CHAIN_WEAK;
		refused_name(alg, out, size);
	}
	ca_buf_free(&text);
	return reason;
}

/* Set RSASSA-PSS by its parameters, with any length of salt. */
static bool
set_pss(struct ca_crypto *crypto, EVP_PKEY_CTX *ctx, const X509_ALGOR *alg,
    const char *digest)
{
	const EVP_MD *md = ca_crypto_get0_md(crypto, digest);
	RSA_PSS_PARAMS *pss = pss_params(alg);
	long salt = 20; /* RFC 4055 section 3.1: the default */
	bool ok;

	if (pss != NULL && pss->saltLength != NULL)
		salt = ASN1_INTEGER_get(pss->saltLength);
	ok = pss != NULL && md != NULL && salt >= 0 && salt <= 4096 &&
	     EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	     EVP_PKEY_CTX_set_signature_md(ctx, md) > 0 &&
	     EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) > 0 &&
	     EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)salt) > 0;
	RSA_PSS_PARAMS_free(pss);
	return ok;
}

/* Does the type of key fit the algorithm? */
static bool
fits(int nid, const EVP_PKEY *key)
{
	int md, pk;

	if (nid == NID_rsassaPss)
		return EVP_PKEY_is_a(key, "RSA") ||
		       EVP_PKEY_is_a(key, "RSA-PSS");
	if (nid == NID_ED25519)
		return EVP_PKEY_is_a(key, "ED25519");
	if (nid == NID_ED448)
		return EVP_PKEY_is_a(key, "ED448");
	if (!OBJ_find_sigid_algs(nid, &md, &pk))
		return false;
	return pk == NID_rsaEncryption ? EVP_PKEY_is_a(key, "RSA")
				       : EVP_PKEY_is_a(key, "EC");
}

static enum ca_err
verify_digest(struct ca_crypto *crypto, const X509_ALGOR *alg, EVP_PKEY *key,
    const char *digest, const struct ca_crlread *read)
{
	enum ca_err ret = CA_ERR_UNSET;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(
	    ca_crypto_get0_libctx(crypto), key, NULL);
	const EVP_MD *md = ca_crypto_get0_md(crypto, digest);

	if (ctx == NULL || md == NULL || EVP_PKEY_verify_init(ctx) <= 0) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	if (OBJ_obj2nid(alg->algorithm) == NID_rsassaPss) {
		if (!set_pss(crypto, ctx, alg, digest)) {
			ret = CA_DENIED; /* a PSS key may forbid it */
			goto out;
		}
	} else if ((EVP_PKEY_is_a(key, "RSA") &&
		       EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) <=
			   0) ||
		   EVP_PKEY_CTX_set_signature_md(ctx, md) <= 0) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	if (EVP_PKEY_verify(ctx, read->signature.p, read->signature.len,
		read->digest, read->digest_len) != 1) {
		ret = CA_DENIED;
		goto out;
	}
	ret = CA_OK;
out:
	EVP_PKEY_CTX_free(ctx);
	return ret;
}

enum ca_err
ca_crlsig_verify_message(struct ca_crypto *crypto, EVP_PKEY *key,
    const struct ca_crlread *read, const uint8_t *message, size_t len,
    const OSSL_PARAM *params)
{
	enum ca_err ret = CA_ERR_UNSET;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx == NULL ||
	    EVP_DigestVerifyInit_ex(ctx, NULL, NULL,
		ca_crypto_get0_libctx(crypto), NULL, key, params) != 1) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	if (EVP_DigestVerify(ctx, read->signature.p, read->signature.len,
		message, len) != 1) {
		ret = CA_DENIED;
		goto out;
	}
	ret = CA_OK;
out:
	EVP_MD_CTX_free(ctx);
	return ret;
}

enum ca_err
ca_crlsig_verify(struct ca_crypto *crypto, const X509_ALGOR *alg, EVP_PKEY *key,
    const struct ca_crlread *read)
{
	const char *digest = ca_crlsig_digest(crypto, alg);
	enum ca_err rc;

	if (digest == NULL || !read->accepted || read->signature.len == 0 ||
	    !fits(OBJ_obj2nid(alg->algorithm), key))
		return CA_DENIED;
	ERR_set_mark();
	if (*digest == '\0')
		rc = read->tbs.len == 0
			 ? CA_DENIED
			 : ca_crlsig_verify_message(crypto, key, read,
			       read->tbs.p, read->tbs.len, NULL);
	else
		rc = read->digest_len == 0
			 ? CA_DENIED
			 : verify_digest(crypto, alg, key, digest, read);
	ERR_pop_to_mark();
	return rc;
}

enum ca_err
ca_crlsig_verify_whole(struct ca_crypto *crypto, const X509_ALGOR *alg,
    EVP_PKEY *key, const struct ca_signed *what)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct ca_scheme *mldsa = ca_sigalg_mldsa(alg->algorithm);
	const char *digest = ca_crlsig_digest(crypto, alg);
	struct ca_crlread read = {.signature = CA_BUF_INIT(CA_CRL_SIG_MAX),
	    .tbs = CA_BUF_INIT(what->len),
	    .accepted = digest != NULL};
	unsigned n = 0;

	ca_buf_put(&read.signature, what->sig, what->siglen);
	ca_buf_put(&read.tbs, what->tbs, what->len);
	if (digest == NULL || ca_buf_err(&read.signature) == CA_ERR_LIMIT ||
	    (mldsa != NULL && !EVP_PKEY_is_a(key, mldsa->key_name))) {
		ret = CA_DENIED;
		goto out;
	}
	if (ca_buf_err(&read.signature) != CA_OK ||
	    ca_buf_err(&read.tbs) != CA_OK) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if (*digest != '\0' && mldsa == NULL &&
	    EVP_Digest(what->tbs, what->len, read.digest, &n,
		ca_crypto_get0_md(crypto, digest), NULL) != 1) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	read.digest_len = n;
	ERR_set_mark();
	rc = mldsa != NULL ? ca_crlsig_verify_message(
				 crypto, key, &read, what->tbs, what->len, NULL)
			   : ca_crlsig_verify(crypto, alg, key, &read);
	ERR_pop_to_mark();
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_buf_free(&read.signature);
	ca_buf_free(&read.tbs);
	return ret;
}
