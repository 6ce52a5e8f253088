/* certauth pki: make keys, certificates and CRLs. */
#include "cli/pki.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

/*
 * Certificates and CRLs of the small CA, as verify/profile.c requires them.  They
 * are built from structures, not from configuration text: a comma in a name needs
 * no escape, and openssl.cnf has no effect.
 */

#define BACKDATE 300 /* seconds: clocks differ */
#define DAY 86400L

/* X509_add1_ext_i2d returns 1 on success, 0 or less on failure. */
static bool
add_ext(X509 *x, int nid, void *value, bool critical)
{
	return value != NULL && X509_add1_ext_i2d(x, nid, value, critical,
				    X509V3_ADD_APPEND) == 1;
}

/* RFC 7093 section 2, method 1: 160 bits of the SHA-256 of the key. */
static ASN1_OCTET_STRING *
key_id(struct ca_crypto *c, const X509 *x)
{
	const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(x);
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
	uint8_t hash[32];

	if (id != NULL && key != NULL &&
	    ca_crypto_sha256(c, ASN1_STRING_get0_data(key),
		(size_t)ASN1_STRING_length(key), hash) == CA_OK &&
	    ASN1_OCTET_STRING_set(id, hash, 20) == 1)
		return id;
	ASN1_OCTET_STRING_free(id);
	return NULL;
}

static AUTHORITY_KEYID *
authority(const X509 *issuer)
{
	const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id((X509 *)issuer);
	AUTHORITY_KEYID *aki = AUTHORITY_KEYID_new();

	if (aki != NULL && ski != NULL &&
	    (aki->keyid = ASN1_OCTET_STRING_dup(ski)) != NULL)
		return aki;
	AUTHORITY_KEYID_free(aki);
	return NULL;
}

static bool
add_key_ids(struct ca_crypto *c, X509 *x, X509 *issuer)
{
	ASN1_OCTET_STRING *ski = key_id(c, x);
	bool ok = add_ext(x, NID_subject_key_identifier, ski, false);

	ASN1_OCTET_STRING_free(ski);
	if (ok && issuer != NULL) {
		AUTHORITY_KEYID *aki = authority(issuer);

		ok = add_ext(x, NID_authority_key_identifier, aki, false);
		AUTHORITY_KEYID_free(aki);
	}
	return ok;
}

static bool
add_usage(X509 *x, const struct ca_pki_want *want)
{
	BASIC_CONSTRAINTS *bc = BASIC_CONSTRAINTS_new();
	ASN1_BIT_STRING *ku = ASN1_BIT_STRING_new();
	EXTENDED_KEY_USAGE *eku = sk_ASN1_OBJECT_new_null();
	bool ok = bc != NULL && ku != NULL && eku != NULL;

	if (ok) {
		bc->ca = want->ca ? 0xff : 0;
		/* bits 5 and 6: keyCertSign, cRLSign; 0: digitalSignature */
		ok = (want->ca ? ASN1_BIT_STRING_set_bit(ku, 5, 1) &&
				     ASN1_BIT_STRING_set_bit(ku, 6, 1)
			       : ASN1_BIT_STRING_set_bit(ku, 0, 1)) == 1 &&
		     add_ext(x, NID_basic_constraints, bc, true) &&
		     add_ext(x, NID_key_usage, ku, true);
	}
	if (ok && !want->ca)
		/* the stack borrows a constant of libcrypto's table */
		ok =
		    sk_ASN1_OBJECT_push(eku,
			OBJ_nid2obj(want->dns != NULL ? NID_server_auth
						      : NID_client_auth)) > 0 &&
		    add_ext(x, NID_ext_key_usage, eku, false);
	sk_ASN1_OBJECT_free(eku);
	ASN1_BIT_STRING_free(ku);
	BASIC_CONSTRAINTS_free(bc);
	return ok;
}

/* ---- subjectAltName ---- */

static bool
push(GENERAL_NAMES *names, GENERAL_NAME *name)
{
	if (name != NULL && sk_GENERAL_NAME_push(names, name) > 0)
		return true;
	GENERAL_NAME_free(name);
	return false;
}

static GENERAL_NAME *
ia5_name(int type, const char *text)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *value = ASN1_IA5STRING_new();

	if (name != NULL && value != NULL &&
	    ASN1_STRING_set(value, text, -1) == 1) {
		GENERAL_NAME_set0_value(name, type, value);
		return name;
	}
	ASN1_IA5STRING_free(value);
	GENERAL_NAME_free(name);
	return NULL;
}

static GENERAL_NAME *
upn_name(const char *text)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_TYPE *value = ASN1_TYPE_new();
	ASN1_UTF8STRING *utf8 = ASN1_UTF8STRING_new();

	if (name != NULL && value != NULL && utf8 != NULL &&
	    ASN1_STRING_set(utf8, text, -1) == 1) {
		ASN1_TYPE_set(value, V_ASN1_UTF8STRING, utf8);
		utf8 = NULL; /* transferred */
		if (GENERAL_NAME_set0_othername(
			name, OBJ_nid2obj(NID_ms_upn), value) == 1)
			return name;
	}
	ASN1_UTF8STRING_free(utf8);
	ASN1_TYPE_free(value);
	GENERAL_NAME_free(name);
	return NULL;
}

static bool
add_names(X509 *x, const struct ca_pki_want *want)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	bool ok = names != NULL;

	if (ok && want->email != NULL)
		ok = push(names, ia5_name(GEN_EMAIL, want->email));
	if (ok && want->upn != NULL)
		ok = push(names, upn_name(want->upn));
	if (ok && want->dns != NULL)
		ok = push(names, ia5_name(GEN_DNS, want->dns));
	if (ok && sk_GENERAL_NAME_num(names) > 0)
		ok = add_ext(x, NID_subject_alt_name, names, false);
	sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
	return ok;
}

/* ---- a certificate ---- */

/* Bit 127 is 0, bit 126 is 1, the others are random: positive, always 16 bytes. */
static bool
set_serial(struct ca_crypto *c, X509 *x)
{
	uint8_t serial[CA_PKI_SERIAL_LEN];
	BIGNUM *n = NULL;
	bool ok = false;

	if (ca_crypto_random(c, serial, sizeof serial) != CA_OK)
		return false;
	serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40);
	n = BN_bin2bn(serial, sizeof serial, NULL);
	ok = n != NULL &&
	     BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;
	BN_free(n);
	return ok;
}

static bool
set_validity(X509 *x, const X509 *issuer, long days)
{
	time_t now = time(NULL), end = now + (time_t)days * DAY;

	if (ASN1_TIME_set(X509_getm_notBefore(x), now - BACKDATE) == NULL)
		return false;
	/* a certificate is not valid longer than its issuer */
	if (issuer != NULL &&
	    ASN1_TIME_cmp_time_t(X509_get0_notAfter(issuer), end) < 0)
		return X509_set1_notAfter(x, X509_get0_notAfter(issuer)) == 1;
	return ASN1_TIME_set(X509_getm_notAfter(x), end) != NULL;
}

static bool
fill(struct ca_crypto *c, X509 *x, const struct ca_pki_want *want, X509 *issuer,
    EVP_PKEY *key)
{
	X509_NAME *subject = X509_NAME_new();
	bool ok =
	    subject != NULL && X509_set_version(x, X509_VERSION_3) == 1 &&
	    set_serial(c, x) && set_validity(x, issuer, want->days) &&
	    X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
		(const unsigned char *)want->cn, -1, -1, 0) == 1 &&
	    X509_set_subject_name(x, subject) == 1 &&
	    X509_set_issuer_name(
		x, issuer != NULL ? X509_get_subject_name(issuer) : subject) ==
		1 &&
	    X509_set_pubkey(x, key) == 1 && add_usage(x, want) &&
	    add_names(x, want) && add_key_ids(c, x, issuer);

	X509_NAME_free(subject);
	return ok;
}

/* ---- keys and signatures ---- */

const struct ca_scheme *
ca_pki_scheme(const EVP_PKEY *key)
{
	const struct ca_scheme *s;

	for (size_t i = 0; (s = ca_scheme_at(i)) != NULL; i++)
		if (ca_crypto_scheme_fits(s, key))
			break;
	return s;
}

static EVP_PKEY *
new_key(struct ca_crypto *c, const struct ca_scheme *scheme)
{
	OSSL_LIB_CTX *lib = ca_crypto_get0_libctx(c);

	return scheme->group != NULL
		   ? EVP_PKEY_Q_keygen(
			 lib, NULL, scheme->key_name, scheme->group)
		   : EVP_PKEY_Q_keygen(lib, NULL, scheme->key_name);
}

/* The digest that a CA signs with; NULL for keys that sign the message itself
 * (Ed25519, Ed448, ML-DSA). */
static const EVP_MD *
digest_of(struct ca_crypto *c, const EVP_PKEY *key)
{
	const struct ca_scheme *scheme = ca_pki_scheme(key);

	if (scheme == NULL)
		return ca_crypto_get0_md(c, "SHA256");
	return scheme->digest != NULL ? ca_crypto_get0_md(c, scheme->digest)
				      : NULL;
}

enum ca_err
ca_pki_make(struct ca_crypto *c, const struct ca_pki_want *want, X509 *issuer,
    EVP_PKEY *issuer_key, EVP_PKEY **key, X509 **cert)
{
	enum ca_err ret = CA_ERR_UNSET;
	EVP_PKEY *k = new_key(c, want->scheme), *signer;
	X509 *x = X509_new_ex(ca_crypto_get0_libctx(c), NULL);

	signer = issuer != NULL ? issuer_key : k;
	if (k == NULL || x == NULL || !fill(c, x, want, issuer, k) ||
	    X509_sign(x, signer, digest_of(c, signer)) <= 0) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	*key = k;
	*cert = x;
	k = NULL; /* transferred, both */
	x = NULL;
	ret = CA_OK;
out:
	EVP_PKEY_free(k);
	X509_free(x);
	return ret;
}

/* ---- a CRL ---- */

static bool
add_revoked(X509_CRL *crl, const struct ca_pki_revoked *r)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME *when = ASN1_TIME_set(NULL, (time_t)r->when);
	bool ok = entry != NULL && when != NULL &&
		  X509_REVOKED_set_serialNumber(entry, r->serial) == 1 &&
		  X509_REVOKED_set_revocationDate(entry, when) == 1 &&
		  X509_CRL_add0_revoked(crl, entry) == 1;

	if (!ok)
		X509_REVOKED_free(entry);
	ASN1_TIME_free(when);
	return ok;
}

static bool
fill_crl(X509_CRL *crl, X509 *issuer, long number, long days)
{
	AUTHORITY_KEYID *aki = authority(issuer);
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	ASN1_TIME *last = ASN1_TIME_set(NULL, time(NULL));
	ASN1_TIME *next = ASN1_TIME_set(NULL, time(NULL) + (time_t)days * DAY);
	bool ok =
	    aki != NULL && n != NULL && last != NULL && next != NULL &&
	    ASN1_INTEGER_set(n, number) == 1 &&
	    X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
	    X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer)) == 1 &&
	    X509_CRL_set1_lastUpdate(crl, last) == 1 &&
	    X509_CRL_set1_nextUpdate(crl, next) == 1 &&
	    X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, aki, 0,
		X509V3_ADD_APPEND) == 1 &&
	    X509_CRL_add1_ext_i2d(
		crl, NID_crl_number, n, 0, X509V3_ADD_APPEND) == 1;

	AUTHORITY_KEYID_free(aki);
	ASN1_INTEGER_free(n);
	ASN1_TIME_free(last);
	ASN1_TIME_free(next);
	return ok;
}

enum ca_err
ca_pki_crl(struct ca_crypto *c, X509 *issuer, EVP_PKEY *key,
    const struct ca_pki_crl *want, X509_CRL **out)
{
	enum ca_err ret = CA_ERR_UNSET;
	X509_CRL *crl = X509_CRL_new_ex(ca_crypto_get0_libctx(c), NULL);

	if (crl == NULL || !fill_crl(crl, issuer, want->number, want->days)) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	for (size_t i = 0; i < want->n; i++)
		if (!add_revoked(crl, &want->revoked[i])) {
			ret = CA_ERR_CRYPTO;
			goto out;
		}
	/* sort by serial number; DER does not prescribe the order */
	if (X509_CRL_sort(crl) != 1 ||
	    X509_CRL_sign(crl, key, digest_of(c, key)) <= 0) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	*out = crl;
	crl = NULL; /* transferred */
	ret = CA_OK;
out:
	X509_CRL_free(crl);
	return ret;
}
