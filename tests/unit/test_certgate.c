/*
 * The gate before d2i_X509, with certificates that are good, truncated, altered,
 * or made to be slow.
 */
#include "crypto/certgate.h"
#include "crypto/cost.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "crlmake.h"
#include "pkimake.h"
#include "rsakey.h"

#include <openssl/rand.h>

static EVP_PKEY *signer;

/* ---- certificates with any key ---- */

static int
der_of(EVP_PKEY *key, const char *subject, unsigned char **der)
{
	return make_der(
	    &(struct spec){subject, "CA", key, signer, .bare = true}, der);
}

/* What the gate says, and that ca_crypto_cert says the same. */
static enum ca_err
gate(const unsigned char *der, size_t len, const char **why)
{
	X509 *cert = NULL;
	char text[CA_CERT_REFUSAL];
	enum ca_err rc = ca_cert_gate(der, len, why);
	enum ca_err decoded = ca_crypto_cert(crypto, der, len, &cert);

	if (rc != CA_OK)
		assert_int_equal(decoded, rc);
	assert_true((cert != NULL) == (decoded == CA_OK));
	assert_true(
	    (rc == CA_ERR_UNSUPPORTED || rc == CA_ERR_LIMIT) == (*why != NULL));
	/* which names the type of a key that the gate does not know */
	if (ca_cert_unsupported(der, len) && *why != NULL)
		assert_memory_equal(
		    ca_cert_refusal(der, len, text), "its key ", 8);
	else
		assert_ptr_equal(ca_cert_refusal(der, len, text), *why);
	X509_free(cert);
	return rc;
}

static void
is(EVP_PKEY *key, enum ca_err want, const char *says)
{
	unsigned char *der;
	const char *why = NULL;
	int len = der_of(key, "leaf", &der);

	assert_int_equal(gate(der, (size_t)len, &why), want);
	if (says != NULL && strstr(why, says) == NULL)
		fail_msg("not \"%s\": %s", says, why);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

/* ---- kinds of keys ---- */

static EVP_PKEY *
generated(const char *type)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *
written_out(const char *curve)
{
	EVP_PKEY *key = new_key_on(curve);

	assert_int_equal(
	    EVP_PKEY_set_utf8_string_param(key, "encoding", "explicit"), 1);
	return key;
}

static EVP_PKEY *
compressed(const char *curve)
{
	EVP_PKEY *key = new_key_on(curve);

	assert_int_equal(
	    EVP_PKEY_set_utf8_string_param(key, "point-format", "compressed"),
	    1);
	return key;
}

static EVP_PKEY *
dsa(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
	EVP_PKEY *params = NULL, *key = NULL;
	unsigned p = 1024, q = 160;
	const OSSL_PARAM bits[] = {
	    OSSL_PARAM_uint(OSSL_PKEY_PARAM_FFC_PBITS, &p),
	    OSSL_PARAM_uint(OSSL_PKEY_PARAM_FFC_QBITS, &q), OSSL_PARAM_END};

	assert_int_equal(EVP_PKEY_paramgen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_params(ctx, bits), 1);
	assert_int_equal(EVP_PKEY_paramgen(ctx, &params), 1);
	EVP_PKEY_CTX_free(ctx);
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, params, NULL);
	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(params);
	return key;
}

static void
kinds(void **state)
{
	static const char *const curves[] = {"P-256", "P-384", "P-521",
	    "secp256k1", "brainpoolP512t1", "B-571", "P-224"};
	static const char *const x962[] = {"c2pnb176v1", "c2pnb208w1",
	    "c2pnb272w1", "c2pnb304w1", "c2pnb368w1", "c2pnb163v1",
	    "c2tnb431r1"};

	(void)state;
	/* every named curve decodes, whatever is said of it afterwards */
	for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++)
		is(new_key_on(curves[i]), CA_OK, NULL);
	is(generated("RSA"), CA_OK, NULL);
	is(generated("RSA-PSS"), CA_OK, NULL);
	is(generated("ED25519"), CA_OK, NULL);
	is(generated("ED448"), CA_OK, NULL);
	is(written_out("P-256"), CA_ERR_UNSUPPORTED, "explicit");
	is(written_out("B-571"), CA_ERR_UNSUPPORTED, "explicit");
	for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++)
		is(compressed(curves[i]), CA_OK, NULL);
	/* these over fields of even degree, then of odd degree */
	for (size_t i = 0; i < sizeof x962 / sizeof x962[0]; i++) {
		is(new_key_on(x962[i]), CA_OK, NULL);
		is(compressed(x962[i]), CA_ERR_UNSUPPORTED, "compressed");
	}
	is(generated("X25519"), CA_ERR_UNSUPPORTED, "X25519");
	is(generated("X448"), CA_ERR_UNSUPPORTED, "X448");
	is(dsa(), CA_ERR_UNSUPPORTED, "DSA");
}

/* The curve of implicitCurve (NULL), and no parameters at all. */
static void
curve_of_nobody(void **state)
{
	static const unsigned char named[] = {
	    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
	EVP_PKEY *key = new_key_on("P-256");
	unsigned char *der;
	const char *why;
	int len = der_of(key, "leaf", &der);
	unsigned char *at = memmem(der, (size_t)len, named, sizeof named);

	(void)state;
	assert_non_null(at);
	at[0] = 0x05; /* NULL, of a length that it does not have */
	assert_int_equal(gate(der, (size_t)len, &why), CA_ERR_UNSUPPORTED);
	at[0] = 0x04;
	assert_int_equal(gate(der, (size_t)len, &why), CA_ERR_UNSUPPORTED);
	at[0] = 0x06;
	assert_int_equal(gate(der, (size_t)len, &why), CA_OK);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

/* ---- RSA ---- */

static uint64_t
cost(const char *modulus, const char *exponent)
{
	return ca_rsa_cost(ca_reader_of(modulus, strlen(modulus)),
	    ca_reader_of(exponent, strlen(exponent)));
}

static EVP_PKEY *
rsa_key(int bits, int exponent_bits, bool dense)
{
	BIGNUM *e = BN_new();

	assert_int_equal(BN_one(e), 1);
	assert_int_equal(
	    BN_lshift(e, e, dense ? exponent_bits : exponent_bits - 1), 1);
	assert_int_equal(dense ? BN_sub_word(e, 1) : BN_add_word(e, 1), 1);
	return public_rsa(bits, e);
}

static void
rsa(void **state)
{
	static const struct {
		int bits, exponent;
		bool dense, good;
	} row[] = {
	    {2048, 17, false, true},
	    {3072, 64, true, true},
	    {4096, 64, true, true},
	    {8192, 64, false, true},
	    {16384, 17, false, true},
	    {16384, 18, false, false},
	    {16384, 17, true, false},
	    {16385, 17, false, false},
	    {16384, 64, false, false},
	    {3072, 3072, false, false},
	    {2048, 2048, true, false},
	    /* too long to be accepted, not to be decoded */
	    {30000, 2, false, true},
	};

	(void)state;
	/* bits squared, times squarings and multiplications */
	assert_int_equal(cost("\x80", "\x01\x00\x01"), 8 * 8); /* a NUL ends */
	assert_int_equal(cost("\x80", "\x03"), 8 * 8 * 2);
	assert_int_equal(cost("\x01\xff", "\x80\x01"), 9 * 9 * 16);
	assert_int_equal(cost("\xff\xff", "\xff"), 16 * 16 * 14);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		EVP_PKEY *key =
		    rsa_key(row[i].bits, row[i].exponent, row[i].dense);
		bool in_range = row[i].bits <= 16384;

		assert_int_equal(
		    ca_crypto_rsa_ok(key), row[i].good && in_range);
		is(key, row[i].good ? CA_OK : CA_ERR_UNSUPPORTED,
		    row[i].good ? NULL : "RSA");
	}
}

/* ---- sizes ---- */

/* A subject of n attributes, each of len letters. */
static enum ca_err
subject(int n, int len, const char **why)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_NAME_new();
	unsigned char *der = NULL, *text = malloc((size_t)len + 1);

	memset(text, 'x', (size_t)len);
	for (int i = 0; i < n; i++)
		assert_int_equal(
		    X509_NAME_add_entry_by_NID(name, NID_dnQualifier,
			V_ASN1_UTF8STRING, text, len, -1, i % 2 == 0 ? 0 : -1),
		    1);
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_set_subject_name(cert, name);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 0);
	X509_set_pubkey(cert, signer);
	assert_true(X509_sign(cert, signer, EVP_sha256()) > 0);
	int size = i2d_X509(cert, &der);
	enum ca_err rc = gate(der, (size_t)size, why);
	OPENSSL_free(der);
	free(text);
	X509_NAME_free(name);
	X509_free(cert);
	return rc;
}

static void
names(void **state)
{
	const char *why;
	int n;

	(void)state;
	assert_int_equal(subject(CA_CERT_ATTRIBUTES_MAX, 1, &why), CA_OK);
	assert_int_equal(
	    subject(CA_CERT_ATTRIBUTES_MAX + 1, 1, &why), CA_ERR_LIMIT);
	assert_non_null(strstr(why, "subject or issuer"));
	/* SET, SEQUENCE, type and string take 17 bytes of a long one */
	for (n = 1980; subject(1, n, &why) == CA_OK; n++)
		;
	assert_true(n >= CA_CERT_NAME_MAX - 20 && n <= CA_CERT_NAME_MAX - 10);
	assert_int_equal(subject(1, n, &why), CA_ERR_LIMIT);
}

static enum ca_err
extensions_of(int n, const char **why)
{
	X509 *cert =
	    make(&(struct spec){"a", "A", signer, signer, .bare = true});
	unsigned char *der = NULL;

	while (X509_get_ext_count(cert) < n)
		assert_int_equal(
		    X509_add_ext(cert, X509_get_ext(cert, 0), -1), 1);
	assert_true(X509_sign(cert, signer, EVP_sha256()) > 0);
	int size = i2d_X509(cert, &der);
	enum ca_err rc = gate(der, (size_t)size, why);
	OPENSSL_free(der);
	X509_free(cert);
	return rc;
}

static void
extensions(void **state)
{
	const char *why;

	(void)state;
	assert_int_equal(extensions_of(CA_CERT_EXTENSIONS_MAX, &why), CA_OK);
	assert_int_equal(
	    extensions_of(CA_CERT_EXTENSIONS_MAX + 1, &why), CA_ERR_LIMIT);
	assert_non_null(strstr(why, "extensions"));
}

/* ---- form ---- */

/* Each byte cut off, and each changed: the gate ends, reads nothing beyond the
 * end (the copy is as long as it says), and what it lets through decodes or is
 * refused by libcrypto. */
static void
every_byte(void **state)
{
	unsigned char *der;
	const char *why;
	int len = der_of(signer, "leaf", &der);

	(void)state;
	for (int i = 0; i < len; i++) {
		unsigned char *part = malloc(i > 0 ? (size_t)i : 1);

		memcpy(part, der, (size_t)i);
		assert_int_equal(gate(part, (size_t)i, &why), CA_ERR_FORMAT);
		free(part);
		for (int bit = 0; bit < 8; bit++) {
			unsigned char *all = malloc((size_t)len);

			memcpy(all, der, (size_t)len);
			all[i] ^= (unsigned char)(1 << bit);
			(void)gate(all, (size_t)len, &why);
			free(all);
		}
	}
	unsigned char *longer = malloc((size_t)len + 1);
	memcpy(longer, der, (size_t)len);
	longer[len] = 0;
	assert_int_equal(gate(longer, (size_t)len + 1, &why), CA_ERR_FORMAT);
	/* an indefinite length outside */
	longer[1] = 0x80;
	assert_int_equal(gate(longer, (size_t)len, &why), CA_ERR_FORMAT);
	free(longer);
	OPENSSL_free(der);
}

/* Whatever the EC parameters are, only a name gets to libcrypto: the
 * certificate's parameters are replaced by random elements. */
static void
random_parameters(void **state)
{
	static const unsigned char ec_public_key[] = {
	    0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
	unsigned char *der;
	const char *why;
	int len = der_of(signer, "leaf", &der);
	unsigned char *at =
	    memmem(der, (size_t)len, ec_public_key, sizeof ec_public_key);

	(void)state;
	assert_non_null(at);
	at += sizeof ec_public_key;
	for (int i = 0; i < 2000; i++) {
		unsigned char tag;

		assert_int_equal(RAND_bytes(&tag, 1), 1);
		at[0] = tag;
		enum ca_err rc = gate(der, (size_t)len, &why);
		assert_int_equal(rc, tag == 0x06 ? CA_OK : CA_ERR_UNSUPPORTED);
	}
	OPENSSL_free(der);
}

/* ---- alike with every libcrypto ---- */

/* The key is the base point of P-256; the signature is not looked at. */
#define ALG "30{06{2a8648ce3d040302}}"
#define NAME "30{31{30{06{550403} 0c{'a'}}}}"
#define KEY                                                                    \
	"30{30{06{2a8648ce3d0201} 06{2a8648ce3d030107}} 03{0004"               \
	"6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"     \
	"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5}}"
#define AT "17{'270101000000Z'}"
#define CERT(version, serial, from, to, rest)                                  \
	"30{30{" version " " serial ALG NAME "30{" from to "}" NAME KEY rest   \
	"}" ALG "03{00}}"
#define V3 "a0{02{02}}"
#define ONE "02{01}"
#define EXT(oid, value) "30{06{" oid "} 04{" value "}}"
#define EXTS(list) "a3{30{" list "}}"
#define FROM(time) CERT(V3, ONE, time, AT, "")
#define TO(time) CERT(V3, ONE, AT, time, "")
#define WITH(list) CERT(V3, ONE, AT, AT, EXTS(list))
#define CONSTRAINTS EXT("551d13", "30{}")

/* Is it a certificate, and do the extensions decode that libcrypto caches?
 * Each libcrypto must come to these verdicts: OpenSSL 3.0 alone does not for
 * the shorter times, so that the gate must. */
static void
alike(void **state)
{
	enum verdict { NO, FLAWED, GOOD };
	static const struct {
		const char *text;
		enum verdict want;
	} cases[] = {
	    {CERT(V3, ONE, AT, AT, ""), GOOD},
	    /* times: of one length less, of a wrong form, no dates */
	    {FROM("17{'2701010000Z'}"), NO},
	    {FROM("17{'270101000000'}"), NO},
	    {FROM("17{}"), NO},
	    {FROM("18{'202701010000Z'}"), NO},
	    {FROM("18{'20270101000000'}"), NO},
	    {TO("17{'2701010000Z'}"), NO},
	    {TO("17{'270101000000'}"), NO},
	    {TO("17{}"), NO},
	    {TO("18{'202701010000Z'}"), NO},
	    {TO("18{'20270101000000'}"), NO},
	    {TO("18{'20270101000000Z'}"), GOOD},
	    {TO("17{'271314080000Z'}"), GOOD},
	    {TO("17{'270230080000Z'}"), GOOD},
	    {TO("17{'270101000000+0100'}"), GOOD},
	    {TO("17{'27010100000aZ'}"), GOOD},
	    {TO("16{'270101000000Z'}"), NO},
	    {TO("04{'270101000000Z'}"), NO},
	    {TO(""), NO},
	    {TO(AT AT), NO},
	    /* versions */
	    {CERT("", ONE, AT, AT, ""), GOOD},
	    {CERT("a0{02{00}}", ONE, AT, AT, ""), GOOD},
	    {CERT("a0{02{01}}", ONE, AT, AT, ""), GOOD},
	    {CERT("a0{02{03}}", ONE, AT, AT, ""), GOOD},
	    {CERT("a0{02{ff}}", ONE, AT, AT, ""), GOOD},
	    {CERT("a0{02{0002}}", ONE, AT, AT, ""), NO},
	    {CERT("a0{02{}}", ONE, AT, AT, ""), NO},
	    {CERT("a0{}", ONE, AT, AT, ""), NO},
	    {CERT(V3 V3, ONE, AT, AT, ""), NO},
	    {CERT("", ONE, AT, AT, EXTS(CONSTRAINTS)), GOOD},
	    /* serial numbers */
	    {CERT(V3, "02{00}", AT, AT, ""), GOOD},
	    {CERT(V3, "02{ff}", AT, AT, ""), GOOD},
	    {CERT(V3, "02{0001}", AT, AT, ""), NO},
	    {CERT(V3, "02{ff80}", AT, AT, ""), NO},
	    {CERT(V3, "02{}", AT, AT, ""), NO},
	    {CERT(V3, "", AT, AT, ""), NO},
	    /* extensions */
	    {WITH(CONSTRAINTS), GOOD},
	    {WITH(CONSTRAINTS CONSTRAINTS), FLAWED},
	    {WITH(EXT("551d13", "")), FLAWED},
	    {WITH(EXT("551d13", "30{} 05")), GOOD},
	    {WITH(EXT("551d13", "30{02{ff}}")), FLAWED},
	    {WITH(EXT("551d0f", "03{0780}")), GOOD},
	    {WITH(EXT("551d0f", "03{0700}")), FLAWED},
	    {WITH(EXT("551d0f", "04{80}")), FLAWED},
	    {WITH(EXT("551d0e", "04{01}") EXT("551d0e", "04{01}")), FLAWED},
	    {WITH(EXT("551d23", "30{80{01}} 00")), GOOD},
	    {WITH(EXT("551d11", "30{82{'a'}} 04")), GOOD},
	    {WITH(EXT("2a0304", "05{}") EXT("2a0304", "05{}")), GOOD},
	    {WITH(""), GOOD},
	    {CERT(V3, ONE, AT, AT, EXTS("") EXTS("")), NO},
	    {CERT(V3, ONE, AT, AT, "a3{}"), NO},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ca_buf b = CA_BUF_INIT(1 << 16);
		X509 *cert = NULL;

		der_make(cases[i].text, NULL, &b);
		enum ca_err rc = ca_crypto_cert(crypto, b.p, b.len, &cert);
		enum verdict is =
		    rc != CA_OK ? NO
		    : (X509_get_extension_flags(cert) & EXFLAG_INVALID) != 0
			? FLAWED
			: GOOD;
		if (is != cases[i].want || (is == NO && rc != CA_ERR_FORMAT))
			fail_msg("%d, error %d: %s", is, rc, cases[i].text);
		X509_free(cert);
		ca_buf_free(&b);
	}
}

static void
decodings(void **state)
{
	(void)state;
	assert_int_equal(ca_cost_decode(0), 1);
	assert_int_equal(ca_cost_decode(1023), 1);
	assert_int_equal(ca_cost_decode(1024), 2);
	assert_int_equal(ca_cost_decode(CA_CERT_MAX), 65);
}

static int
start(void **state)
{
	(void)state;
	if (pki_start("certgate") != 0)
		return -1;
	signer = new_key();
	return 0;
}

static int
finish(void **state)
{
	(void)state;
	EVP_PKEY_free(signer);
	return pki_stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kinds),
	    cmocka_unit_test(curve_of_nobody),
	    cmocka_unit_test(rsa),
	    cmocka_unit_test(names),
	    cmocka_unit_test(extensions),
	    cmocka_unit_test(every_byte),
	    cmocka_unit_test(random_parameters),
	    cmocka_unit_test(alike),
	    cmocka_unit_test(decodings),
	};

	return cmocka_run_group_tests_name("certgate", tests, start, finish);
}
