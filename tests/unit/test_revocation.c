/* What CRLs do to a verification, by each engine: who is refused, and why. */
#include "verify/revocation.h"
#include "verify/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "crljudge.h"

/* ---- times ---- */

static void
times(void **state)
{
	(void)state;
	fresh();
	is(direct, CA_R_CRL_MISSING, "no CRL of CN=Root");
	root_crl(.from = 0);
	is(direct, CA_R_OK, NULL);
	root_crl(.forever = true);
	is(direct, CA_R_OK, NULL);
	root_crl(.from = 1, .to = DAY);
	is(direct, CA_R_CRL_FUTURE, "thisUpdate is in the future");
	root_crl(.from = -DAY, .to = -1);
	is(direct, CA_R_CRL_EXPIRED, "has expired");
	root_crl(.updates = {"271314080000Z", NULL});
	is(direct, CA_R_CRL_MALFORMED, "malformed thisUpdate");
	root_crl(.updates = {"270114080000", NULL});
	is(direct, CA_R_CRL_MALFORMED, "not valid DER");
	root_crl(.updates = {NULL, "270116080000"});
	is(direct, CA_R_CRL_MALFORMED, NULL);
}

static void
grace(void **state)
{
	(void)state;
	fresh();
	settings[0] = "crl_grace";
	settings[1] = "1h";
	root_crl(.from = -DAY, .to = -3599);
	is(direct, CA_R_CRL_STALE, "root.crl");
	root_crl(.from = -DAY, .to = -3600);
	is(direct, CA_R_CRL_EXPIRED, "has expired");
	/* what it revokes stays revoked */
	root_crl({{LEAF_SERIAL, 1}}, .from = -DAY, .to = -3599);
	is(direct, CA_R_REVOKED, "keyCompromise");
	settings[1] = "0";
	root_crl({{LEAF_SERIAL, 1}}, .from = -DAY, .to = -1);
	is(direct, CA_R_REVOKED, "keyCompromise");
	/* each CRL of the path is old in its own right */
	settings[1] = "1h";
	root_crl(.from = -DAY, .to = -60);
	sub_crl(.from = -DAY, .to = -3600);
	is(leaf, CA_R_CRL_EXPIRED, "sub.crl");
	root_crl(.from = -DAY, .to = -3600);
	sub_crl(.from = -DAY, .to = -60);
	is(leaf, CA_R_CRL_EXPIRED, "root.crl");
	sub_crl(.from = -2 * DAY, .to = -60);
	root_crl(.from = -DAY, .to = -60);
	is(leaf, CA_R_CRL_STALE, NULL);
}

/* ---- entries ---- */

static void
entries(void **state)
{
	static const struct {
		int reason;
		const char *text;
	} c[] = {{0, "no reason given"}, {1, "keyCompromise"},
	    {5, "cessationOfOperation"}, {6, "certificateHold"},
	    {10, "aACompromise"}, {11, "no reason given"},
	    {99, "no reason given"}};

	(void)state;
	fresh();
	for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
		root_crl({{7}, {LEAF_SERIAL, c[i].reason}});
		is(direct, CA_R_REVOKED, c[i].text);
		is(direct, CA_R_REVOKED, "since 2027-01-12T08:00:00Z");
	}
	/* another's number */
	root_crl({{LEAF_SERIAL + 1, 1}});
	is(direct, CA_R_OK, NULL);
	/* an intermediate; the anchor itself, by its own CRL */
	sub_crl(.from = 0);
	root_crl({{SUB_SERIAL, 2}});
	is(leaf, CA_R_REVOKED, "cACompromise (for CN=Sub");
	root_crl({{ROOT_SERIAL, 2}});
	is(direct, CA_R_REVOKED, "for CN=Root");
	settings[0] = "crl_check";
	settings[1] = "leaf";
	root_crl({{SUB_SERIAL, 2}});
	is(leaf, CA_R_OK, NULL);
	sub_crl({{LEAF_SERIAL, 2}});
	is(leaf, CA_R_REVOKED, "for CN=leaf");
	settings[0] = "crl";
	settings[1] = "off";
	is(leaf, CA_R_CRL_OFF, NULL);
}

/* ---- what makes a CRL none ---- */

static void
extensions(void **state)
{
	(void)state;
	fresh();
	root_crl(.ext = {"1.2.3.4:critical,DER:0500"});
	is(direct, CA_R_CRL_EXTENSION, "root.crl");
	root_crl(.ext = {"1.2.3.4:DER:0500"});
	is(direct, CA_R_OK, NULL);
	root_crl({{7, .critical = true}});
	is(direct, CA_R_CRL_EXTENSION, "root.crl");
	/* a CRL that is none and one that is */
	put_crl("crl/other.crl", &(struct crl_spec){"Root", root_key});
	is(direct, CA_R_OK, NULL);
}

static void
signatures(void **state)
{
	X509 *mute = make(&(struct spec){"Mute", "Mute", keeper_key, keeper_key,
	    true, .ku = "critical,keyCertSign"});
	X509 *under =
	    make(&(struct spec){"under", "Mute", leaf_key, keeper_key});

	(void)state;
	fresh();
	put_crl("crl/a.crl", &(struct crl_spec){"Root", leaf_key});
	is(direct, CA_R_CRL_SIGNATURE, "a.crl has a wrong signature");
	put_crl(
	    "crl/a.crl", &(struct crl_spec){"Root", leaf_key, .bare = true});
	is(direct, CA_R_CRL_SIGNATURE, "has a wrong signature");
	/* it does not stand in the light of a good one */
	root_crl(.from = -2 * DAY, .to = DAY);
	is(direct, CA_R_OK, NULL);
	/* nor does a revocation that nobody signed count */
	put_crl("crl/a.crl", &(struct crl_spec){"Root", leaf_key,
				 {{LEAF_SERIAL, 1}}, .bare = true});
	is(direct, CA_R_OK, NULL);
	fresh();
	root_crl(.md = EVP_sha1());
	is(direct, CA_R_CHAIN_WEAK, "root.crl");
	/* without cRLSign */
	fresh();
	put_cert("mute.pem", mute);
	put_crl("crl/m.crl", &(struct crl_spec){"Mute", keeper_key});
	is(under, CA_R_CRL_ISSUER,
	    "m.crl is signed by a CA whose certificate may "
	    "not sign CRLs (keyUsage without cRLSign");
	/* which crl = prefer takes for no CRL, but only that */
	settings[0] = "crl";
	settings[1] = "prefer";
	is(under, CA_R_CRL_ABSENT, "without cRLSign");
	put_crl("crl/n.crl", &(struct crl_spec){"Mute", leaf_key});
	is(under, CA_R_CRL_ISSUER, "without cRLSign");
	X509_free(mute);
	X509_free(under);
}

/* Names and scopes. */
static void
scopes(void **state)
{
	(void)state;
	fresh();
	/* of another CA, under this one's hash too */
	put_crl("crl/sub.crl", &(struct crl_spec){"Sub", root_key});
	is(direct, CA_R_CRL_MISSING, "no CRL of CN=Root");
	char name[64];
	hashed_name(name, "crl/", "Root", "r", 0);
	put_crl(name, &(struct crl_spec){"Sub", root_key});
	is(direct, CA_R_CRL_MISSING, "no CRL of CN=Root");
	/* of those that hold no CAs the anchor needs none */
	fresh();
	root_crl(.ext = {"issuingDistributionPoint:critical,onlyuser:TRUE"});
	is(direct, CA_R_OK, NULL);
	sub_crl(.from = 0);
	is(leaf, CA_R_CRL_SCOPE,
	    "root.crl covers only end-entity certificates, and "
	    "this is a CA certificate (for CN=Sub");
	fresh();
	root_crl(.ext = {"issuingDistributionPoint:critical,onlyCA:TRUE"});
	is(direct, CA_R_CRL_SCOPE, "root.crl");
	sub_crl(.from = 0);
	is(leaf, CA_R_OK, NULL);
	settings[0] = "crl";
	settings[1] = "prefer";
	is(direct, CA_R_CRL_SCOPE, "root.crl");
}

static void
deltas(void **state)
{
	X509 *cert = make(&(struct spec){"fresh", "Root", leaf_key, root_key,
	    .serial = LEAF_SERIAL,
	    .ext = "freshestCRL:URI:http://x.example/d"});

	(void)state;
	fresh();
	root_crl({{LEAF_SERIAL, 6}}, {"crlNumber:DER:020101"});
	is(cert, CA_R_REVOKED, "certificateHold");
	put_crl("crl/delta.crl",
	    &(struct crl_spec){"Root", root_key, {{LEAF_SERIAL, 8}},
		{"crlNumber:DER:020102", "deltaCRL:critical,DER:020101"}});
	is(cert, CA_R_OK, NULL);
	root_crl(.ext = {"crlNumber:DER:020101"});
	put_crl("crl/delta.crl",
	    &(struct crl_spec){"Root", root_key, {{LEAF_SERIAL, 4}},
		{"crlNumber:DER:020102", "deltaCRL:critical,DER:020101"}});
	is(cert, CA_R_REVOKED, "superseded");
	X509_free(cert);
}

/* ---- prefer ---- */

/* Give the ECDSA CRL in the file, DER, an algorithm that nobody has: it is read,
 * and cannot be verified. */
static void
make_unknown(const char *name)
{
	static const uint8_t ecdsa_sha256[] = {
	    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
	uint8_t der[4096];
	char path[512];
	int changed = 0;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "r+");
	assert_non_null(f);
	size_t len = fread(der, 1, sizeof der, f);
	for (uint8_t *p = der; (p = memmem(p, (size_t)(der + len - p),
				    ecdsa_sha256, sizeof ecdsa_sha256)) != NULL;
	     changed++)
		p[sizeof ecdsa_sha256 - 1] = 0x7f;
	assert_int_equal(changed, 2);
	rewind(f);
	assert_int_equal(fwrite(der, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* A CRL that nobody here can verify, or that only older versions of libcrypto
 * read, is not absent: whatever it lists, prefer does not waive it. */
static void
prefer_not_understood(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		fresh();
		settings[0] = "crl";
		settings[1] = i == 0 ? "require" : "prefer";
		put_crl("crl/root.der", &(struct crl_spec){"Root", root_key});
		make_unknown("crl/root.der");
		is(direct, CA_R_UNSUPPORTED,
		    "root.der is signed with 1.2.840.10045.4.3.127, which "
		    "certauth does not support");
		put_crl("crl/root.der",
		    &(struct crl_spec){"Root", root_key, {{LEAF_SERIAL, 1}}});
		is(direct, CA_R_REVOKED, "keyCompromise");
		make_unknown("crl/root.der");
		is(direct, CA_R_UNSUPPORTED, "root.der");
		put_crl("crl/root.der",
		    &(struct crl_spec){"Root", root_key, {{LEAF_SERIAL, 1}},
			.updates = {"2701140800Z", NULL}});
		is(direct, CA_R_CRL_MALFORMED, "not valid DER");
		put_crl("crl/root.der", &(struct crl_spec){"Root", root_key,
					    {{LEAF_SERIAL, 1, "Other"}}});
		is(direct, CA_R_CRL_MALFORMED, "without indirectCRL");
	}
}

static void
prefer(void **state)
{
	char path[128];

	(void)state;
	fresh();
	settings[0] = "crl";
	settings[1] = "prefer";
	is(leaf, CA_R_CRL_ABSENT, "no CRL was found (for CN=leaf");
	root_crl(.from = 0);
	is(leaf, CA_R_CRL_ABSENT, "no CRL was found (for CN=leaf");
	root_crl({{SUB_SERIAL, 2}});
	is(leaf, CA_R_REVOKED, "for CN=Sub");
	sub_crl(.from = 0);
	root_crl(.from = 0);
	is(leaf, CA_R_OK, NULL);
	/* one that is there and cannot be used is not absent */
	sub_crl(.ext = {"1.2.3.4:critical,DER:0500"});
	is(leaf, CA_R_CRL_EXTENSION, "sub.crl");
	sub_crl(.from = 60, .to = DAY);
	is(leaf, CA_R_CRL_FUTURE, "sub.crl");
	put_text("crl/sub.crl", "-----BEGIN X509 CRL-----\nMAA=\n"
				"-----END X509 CRL-----\n");
	is(leaf, CA_R_CRL_MALFORMED, NULL);
	/* a stale one outweighs that another is absent */
	settings[2] = "crl_grace";
	settings[3] = "1h";
	sub_crl(.from = -DAY, .to = -60);
	is(leaf, CA_R_CRL_STALE, "sub.crl");
	settings[2] = NULL;
	/* the directory: absent is no CRL, distrusted is not */
	(void)snprintf(path, sizeof path, "%s/crl", dir);
	assert_int_equal(chmod(path, 0775), 0);
	is(leaf, CA_R_CRL_DIR, path);
	settings[0] = NULL;
	is(leaf, CA_R_CRL_DIR, path);
	fresh();
	assert_int_equal(rmdir(path), 0);
	is(leaf, CA_R_CRL_MISSING, NULL);
	settings[0] = "crl";
	settings[1] = "prefer";
	is(leaf, CA_R_CRL_ABSENT, NULL);
}

/* ---- anchors ---- */

/* One that is not self-issued needs no CRL, and none is asked for it. */
static void
anchors(void **state)
{
	(void)state;
	fresh();
	settings[0] = "ca_dir";
	char path[128];
	(void)snprintf(path, sizeof path, "%s/helpers", dir);
	settings[1] = path;
	put_cert("helpers/sub.pem", sub);
	is(leaf, CA_R_CRL_MISSING, "no CRL of CN=Sub");
	sub_crl(.from = 0);
	is(leaf, CA_R_OK, NULL);
	put_crl("crl/root.crl", &(struct crl_spec){"Root", root_key,
				    {{SUB_SERIAL, 2}}, .bare = true});
	is(leaf, CA_R_OK, NULL);
	/* for it a CRL need not be usable either */
	put_crl("crl/root.crl", &(struct crl_spec){"Root", sub_key});
	is(leaf, CA_R_OK, NULL);
	sub_crl({{LEAF_SERIAL, 1}});
	is(leaf, CA_R_REVOKED, "for CN=leaf");
	/* nor is another's CRL asked for one that has the issuer's name */
	X509 *heir = make(&(struct spec){
	    "Root", "Root", sub_key, root_key, true, .serial = SUB_SERIAL});
	X509 *under = make(&(struct spec){"under", "Root", leaf_key, sub_key});
	STACK_OF(X509) *sent = sk_X509_new_null();
	sk_X509_push(sent, root);
	fresh();
	put_cert("helpers/heir.pem", heir);
	settings[0] = "ca_dir";
	settings[1] = path;
	put_crl("crl/heir.crl",
	    &(struct crl_spec){"Root", sub_key, {{7}},
		{"issuingDistributionPoint:critical,onlyuser:TRUE"}});
	root_crl({{SUB_SERIAL, 2}});
	judged(__LINE__, under, sent, CA_R_OK, NULL);
	sk_X509_free(sent);
	X509_free(heir);
	X509_free(under);
}

/* ---- a CA with two keys under one name ---- */

static void
rollover(void **state)
{
	X509 *fresh_root = make(&(struct spec){
	    "Root", "Root", sub_key, root_key, true, .serial = SUB_SERIAL});
	X509 *under = make(&(struct spec){
	    "under", "Root", leaf_key, sub_key, .serial = LEAF_SERIAL});
	STACK_OF(X509) *sent = sk_X509_new_null();

	(void)state;
	sk_X509_push(sent, fresh_root);
	for (int bare = 0; bare < 2; bare++) {
		fresh();
		root_crl(.bare = bare);
		put_crl("crl/new.crl",
		    &(struct crl_spec){"Root", sub_key, .bare = bare});
		judged(__LINE__, under, sent, CA_R_OK, NULL);
		root_crl({{SUB_SERIAL, 4}}, .bare = bare);
		judged(__LINE__, under, sent, CA_R_REVOKED, "for CN=Root");
		root_crl(.bare = bare);
		put_crl("crl/new.crl", &(struct crl_spec){"Root", sub_key,
					   {{LEAF_SERIAL, 4}}, .bare = bare});
		judged(__LINE__, under, sent, CA_R_REVOKED, "for CN=under");
	}
	/* the identifier says which: a CRL by the old key alone will do */
	fresh();
	root_crl(.from = 0);
	judged(__LINE__, under, sent, CA_R_OK, NULL);
	root_crl({{LEAF_SERIAL, 4}});
	judged(__LINE__, under, sent, CA_R_REVOKED, "for CN=under");
	sk_X509_free(sent);
	X509_free(fresh_root);
	X509_free(under);
}

/* Of two CRLs of the same moment either may be the newer one; of others the
 * later one counts. */
static void
twins(void **state)
{
	/* some are read before sub.crl, and some behind it */
	static const char *const name[] = {"crl/a.crl", "crl/b.crl",
	    "crl/c.crl", "crl/d.crl", "crl/v.crl", "crl/w.crl", "crl/x.crl",
	    "crl/z.crl"};

	(void)state;
	for (size_t i = 0; i < sizeof name / sizeof name[0]; i++) {
		fresh();
		root_crl(.from = 0);
		sub_crl(.from = 0);
		is(leaf, CA_R_OK, NULL);
		put_crl(name[i],
		    &(struct crl_spec){"Sub", sub_key, {{LEAF_SERIAL, 1}}});
		is(leaf, CA_R_REVOKED, name[i] + 4);
		put_crl(name[i],
		    &(struct crl_spec){"Sub", sub_key, {{KEEPER_SERIAL, 1}}});
		is(leaf, CA_R_OK, NULL);
		/* a minute older, and replaced since */
		put_crl(name[i],
		    &(struct crl_spec){"Sub", sub_key, {{LEAF_SERIAL, 6}},
			.from = -DAY - 60, .to = DAY});
		is(leaf, CA_R_OK, NULL);
		/* by another key: it is not the CA's */
		put_crl(name[i],
		    &(struct crl_spec){"Sub", leaf_key, {{LEAF_SERIAL, 1}}});
		is(leaf, CA_R_OK, NULL);
	}
}

/* ---- what else is wrong ---- */

/* With all CRLs in order, what is wrong with the path counts as ever. */
static void
chain_findings(void **state)
{
	const struct {
		X509 *cert;
		enum ca_reason want;
	} c[] = {
	    {make(&(struct spec){"late", "Root", leaf_key, root_key,
		 .from = -2 * DAY, .to = -60}),
		CA_R_EXPIRED},
	    {make_forged(&(struct spec){"forged", "Root", leaf_key, root_key}),
		CA_R_CHAIN_SIGNATURE},
	    {make(&(struct spec){
		 "weak", "Root", leaf_key, root_key, .md = EVP_sha1()}),
		CA_R_CHAIN_WEAK},
	    {make(&(struct spec){"odd", "Root", leaf_key, root_key,
		 .ext = "1.2.3.4:critical,DER:0500"}),
		CA_R_CHAIN_EXTENSION},
	};

	(void)state;
	fresh();
	root_crl(.from = 0);
	for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
		is(c[i].cert, c[i].want, NULL);
		X509_free(c[i].cert);
	}
}

/* What is told of the CRLs that answered. */
static void
traced(void **state)
{
	struct ca_verify_trace trace = {0};

	(void)state;
	fresh();
	traced_to = &trace;
	root_crl({{7}, {8}});
	sub_crl({{LEAF_SERIAL, 1}, {9}, {10}});
	is(leaf, CA_R_REVOKED, NULL);
	assert_int_equal(trace.n, 3);
	assert_int_equal(trace.use[0].depth, 0);
	assert_string_equal(trace.use[0].file, "sub.crl");
	assert_int_equal(trace.use[0].entries, 3);
	assert_true(trace.use[0].revoked);
	sub_crl({{9}});
	is(leaf, CA_R_OK, NULL);
	assert_int_equal(trace.n, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(trace.use[i].depth, i);
		assert_string_equal(
		    trace.use[i].file, i == 0 ? "sub.crl" : "root.crl");
		assert_int_equal(trace.use[i].entries, i == 0 ? 1 : 2);
		assert_false(trace.use[i].revoked);
	}
	traced_to = NULL;
	ca_verify_trace_clear(&trace);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(times),
	    cmocka_unit_test(grace),
	    cmocka_unit_test(entries),
	    cmocka_unit_test(extensions),
	    cmocka_unit_test(signatures),
	    cmocka_unit_test(scopes),
	    cmocka_unit_test(deltas),
	    cmocka_unit_test(prefer),
	    cmocka_unit_test(prefer_not_understood),
	    cmocka_unit_test(anchors),
	    cmocka_unit_test(rollover),
	    cmocka_unit_test(twins),
	    cmocka_unit_test(chain_findings),
	    cmocka_unit_test(traced),
	};

	return cmocka_run_group_tests_name("revocation", tests, start, finish);
}
