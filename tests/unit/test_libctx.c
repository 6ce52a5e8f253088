/*
 * The context for certificates decodes a key exactly as the whole default provider
 * does, or not at all where the type of the key is one that the gate refuses:
 * libcrypto's own decoder is the oracle, for keys of each type, on each of its curves,
 * and with each byte altered.
 */
#include "crypto/libctx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

static OSSL_LIB_CTX *narrow;
static OSSL_PROVIDER *provider;
static unsigned decoded, refused, none;

static EVP_PKEY *
decode(OSSL_LIB_CTX *lib, const unsigned char *der, size_t len)
{
	const unsigned char *p = der;

	return d2i_PUBKEY_ex(NULL, &p, (long)len, lib, NULL);
}

static bool
is_admitted(const EVP_PKEY *key)
{
	static const char *const type[] = {"EC", "RSA", "RSA-PSS", "ED25519",
	    "ED448", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"};

	for (size_t i = 0; i < sizeof type / sizeof type[0]; i++)
		if (EVP_PKEY_is_a(key, type[i]))
			return true;
	return false;
}

static void
same_bytes(EVP_PKEY *a, EVP_PKEY *b)
{
	unsigned char *x = NULL, *y = NULL;
	int m = i2d_PUBKEY(a, &x), n = i2d_PUBKEY(b, &y);

	assert_int_equal(m, n);
	if (m > 0)
		assert_memory_equal(x, y, (size_t)m);
	OPENSSL_free(x);
	OPENSSL_free(y);
}

static void
same_facts(const EVP_PKEY *a, const EVP_PKEY *b)
{
	char x[80] = "", y[80] = "";
	int m = -1, n = -1;

	assert_string_equal(
	    EVP_PKEY_get0_type_name(a), EVP_PKEY_get0_type_name(b));
	assert_int_equal(EVP_PKEY_get_bits(a), EVP_PKEY_get_bits(b));
	assert_int_equal(
	    EVP_PKEY_get_security_bits(a), EVP_PKEY_get_security_bits(b));
	(void)EVP_PKEY_get_group_name(a, x, sizeof x, NULL);
	(void)EVP_PKEY_get_group_name(b, y, sizeof y, NULL);
	assert_string_equal(x, y);
	(void)EVP_PKEY_get_int_param(
	    a, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &m);
	(void)EVP_PKEY_get_int_param(
	    b, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &n);
	assert_int_equal(m, n);
}

/* The len bytes of DER in both contexts. */
static void
both(const unsigned char *der, size_t len)
{
	EVP_PKEY *want = decode(ca_libctx_get0_whole(), der, len);
	EVP_PKEY *got = decode(narrow, der, len);

	if (want != NULL && is_admitted(want)) {
		assert_non_null(got);
		same_facts(want, got);
		same_bytes(want, got);
		assert_int_equal(EVP_PKEY_eq(want, got), 1);
		decoded++;
	} else {
		assert_null(got);
		*(want != NULL ? &refused : &none) += 1;
	}
	EVP_PKEY_free(want);
	EVP_PKEY_free(got);
	ERR_clear_error();
}

/* The key as it is, truncated, with a byte behind it, and with each byte altered. */
static void
around(EVP_PKEY *key)
{
	static const unsigned char other[] = {0x00, 0x02, 0x80, 0xff};
	unsigned char der[8192], *p = der;
	int n = i2d_PUBKEY(key, NULL);

	assert_true(n > 0 && n < (int)sizeof der);
	n = i2d_PUBKEY(key, &p);
	both(der, (size_t)n);
	der[n] = 0;
	both(der, (size_t)n + 1);
	for (int i = 0; i<n; i += n> 400 && i > 60 ? 37 : 1) {
		const unsigned char was = der[i];

		both(der, (size_t)i);
		for (size_t k = 0; k < sizeof other; k++) {
			der[i] = other[k];
			both(der, (size_t)n);
		}
		der[i] = was ^ 1;
		both(der, (size_t)n);
		der[i] = was;
	}
	EVP_PKEY_free(key);
}

static EVP_PKEY *
generated(const char *type)
{
	return EVP_PKEY_Q_keygen(ca_libctx_get0_whole(), NULL, type);
}

static void
types(void **state)
{
	static const char *const type[] = {"ED25519", "ED448", "X25519", "X448",
	    "SM2", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87", "ML-KEM-768",
	    "SLH-DSA-SHA2-128s"};
	OSSL_LIB_CTX *whole = ca_libctx_get0_whole();

	(void)state;
	decoded = refused = none = 0;
	around(EVP_PKEY_Q_keygen(whole, NULL, "RSA", (size_t)1024));
	for (size_t i = 0; i < sizeof type / sizeof type[0]; i++) {
		EVP_PKEY *key = generated(type[i]);

		if (key == NULL) /* OpenSSL 3.5 has all of them */
			print_message("# this libcrypto has no %s\n", type[i]);
		else
			around(key);
	}
	print_message("# %u decoded, %u of other types, %u not decoded\n",
	    decoded, refused, none);
	assert_true(decoded > 300 && refused > 100 && none > 1000);
}

/* The parameters of id-RSASSA-PSS: the provider decodes them. */
static void
pss(void **state)
{
	OSSL_LIB_CTX *whole = ca_libctx_get0_whole();
	static const char *const digest[] = {NULL, "SHA256", "SHA512"};

	(void)state;
	decoded = none = 0;
	for (size_t i = 0; i < sizeof digest / sizeof digest[0]; i++) {
		EVP_PKEY_CTX *ctx =
		    EVP_PKEY_CTX_new_from_name(whole, "RSA-PSS", NULL);
		EVP_PKEY *key = NULL;
		size_t bits = 1024;
		OSSL_PARAM param[] = {OSSL_PARAM_construct_size_t(
					  OSSL_PKEY_PARAM_RSA_BITS, &bits),
		    OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};

		if (digest[i] != NULL)
			param[1] = OSSL_PARAM_construct_utf8_string(
			    OSSL_PKEY_PARAM_RSA_DIGEST, (char *)digest[i], 0);
		assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
		assert_int_equal(EVP_PKEY_CTX_set_params(ctx, param), 1);
		assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
		EVP_PKEY_CTX_free(ctx);
		around(key);
	}
	assert_true(decoded > 300 && none > 1000);
}

/* One key on the curve: a point in each form, and named or in explicit parameters. */
static void
on_curve(const char *name, bool thorough)
{
	static const char *const form[] = {
	    OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED,
	    OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED,
	    OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_HYBRID};
	static const char *const encoding[] = {
	    OSSL_PKEY_EC_ENCODING_GROUP, OSSL_PKEY_EC_ENCODING_EXPLICIT};
	EVP_PKEY *key =
	    EVP_PKEY_Q_keygen(ca_libctx_get0_whole(), NULL, "EC", name);

	if (key == NULL) /* a curve that libcrypto has in its list alone */
		return;
	for (size_t i = 0; i < 6; i++) {
		unsigned char *der = NULL;

		assert_int_equal(
		    EVP_PKEY_set_utf8_string_param(
			key, OSSL_PKEY_PARAM_EC_ENCODING, encoding[i / 3]),
		    1);
		assert_int_equal(EVP_PKEY_set_utf8_string_param(key,
				     OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
				     form[i % 3]),
		    1);
		int n = i2d_PUBKEY(key, &der);
		if (n <= 0) /* libcrypto has no encoding of it */
			continue;
		both(der, (size_t)n);
		OPENSSL_free(der);
		if (thorough) {
			assert_int_equal(EVP_PKEY_up_ref(key), 1);
			around(key);
		}
	}
	EVP_PKEY_free(key);
}

static void
curves(void **state)
{
	EC_builtin_curve curve[256];
	size_t n = EC_get_builtin_curves(curve, sizeof curve / sizeof curve[0]);

	(void)state;
	assert_true(n > 3 && n < sizeof curve / sizeof curve[0]);
	decoded = refused = none = 0;
	for (size_t i = 0; i < n; i++)
		on_curve(OBJ_nid2sn(curve[i].nid),
		    curve[i].nid == NID_X9_62_prime256v1 ||
			curve[i].nid == NID_secp384r1);
	print_message("# %zu curves: %u decoded, %u of other types, %u not "
		      "decoded\n",
	    n, decoded, refused, none);
	assert_true(decoded > 300 && none > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(types),
	    cmocka_unit_test(pss),
	    cmocka_unit_test(curves),
	};

	if (ca_libctx_new(&narrow, &provider) != CA_OK)
		return 1;
	int rc = cmocka_run_group_tests_name("libctx", tests, NULL, NULL);
	(void)OSSL_PROVIDER_unload(provider);
	OSSL_LIB_CTX_free(narrow);
	return rc;
}
