/*
 * PKCS#12 contents, made here and taken apart by src/key/p12bags.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "key/p12.h"

static struct ca_crypto *crypto;

static FILE *
vector(const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof path, "tests/data/vectors/%s", name);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	return f;
}

/* A file with the key and certificate of p256; mac: rounds of its check value,
 * or -1 for none. */
static int
make(int iterations, int mac, unsigned char **der)
{
	FILE *f = vector("p256.key");
	EVP_PKEY *key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	fclose(f);
	f = vector("p256.pem");
	X509 *cert = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	PKCS12 *p12 = PKCS12_create("secret", "name", key, cert, NULL,
	    NID_aes_256_cbc, NID_aes_256_cbc, iterations, mac, 0);

	assert_non_null(p12);
	*der = NULL;
	int len = i2d_PKCS12(p12, der);
	assert_true(len > 0);
	PKCS12_free(p12);
	X509_free(cert);
	EVP_PKEY_free(key);
	return len;
}

static enum ca_err
try(const unsigned char *der, int len, const char *password, struct ca_p12 *out)
{
	struct ca_secret *s =
	    password == NULL ? NULL : ca_secret_new(password, strlen(password));
	enum ca_err rc = ca_p12_open(crypto, der, (size_t)len, s, out);

	ca_secret_free(s);
	return rc;
}

static void
test_password(void **state)
{
	unsigned char *der;
	int len = make(10, 1, &der);
	struct ca_p12 p12;

	(void)state;
	assert_int_equal(try(der, len, "secret", &p12), CA_OK);
	assert_int_equal(p12.nkeys, 1);
	assert_int_equal(sk_X509_num(p12.certs), 1);
	assert_false(p12.legacy);
	assert_int_equal(EVP_PKEY_eq(p12.key[0],
			     X509_get0_pubkey(sk_X509_value(p12.certs, 0))),
	    1);
	ca_p12_free(&p12);
	assert_int_equal(p12.nkeys, 0);
	assert_int_equal(try(der, len, "Secret", &p12), CA_ERR_PIN);
	assert_int_equal(try(der, len, "", &p12), CA_ERR_PIN);
	assert_int_equal(try(der, len, NULL, &p12), CA_ERR_PIN);
	assert_int_equal(p12.nkeys, 0);
	OPENSSL_free(der);
}

static void
test_iterations(void **state)
{
	unsigned char *der;
	struct ca_p12 p12;
	int len = make(3000, -1, &der);
	/* the INTEGER 3000 of a derivation */
	static const unsigned char was[] = {2, 2, 0x0b, 0xb8};

	(void)state;
	assert_int_equal(try(der, len, "secret", &p12), CA_OK);
	ca_p12_free(&p12);
	unsigned char *at = memmem(der, (size_t)len, was, sizeof was);
	assert_non_null(at);
	at[2] = 0x80; /* negative */
	assert_int_equal(try(der, len, "secret", &p12), CA_ERR_LIMIT);
	OPENSSL_free(der);

	/* made with so many rounds that nobody should wait for them */
	der = NULL;
	len = make(1, 5, &der);
	static const unsigned char mac[] = {2, 1, 5};
	at = memmem(der + len - 3, 3, mac, sizeof mac);
	assert_non_null(at);
	at[2] = 0x85;
	assert_int_equal(try(der, len, "secret", &p12), CA_ERR_LIMIT);
	OPENSSL_free(der);
}

static void
test_cut_and_left_over(void **state)
{
	unsigned char *der;
	int len = make(10, 1, &der);
	struct ca_p12 p12;

	(void)state;
	for (int n = 0; n < len; n++)
		assert_int_equal(try(der, n, "secret", &p12), CA_ERR_FORMAT);
	unsigned char *more = malloc((size_t)len + 1);
	memcpy(more, der, (size_t)len);
	more[len] = 0;
	assert_int_equal(try(more, len + 1, "secret", &p12), CA_ERR_FORMAT);
	assert_int_equal(
	    ca_p12_open(crypto, more, CA_P12_BYTES_MAX + 1, NULL, &p12),
	    CA_ERR_LIMIT);
	free(more);
	OPENSSL_free(der);
}

/* Every bit of it wrong in turn: an error or the content, never a crash. */
static void
test_flipped(void **state)
{
	unsigned char *der;
	int len = make(1, 1, &der);
	struct ca_p12 p12;

	(void)state;
	for (int i = 0; i < len; i++) {
		der[i] ^= (unsigned char)(1 << i % 8);
		if (try(der, len, "secret", &p12) == CA_OK)
			ca_p12_free(&p12);
		der[i] ^= (unsigned char)(1 << i % 8);
	}
	assert_int_equal(try(der, len, "secret", &p12), CA_OK);
	ca_p12_free(&p12);
	OPENSSL_free(der);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_password),
	    cmocka_unit_test(test_iterations),
	    cmocka_unit_test(test_cut_and_left_over),
	    cmocka_unit_test(test_flipped),
	};

	if (ca_crypto_new(&crypto) != CA_OK)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	ca_crypto_free(crypto);
	return failed;
}
