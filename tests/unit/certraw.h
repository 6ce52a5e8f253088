/*
 * Certificates that newer libcrypto does not make: X509_add_ext of OpenSSL 4
 * leaves out key identifiers whose value is an empty SEQUENCE or OCTET STRING,
 * and X509_sign refuses them; X509_sign of OpenSSL 3.4 makes every certificate
 * with extensions one of version 3.  Include it after cmocka.h.
 */
#ifndef CA_TESTS_UNIT_CERTRAW_H
#define CA_TESTS_UNIT_CERTRAW_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>

/* Give the extension of cert this value, and return the one that it had. */
static inline ASN1_OCTET_STRING *
swap_value(X509 *cert, int at, const void *value, int len)
{
	X509_EXTENSION *ext = (X509_EXTENSION *)X509_get_ext(cert, at);
	ASN1_OCTET_STRING *had =
	    ASN1_OCTET_STRING_dup(X509_EXTENSION_get_data(ext));
	ASN1_OCTET_STRING *v = ASN1_OCTET_STRING_new();

	assert_int_equal(ASN1_OCTET_STRING_set(v, value, len), 1);
	assert_int_equal(X509_EXTENSION_set_data(ext, v), 1);
	ASN1_OCTET_STRING_free(v);
	return had;
}

#define STAND_IN "\x04\x01\x00", 3

/* X509_add_ext of every extension. */
static inline void
add_extension(X509 *cert, X509_EXTENSION *ext)
{
	const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(ext);
	X509_EXTENSION *other = X509_EXTENSION_dup(ext);
	ASN1_OCTET_STRING *v = ASN1_OCTET_STRING_new();
	int n = X509_get_ext_count(cert);

	assert_int_equal(
	    ASN1_OCTET_STRING_set(v, (const uint8_t *)STAND_IN), 1);
	assert_int_equal(X509_EXTENSION_set_data(other, v), 1);
	assert_int_equal(X509_add_ext(cert, other, -1), 1);
	assert_int_equal(X509_get_ext_count(cert), n + 1);
	ASN1_OCTET_STRING_free(v);
	v = swap_value(
	    cert, n, ASN1_STRING_get0_data(value), ASN1_STRING_length(value));
	ASN1_OCTET_STRING_free(v);
	X509_EXTENSION_free(other);
}

/* Sign what stands in cert; X509_sign made the algorithms of it. */
static inline void
sign_again(X509 *cert, EVP_PKEY *signer, const EVP_MD *md)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const ASN1_BIT_STRING *at;
	unsigned char *tbs = NULL, sig[8192];
	size_t len = sizeof sig;
	int n = i2d_re_X509_tbs(cert, &tbs);

	assert_true(n > 0);
	assert_non_null(ctx);
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, md, NULL, signer), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &len, tbs, (size_t)n), 1);
	X509_get0_signature(&at, NULL, cert);
	assert_int_equal(ASN1_STRING_set((ASN1_STRING *)at, sig, (int)len), 1);
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(tbs);
}

/* X509_sign of every certificate; version: as X509_get_version has it. */
static inline void
sign_as(X509 *cert, long version, EVP_PKEY *signer, const EVP_MD *md)
{
	ASN1_OCTET_STRING *had[32] = {NULL};
	int n = X509_get_ext_count(cert);
	bool again = false;

	assert_true(n <= 32);
	for (int i = 0; i < n; i++) {
		X509_EXTENSION *e = (X509_EXTENSION *)X509_get_ext(cert, i);

		if (ASN1_STRING_length(X509_EXTENSION_get_data(e)) == 2)
			had[i] = swap_value(cert, i, STAND_IN);
	}
	assert_true(X509_sign(cert, signer, md) > 0);
	for (int i = 0; i < n; i++) {
		if (had[i] == NULL)
			continue;
		ASN1_OCTET_STRING_free(swap_value(cert, i,
		    ASN1_STRING_get0_data(had[i]), ASN1_STRING_length(had[i])));
		ASN1_OCTET_STRING_free(had[i]);
		again = true;
	}
	if (X509_get_version(cert) != version)
		again = X509_set_version(cert, version) == 1;
	if (again)
		sign_again(cert, signer, md);
}

#endif
