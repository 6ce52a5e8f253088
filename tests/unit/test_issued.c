/*
 * ca_issued_fits says the same with every libcrypto: also of a CA that has the
 * issuer and the serial number of what it issued.
 */
#include "verify/issued.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "pkimake.h"

#define SERIAL 0x1234
#define CA_SERIAL(c) ((c)->same ? SERIAL : SERIAL + 1)

static EVP_PKEY *ca_key, *other_key, *leaf_key, *rsa_key;

/* What an authorityKeyIdentifier says of its parts. */
enum part { NONE, RIGHT, WRONG };

struct what {
	enum part keyid, issuer, serial;
	bool same, no_ski, no_certsign;
};

static void
set_aki(X509 *cert, const struct what *c)
{
	AUTHORITY_KEYID *aki = aki_of(c->keyid == WRONG ? other_key : ca_key);

	if (c->keyid == NONE) {
		ASN1_OCTET_STRING_free(aki->keyid);
		aki->keyid = NULL;
	}
	if (c->issuer != NONE) {
		GENERAL_NAME *name = GENERAL_NAME_new();

		name->type = GEN_DIRNAME;
		name->d.directoryName =
		    name_of(c->issuer == WRONG ? "Another" : "CA");
		aki->issuer = GENERAL_NAMES_new();
		assert_true(sk_GENERAL_NAME_push(aki->issuer, name) > 0);
	}
	if (c->serial != NONE) {
		aki->serial = ASN1_INTEGER_new();
		assert_int_equal(
		    ASN1_INTEGER_set(aki->serial,
			c->serial == WRONG ? SERIAL + 2 : CA_SERIAL(c)),
		    1);
	}
	if (c->keyid != NONE || c->issuer != NONE || c->serial != NONE)
		assert_int_equal(
		    X509_add1_ext_i2d(cert, NID_authority_key_identifier, aki,
			0, X509V3_ADD_DEFAULT),
		    1);
	AUTHORITY_KEYID_free(aki);
}

/* Signed by ca_key: then as it comes from the wire. */
static X509 *
issue(const struct what *c, const char *subject, EVP_PKEY *key)
{
	struct spec s = {
	    subject, "CA", key, ca_key, .serial = SERIAL, .aki = ""};
	X509 *cert = make(&s);

	set_aki(cert, c);
	sign_again(cert, ca_key, EVP_sha256());
	return from_wire(cert);
}

static X509 *
authority(const struct what *c, const char *name, EVP_PKEY *key)
{
	struct spec s = {name, "CA", key, ca_key, true, .serial = CA_SERIAL(c),
	    .no_ski = c->no_ski, .aki = "",
	    .ku = c->no_certsign ? "critical,cRLSign" : NULL};

	return make(&s);
}

static void
fits_is(int line, const struct what *c, X509 *ca, X509 *cert, int want)
{
	int got = ca_issued_fits(ca, cert);

	if (got != want)
		fail_msg("line %d: keyid %d issuer %d serial %d%s: %s, not %s",
		    line, c->keyid, c->issuer, c->serial,
		    c->same ? ", one number" : "",
		    X509_verify_cert_error_string(got),
		    X509_verify_cert_error_string(want));
	X509_free(ca);
	X509_free(cert);
}

/* RFC 5280 section 4.2.1.1: what is there must fit; the key comes first. */
static int
expected(const struct what *c)
{
	if (c->keyid == WRONG && !c->no_ski)
		return X509_V_ERR_AKID_SKID_MISMATCH;
	if (c->issuer == WRONG || c->serial == WRONG)
		return X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH;
	return c->no_certsign ? X509_V_ERR_KEYUSAGE_NO_CERTSIGN : X509_V_OK;
}

/* Every form of authorityKeyIdentifier, in a leaf and in a CA of the same name
 * as its issuer (a new key, signed by the old one). */
static void
key_identifiers(void **state)
{
	(void)state;
	for (int i = 0; i < 27 * 8; i++) {
		const struct what c = {i % 3, i / 3 % 3, i / 9 % 3,
		    (i / 27 & 1) != 0, (i / 27 & 2) != 0, (i / 27 & 4) != 0};

		fits_is(__LINE__, &c, authority(&c, "CA", ca_key),
		    issue(&c, "leaf", leaf_key), expected(&c));
		fits_is(__LINE__, &c, authority(&c, "CA", ca_key),
		    issue(&c, "CA", leaf_key), expected(&c));
	}
}

/* What is told before key identifiers are looked at. */
static void
names_and_keys(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		const struct what c = {WRONG, WRONG, WRONG, i == 1};
		const struct what plain = {NONE, NONE, NONE, i == 1};

		fits_is(__LINE__, &c, authority(&c, "Another", ca_key),
		    issue(&c, "leaf", leaf_key),
		    X509_V_ERR_SUBJECT_ISSUER_MISMATCH);
		/* no signature of an RSA key is an ECDSA one */
		fits_is(__LINE__, &plain, authority(&plain, "CA", rsa_key),
		    issue(&plain, "leaf", leaf_key),
		    X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH);
		/* the signature itself is verified elsewhere */
		fits_is(__LINE__, &plain, authority(&plain, "CA", other_key),
		    issue(&plain, "leaf", leaf_key), X509_V_OK);
	}
}

/* A key of the same kind fits, no other does. */
static void
kinds_of_keys(void **state)
{
	static const char *const kinds[] = {"EC", "RSA-PSS", "RSA", "ED25519",
	    "ED448", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"};
	enum { N = sizeof kinds / sizeof kinds[0] };
	EVP_PKEY *keys[N] = {new_key()};

	(void)state;
	for (size_t i = 1; i < N; i++)
		keys[i] = EVP_PKEY_Q_keygen(NULL, NULL, kinds[i], (size_t)2048);
	for (size_t i = 0; i < (size_t)N * N * 2; i++) {
		EVP_PKEY *key = keys[i % N], *signer = keys[i / N % N];
		const struct what c = {NONE, NONE, NONE, i >= (size_t)N * N};
		struct spec leaf = {"leaf", "CA", leaf_key, signer,
		    .serial = SERIAL, .bare = true};
		/* RSA keys also make RSASSA-PSS signatures */
		bool fit = key == signer || (i % N == 2 && i / N % N == 1);

		if (key == NULL || signer == NULL)
			continue;
		fits_is((int)i, &c, authority(&c, "CA", key), make(&leaf),
		    fit ? X509_V_OK : X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH);
	}
	if (keys[N - 1] == NULL)
		print_message("not done: ML-DSA keys (this libcrypto, OpenSSL "
			      "%s, has none)\n",
		    OpenSSL_version(OPENSSL_VERSION_STRING));
	for (size_t i = 0; i < N; i++)
		EVP_PKEY_free(keys[i]);
}

static void
self_signed(void **state)
{
	static const struct what fitting = {RIGHT, RIGHT, RIGHT, true};

	(void)state;
	/* its own issuer; with an identifier of another key it is not */
	X509 *own = issue(&fitting, "CA", ca_key);
	assert_int_equal(
	    ca_issued_fits(own, own), X509_V_ERR_KEYUSAGE_NO_CERTSIGN);
	X509_free(own);
	own = authority(&fitting, "CA", ca_key);
	assert_int_equal(ca_issued_fits(own, own), X509_V_OK);
	X509_free(own);
	for (int i = 0; i < 3; i++) {
		const struct what c = {i == 0 ? WRONG : RIGHT,
		    i == 1 ? WRONG : RIGHT, i == 2 ? WRONG : RIGHT, true};

		own = issue(&c, "CA", ca_key);
		assert_int_equal(ca_issued_fits(own, own), expected(&c));
		X509_free(own);
	}
}

static int
start(void **state)
{
	(void)state;
	ca_key = new_key();
	other_key = new_key();
	leaf_key = new_key();
	rsa_key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	return pki_start("issued");
}

static int
finish(void **state)
{
	(void)state;
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(other_key);
	EVP_PKEY_free(leaf_key);
	EVP_PKEY_free(rsa_key);
	return pki_stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(key_identifiers),
	    cmocka_unit_test(names_and_keys),
	    cmocka_unit_test(kinds_of_keys),
	    cmocka_unit_test(self_signed),
	};

	return cmocka_run_group_tests_name("issued", tests, start, finish);
}
