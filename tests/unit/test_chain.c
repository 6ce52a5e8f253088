/* Chains made on the spot, in directories made on the spot. */
#include "verify/verify.h"
#include "verify/cadir.h"
#include "verify/path.h"
#include "verify/verr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "pkimake.h"

struct outcome {
	struct ca_report *report;
	STACK_OF(X509) * chain;
	struct ca_config *cfg;
};

static struct ca_config *
config(void)
{
	struct ca_config *cfg = ca_config_new();

	assert_non_null(cfg);
	assert_int_equal(
	    ca_config_set(cfg, "ca_dir", dir, "test", NULL), CA_OK);
	assert_int_equal(ca_config_set(cfg, "crl", "off", "test", NULL), CA_OK);
	return cfg;
}

static enum ca_err
judge_at(struct outcome *o, X509 *leaf, STACK_OF(X509) * untrusted,
    const char *key, const char *value, time_t now)
{
	struct ca_verify_input in = {leaf, untrusted, now};

	o->cfg = config();
	if (key != NULL)
		assert_int_equal(
		    ca_config_set(o->cfg, key, value, "test", NULL), CA_OK);
	o->report = ca_report_new();
	enum ca_err rc =
	    ca_verify(crypto, o->cfg, NULL, &in, o->report, &o->chain);
	/* a chain comes out of a grant alone */
	assert_int_equal(
	    o->chain != NULL, ca_report_granted(o->report, CA_REPORT_CERT));
	return rc;
}

static void
done(struct outcome *o)
{
	sk_X509_pop_free(o->chain, X509_free);
	ca_report_free(o->report);
	ca_config_free(o->cfg);
}

static void
accepts(X509 *leaf, STACK_OF(X509) * untrusted)
{
	struct outcome o;

	assert_int_equal(judge_at(&o, leaf, untrusted, NULL, NULL, NOW), CA_OK);
	assert_true(ca_report_granted(o.report, CA_REPORT_CERT));
	done(&o);
}

/* The reason of the first failed check among those of a certificate. */
static enum ca_reason
refusal(const struct ca_report *r)
{
	struct ca_report *all = ca_report_new();
	enum ca_reason reason;

	ca_report_set(all, CA_CHECK_SIGNATURE, CA_PASS, CA_R_OK, NULL);
	ca_report_set(all, CA_CHECK_MAPPING, CA_PASS, CA_R_OK, NULL);
	ca_report_merge(all, r, CA_REPORT_CERT);
	reason = ca_report_reason(all);
	ca_report_free(all);
	return reason;
}

static void
refuses(X509 *leaf, STACK_OF(X509) * untrusted, enum ca_reason why)
{
	struct outcome o;

	assert_int_equal(judge_at(&o, leaf, untrusted, NULL, NULL, NOW), CA_OK);
	assert_false(ca_report_granted(o.report, CA_REPORT_CERT));
	assert_string_equal(
	    ca_reason_code(refusal(o.report)), ca_reason_code(why));
	done(&o);
}

/* ---- a small PKI ---- */

static EVP_PKEY *root_key, *leaf_key, *other_key;
static X509 *root, *leaf;

static int
start(void **state)
{
	(void)state;
	if (pki_start("chain") != 0)
		return -1;
	root_key = new_key();
	leaf_key = new_key();
	other_key = new_key();
	root = make(&(struct spec){"Root", "Root", root_key, root_key, true});
	leaf = make(&(struct spec){
	    "alice", "Root", leaf_key, root_key, .eku = "clientAuth"});
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	X509_free(root);
	X509_free(leaf);
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(leaf_key);
	EVP_PKEY_free(other_key);
	return pki_stop();
}

/* ---- the directory ---- */

static void
test_plain_and_hashed(void **state)
{
	unsigned char *der = NULL;
	int len;

	(void)state;
	empty_dir();
	refuses(leaf, NULL, CA_R_CHAIN_UNKNOWN_CA);
	put_cert("root.pem", root);
	accepts(leaf, NULL);
	empty_dir();
	put_hashed("Root", 0, root);
	accepts(leaf, NULL);
	empty_dir();
	len = i2d_X509(root, &der);
	put("root.der", der, (size_t)len);
	OPENSSL_free(der);
	accepts(leaf, NULL);
}

/* Names that are none of a certificate's are passed over, whatever is in
 * them; and so a CA in one of them is not trusted. */
static void
test_ignored_names(void **state)
{
	static const char *const names[] = {"README", "root", ".root.pem",
	    "root.pem~", "root.pem.bak", "root.pem.dpkg-old", "root.crl",
	    "01234567.r0", "0123456.0", "012345678.0", "ABCDEF01.0",
	    "01234567.", "01234567.x"};

	(void)state;
	empty_dir();
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		put_cert(names[i], root);
	refuses(leaf, NULL, CA_R_CHAIN_UNKNOWN_CA);
	put_text("notes.pem", "-----BEGIN X509 CRL-----\nMAA=\n"
			      "-----END X509 CRL-----\n");
	refuses(leaf, NULL, CA_R_CHAIN_UNKNOWN_CA);
}

/* The content counts, not the name of the link. */
static void
test_hash_is_a_hint(void **state)
{
	X509 *other =
	    make(&(struct spec){"Other", "Other", root_key, root_key, true});

	(void)state;
	empty_dir();
	put_hashed("Root", 0, other);
	refuses(leaf, NULL, CA_R_CHAIN_UNKNOWN_CA);
	put_hashed("Root", 1, root);
	accepts(leaf, NULL);
	X509_free(other);
}

static void
test_one_subject_many_cas(void **state)
{
	(void)state;
	empty_dir();
	for (int i = 0; i < 9; i++) {
		EVP_PKEY *key = new_key();
		X509 *twin =
		    make(&(struct spec){"Root", "Root", key, key, true});

		put_hashed("Root", i, twin);
		X509_free(twin);
		EVP_PKEY_free(key);
	}
	refuses(leaf, NULL, CA_R_CHAIN_UNKNOWN_CA);
	put_hashed("Root", 9, root);
	accepts(leaf, NULL);
}

static void
test_broken_files(void **state)
{
	char path[128];

	(void)state;
	/* no path: the file that could not be read is the reason */
	empty_dir();
	put_text("broken.pem", "rubbish");
	refuses(leaf, NULL, CA_R_CHAIN_DIR);
	put_text("broken.pem", "-----BEGIN CERTIFICATE-----\nMAA=\n"
			       "-----END CERTIFICATE-----\n");
	refuses(leaf, NULL, CA_R_CHAIN_DIR);
	/* a path without it */
	put_hashed("Root", 0, root);
	accepts(leaf, NULL);
	/* a file that others may write to is no CA */
	empty_dir();
	put_cert("root.pem", root);
	(void)snprintf(path, sizeof path, "%s/root.pem", dir);
	assert_int_equal(chmod(path, 0664), 0);
	refuses(leaf, NULL, CA_R_CHAIN_DIR);
	assert_int_equal(chmod(path, 0644), 0);
	accepts(leaf, NULL);
	/* a link to nothing is not an absent file */
	empty_dir();
	(void)snprintf(path, sizeof path, "%s/gone.pem", dir);
	assert_int_equal(symlink("nothing-here.pem", path), 0);
	refuses(leaf, NULL, CA_R_CHAIN_DIR);
}

static void
test_untrusted_dir(void **state)
{
	struct outcome o;

	(void)state;
	empty_dir();
	put_cert("root.pem", root);
	assert_int_equal(chmod(dir, 0775), 0);
	assert_int_equal(
	    judge_at(&o, leaf, NULL, NULL, NULL, NOW), CA_ERR_UNTRUSTED);
	assert_int_equal(refusal(o.report), CA_R_CHAIN_DIR);
	assert_false(ca_report_granted(o.report, CA_REPORT_CERT));
	done(&o);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(
	    judge_at(&o, leaf, NULL, "ca_dir", "/nonexistent/ca", NOW),
	    CA_ERR_NOT_FOUND);
	assert_int_equal(refusal(o.report), CA_R_CHAIN_DIR);
	done(&o);
}

/* ---- verdicts ---- */

/* Everything that is wrong is in the report, and none of it passes. */
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
	/* without a path too; and no revocation was looked at */
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
	/* a leaf that is fine does not make validity pass without a path */
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
	/* not its own issuer: being there does not make it trusted */
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

/* Of an intermediate's certificates each is bad in its way, but the last. */
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
	assert_int_equal(judge_at(&o, cert, NULL, NULL, NULL, NOW), CA_OK);
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
	    {NC "permitted;DNS:example", NULL, 0, CA_R_CHAIN_PROFILE},
	    {NC "critical,permitted;DNS:.example", NULL, 0, CA_R_CHAIN_PROFILE},
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

/* Weak keys and digests, wherever they are but in an anchor's own signature. */
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
	/* a bomb that is refused says so; one that has a good path is fine */
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

/* CAs that certify each other in a circle, and none of them is trusted. */
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

/* ---- the names of the anchors ---- */

static void
test_authorities(void **state)
{
	struct ca_config *cfg;
	struct ca_buf out = CA_BUF_INIT(65536);
	char name[32];

	(void)state;
	empty_dir();
	cfg = config();
	put_hashed("Root", 0, root);
	put_hashed("Root", 1, root);
	put_cert("again.pem", root);
	put_text("README.pem", "nothing");
	assert_int_equal(
	    ca_verify_authorities(crypto, cfg, NULL, 2048, &out), CA_OK);
	/* one name: SEQUENCE { SET { SEQUENCE { CN, "Root" }}} */
	assert_int_equal(out.len, 2 + 2 + 2 + 2 + 5 + 2 + 4);
	ca_buf_reset(&out);
	assert_int_equal(ca_verify_authorities(crypto, cfg, NULL,
			     2 + 2 + 2 + 2 + 5 + 2 + 3, &out),
	    CA_ERR_LIMIT);
	assert_int_equal(out.len, 0);
	for (int i = 0; i < 40; i++) {
		(void)snprintf(name, sizeof name, "%08x.0", i);
		X509 *ca =
		    make(&(struct spec){name, name, root_key, root_key, true});

		put_cert(name, ca);
		X509_free(ca);
	}
	ca_buf_reset(&out);
	assert_int_equal(
	    ca_verify_authorities(crypto, cfg, NULL, 2048, &out), CA_OK);
	assert_true(out.len > 40 * 20);
	ca_buf_reset(&out);
	assert_int_equal(
	    ca_verify_authorities(crypto, cfg, NULL, 900, &out), CA_ERR_LIMIT);
	/* so many that none of them is read */
	for (int i = 40; i < 70; i++) {
		(void)snprintf(name, sizeof name, "%08x.0", i);
		put_text(name, "x");
	}
	ca_buf_reset(&out);
	assert_int_equal(
	    ca_verify_authorities(crypto, cfg, NULL, 2048, &out), CA_ERR_LIMIT);
	ca_buf_free(&out);
	ca_config_free(cfg);
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
	    cmocka_unit_test(test_plain_and_hashed),
	    cmocka_unit_test(test_ignored_names),
	    cmocka_unit_test(test_hash_is_a_hint),
	    cmocka_unit_test(test_one_subject_many_cas),
	    cmocka_unit_test(test_broken_files),
	    cmocka_unit_test(test_untrusted_dir),
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
	    cmocka_unit_test(test_authorities),
	    cmocka_unit_test(test_errors_map),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
