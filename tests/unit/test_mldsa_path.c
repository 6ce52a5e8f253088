/*
 * Certificates whose AlgorithmIdentifier of ML-DSA has parameters, which must
 * be absent (RFC 9881 section 2).  libcrypto may ignore them in a signature
 * that verifies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "pkimake.h"
#include "verify/verify.h"

static const char *const names[] = {"ML-DSA-44", "ML-DSA-65", "ML-DSA-87"};
/* V_ASN1_UNDEF: absent */
static const int kinds[] = {V_ASN1_UNDEF, V_ASN1_NULL, V_ASN1_OCTET_STRING};

static EVP_PKEY *ec_key, *leaf_key;
static char detail[4096];

/* 2.16.840.1.101.3.4.3.17 and on, also where libcrypto does not know it */
static ASN1_OBJECT *
oid_of(size_t i)
{
	char text[32];

	(void)snprintf(text, sizeof text, "2.16.840.1.101.3.4.3.%zu", 17 + i);
	return OBJ_txt2obj(text, 1);
}

static void *
parameters(int kind)
{
	return kind == V_ASN1_OCTET_STRING ? ASN1_OCTET_STRING_new() : NULL;
}

/* The certificate of s with such parameters in both places, signed. */
static X509 *
signed_by(const struct spec *s, size_t i, int kind)
{
	X509 *cert = make(s);
	const X509_ALGOR *outer;
	const EVP_MD *md = EVP_PKEY_is_a(s->signer, "EC") ? EVP_sha256() : NULL;

	X509_get0_signature(NULL, &outer, cert);
	assert_int_equal(
	    X509_ALGOR_set0((X509_ALGOR *)X509_get0_tbs_sigalg(cert), oid_of(i),
		kind, parameters(kind)),
	    1);
	assert_int_equal(X509_ALGOR_set0((X509_ALGOR *)outer, oid_of(i), kind,
			     parameters(kind)),
	    1);
	sign_again(cert, s->signer, md);
	return from_wire(cert);
}

/* The certificate of s with such parameters beside its key. */
static X509 *
with_key(const struct spec *s, size_t i, int kind)
{
	X509 *cert = make(s);
	X509_PUBKEY *pub = (X509_PUBKEY *)X509_get_X509_PUBKEY(cert);
	const unsigned char *p;
	int len;

	assert_int_equal(X509_PUBKEY_get0_param(NULL, &p, &len, NULL, pub), 1);
	unsigned char *copy = OPENSSL_memdup(p, (size_t)len);
	assert_int_equal(X509_PUBKEY_set0_param(
			     pub, oid_of(i), kind, parameters(kind), copy, len),
	    1);
	sign_again(cert, s->signer, EVP_sha256());
	return from_wire(cert);
}

static enum ca_reason
judge(X509 *root, X509 *sub, X509 *leaf)
{
	STACK_OF(X509) *sent = sk_X509_new_null();
	struct ca_verify_input in = {leaf, sent, NOW};
	struct ca_config *cfg = ca_config_new();
	struct ca_report *r = ca_report_new();
	enum ca_reason reason;

	empty_dir();
	put_cert("root.pem", root);
	if (sub != NULL)
		assert_true(sk_X509_push(sent, sub) > 0);
	assert_int_equal(
	    ca_config_set(cfg, "ca_dir", dir, "test", NULL), CA_OK);
	assert_int_equal(ca_config_set(cfg, "crl", "off", "test", NULL), CA_OK);
	assert_int_equal(ca_verify(crypto, cfg, NULL, &in, r, NULL), CA_OK);
	reason = ca_report_granted(r, CA_REPORT_CERT)
		     ? CA_R_OK
		     : ca_report_check_reason(r, CA_CHECK_CHAIN);
	(void)snprintf(detail, sizeof detail, "%s",
	    reason != CA_R_OK ? ca_report_get0_detail(r, CA_CHECK_CHAIN) : "");
	sk_X509_free(sent);
	ca_report_free(r);
	ca_config_free(cfg);
	X509_free(root);
	X509_free(sub);
	X509_free(leaf);
	return reason;
}

static void
judged(int line, size_t i, int kind, enum ca_reason got, enum ca_reason want,
    const char *says)
{
	if (got != want || strstr(detail, says) == NULL)
		fail_msg("line %d: %s, parameters %d: %s (%s), not %s (%s)",
		    line, names[i], kind, ca_reason_code(got), detail,
		    ca_reason_code(want), says);
}

/* Without ML-DSA: whatever the parameters are, it is not supported. */
static void
not_supported(void)
{
	const struct spec root = {"Root", "Root", ec_key, ec_key, true};
	const struct spec leaf = {"leaf", "Root", leaf_key, ec_key};

	for (size_t i = 0; i < 9; i++)
		judged(__LINE__, i % 3, kinds[i / 3],
		    judge(make(&root), NULL,
			signed_by(&leaf, i % 3, kinds[i / 3])),
		    CA_R_UNSUPPORTED, names[i % 3]);
}

static void
of_signatures(void **state)
{
	static const char says[] = "its signature algorithm has parameters";

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, names[i]);

		if (key == NULL) {
			not_supported();
			return;
		}
		const struct spec root = {"Root", "Root", key, key, true};
		const struct spec sub = {"Sub", "Root", ec_key, key, true};
		const struct spec leaf = {"leaf", "Root", leaf_key, key};
		const struct spec under = {"leaf", "Sub", leaf_key, ec_key};

		for (size_t k = 0; k < 3; k++) {
			int kind = kinds[k];
			enum ca_reason want =
			    k == 0 ? CA_R_OK : CA_R_CHAIN_PROFILE;
			const char *text = k == 0 ? "" : says;

			judged(__LINE__, i, kind,
			    judge(make(&root), NULL, signed_by(&leaf, i, kind)),
			    want, text);
			judged(__LINE__, i, kind,
			    judge(make(&root), signed_by(&sub, i, kind),
				make(&under)),
			    want, text);
			/* an anchor's own signature is not relied on */
			judged(__LINE__, i, kind,
			    judge(signed_by(&root, i, kind), NULL, make(&leaf)),
			    CA_R_OK, "");
		}
		EVP_PKEY_free(key);
	}
}

static void
of_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, names[i]);
		const struct spec root = {"Root", "Root", ec_key, ec_key, true};

		if (key == NULL) {
			print_message("skipped: this libcrypto (OpenSSL %s) "
				      "has no ML-DSA\n",
			    OpenSSL_version(OPENSSL_VERSION_STRING));
			skip();
		}
		const struct spec leaf = {"leaf", "Root", key, ec_key};
		for (size_t k = 0; k < 3; k++) {
			enum ca_reason got = judge(
			    make(&root), NULL, with_key(&leaf, i, kinds[k]));

			judged(__LINE__, i, kinds[k], got,
			    k == 0 ? CA_R_OK : CA_R_CHAIN_WEAK,
			    k == 0 ? "" : "its key cannot be read");
		}
		EVP_PKEY_free(key);
	}
}

static int
start(void **state)
{
	(void)state;
	ec_key = new_key();
	leaf_key = new_key();
	return pki_start("mldsa-path");
}

static int
finish(void **state)
{
	(void)state;
	EVP_PKEY_free(ec_key);
	EVP_PKEY_free(leaf_key);
	return pki_stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(of_signatures),
	    cmocka_unit_test(of_keys),
	};

	return cmocka_run_group_tests_name("mldsa_path", tests, start, finish);
}
