/*
 * Certificates made on the spot, and a directory for them.  For one test
 * program each: include it behind cmocka.h, call pki_start and pki_stop.
 */
#ifndef CA_TESTS_PKIMAKE_H
#define CA_TESTS_PKIMAKE_H

#include "certraw.h"
#include "crypto/crypto.h"

#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOW 1800000000 /* 2027-01-15 */
#define DAY 86400L

static struct ca_crypto *crypto;
static char dir[64];

struct spec {
	const char *subject, *issuer; /* CN */
	EVP_PKEY *key, *signer;
	bool ca;
	long from, to;   /* seconds from NOW; 0, 0: a day either way */
	const char *eku; /* NULL: none */
	long serial;     /* 0: the next one */
	const char *ext; /* a further extension, name:value; NULL: none */
	bool bare;       /* without key identifiers */
	const char *bc;  /* NULL: critical, CA:TRUE or CA:FALSE; "": none */
	const char *ku; /* NULL: what a CA, or one who signs, needs; "": none */
	const char *aki;  /* as X509V3_EXT_conf wants it; NULL: the signer's */
	const EVP_MD *md; /* NULL: SHA-256 */
	const char *serial_hex; /* instead of serial */
	int version;            /* 1 and on; 0: 3 */
	bool no_subject;        /* an empty one */
	bool no_ski;            /* without subjectKeyIdentifier */
};

static inline EVP_PKEY *
new_key_on(const char *curve)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);

	assert_non_null(key);
	return key;
}

static inline EVP_PKEY *
new_key(void)
{
	return new_key_on("P-256");
}

static inline X509_NAME *
name_of(const char *cn)
{
	X509_NAME *name = X509_NAME_new();

	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
			     (const unsigned char *)cn, -1, -1, 0),
	    1);
	return name;
}

static inline void
extend(X509 *cert, X509V3_CTX *ctx, const char *name, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf(NULL, ctx, name, value);

	assert_non_null(ext);
	add_extension(cert, ext);
	X509_EXTENSION_free(ext);
}

/* name:value */
static inline void
extend_by(X509 *cert, X509V3_CTX *ctx, const char *text)
{
	char *copy = strdup(text), *colon = strchr(copy, ':');

	*colon = '\0';
	extend(cert, ctx, copy, colon + 1);
	free(copy);
}

/* That of the signer's key, whatever certificate carries it. */
static inline AUTHORITY_KEYID *
aki_of(EVP_PKEY *signer)
{
	X509 *carrier = X509_new();
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len;
	AUTHORITY_KEYID *aki = AUTHORITY_KEYID_new();

	assert_int_equal(X509_set_pubkey(carrier, signer), 1);
	assert_int_equal(
	    X509_pubkey_digest(carrier, EVP_sha1(), hash, &len), 1);
	aki->keyid = ASN1_OCTET_STRING_new();
	assert_int_equal(ASN1_OCTET_STRING_set(aki->keyid, hash, (int)len), 1);
	X509_free(carrier);
	return aki;
}

static inline void
add_identifiers(X509 *cert, X509V3_CTX *ctx, const struct spec *s)
{
	if (!s->no_ski)
		extend(cert, ctx, "subjectKeyIdentifier", "hash");
	if (s->aki != NULL) {
		if (*s->aki != '\0')
			extend(cert, ctx, "authorityKeyIdentifier", s->aki);
		return;
	}
	AUTHORITY_KEYID *aki = aki_of(s->signer);
	assert_int_equal(X509_add1_ext_i2d(cert, NID_authority_key_identifier,
			     aki, 0, X509V3_ADD_DEFAULT),
	    1);
	AUTHORITY_KEYID_free(aki);
}

static inline void
number(X509 *cert, const struct spec *s)
{
	static long serial = 1;
	BIGNUM *n = NULL;

	if (s->serial_hex == NULL) {
		ASN1_INTEGER_set(X509_get_serialNumber(cert),
		    s->serial != 0 ? s->serial : ++serial);
		return;
	}
	assert_int_not_equal(BN_hex2bn(&n, s->serial_hex), 0);
	assert_non_null(BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)));
	BN_free(n);
}

/* Its DER, for OPENSSL_free; the length comes back. */
static inline int
make_der(const struct spec *s, unsigned char **der)
{
	X509 *cert = X509_new();
	X509_NAME *subject = name_of(s->subject), *issuer = name_of(s->issuer);
	X509V3_CTX ctx;
	bool day = s->from == 0 && s->to == 0;
	long version = s->version != 0 ? s->version - 1 : X509_VERSION_3;
	const char *ku = s->ca ? "critical,keyCertSign,cRLSign"
			       : "critical,digitalSignature";

	X509_set_version(cert, version);
	number(cert, s);
	if (!s->no_subject)
		X509_set_subject_name(cert, subject);
	X509_set_issuer_name(cert, issuer);
	ASN1_TIME_set(X509_getm_notBefore(cert), NOW + (day ? -DAY : s->from));
	ASN1_TIME_set(X509_getm_notAfter(cert), NOW + (day ? DAY : s->to));
	X509_set_pubkey(cert, s->key);
	X509V3_set_ctx(&ctx, NULL, cert, NULL, NULL, 0);
	const char *bc = s->ca ? "critical,CA:TRUE" : "critical,CA:FALSE";
	if (s->bc == NULL || *s->bc != '\0')
		extend(
		    cert, &ctx, "basicConstraints", s->bc != NULL ? s->bc : bc);
	if (s->ku == NULL || *s->ku != '\0')
		extend(cert, &ctx, "keyUsage", s->ku != NULL ? s->ku : ku);
	if (!s->bare)
		add_identifiers(cert, &ctx, s);
	if (s->eku != NULL)
		extend(cert, &ctx, "extendedKeyUsage", s->eku);
	if (s->ext != NULL)
		extend_by(cert, &ctx, s->ext);
	const EVP_MD *md = s->md != NULL ? s->md : EVP_sha256();
	/* these sign the message itself */
	if (EVP_PKEY_is_a(s->signer, "ED25519") ||
	    EVP_PKEY_is_a(s->signer, "ED448") ||
	    EVP_PKEY_is_a(s->signer, "ML-DSA-44") ||
	    EVP_PKEY_is_a(s->signer, "ML-DSA-65") ||
	    EVP_PKEY_is_a(s->signer, "ML-DSA-87"))
		md = NULL;
	sign_as(cert, version, s->signer, md);
	*der = NULL;
	int len = i2d_X509(cert, der);
	assert_true(len > 0);
	X509_NAME_free(subject);
	X509_NAME_free(issuer);
	X509_free(cert);
	return len;
}

/* cert as it comes from the wire, once it was changed and signed again. */
static inline X509 *
from_wire(X509 *cert)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	X509 *out = NULL;

	assert_int_equal(ca_crypto_cert(crypto, der, (size_t)len, &out), CA_OK);
	OPENSSL_free(der);
	X509_free(cert);
	return out;
}

/* As it comes from the wire: decoded in our library context. */
static inline X509 *
make(const struct spec *s)
{
	unsigned char *der;
	X509 *out = NULL;
	int len = make_der(s, &der);

	assert_int_equal(ca_crypto_cert(crypto, der, (size_t)len, &out), CA_OK);
	OPENSSL_free(der);
	return out;
}

/* The same, with a signature that is none. */
static inline X509 *
make_forged(const struct spec *s)
{
	unsigned char *der;
	X509 *out = NULL;
	int len = make_der(s, &der);

	der[len - 3] ^= 1;
	assert_int_equal(ca_crypto_cert(crypto, der, (size_t)len, &out), CA_OK);
	OPENSSL_free(der);
	return out;
}

/* ---- files in dir ---- */

static inline void
put(const char *name, const void *p, size_t len)
{
	char path[512];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static inline void
put_text(const char *name, const char *text)
{
	put(name, text, strlen(text));
}

static inline void
put_cert(const char *name, X509 *cert)
{
	char path[512];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, cert), 1);
	assert_int_equal(fclose(f), 0);
}

/* SUB/HASH.kind and the number, for that CN; it fits into 64. */
static inline void
hashed_name(
    char out[64], const char *sub, const char *cn, const char *kind, int n)
{
	X509_NAME *name = name_of(cn);
	int ok = 0;

	(void)snprintf(out, 64, "%s%08lx.%s%d", sub,
	    X509_NAME_hash_ex(name, NULL, NULL, &ok), kind, n);
	X509_NAME_free(name);
}

/* HASH.n for that name */
static inline void
put_hashed(const char *cn, int n, X509 *cert)
{
	char file[64];

	hashed_name(file, "", cn, "", n);
	put_cert(file, cert);
}

static inline void
empty_dir(void)
{
	char command[256];

	(void)snprintf(
	    command, sizeof command, "rm -rf %s && mkdir -m 755 %s", dir, dir);
	assert_int_equal(system(command), 0); // NOLINT(cert-env33-c)
}

/* name: what the directory under /tmp begins with; 0, or -1. */
static inline int
pki_start(const char *name)
{
	(void)snprintf(dir, sizeof dir, "/tmp/certauth-%s.XXXXXX", name);
	return mkdtemp(dir) != NULL && ca_crypto_new(&crypto) == CA_OK ? 0 : -1;
}

static inline int
pki_stop(void)
{
	char command[256];

	ca_crypto_free(crypto);
	(void)snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command); // NOLINT(cert-env33-c)
}

#endif
