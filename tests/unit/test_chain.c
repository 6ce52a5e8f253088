/* Chains made on the spot: verdicts, paths, the profile and the bounds. */
#include "verify/cadir.h"
#include "verify/path.h"
#include "verify/verr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "chainjudge.h"

/* ---- verdicts ---- */

/* The report has every failure. */
static void
test_all_findings(void **state)
{
	X509 *bad = make(&(struct spec){"bad", "Root", leaf_key, root_key,
	    .eku = "serverAuth", .from = -2 * DAY, .to = -DAY});
	struct outcome o;

	(void)state;
	empty_dir();
	put_cert("root.pem", root);
	assert_int_equal(judge_at(&o, bad, NULL, NULL, NULL, NOW), CA_OK);
	assert_int_equal(
	    ca_report_verdict(o.report, CA_CHECK_VALIDITY), CA_FAIL);
	assert_int_equal(
	    ca_report_verdict(o.report, CA_CHECK_PURPOSE), CA_FAIL);
	assert_int_equal(ca_report_verdict(o.report, CA_CHECK_CHAIN), CA_PASS);
	done(&o);
	/* without a path too, and revocation is not checked */
	empty_dir();
	assert_int_equal(judge_at(&o, bad, NULL, NULL, NULL, NOW), CA_OK);
	assert_int_equal(
	    ca_report_verdict(o.report, CA_CHECK_VALIDITY), CA_FAIL);
	assert_int_equal(
	    ca_report_verdict(o.report, CA_CHECK_PURPOSE), CA_FAIL);
	assert_int_equal(ca_report_verdict(o.report, CA_CHECK_CHAIN), CA_FAIL);
	assert_int_equal(
	    ca_report_verdict(o.report, CA_CHECK_REVOCATION), CA_NOT_RUN);
	done(&o);
	/* a valid leaf alone does not make validity pass without a path */
	assert_int_equal(judge_at(&o, leaf, NULL, NULL, NULL, NOW), CA_OK);
	assert_int_equal(
	    ca_report_verdict(o.report, CA_CHECK_VALIDITY), CA_NOT_RUN);
	done(&o);
	X509_free(bad);
}

static void
test_second_of_expiry(void **state)
{
	struct outcome o;

	(void)state;
	empty_dir();
	put_cert("root.pem", root);
	judge_at(&o, leaf, NULL, NULL, NULL, NOW + DAY);
	assert_true(ca_report_granted(o.report, CA_REPORT_CERT));
	done(&o);
	judge_at(&o, leaf, NULL, NULL, NULL, NOW + DAY + 1);
	assert_int_equal(refusal(o.report), CA_R_EXPIRED);
	done(&o);
	judge_at(&o, leaf, NULL, NULL, NULL, NOW - DAY);
	assert_true(ca_report_granted(o.report, CA_REPORT_CERT));
	done(&o);
	judge_at(&o, leaf, NULL, NULL, NULL, NOW - DAY - 1);
	assert_int_equal(refusal(o.report), CA_R_NOT_YET_VALID);
	done(&o);
}

static void
test_wrong_signature(void **state)
{
	/* the names and the AKI of the root, and another key's signature */
	X509 *forged = make(&(struct spec){
	    "alice", "Root", leaf_key, root_key, .eku = "clientAuth"});
	unsigned char *der = NULL;
	X509 *cut = NULL;
	int len;

	(void)state;
	empty_dir();
	put_cert("root.pem", root);
	len = i2d_X509(forged, &der);
	der[len - 3] ^= 1;
	assert_int_equal(ca_crypto_cert(crypto, der, (size_t)len, &cut), CA_OK);
	OPENSSL_free(der);
	refuses(cut, NULL, CA_R_CHAIN_SIGNATURE);
	X509_free(cut);
	X509_free(forged);
}

static void
test_purposes(void **state)
{
	X509 *any = make(&(struct spec){
	    "any", "Root", leaf_key, root_key, .eku = "anyExtendedKeyUsage"});
	X509 *card = make(&(struct spec){"card", "Root", leaf_key, root_key,
	    .eku = "1.3.6.1.4.1.311.20.2.2"});
	X509 *none = make(&(struct spec){"none", "Root", leaf_key, root_key});
	const struct {
		X509 *cert;
		const char *purpose;
		bool ok;
	} cases[] = {
	    {leaf, "sslclient", true},
	    {leaf, "sslserver", false},
	    {leaf, "any", true},
	    {leaf, "1.3.6.1.5.5.7.3.2", true},
	    {leaf, "1.3.6.1.4.1.311.20.2.2", false},
	    {leaf, "sslserver, sslclient", true},
	    {any, "sslclient", false},
	    {any, "any", true},
	    {any, "1.3.6.1.4.1.311.20.2.2", false},
	    {card, "1.3.6.1.4.1.311.20.2.2", true},
	    {card, "sslclient", false},
	    {none, "sslclient", true},
	    {none, "sslserver", true},
	    {none, "1.3.6.1.5.5.7.3.2", false},
	};

	(void)state;
	empty_dir();
	put_cert("root.pem", root);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct outcome o;

		judge_at(
		    &o, cases[i].cert, NULL, "purpose", cases[i].purpose, NOW);
		if (ca_report_granted(o.report, CA_REPORT_CERT) != cases[i].ok)
			fail_msg("case %zu: %s", i, cases[i].purpose);
		done(&o);
	}
	X509_free(any);
	X509_free(card);
	X509_free(none);
}

static void
test_leaf_in_ca_dir(void **state)
{
	X509 *self = make(&(struct spec){
	    "self", "self", leaf_key, leaf_key, .eku = "clientAuth"});

	(void)state;
	empty_dir();
	/* not its own issuer: to be in ca_dir does not make it trusted */
	put_cert("leaf.pem", leaf);
	refuses(leaf, NULL, CA_R_CHAIN_UNKNOWN_CA);
	refuses(self, NULL, CA_R_CHAIN_UNKNOWN_CA);
	put_cert("self.pem", self);
	accepts(self, NULL);
	X509_free(self);
}

/* ---- paths ---- */

/* An anchor that is not self-signed ends a path. */
static void
test_anchor_not_self_signed(void **state)
{
	EVP_PKEY *key = new_key();
	X509 *sub = make(&(struct spec){"Sub", "Root", key, root_key, true});
	X509 *under = make(&(struct spec){"under", "Sub", leaf_key, key});

	(void)state;
	empty_dir();
	put_cert("sub.pem", sub);
	accepts(under, NULL);
	X509_free(sub);
	X509_free(under);
	EVP_PKEY_free(key);
}

/* Each certificate of an intermediate has another fault, except the last. */
static void
test_alternatives(void **state)
{
	EVP_PKEY *key = new_key();
	X509 *under = make(&(struct spec){"under", "Sub", leaf_key, key,
	    .eku = "clientAuth", .ext = "subjectAltName:DNS:a.example"});
	STACK_OF(X509) *all = sk_X509_new_null();

	(void)state;
	empty_dir();
	put_cert("root.pem", root);
	sk_X509_push(all, make(&(struct spec){"Sub", "Root", key, root_key,
			      true, .from = -2 * DAY, .to = -DAY}));
	refuses(under, all, CA_R_EXPIRED);
	sk_X509_push(
	    all, make(&(struct spec){"Sub", "Root", key, other_key, true}));
	sk_X509_push(all, make(&(struct spec){"Sub", "Root", key, root_key,
			      .eku = "clientAuth"}));
	sk_X509_push(all, make(&(struct spec){"Sub", "Root", key, root_key,
			      true, .eku = "serverAuth"}));
	sk_X509_push(
	    all, make(&(struct spec){"Sub", "Root", key, root_key, true,
		     .ext = "nameConstraints:critical,excluded;DNS:example"}));
	struct outcome o;
	judge_at(&o, under, all, NULL, NULL, NOW);
	assert_false(ca_report_granted(o.report, CA_REPORT_CERT));
	done(&o);
	sk_X509_push(
	    all, make(&(struct spec){"Sub", "Root", key, root_key, true}));
	accepts(under, all);
	sk_X509_pop_free(all, X509_free);
	X509_free(under);
	EVP_PKEY_free(key);
}

/* A CA with a new key, certified by its old one: a self-issued certificate,
 * which max_depth does not count. */
static void
test_rollover_and_depth(void **state)
{
	EVP_PKEY *fresh = new_key(), *key = new_key();
	STACK_OF(X509) *all = sk_X509_new_null();
	X509 *under = make(&(struct spec){"under", "Root", leaf_key, fresh});
	X509 *deep = make(&(struct spec){"deep", "Sub", leaf_key, key});
	struct outcome o;

	(void)state;
	empty_dir();
	put_cert("root.pem", root);
	sk_X509_push(
	    all, make(&(struct spec){"Root", "Root", fresh, root_key, true}));
	judge_at(&o, under, all, "max_depth", "0", NOW);
	assert_true(ca_report_granted(o.report, CA_REPORT_CERT));
	assert_int_equal(sk_X509_num(o.chain), 3);
	done(&o);
	sk_X509_push(
	    all, make(&(struct spec){"Sub", "Root", key, fresh, true}));
	judge_at(&o, deep, all, "max_depth", "0", NOW);
	assert_int_equal(refusal(o.report), CA_R_CHAIN_PATHLEN);
	done(&o);
	judge_at(&o, deep, all, "max_depth", "1", NOW);
	assert_true(ca_report_granted(o.report, CA_REPORT_CERT));
	assert_int_equal(sk_X509_num(o.chain), 4);
	done(&o);
	sk_X509_pop_free(all, X509_free);
	X509_free(under);
	X509_free(deep);
	EVP_PKEY_free(fresh);
	EVP_PKEY_free(key);
}

/* ---- the profile ---- */

/* A root with ext (NULL: none) over a leaf with san or another extension. */
static enum ca_reason
profile(const char *root_ext, const char *leaf_ext, long serial)
{
	X509 *ca = make(&(struct spec){
	    "Root", "Root", root_key, root_key, true, .ext = root_ext});
	X509 *cert = make(&(struct spec){"alice", "Root", leaf_key, root_key,
	    .ext = leaf_ext, .serial = serial});
	enum ca_reason reason;
	struct outcome o;

	empty_dir();
	put_cert("root.pem", ca);
	assert_int_equal(
	    judge_at(&o, cert, NULL, "profile", "strict", NOW), CA_OK);
	reason = refusal(o.report);
	done(&o);
	X509_free(ca);
	X509_free(cert);
	return reason;
}

#define NC "nameConstraints:"

static void
test_profile(void **state)
{
	static const struct {
		const char *root, *leaf;
		long serial;
		enum ca_reason want;
	} cases[] = {
	    {NULL, NULL, 7, CA_R_CRL_OFF},
	    {NULL, NULL, -7, CA_R_CHAIN_PROFILE},
	    {NC "critical,permitted;DNS:example", NULL, 0, CA_R_CRL_OFF},
	    /* a trust anchor is not held to section 4 */
	    {NC "permitted;DNS:example", NULL, 0, CA_R_CRL_OFF},
	    {NC "critical,permitted;DNS:.example", NULL, 0, CA_R_CRL_OFF},
	    {NULL, NC "critical,permitted;DNS:example", 0, CA_R_CHAIN_PROFILE},
	    {NC "critical,permitted;DNS:example",
		"subjectAltName:DNS:*.a-1.example", 0, CA_R_CRL_OFF},
	    {NC "critical,permitted;DNS:example",
		"subjectAltName:DNS:a_b.example", 0, CA_R_CHAIN_PROFILE},
	    {NC "critical,permitted;DNS:example",
		"subjectAltName:DNS:-a.example", 0, CA_R_CHAIN_NAMES},
	    {NC "critical,permitted;DNS:example",
		"subjectAltName:DNS:a..example", 0, CA_R_CHAIN_NAMES},
	    {NC "critical,permitted;email:example",
		"subjectAltName:email:a@example", 0, CA_R_CRL_OFF},
	    {NC "critical,permitted;email:example",
		"subjectAltName:email:a@b@example", 0, CA_R_CHAIN_NAMES},
	    {NULL, "subjectAltName:DNS:a_b.example", 0, CA_R_CRL_OFF},
	    {NULL, "subjectAltName:DNS:\xc3\xa9.example", 0,
		CA_R_CHAIN_PROFILE},
	    {NULL, "authorityInfoAccess:DER:0500", 0, CA_R_CHAIN_PROFILE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum ca_reason reason =
		    profile(cases[i].root, cases[i].leaf, cases[i].serial);

		if (reason != cases[i].want)
			fail_msg("case %zu: %s", i, ca_reason_code(reason));
	}
}

/* Weak keys and digests anywhere except in an anchor's own signature. */
static void
test_weak(void **state)
{
	EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	EVP_PKEY *curve = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1");
	X509 *a = make(&(struct spec){"a", "Root", rsa, root_key});
	X509 *b = make(&(struct spec){"b", "Root", curve, root_key});
	X509 *c = make(&(struct spec){"Weak", "Weak", rsa, rsa, true});
	X509 *d = make(&(struct spec){"d", "Weak", leaf_key, rsa});

	(void)state;
	empty_dir();
	put_cert("root.pem", root);
	put_cert("weak.pem", c);
	refuses(a, NULL, CA_R_CHAIN_WEAK);
	refuses(b, NULL, CA_R_CHAIN_WEAK);
	refuses(d, NULL, CA_R_CHAIN_WEAK);
	X509_free(a);
	X509_free(b);
	X509_free(c);
	X509_free(d);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(curve);
}

/* ---- bounds ---- */

static size_t tried;

static enum ca_err
never(void *ctx, const struct ca_path *path)
{
	(void)ctx;
	assert_true(path->n <= CA_PATH_CERTS_MAX);
	tried++;
	return CA_DENIED;
}

/* Layers of CAs, each signed by all of the layer above: the paths multiply. */
static void
test_path_bomb(void **state)
{
	enum { LAYERS = 6, WIDTH = 5 };
	EVP_PKEY *key[LAYERS + 1];
	STACK_OF(X509) *all = sk_X509_new_null();
	char name[16], above[16];
	struct ca_cadir *anchors;

	(void)state;
	empty_dir();
	for (int i = 0; i <= LAYERS; i++)
		key[i] = new_key();
	for (int i = 0; i < LAYERS; i++) {
		(void)snprintf(name, sizeof name, "L%d", i);
		(void)snprintf(above, sizeof above, "L%d", i + 1);
		/* the same CA under WIDTH certificates: all signatures hold */
		for (int j = 0; j < WIDTH; j++)
			sk_X509_push(all, make(&(struct spec){name, above,
					      key[i], key[i + 1], true}));
	}
	X509 *top =
	    make(&(struct spec){"L6", "L6", key[LAYERS], key[LAYERS], true});
	X509 *under = make(&(struct spec){"under", "L0", leaf_key, key[0]});
	put_cert("top.pem", top);
	assert_int_equal(
	    ca_cadir_open(crypto, dir, "ca_dir", NULL, &anchors), CA_OK);
	struct ca_pathfinder *f =
	    ca_pathfinder_new(anchors, NULL, under, all, NOW);
	tried = 0;
	assert_int_equal(ca_pathfinder_run(f, never, NULL), CA_ERR_LIMIT);
	assert_true(tried >= 1 && tried <= CA_PATH_TRIED_MAX);
	ca_pathfinder_free(f);
	ca_cadir_free(anchors);
	/* a path bomb with a valid path is accepted, one without is refused */
	struct outcome o;
	judge_at(&o, under, all, "purpose", "sslserver", NOW);
	assert_true(ca_report_granted(o.report, CA_REPORT_CERT));
	done(&o);
	judge_at(&o, under, all, "max_depth", "2", NOW);
	assert_false(ca_report_granted(o.report, CA_REPORT_CERT));
	done(&o);
	sk_X509_pop_free(all, X509_free);
	X509_free(top);
	X509_free(under);
	for (int i = 0; i <= LAYERS; i++)
		EVP_PKEY_free(key[i]);
}

/* CAs that certify each other in a circle; none of them is trusted. */
static void
test_circle(void **state)
{
	EVP_PKEY *a = new_key(), *b = new_key();
	STACK_OF(X509) *all = sk_X509_new_null();
	X509 *under = make(&(struct spec){"under", "A", leaf_key, a});

	(void)state;
	empty_dir();
	put_cert("root.pem", root);
	sk_X509_push(all, make(&(struct spec){"A", "B", a, b, true}));
	sk_X509_push(all, make(&(struct spec){"B", "A", b, a, true}));
	refuses(under, all, CA_R_CHAIN_UNKNOWN_CA);
	sk_X509_pop_free(all, X509_free);
	X509_free(under);
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
}

static void
test_long_chain(void **state)
{
	EVP_PKEY *key[25];
	STACK_OF(X509) *all = sk_X509_new_null();
	char name[16], above[16];

	(void)state;
	empty_dir();
	for (int i = 0; i < 25; i++)
		key[i] = new_key();
	for (int i = 0; i < 24; i++) {
		(void)snprintf(name, sizeof name, "C%d", i);
		(void)snprintf(above, sizeof above, "C%d", i + 1);
		X509 *cert =
		    make(&(struct spec){name, above, key[i], key[i + 1], true});

		/* an anchor exactly where the longest path ends */
		if (i == CA_PATH_CERTS_MAX - 2)
			put_cert("near.pem", cert);
		sk_X509_push(all, cert);
	}
	X509 *under = make(&(struct spec){"under", "C0", leaf_key, key[0]});
	struct outcome o;
	judge_at(&o, under, all, "max_depth", "32", NOW);
	assert_true(ca_report_granted(o.report, CA_REPORT_CERT));
	assert_int_equal(sk_X509_num(o.chain), CA_PATH_CERTS_MAX);
	done(&o);
	empty_dir();
	put_cert("far.pem", sk_X509_value(all, CA_PATH_CERTS_MAX - 1));
	judge_at(&o, under, all, "max_depth", "32", NOW);
	assert_int_equal(refusal(o.report), CA_R_CHAIN_LIMIT);
	done(&o);
	sk_X509_pop_free(all, X509_free);
	X509_free(under);
	for (int i = 0; i < 25; i++)
		EVP_PKEY_free(key[i]);
}

/* ---- the table of errors ---- */

static void
test_errors_map(void **state)
{
	enum ca_check check;
	enum ca_reason reason;

	(void)state;
	for (int e = -1; e < 200; e++) {
		ca_verr_map(e, &check, &reason);
		assert_true(check == CA_CHECK_CHAIN ||
			    check == CA_CHECK_VALIDITY ||
			    check == CA_CHECK_PURPOSE);
		assert_int_not_equal(reason, CA_R_NONE);
		assert_int_not_equal(reason, CA_R_OK);
	}
	ca_verr_map(X509_V_ERR_CERT_HAS_EXPIRED, &check, &reason);
	assert_int_equal(check, CA_CHECK_VALIDITY);
	assert_int_equal(reason, CA_R_EXPIRED);
	ca_verr_map(X509_V_ERR_CERT_SIGNATURE_FAILURE, &check, &reason);
	assert_int_equal(reason, CA_R_CHAIN_SIGNATURE);
	ca_verr_map(X509_V_ERR_HOSTNAME_MISMATCH, &check, &reason);
	assert_int_equal(reason, CA_R_CHAIN_OTHER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_findings),
	    cmocka_unit_test(test_second_of_expiry),
	    cmocka_unit_test(test_wrong_signature),
	    cmocka_unit_test(test_purposes),
	    cmocka_unit_test(test_leaf_in_ca_dir),
	    cmocka_unit_test(test_anchor_not_self_signed),
	    cmocka_unit_test(test_alternatives),
	    cmocka_unit_test(test_rollover_and_depth),
	    cmocka_unit_test(test_profile),
	    cmocka_unit_test(test_weak),
	    cmocka_unit_test(test_path_bomb),
	    cmocka_unit_test(test_circle),
	    cmocka_unit_test(test_long_chain),
	    cmocka_unit_test(test_errors_map),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
