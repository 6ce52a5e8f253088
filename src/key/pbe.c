#include "key/pbe.h"
#include "base/tr.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <stdio.h>
#include <string.h>

bool
ca_pbe_count_sane(const ASN1_INTEGER *count)
{
	int64_t n;

	if (count == NULL)
		return true; /* the default is 1 */
	return ASN1_INTEGER_get_int64(&n, count) == 1 && n >= 1 &&
	       n <= CA_PBE_ITERATIONS_MAX;
}

/* ---- PBES2 (RFC 8018) wraps the derivation's parameters once more ---- */

static PBE2PARAM *
pbes2(const X509_ALGOR *alg)
{
	if (alg->parameter == NULL || OBJ_obj2nid(alg->algorithm) != NID_pbes2)
		return NULL;
	return ASN1_TYPE_unpack_sequence(
	    ASN1_ITEM_rptr(PBE2PARAM), alg->parameter);
}

static PBKDF2PARAM *
pbkdf2(const PBE2PARAM *pbe2)
{
	if (OBJ_obj2nid(pbe2->keyfunc->algorithm) != NID_id_pbkdf2 ||
	    pbe2->keyfunc->parameter == NULL)
		return NULL;
	return ASN1_TYPE_unpack_sequence(
	    ASN1_ITEM_rptr(PBKDF2PARAM), pbe2->keyfunc->parameter);
}

static bool
pbes2_sane(const X509_ALGOR *alg)
{
	PBE2PARAM *pbe2 = pbes2(alg);
	PBKDF2PARAM *kdf = pbe2 != NULL ? pbkdf2(pbe2) : NULL;
	bool sane = kdf == NULL || ca_pbe_count_sane(kdf->iter);

	PBKDF2PARAM_free(kdf);
	PBE2PARAM_free(pbe2);
	return sane;
}

bool
ca_pbe_sane(const X509_ALGOR *alg)
{
	bool sane = true;

	if (alg == NULL || alg->parameter == NULL)
		return true;
	if (OBJ_obj2nid(alg->algorithm) == NID_pbes2)
		return pbes2_sane(alg);
	PBEPARAM *pbe =
	    ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), alg->parameter);
	if (pbe != NULL)
		sane = ca_pbe_count_sane(pbe->iter);
	PBEPARAM_free(pbe);
	return sane;
}

/* ---- which algorithms a library context has ---- */

bool
ca_pbe_has_cipher(OSSL_LIB_CTX *lib, const char *name)
{
	ERR_set_mark();
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(lib, name, NULL);
	ERR_pop_to_mark();

	EVP_CIPHER_free(cipher);
	return cipher != NULL;
}

static bool
has_cipher(OSSL_LIB_CTX *lib, int nid)
{
	const char *name = nid != NID_undef ? OBJ_nid2sn(nid) : NULL;

	return name != NULL && ca_pbe_has_cipher(lib, name);
}

static bool
has_digest(OSSL_LIB_CTX *lib, int nid)
{
	const char *name = nid != NID_undef ? OBJ_nid2sn(nid) : NULL;
	EVP_MD *md = name != NULL ? EVP_MD_fetch(lib, name, NULL) : NULL;

	EVP_MD_free(md);
	return md != NULL;
}

/* PBKDF2 or scrypt (RFC 7914 section 7). */
static bool
has_derivation(OSSL_LIB_CTX *lib, const PBE2PARAM *pbe2)
{
	int nid = OBJ_obj2nid(pbe2->keyfunc->algorithm), md = NID_undef;
	int prf = NID_hmacWithSHA1; /* the default */
	PBKDF2PARAM *kdf = pbkdf2(pbe2);
	bool known;

	if (kdf == NULL) /* malformed PBKDF2 fails when it is used */
		return nid == NID_id_scrypt || nid == NID_id_pbkdf2;
	if (kdf->prf != NULL)
		prf = OBJ_obj2nid(kdf->prf->algorithm);
	known = EVP_PBE_find(EVP_PBE_TYPE_PRF, prf, NULL, &md, NULL) == 1;
	PBKDF2PARAM_free(kdf);
	return known && has_digest(lib, md);
}

static bool
has(OSSL_LIB_CTX *lib, const X509_ALGOR *alg)
{
	int nid = OBJ_obj2nid(alg->algorithm), cipher = -1, md = -1;
	PBE2PARAM *pbe2 = pbes2(alg);
	bool all;

	if (pbe2 != NULL) {
		all = has_derivation(lib, pbe2) &&
		      has_cipher(lib, OBJ_obj2nid(pbe2->encryption->algorithm));
		PBE2PARAM_free(pbe2);
		return all;
	}
	if (nid == NID_pbes2)
		return true; /* malformed: decryption fails */
	return EVP_PBE_find(EVP_PBE_TYPE_OUTER, nid, &cipher, &md, NULL) == 1 &&
	       has_cipher(lib, cipher) && has_digest(lib, md);
}

bool
ca_pbe_has(OSSL_LIB_CTX *lib, const X509_ALGOR *alg)
{
	ERR_set_mark();
	bool all = alg != NULL && has(lib, alg);
	ERR_pop_to_mark();
	return all;
}

/* ---- names ---- */

static void
object_name(const ASN1_OBJECT *o, char *out, int len)
{
	int nid = OBJ_obj2nid(o);

	if (nid != NID_undef)
		(void)snprintf(out, (size_t)len, "%s", OBJ_nid2sn(nid));
	else if (OBJ_obj2txt(out, len, o, 1) <= 0)
		(void)snprintf(out, (size_t)len, P_("an unknown algorithm"));
}

void
ca_pbe_name(const X509_ALGOR *alg, char out[CA_PBE_NAME_MAX])
{
	char cipher[80], kdf[60] = "";
	PBE2PARAM *pbe2 = pbes2(alg);

	if (pbe2 == NULL) {
		object_name(alg->algorithm, out, CA_PBE_NAME_MAX);
		return;
	}
	object_name(pbe2->encryption->algorithm, cipher, sizeof cipher);
	object_name(pbe2->keyfunc->algorithm, kdf, sizeof kdf);
	(void)snprintf(out, CA_PBE_NAME_MAX, P_("%s with %s"), cipher, kdf);
	PBE2PARAM_free(pbe2);
}

/* ---- the legacy provider ---- */

enum ca_err
ca_legacy_open(struct ca_legacy *legacy)
{
	*legacy = (struct ca_legacy){.lib = OSSL_LIB_CTX_new()};
	if (legacy->lib == NULL)
		return CA_ERR_MEMORY;
	ERR_set_mark();
	legacy->def = OSSL_PROVIDER_load(legacy->lib, "default");
	legacy->old = OSSL_PROVIDER_load(legacy->lib, "legacy");
	ERR_pop_to_mark();
	return legacy->def != NULL && legacy->old != NULL ? CA_OK
							  : CA_ERR_UNSUPPORTED;
}

void
ca_legacy_close(struct ca_legacy *legacy)
{
	if (legacy->old != NULL)
		(void)OSSL_PROVIDER_unload(legacy->old);
	if (legacy->def != NULL)
		(void)OSSL_PROVIDER_unload(legacy->def);
	OSSL_LIB_CTX_free(legacy->lib);
	*legacy = (struct ca_legacy){NULL, NULL, NULL};
}
