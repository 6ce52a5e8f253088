/* Certificates that an unauthenticated client makes to cost the host time, and
 * keys whose signatures prove nothing. */
#include "verify/path.h"
#include "verify/profile.h"

#include <openssl/bn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "rsakey.h"

/* e 0: use a random exponent of ebits. */
static EVP_PKEY *
rsa_key(int bits, unsigned long e, int ebits)
{
	BIGNUM *exp = BN_new();

	if (e != 0)
		assert_int_equal(BN_set_word(exp, e), 1);
	else
		assert_int_equal(
		    BN_rand(exp, ebits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD),
		    1);
	return public_rsa(bits, exp);
}

static X509 *
cert_by(
    const char *subject, const char *issuer, EVP_PKEY *key, EVP_PKEY *signer)
{
	static long serial;
	X509 *cert = X509_new();

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
	X509_NAME_add_entry_by_txt((X509_NAME *)X509_get_subject_name(cert),
	    "CN", MBSTRING_UTF8, (const unsigned char *)subject, -1, -1, 0);
	X509_NAME_add_entry_by_txt((X509_NAME *)X509_get_issuer_name(cert),
	    "CN", MBSTRING_UTF8, (const unsigned char *)issuer, -1, -1, 0);
	X509_gmtime_adj(X509_getm_notBefore(cert), -86400);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_true(X509_sign(cert, signer, EVP_sha256()) > 0);
	return cert;
}

/* Signs all certificates; only the type of the signature matters: RSA. */
static EVP_PKEY *rsa_signer;

static X509 *
cert_of(const char *subject, const char *issuer, EVP_PKEY *key)
{
	return cert_by(subject, issuer, key, rsa_signer);
}

static int
set_up(void **state)
{
	(void)state;
	rsa_signer = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	return rsa_signer != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	EVP_PKEY_free(rsa_signer);
	return 0;
}

static size_t tried;

static enum ca_err
never(void *ctx, const struct ca_path *path)
{
	(void)ctx;
	(void)path;
	tried++;
	return CA_DENIED;
}

/* Sixteen CAs of the same name, with keys like this, and a leaf below them. */
static enum ca_err
search(int bits, unsigned long e, int ebits)
{
	STACK_OF(X509) *all = sk_X509_new_null(), *none = sk_X509_new_null();
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509 *leaf = cert_of("leaf", "A", key);
	struct ca_cadir *anchors;
	struct ca_crypto *crypto;

	EVP_PKEY_free(key);
	for (int i = 0; i < 16; i++) {
		key = rsa_key(bits, e, ebits);
		sk_X509_push(all, cert_of("A", "A", key));
		EVP_PKEY_free(key);
	}
	assert_int_equal(ca_crypto_new(&crypto), CA_OK);
	assert_int_equal(ca_cadir_hold(crypto, none, NULL, &anchors), CA_OK);
	struct ca_pathfinder *f =
	    ca_pathfinder_new(anchors, NULL, leaf, all, time(NULL));
	enum ca_err rc = ca_pathfinder_run(f, never, NULL);
	ca_pathfinder_free(f);
	ca_cadir_free(anchors);
	ca_crypto_free(crypto);
	X509_free(leaf);
	sk_X509_pop_free(all, X509_free);
	sk_X509_free(none);
	return rc;
}

/* The cost of the verifications is limited, not their number. */
static void
test_price_of_keys(void **state)
{
	(void)state;
	assert_int_equal(search(2048, 65537, 0), CA_DENIED);
	assert_int_equal(search(3072, 0, 3072), CA_ERR_LIMIT);
	assert_int_equal(search(2048, 0, 65), CA_ERR_LIMIT);
	assert_int_equal(search(16384, 65537, 0), CA_ERR_LIMIT);
}

/*
 * Ten certificates that claim to be issued by a trusted CA.  The first is
 * checked in full, so that the log can say what is wrong.  The others are not,
 * because the client chooses the content of the path (names, constraints).
 */
static void
test_claimed_issuer(void **state)
{
	EVP_PKEY *trusted = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	STACK_OF(X509) *all = sk_X509_new_null(), *roots = sk_X509_new_null();
	X509 *leaf = cert_by("leaf", "I", key, key);
	struct ca_cadir *anchors;
	struct ca_crypto *crypto;

	(void)state;
	sk_X509_push(roots, cert_by("Root", "Root", trusted, trusted));
	for (int i = 0; i < 10; i++)
		sk_X509_push(all, cert_by("I", "Root", key, key));
	assert_int_equal(ca_crypto_new(&crypto), CA_OK);
	assert_int_equal(ca_cadir_hold(crypto, roots, NULL, &anchors), CA_OK);
	struct ca_pathfinder *f =
	    ca_pathfinder_new(anchors, NULL, leaf, all, time(NULL));
	tried = 0;
	assert_int_equal(ca_pathfinder_run(f, never, NULL), CA_DENIED);
	assert_int_equal(tried, 1);
	ca_pathfinder_free(f);
	ca_cadir_free(anchors);
	ca_crypto_free(crypto);
	X509_free(leaf);
	sk_X509_pop_free(all, X509_free);
	sk_X509_pop_free(roots, X509_free);
	EVP_PKEY_free(trusted);
	EVP_PKEY_free(key);
}

static void
test_exponents(void **state)
{
	static const struct {
		unsigned long e;
		int bits;
		bool good;
	} row[] = {{1, 0, false}, {2, 0, false}, {3, 0, true}, {17, 0, true},
	    {65536, 0, false}, {65537, 0, true}, {0, 64, true}, {0, 65, false},
	    {0, 2048, false}};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		EVP_PKEY *key = rsa_key(2048, row[i].e, row[i].bits);
		STACK_OF(X509) *chain = sk_X509_new_null();
		struct ca_report *report = ca_report_new();
		X509 *cert = cert_of("A", "A", key);

		assert_int_equal(ca_crypto_rsa_exponent(key), row[i].good);
		sk_X509_push(chain, cert);
		ca_profile_check(chain, false, CA_PROFILE_STRICT, report);
		assert_int_equal(ca_report_verdict(report, CA_CHECK_CHAIN),
		    row[i].good ? CA_NOT_RUN : CA_FAIL);
		ca_report_free(report);
		sk_X509_pop_free(chain, X509_free);
		EVP_PKEY_free(key);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_price_of_keys),
	    cmocka_unit_test(test_claimed_issuer),
	    cmocka_unit_test(test_exponents),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
