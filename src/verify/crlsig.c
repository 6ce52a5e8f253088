#include "verify/crlsig.h"

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

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
		return NULL; /* MD5, SHA-1 and what nobody knows */
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

/* The hash of MGF1 (RFC 4055 section 3.1); SHA-1 where it is left out. */
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
	ERR_clear_error();
	return name;
}

const char *
ca_crlsig_digest(const X509_ALGOR *alg)
{
	int nid = OBJ_obj2nid(alg->algorithm), md, pk;

	if (nid == NID_rsassaPss)
		return pss_digest(alg);
	if (nid == NID_ED25519 || nid == NID_ED448)
		return "";
	if (!OBJ_find_sigid_algs(nid, &md, &pk))
		return NULL;
	if (pk != NID_rsaEncryption && pk != NID_X9_62_id_ecPublicKey)
		return NULL;
	return digest_name(md);
}

bool
ca_crlsig_accepted(const X509_ALGOR *alg)
{
	return ca_crlsig_digest(alg) != NULL;
}
