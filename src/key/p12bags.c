/*
 * The contents of a PKCS#12 file: its password, its keys and certificates.
 */
#include "key/p12.h"
#include "data/der.h"
#include "crypto/sigalg.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NESTING_MAX 4

struct walk {
	struct ca_crypto *crypto;
	OSSL_LIB_CTX *lib; /* where decryption happens */
	const char *pass;  /* NULL, or NUL-terminated */
	int passlen;
	bool mac; /* the file has a MAC, which shows a wrong password */
	struct ca_p12 *out;
	char missing[CA_PBE_NAME_MAX]; /* an algorithm that lib lacks */
};

void
ca_p12_free(struct ca_p12 *p12)
{
	for (size_t i = 0; i < p12->nkeys; i++)
		EVP_PKEY_free(p12->key[i]);
	sk_X509_pop_free(p12->certs, X509_free);
	*p12 = (struct ca_p12){.nkeys = 0};
}

/* ---- bags ---- */

/*
 * The DER of the certificate in a SafeBag (RFC 7292 sections 4.2 and 4.2.3).
 * PKCS12_SAFEBAG_get1_cert would decode it, whatever its key is, and libcrypto
 * has no function that gives the bytes alone.
 */
static enum ca_err
cert_of(struct ca_reader r, struct ca_reader *out)
{
	static const uint8_t x509[] = {
	    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x16, 0x01};
	struct ca_reader bag, type, value;

	if (ca_der_expect(&r, CA_DER_SEQUENCE, &bag) != CA_OK ||
	    ca_der_expect(&bag, CA_DER_OID, &type) != CA_OK ||
	    ca_der_expect(&bag, CA_DER_CONTEXT_0, &value) != CA_OK ||
	    ca_der_expect(&value, CA_DER_SEQUENCE, &bag) != CA_OK ||
	    ca_der_expect(&bag, CA_DER_OID, &type) != CA_OK ||
	    !ca_der_is(type, x509, sizeof x509) ||
	    ca_der_expect(&bag, CA_DER_CONTEXT_0, &value) != CA_OK)
		return CA_ERR_FORMAT;
	return ca_der_expect(&value, CA_DER_OCTET_STRING, out);
}

static void
keep_refusal(struct walk *w, const struct ca_reader *der)
{
	char text[CA_CERT_REFUSAL];
	const char *why = ca_cert_refusal(der->p, der->left, text);

	if (why != NULL)
		(void)snprintf(
		    w->out->refusal, sizeof w->out->refusal, "%s", why);
}

/* A certificate that cannot be parsed is skipped: the others may be usable. */
static enum ca_err
add_cert(struct walk *w, const PKCS12_SAFEBAG *bag)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_reader one;
	unsigned char *der = NULL;
	X509 *cert = NULL;
	int len;

	if (sk_X509_num(w->out->certs) >= CA_P12_CERTS_MAX) {
		ret = CA_ERR_LIMIT;
		goto out;
	}
	len = i2d_PKCS12_SAFEBAG(bag, &der);
	if (len > 0 && cert_of(ca_reader_of(der, (size_t)len), &one) == CA_OK) {
		rc = ca_crypto_cert(w->crypto, one.p, one.left, &cert);
		if (rc == CA_ERR_MEMORY) {
			ret = rc;
			goto out;
		}
		if (rc != CA_OK && w->out->refusal[0] == '\0')
			keep_refusal(w, &one);
	}
	if (cert != NULL) {
		if (sk_X509_push(w->out->certs, cert) <= 0) {
			ret = CA_ERR_MEMORY;
			goto out;
		}
		cert = NULL; /* transferred */
	}
	ret = CA_OK;
out:
	OPENSSL_free(der);
	X509_free(cert);
	return ret;
}

static enum ca_err
add_key(struct walk *w, const PKCS8_PRIV_KEY_INFO *p8)
{
	if (w->out->nkeys == CA_P12_KEYS_MAX)
		return CA_ERR_LIMIT;
	EVP_PKEY *key =
	    EVP_PKCS82PKEY_ex(p8, ca_crypto_get0_keys(w->crypto), NULL);
	if (key == NULL) {
		const ASN1_OBJECT *type = NULL;

		(void)PKCS8_pkey_get0(&type, NULL, NULL, NULL, p8);
		w->out->unreadable++;
		if (w->out->newer == NULL)
			w->out->newer = ca_sigalg_newer(NULL, type);
	} else {
		w->out->key[w->out->nkeys++] = key;
	}
	return CA_OK;
}

/* May something that is encrypted by alg be decrypted here? */
static enum ca_err
check_alg(struct walk *w, const X509_ALGOR *alg)
{
	if (!ca_pbe_sane(alg))
		return CA_ERR_LIMIT;
	if (ca_pbe_has(w->lib, alg))
		return CA_OK;
	ca_pbe_name(alg, w->missing);
	return CA_ERR_UNSUPPORTED;
}

/* What it means that decryption failed: without a MAC, only that shows a wrong
 * password. */
static enum ca_err
not_decrypted(const struct walk *w)
{
	return w->mac ? CA_ERR_CRYPTO : CA_ERR_PIN;
}

static enum ca_err
add_shrouded_key(struct walk *w, const PKCS12_SAFEBAG *bag)
{
	const X509_SIG *sealed = PKCS12_SAFEBAG_get0_pkcs8(bag);
	const X509_ALGOR *alg = NULL;
	enum ca_err rc;

	if (sealed == NULL)
		return CA_ERR_FORMAT;
	X509_SIG_get0(sealed, &alg, NULL);
	if ((rc = check_alg(w, alg)) != CA_OK)
		return rc;
	/* PKCS8_PRIV_KEY_INFO_free wipes the key material */
	PKCS8_PRIV_KEY_INFO *p8 =
	    PKCS12_decrypt_skey_ex(bag, w->pass, w->passlen, w->lib, NULL);
	if (p8 == NULL)
		return not_decrypted(w);
	rc = add_key(w, p8);
	PKCS8_PRIV_KEY_INFO_free(p8);
	return rc;
}

static enum ca_err
add_bags(struct walk *w, const STACK_OF(PKCS12_SAFEBAG) *bags, int depth)
{
	if (depth > NESTING_MAX)
		return CA_ERR_LIMIT;
	for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++) {
		const PKCS12_SAFEBAG *bag = sk_PKCS12_SAFEBAG_value(bags, i);
		const PKCS8_PRIV_KEY_INFO *p8;
		enum ca_err rc = CA_OK;

		switch (PKCS12_SAFEBAG_get_nid(bag)) {
		case NID_keyBag:
			p8 = PKCS12_SAFEBAG_get0_p8inf(bag);
			rc = p8 != NULL ? add_key(w, p8) : CA_ERR_FORMAT;
			break;
		case NID_pkcs8ShroudedKeyBag:
			rc = add_shrouded_key(w, bag);
			break;
		case NID_certBag:
			rc = add_cert(w, bag);
			break;
		case NID_safeContentsBag:
			rc = add_bags(
			    w, PKCS12_SAFEBAG_get0_safes(bag), depth + 1);
			break;
		default:
			break; /* CRLs and secrets are not used */
		}
		if (rc != CA_OK)
			return rc;
	}
	return CA_OK;
}

static enum ca_err
add_safe(struct walk *w, PKCS7 *p7)
{
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	enum ca_err unreadable = CA_ERR_FORMAT, rc;

	if (PKCS7_type_is_data(p7)) {
		bags = PKCS12_unpack_p7data(p7);
	} else if (PKCS7_type_is_encrypted(p7)) {
		if (p7->d.encrypted == NULL ||
		    p7->d.encrypted->enc_data == NULL)
			return CA_ERR_FORMAT;
		rc = check_alg(w, p7->d.encrypted->enc_data->algorithm);
		if (rc != CA_OK)
			return rc;
		unreadable = not_decrypted(w);
		bags = PKCS12_unpack_p7encdata(p7, w->pass, w->passlen);
	} else { /* sealed to a public key */
		(void)strcpy(w->missing, "a public key instead of a password");
		return CA_ERR_UNSUPPORTED;
	}
	if (bags == NULL)
		return unreadable;
	rc = add_bags(w, bags, 0);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	return rc;
}

/* ---- the file ---- */

/* Check the MAC, which depends on the password.  "No password" has two forms,
 * no bytes and an empty string with its terminator; w->pass becomes the right
 * one. */
static enum ca_err
check_mac(struct walk *w, PKCS12 *p12, const unsigned char *p, size_t len)
{
	const ASN1_INTEGER *iterations = NULL;
	const ASN1_OCTET_STRING *value = NULL;
	const X509_ALGOR *alg = NULL;

	PKCS12_get0_mac(&value, &alg, NULL, &iterations, p12);
	if (!ca_pbe_count_sane(iterations))
		return CA_ERR_LIMIT;
	if (alg != NULL && ca_p12_is_pbmac1(alg)) {
		const struct ca_p12_mac mac = {
		    w->lib, p, len, alg, value, w->pass, w->passlen};
		enum ca_err rc = ca_p12_pbmac1(&mac);

		if (rc == CA_ERR_UNSUPPORTED)
			(void)strcpy(w->missing, "PBMAC1 of that form");
		return rc;
	}
	if (PKCS12_verify_mac(p12, w->pass, w->passlen) == 1)
		return CA_OK;
	if (w->passlen > 0)
		return CA_ERR_PIN;
	w->pass = "";
	return PKCS12_verify_mac(p12, "", 0) == 1 ? CA_OK : CA_ERR_PIN;
}

static enum ca_err
add_safes(struct walk *w, PKCS12 *p12)
{
	STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(p12);

	if (safes == NULL)
		return CA_ERR_FORMAT;
	enum ca_err rc = CA_OK;
	for (int i = 0; i < sk_PKCS7_num(safes) && rc == CA_OK; i++)
		rc = add_safe(w, sk_PKCS7_value(safes, i));
	sk_PKCS7_pop_free(safes, PKCS7_free);
	return rc;
}

static enum ca_err
open_in(struct walk *w, const unsigned char *p, size_t len)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const unsigned char *at = p;
	PKCS12 *p12 = PKCS12_init_ex(NID_pkcs7_data, w->lib, NULL);

	if (p12 == NULL || (w->out->certs = sk_X509_new_null()) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	/* a failure frees p12 and makes it NULL */
	if (d2i_PKCS12(&p12, &at, (long)len) == NULL || at != p + len) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	w->mac = PKCS12_mac_present(p12) != 0;
	if (w->mac && (rc = check_mac(w, p12, p, len)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if ((rc = add_safes(w, p12)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	PKCS12_free(p12);
	if (ret != CA_OK)
		ca_p12_free(w->out);
	ERR_clear_error();
	return ret;
}

/* RC2 and similar algorithms are in the legacy provider. */
static enum ca_err
open_legacy(struct walk *w, const unsigned char *p, size_t len)
{
	struct ca_legacy legacy;
	enum ca_err rc = ca_legacy_open(&legacy);
	bool none = rc == CA_ERR_UNSUPPORTED;

	w->lib = legacy.lib;
	if (rc == CA_OK)
		rc = open_in(w, p, len);
	w->out->legacy = rc == CA_OK;
	w->out->no_legacy = none;
	ca_legacy_close(&legacy);
	ERR_clear_error();
	return rc;
}

enum ca_err
ca_p12_open(struct ca_crypto *crypto, const void *p, size_t len,
    const struct ca_secret *password, struct ca_p12 *out)
{
	struct walk w = {.crypto = crypto, .out = out};
	struct walk again;

	*out = (struct ca_p12){.nkeys = 0};
	if (len > CA_P12_BYTES_MAX)
		return CA_ERR_LIMIT;
	w.lib = ca_crypto_get0_keys(crypto);
	if (password != NULL && ca_secret_len(password) > 0) {
		w.pass = ca_secret_get0(password);
		w.passlen = (int)ca_secret_len(password);
	}
	again = w;
	enum ca_err rc = open_in(&w, p, len);
	if (rc == CA_ERR_UNSUPPORTED)
		rc = open_legacy(&again, p, len);
	/* the second attempt may have found what the first one lacked */
	if (rc == CA_ERR_UNSUPPORTED)
		memcpy(out->missing,
		    again.missing[0] != '\0' ? again.missing : w.missing,
		    sizeof out->missing);
	return rc;
}
