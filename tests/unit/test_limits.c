/* The bounds of docs/limits.md: the maximum is accepted, and one more is
 * refused.  Costly operations are counted, not timed. */
#undef OPENSSL_API_COMPAT
#undef OPENSSL_NO_DEPRECATED
#define OPENSSL_SUPPRESS_DEPRECATED
#include "../limits/count.h"

#include "channel/helper.h"
#include "client/askpass.h"
#include "client/clientconf.h"
#include "map/ident.h"
#include "ocsp/ocsp.h"
#include "map/rule.h"
#include "map/sss.h"
#include "ocspadmin/ocsptargets.h"
#include "ocspask/ocspask.h"
#include "verify/cadir.h"
#include "crl/crl.h"
#include "crl/crlread.h"
#include "verify/nameconstraints.h"
#include "verify/path.h"
#include "verify/profile.h"
#include "verify/verify.h"
#include "wire/message.h"
#include "channel/pieces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "pkimake.h"
#include "rsakey.h"

static EVP_PKEY *one, *two;

static void
documented(void **state)
{
	(void)state;
	assert_int_equal(CA_RESPONSE_CHARS_MAX, 32768);
	assert_int_equal(CA_ANSWERS_MAX, 128);
	assert_int_equal(CA_RESPONSE_MAX, 24576);
	assert_int_equal(CA_ASKPASS_ANSWER_MAX, 1023);
	assert_int_equal(CA_CERTS_MAX, 16);
	assert_int_equal(CA_CERT_MAX, 65536);
	assert_int_equal(CA_PATH_CERTS_MAX, 20);
	assert_int_equal(CA_PATH_CANDIDATES_MAX, 64);
	assert_int_equal(CA_PATH_STEPS_MAX, 512);
	assert_int_equal(CA_PATH_TRIED_MAX, 32);
	assert_int_equal(CA_PATH_COST_MAX, 320);
	assert_int_equal(CA_NAMECONSTRAINTS_MAX, 262144);
	assert_int_equal(CA_PROFILE_RSA_MAX, 16384);
	assert_int_equal(CA_CADIR_SAME_SUBJECT_MAX, 64);
	assert_int_equal(CA_CADIR_FILES_MAX, 10000);
	assert_int_equal(CA_CADIR_CHECKED_MAX, 2000);
	assert_int_equal(CA_CADIR_CERTS_MAX, 20000);
	assert_int_equal(CA_CRL_MAX, 256 << 20);
	assert_int_equal(CA_CRL_ENTRY_MAX, 32768);
	assert_int_equal(CA_OCSP_MAX, 16384);
	assert_int_equal(CA_FETCH_OCSP_MAX, 1024);
	assert_int_equal(CA_OCSP_ADDRESSES_MAX, 4);
	assert_int_equal(CA_OCSPASK_MAX, 256);
	assert_int_equal(CA_OCSPADMIN_TARGETS_MAX, 20000);
	assert_int_equal(CA_OCSP_TIMEOUT, 3);
	assert_int_equal(CA_OCSP_TIMEOUT_MAX, 30);
	assert_int_equal(CA_OCSP_ENTRIES_MAX, 64);
	assert_int_equal(CA_OCSP_CERTS_MAX, 4);
	assert_int_equal(CA_OCSP_SKEW, 300); /* docs/security.md */
	assert_int_equal(CA_IDENT_MAX, 128);
	assert_int_equal(CA_IDENT_VALUE_MAX, 65536);
	assert_int_equal(CA_SSS_CERT_MAX, 7680);
	assert_int_equal(CA_SSS_ACCOUNTS, 8);
	assert_int_equal(CA_SSS_LIST_MS, 2000);
	assert_int_equal(CA_SSS_MS, 3000);
	assert_int_equal(CA_RULE_LINE_MAX, 4096);
	assert_int_equal(CA_HELPER_LINE_MAX, 66560);
}

/* ---- certificates ---- */

/* Without key identifiers: only names and signatures decide here. */
static X509 *
plain(const char *subject, const char *issuer, EVP_PKEY *key, EVP_PKEY *signer,
    bool ca)
{
	return make(
	    &(struct spec){subject, issuer, key, signer, ca, .bare = true});
}

/* ---- paths ---- */

static size_t tried;

static enum ca_err
never(void *ctx, const struct ca_path *path)
{
	(void)ctx;
	assert_true(path->n <= CA_PATH_CERTS_MAX);
	tried++;
	return CA_DENIED;
}

/* Try all paths of leaf through the certificates and ca_dir; frees both. */
static enum ca_err
all_paths(X509 *leaf, STACK_OF(X509) *all)
{
	struct ca_cadir *anchors;

	assert_int_equal(
	    ca_cadir_open(crypto, dir, "ca_dir", NULL, &anchors), CA_OK);
	struct ca_pathfinder *f =
	    ca_pathfinder_new(anchors, NULL, leaf, all, NOW);
	tried = 0;
	counted = 0;
	enum ca_err rc = ca_pathfinder_run(f, never, NULL);
	ca_pathfinder_free(f);
	ca_cadir_free(anchors);
	sk_X509_pop_free(all, X509_free);
	X509_free(leaf);
	return rc;
}

static enum ca_err
issuers(size_t n)
{
	STACK_OF(X509) *all = sk_X509_new_null();

	empty_dir();
	for (size_t i = 0; i < n; i++)
		sk_X509_push(all, plain("A", "nobody", one, two, true));
	return all_paths(plain("leaf", "A", two, one, false), all);
}

static void
issuers_of_one(void **state)
{
	(void)state;
	assert_int_equal(issuers(CA_PATH_CANDIDATES_MAX), CA_DENIED);
	assert_int_equal(counted, CA_PATH_CANDIDATES_MAX);
	assert_int_equal(issuers(CA_PATH_CANDIDATES_MAX + 1), CA_ERR_LIMIT);
	assert_int_equal(counted, CA_PATH_CANDIDATES_MAX);
}

/* A comb: n issuers of the leaf, over each a line of its own, 7 long, whose
 * certificates have one possible issuer each, so that no signature counts. */
static enum ca_err
comb(int n)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	char name[32], above[32];

	empty_dir();
	for (int i = 0; i < n; i++) {
		(void)snprintf(above, sizeof above, "%d-0", i);
		sk_X509_push(all, plain("A", above, one, two, true));
		for (int j = 0; j < 7; j++) {
			(void)snprintf(name, sizeof name, "%d-%d", i, j);
			(void)snprintf(above, sizeof above, "%d-%d", i, j + 1);
			/* a new key for each level, to avoid a circle */
			sk_X509_push(all, plain(name, above, two, two, true));
		}
	}
	return all_paths(plain("leaf", "A", two, one, false), all);
}

static void
steps(void **state)
{
	(void)state;
	/* 1 + 63 * 8 and 1 + 64 * 8 */
	assert_int_equal(comb(63), CA_DENIED);
	assert_int_equal(comb(64), CA_ERR_LIMIT);
	assert_int_equal(counted, 64);
}

static enum ca_err
anchors(int n)
{
	empty_dir();
	for (int i = 0; i < n; i++) {
		X509 *ca = plain("A", "A", one, one, true);

		put_hashed("A", i, ca);
		X509_free(ca);
	}
	return all_paths(
	    plain("leaf", "A", two, one, false), sk_X509_new_null());
}

static void
paths_tried(void **state)
{
	(void)state;
	assert_int_equal(anchors(CA_PATH_TRIED_MAX), CA_DENIED);
	assert_int_equal(tried, CA_PATH_TRIED_MAX);
	assert_int_equal(anchors(CA_PATH_TRIED_MAX + 1), CA_ERR_LIMIT);
	assert_int_equal(tried, CA_PATH_TRIED_MAX);
}

/* CAs of the same name: by the name, each may have issued each other. */
static enum ca_err
mesh(const char *curve, int n)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	EVP_PKEY *key[32];

	empty_dir();
	for (int i = 0; i <= n; i++)
		key[i] = new_key_on(curve);
	for (int i = 0; i < n; i++)
		sk_X509_push(all, plain("A", "A", key[i], key[i + 1], true));
	enum ca_err rc = all_paths(plain("leaf", "A", two, key[0], false), all);
	for (int i = 0; i <= n; i++)
		EVP_PKEY_free(key[i]);
	return rc;
}

static void
verifications(void **state)
{
	(void)state;
	/* the most that fit into a response */
	assert_int_equal(mesh("P-256", CA_CERTS_MAX - 1), CA_DENIED);
	assert_true(counted >= CA_CERTS_MAX * 7 && counted <= CA_PATH_COST_MAX);
	(void)mesh("P-256", 30);
	assert_true(
	    counted >= CA_PATH_COST_MAX - 20 && counted <= CA_PATH_COST_MAX);
	/* ten times the cost */
	assert_int_equal(mesh("P-384", CA_CERTS_MAX - 1), CA_ERR_LIMIT);
	assert_int_equal(counted, CA_PATH_COST_MAX / 10);
}

/* The count of ca_verify, which includes the verifications of libcrypto. */
static void
judge(X509 *leaf, STACK_OF(X509) *all, enum ca_reason want)
{
	struct ca_verify_input in = {leaf, all, NOW};
	struct ca_config *cfg = ca_config_new();
	struct ca_report *all_checks = ca_report_new(), *r = ca_report_new();
	STACK_OF(X509) *chain = NULL;

	assert_int_equal(
	    ca_config_set(cfg, "ca_dir", dir, "test", NULL), CA_OK);
	assert_int_equal(ca_config_set(cfg, "crl", "off", "test", NULL), CA_OK);
	assert_int_equal(
	    ca_config_set(cfg, "profile", "basic", "test", NULL), CA_OK);
	counted = 0;
	assert_int_equal(ca_verify(crypto, cfg, NULL, &in, r, &chain), CA_OK);
	ca_report_set(all_checks, CA_CHECK_SIGNATURE, CA_PASS, CA_R_OK, NULL);
	ca_report_set(all_checks, CA_CHECK_MAPPING, CA_PASS, CA_R_OK, NULL);
	ca_report_merge(all_checks, r, CA_REPORT_CERT);
	assert_string_equal(
	    ca_reason_code(ca_report_reason(all_checks)), ca_reason_code(want));
	sk_X509_pop_free(chain, X509_free);
	ca_report_free(all_checks);
	ca_report_free(r);
	ca_config_free(cfg);
}

/* Layers in which a CA has several certificates: the number of paths
 * multiplies, and every signature is valid. */
static void
whole_verification(void **state)
{
	enum { LAYERS = 5, WIDTH = 3 };
	EVP_PKEY *key[LAYERS + 1];
	STACK_OF(X509) *all = sk_X509_new_null();
	char name[16], above[16];

	(void)state;
	empty_dir();
	for (int i = 0; i <= LAYERS; i++)
		key[i] = new_key_on("P-256");
	for (int i = 0; i < LAYERS; i++) {
		(void)snprintf(name, sizeof name, "L%d", i);
		(void)snprintf(above, sizeof above, "L%d", i + 1);
		for (int j = 0; j < WIDTH; j++)
			sk_X509_push(
			    all, plain(name, above, key[i], key[i + 1], true));
	}
	X509 *top = plain("L5", "L5", key[LAYERS], key[LAYERS], true);
	/* below a leaf: every path is tried and fails */
	X509 *not_ca = plain("leaf", "L0", two, key[0], false);
	X509 *under = plain("under", "leaf", one, two, false);
	sk_X509_push(all, not_ca);
	put_hashed("L5", 0, top);
	judge(not_ca, all, CA_R_CRL_OFF);
	assert_true(counted >= LAYERS + 1 && counted <= 2 * (LAYERS + 1));
	/* the error is that of the most likely path */
	judge(under, all, CA_R_CHAIN_NOT_CA);
	assert_true(
	    counted >= CA_PATH_COST_MAX / 4 && counted <= CA_PATH_COST_MAX);
	sk_X509_pop_free(all, X509_free);
	X509_free(top);
	X509_free(under);
	for (int i = 0; i <= LAYERS; i++)
		EVP_PKEY_free(key[i]);
}

/* ---- certificates ---- */

static void
same_subject(void **state)
{
	X509 *ca = plain("A", "A", one, one, true);
	X509 *leaf = plain("leaf", "A", two, one, false);

	(void)state;
	for (int last = CA_CADIR_SAME_SUBJECT_MAX - 1;
	     last <= CA_CADIR_SAME_SUBJECT_MAX; last++) {
		empty_dir();
		for (int i = 0; i < last; i++) {
			X509 *no = plain("A", "A", two, two, true);

			put_hashed("A", i, no);
			X509_free(no);
		}
		put_hashed("A", last, ca);
		judge(leaf, NULL,
		    last < CA_CADIR_SAME_SUBJECT_MAX ? CA_R_CRL_OFF
						     : CA_R_CHAIN_SIGNATURE);
	}
	X509_free(ca);
	X509_free(leaf);
}

/* The exponent is 2^(exponent_bits - 1) + 1. */
static EVP_PKEY *
rsa_with(int bits, int exponent_bits)
{
	BIGNUM *e = BN_new();

	BN_set_word(e, 1);
	BN_lshift(e, e, exponent_bits - 1);
	BN_add_word(e, 1);
	return public_rsa(bits, e);
}

static EVP_PKEY *
rsa_of(int bits)
{
	return rsa_with(bits, 17);
}

/* n certificates of the same name, each with this key: by the algorithm of its
 * signature, each may have issued the leaf. */
static enum ca_err
choices(EVP_PKEY *key, EVP_PKEY *signer, size_t n)
{
	STACK_OF(X509) *all = sk_X509_new_null();

	empty_dir();
	for (size_t i = 0; i < n; i++)
		sk_X509_push(all, plain("A", "nobody", key, two, true));
	return all_paths(plain("leaf", "A", two, signer, false), all);
}

/* The cost of a verification in units of one by P-256, and how many fit. */
static void
prices(void **state)
{
	const struct {
		const char *what;
		EVP_PKEY *key; /* owned */
		size_t most;
	} t[] = {
	    {"P-256", new_key_on("P-256"), CA_PATH_CANDIDATES_MAX},
	    {"P-384", new_key_on("P-384"), 32},
	    {"P-521", new_key_on("P-521"), 32},
	    {"K-256", new_key_on("secp256k1"), 32},
	    {"B-571", new_key_on("B-571"), 8},
	    {"Ed25519", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
		CA_PATH_CANDIDATES_MAX},
	    {"Ed448", EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), 32},
	    {"RSA 2048", rsa_of(2048), CA_PATH_CANDIDATES_MAX},
	    {"RSA 4096", rsa_of(4096), CA_PATH_CANDIDATES_MAX},
	    {"RSA 4104", rsa_of(4104), 16},
	    {"RSA 8192", rsa_of(8192), 16},
	    {"RSA 8200", rsa_of(8200), 5},
	    {"RSA 16384", rsa_of(16384), 5},
	    {"an exponent of 64 bits", rsa_with(2048, 64),
		CA_PATH_CANDIDATES_MAX},
	    {"an exponent of 65 bits", rsa_with(2048, 65), 2},
	    {"an exponent of 1,000 bits", rsa_with(2048, 1000), 2},
	    {"ML-DSA-44", EVP_PKEY_Q_keygen(NULL, NULL, "ML-DSA-44"),
		CA_PATH_CANDIDATES_MAX},
	    {"ML-DSA-65", EVP_PKEY_Q_keygen(NULL, NULL, "ML-DSA-65"),
		CA_PATH_CANDIDATES_MAX},
	    {"ML-DSA-87", EVP_PKEY_Q_keygen(NULL, NULL, "ML-DSA-87"), 53},
	};
	bool mldsa =
	    OPENSSL_version_major() > 3 || OPENSSL_version_minor() >= 5;

	EVP_PKEY *rsa = EVP_RSA_gen(2048);

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		EVP_PKEY *key = t[i].key, *signer = one;

		if (key == NULL && !mldsa &&
		    strncmp(t[i].what, "ML-", 3) == 0) {
			print_message("not done: %s (this libcrypto, OpenSSL "
				      "%s, has no ML-DSA)\n",
			    t[i].what, OpenSSL_version(OPENSSL_VERSION_STRING));
			continue;
		}
		assert_non_null(key);
		if (EVP_PKEY_is_a(key, "RSA"))
			signer = rsa;
		else if (!EVP_PKEY_is_a(key, "EC"))
			signer = EVP_PKEY_Q_keygen(
			    NULL, NULL, EVP_PKEY_get0_type_name(key));
		if (choices(key, signer, t[i].most) != CA_DENIED)
			fail_msg("%s: not %zu", t[i].what, t[i].most);
		if (choices(key, signer, t[i].most + 1) != CA_ERR_LIMIT)
			fail_msg("%s: more than %zu", t[i].what, t[i].most);
		if (signer != one && signer != rsa)
			EVP_PKEY_free(signer);
		EVP_PKEY_free(key);
	}
	EVP_PKEY_free(rsa);
}

static void
rsa_bits(void **state)
{
	static const struct {
		int bits;
		enum ca_reason want;
	} c[] = {{2047, CA_R_CHAIN_WEAK}, {2048, CA_R_CRL_OFF},
	    {2049, CA_R_CHAIN_WEAK}, {16384, CA_R_CRL_OFF},
	    {16385, CA_R_CHAIN_WEAK}, {16392, CA_R_CHAIN_WEAK}};
	X509 *ca = plain("A", "A", one, one, true);

	(void)state;
	empty_dir();
	put_cert("a.pem", ca);
	for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
		/* with 65,537 a key of over 16,384 bits is not decoded */
		EVP_PKEY *key = rsa_with(c[i].bits, c[i].bits > 16384 ? 2 : 17);
		X509 *leaf = plain("leaf", "A", key, one, false);

		judge(leaf, NULL, c[i].want);
		X509_free(leaf);
		EVP_PKEY_free(key);
	}
	X509_free(ca);
}

/* Decode a certificate with a comment of n bytes; return the result. */
static enum ca_err
long_cert(size_t n, int *len)
{
	static const char type[] = "nsComment:";
	char *text = malloc(sizeof type + n);
	unsigned char *der;
	X509 *cert = NULL;

	memcpy(text, type, sizeof type);
	memset(text + sizeof type - 1, 'c', n);
	text[sizeof type - 1 + n] = '\0';
	*len = make_der(
	    &(struct spec){"leaf", "A", one, one, .bare = true, .ext = text},
	    &der);
	enum ca_err rc = ca_crypto_cert(crypto, der, (size_t)*len, &cert);
	X509_free(cert);
	OPENSSL_free(der);
	free(text);
	return rc;
}

static void
bytes_of_a_certificate(void **state)
{
	/* an ECDSA signature is 70 to 72 bytes long: sign until the length is
	 * right */
	bool under = false, over = false;
	int len;

	(void)state;
	(void)long_cert(60000, &len);
	size_t n = (size_t)(60000 + CA_CERT_MAX - len);
	for (int i = 0; i < 2000 && !(under && over); i++) {
		enum ca_err rc = long_cert(n + (size_t)(i % 2), &len);

		assert_int_equal(rc, len <= CA_CERT_MAX ? CA_OK : CA_ERR_LIMIT);
		under |= len == CA_CERT_MAX;
		over |= len == CA_CERT_MAX + 1;
	}
	assert_true(under && over);
}

/* Make a certificate with so many addresses of so many letters. */
static enum ca_err
addresses(int n, int letters, size_t *values)
{
	char *text = malloc(32 + (size_t)n * ((size_t)letters + 32));
	char *p = text + sprintf(text, "subjectAltName:");
	unsigned char *der;
	struct ca_ident id;
	X509 *cert;

	for (int i = 0; i < n; i++)
		p += sprintf(
		    p, "%semail:%0*d@x.example", i > 0 ? "," : "", letters, i);
	int len = make_der(
	    &(struct spec){"leaf", "A", one, one, .bare = true, .ext = text},
	    &der);
	assert_int_equal(
	    ca_crypto_cert(crypto, der, (size_t)len, &cert), CA_OK);
	enum ca_err rc = ca_ident_of(crypto, cert, &id);
	*values = id.n;
	ca_ident_free(&id);
	X509_free(cert);
	OPENSSL_free(der);
	free(text);
	return rc;
}

static void
values_of_a_certificate(void **state)
{
	size_t values, others;
	const int most = CA_IDENT_MAX;

	(void)state;
	assert_int_equal(addresses(1, 4, &others), CA_OK);
	others--;
	assert_int_equal(addresses(most - (int)others, 4, &values), CA_OK);
	assert_int_equal(values, CA_IDENT_MAX);
	assert_int_equal(
	    addresses(most - (int)others + 1, 4, &values), CA_ERR_LIMIT);
}

static int
start(void **state)
{
	(void)state;
	count_begin();
	if (pki_start("limits") != 0)
		return -1;
	one = new_key_on("P-256");
	two = new_key_on("P-256");
	return 0;
}

static int
finish(void **state)
{
	(void)state;
	EVP_PKEY_free(one);
	EVP_PKEY_free(two);
	return pki_stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(documented),
	    cmocka_unit_test(issuers_of_one),
	    cmocka_unit_test(steps),
	    cmocka_unit_test(paths_tried),
	    cmocka_unit_test(verifications),
	    cmocka_unit_test(prices),
	    cmocka_unit_test(whole_verification),
	    cmocka_unit_test(same_subject),
	    cmocka_unit_test(rsa_bits),
	    cmocka_unit_test(bytes_of_a_certificate),
	    cmocka_unit_test(values_of_a_certificate),
	};

	return cmocka_run_group_tests_name("limits", tests, start, finish);
}
