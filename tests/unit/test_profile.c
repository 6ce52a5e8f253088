/* The profile and the purpose, certificate by certificate. */
#include "verify/profile.h"
#include "verify/purpose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "pkimake.h"
#include "pathjudge.h"

/* strict refuses it, basic accepts it, and the hint says so. */
#define strict(root, sub, leaf, says)                                          \
	do {                                                                   \
		is_by("profile", "strict", root, sub, leaf,                    \
		    CA_R_CHAIN_PROFILE, says);                                 \
		assert_non_null(strstr(                                        \
		    detail, "profile = basic accepts this certificate"));      \
		is_by("profile", "basic", root, sub, leaf, CA_R_OK, NULL);     \
		is_by(NULL, NULL, root, sub, leaf, CA_R_OK, NULL);             \
	} while (0)
/* Both refuse it, and there is no hint. */
#define both(root, sub, leaf, says)                                            \
	do {                                                                   \
		is_by("profile", "strict", root, sub, leaf,                    \
		    CA_R_CHAIN_PROFILE, says);                                 \
		assert_null(strstr(detail, "profile = basic"));                \
		is_by("profile", "basic", root, sub, leaf, CA_R_CHAIN_PROFILE, \
		    says);                                                     \
		assert_null(strstr(detail, "profile = basic"));                \
	} while (0)

/* ---- serial numbers ---- */

static void
serials(void **state)
{
	(void)state;
	strict(NULL, NULL, LEAF(.serial_hex = "00"), "is zero");
	strict(NULL, NULL, LEAF(.serial_hex = "-01"), "is negative");
	is(NULL, NULL, LEAF(.serial_hex = "01"), CA_R_OK, NULL);
	/* 20 octets whose first bit is 0 */
	is(NULL, NULL,
	    LEAF(.serial_hex = "7fffffffffffffffffffffffffffffffffffffff"),
	    CA_R_OK, NULL);
	strict(NULL, NULL,
	    LEAF(.serial_hex = "8000000000000000000000000000000000000000"),
	    "longer than 20 octets");
	strict(NULL, NULL,
	    LEAF(.serial_hex = "010000000000000000000000000000000000000000"),
	    "longer than 20 octets");
	is(NULL, NULL,
	    LEAF(.serial_hex = "ffffffffffffffffffffffffffffffffffffff"),
	    CA_R_OK, NULL);
	/* a CRL identifies an intermediate by its number, not an anchor */
	is(ROOT(.serial_hex = "00"), NULL, LEAF(.serial = 5), CA_R_OK, NULL);
	strict(NULL, SUB(.serial_hex = "00"), UNDER(.serial = 5), "is zero");
}

/* ---- key identifiers ---- */

static void
key_identifiers(void **state)
{
	(void)state;
	strict(NULL, NULL, LEAF(.aki = ""), NULL);
	strict(NULL, SUB(.aki = ""), UNDER(.serial = 5),
	    "it has no authorityKeyIdentifier");
	is(ROOT(.aki = ""), NULL, LEAF(.serial = 5), CA_R_OK, NULL);
	strict(NULL, NULL, LEAF(.aki = "DER:3000"), "has no keyIdentifier");
	/* RULE("authorityKeyIdentifier with one of issuer and serial number" */
	AUTHORITY_KEYID *aki = aki_of(root_key);
	char text[128], *p = text + sprintf(text, "DER:301c8014");
	for (int i = 0; i < 20; i++)
		p += sprintf(p, "%02x", ASN1_STRING_get0_data(aki->keyid)[i]);
	(void)sprintf(p, "820401020304");
	AUTHORITY_KEYID_free(aki);
	strict(ROOT(.serial = 0x01020304), NULL, LEAF(.aki = text),
	    "has only one of issuer and serial");
	/* RULE("self-signed, but authorityKeyIdentifier names another key" */
	is(ROOT(.aki = "DER:3006800401020304"), NULL, LEAF(.serial = 5),
	    CA_R_OK, NULL);
	X509 *own = make(&(struct spec){
	    "Own", "Own", other_key, other_key, .aki = "DER:3006800401020304"});
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct ca_report *r = ca_report_new();
	assert_int_equal(sk_X509_push(chain, own), 1);
	ca_profile_check(chain, false, CA_PROFILE_STRICT, r);
	assert_non_null(strstr(
	    ca_report_get0_detail(r, CA_CHECK_CHAIN), "names another key"));
	ca_report_free(r);
	sk_X509_pop_free(chain, X509_free);
}

/* ---- name constraints, and names under them ---- */

#define NC "nameConstraints:critical,"
#define SAN "subjectAltName:"

static void
constraints(void **state)
{
	(void)state;
	strict(NULL, SUB(.ext = "nameConstraints:critical,DER:3000"),
	    UNDER(.serial = 5), "are empty");
	strict(NULL, SUB(.ext = "nameConstraints:excluded;DNS:example"),
	    UNDER(.serial = 5), "are not critical");
	strict(NULL, SUB(.ext = NC "excluded;DNS:.example"), UNDER(.serial = 5),
	    "begins with a dot");
	is(NULL, SUB(.ext = NC "excluded;DNS:example"), UNDER(.serial = 5),
	    CA_R_OK, NULL);
	strict(NULL, SUB(.ext = NC "permitted;email:@example"),
	    UNDER(.ext = SAN "email:a@example"), "begins with @");
	strict(NULL, NULL, LEAF(.ext = NC "excluded;DNS:example"),
	    "but is not a CA certificate");
	/* the constraints of a CA apply below it, not to its own names */
	is(NULL, NULL, LEAF(.ext = SAN "DNS:a_b.x"), CA_R_OK, NULL);
	strict(NULL, SUB(.ext = NC "excluded;DNS:example"),
	    UNDER(.ext = SAN "DNS:a_b.x"), "a form that RFC 5280 does not");
}

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* Each with a constraint that excludes none of them. */
static void
names_under_constraints(void **state)
{
	static const struct {
		const char *san;
		bool ok;
	} c[] = {
	    {"DNS:a", true},
	    {"DNS:a.b-c.D9", true},
	    {"DNS:*.a", true},
	    {"DNS:*", false},
	    {"DNS:*.", false},
	    {"DNS:a.*.b", false},
	    {"DNS:-a", false},
	    {"DNS:a-", false},
	    {"DNS:a-.b", false},
	    {"DNS:.a", false},
	    {"DNS:a.", false},
	    {"DNS:a..b", false},
	    {"DNS:a b", false},
	    {"DNS:a/b", false},
	    {"DNS:" L63, true},
	    {"DNS:" L63 "a", false},
	    {"DNS:b." L63 "a", false},
	    /* 253 and 254 */
	    {"DNS:" L63 "." L63 "." L63 ".aa." L63 "", false},
	    {"DNS:" L63 "." L63 "." L63
	     ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		true},
	    {"DNS:" L63 "." L63 "." L63
	     ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		false},
	    {"email:a@b.x", true},
	    {"email:\"a@c\"@b.x", false},
	    {"email:a@c@b.x", false},
	    {"email:\"a@c@b.x", false},
	    {"email:a@c\"@b.x", false},
	    {"email:a@", false},
	    {"email:a@-b", false},
	    {"URI:http://x y", true},
	    {"IP:192.0.2.1", true},
	    {"RID:1.2.3", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
		char ext[400];

		(void)snprintf(ext, sizeof ext, SAN "%s", c[i].san);
		enum ca_reason got =
		    judge(ROOT(.ext = NC "excluded;DNS:example,"
					 "excluded;email:example"),
			NULL, LEAF(.ext = ext), "profile", "strict");
		/* OpenSSL itself refuses a form that it does not know */
		if ((got == CA_R_OK) != c[i].ok)
			fail_msg("%s: %s (%s)", c[i].san, ca_reason_code(got),
			    detail);
	}
}

static void
names_are_ascii(void **state)
{
	(void)state;
	both(NULL, NULL, LEAF(.ext = SAN "DNS:\x7f.example"),
	    "not printable ASCII");
	both(NULL, NULL, LEAF(.ext = SAN "email:a\x01@example"),
	    "not printable ASCII");
	both(NULL, NULL, LEAF(.ext = SAN "URI:http://\xff"),
	    "not printable ASCII");
	/* a NUL within: GeneralNames { [2] "a\0b" } */
	both(NULL, NULL, LEAF(.ext = SAN "DER:30058203610062"),
	    "not printable ASCII");
	/* not text: a directory name, an IP address, a name of Microsoft */
	is(NULL, NULL,
	    LEAF(.ext = SAN "DER:3011a40f300d310b3009060355040613024445"),
	    CA_R_OK, NULL);
	is(NULL, NULL, LEAF(.ext = SAN "IP:192.0.2.255"), CA_R_OK, NULL);
	is(NULL, NULL,
	    LEAF(.ext = SAN "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:a"), CA_R_OK,
	    NULL);
}

static void
undecodable(void **state)
{
	(void)state;
	both(NULL, NULL, LEAF(.ext = "authorityInfoAccess:DER:0500"),
	    "cannot be decoded");
	both(NULL, SUB(.ext = "authorityInfoAccess:DER:0500"),
	    UNDER(.serial = 5), "cannot be decoded");
	both(ROOT(.ext = "policyConstraints:DER:0500"), NULL, LEAF(.serial = 5),
	    NULL);
}

/* If a signature is wrong, anybody may have made the names: they are not
 * compared.  The dates are checked anyway. */
static void
forged_names(void **state)
{
	const struct spec leaf = {"leaf", "Root", leaf_key, other_key,
	    .aki = "", .ext = SAN "DNS:a.example"};
	const struct spec old = {"leaf", "Root", leaf_key, other_key, .aki = "",
	    .ext = SAN "DNS:a.example", .from = -2 * DAY, .to = -DAY};
	const struct spec *root = ROOT(.ext = NC "excluded;DNS:example");

	(void)state;
	is_by("profile", "basic", root, NULL, LEAF(.ext = leaf.ext),
	    CA_R_CHAIN_NAMES, "DNS name \"a.example\" is in the subtree");
	is_by(
	    "profile", "basic", root, NULL, &leaf, CA_R_CHAIN_SIGNATURE, NULL);
	assert_null(strstr(detail, "DNS name"));
	assert_int_equal(validity, CA_PASS);
	is_by("profile", "basic", root, NULL, &old, CA_R_CHAIN_SIGNATURE, NULL);
	assert_int_equal(validity, CA_FAIL);
}

/* ---- what section 6 requires ---- */

#define POLICIES "certificatePolicies:"
/* 1.2.3.4 with the qualifier 1.2.3.5, and with a CPS pointer */
#define UNKNOWN "DER:3013301106032a0304300a300806032a0305160178"
#define KNOWN "DER:3018301606032a0304300f300d06082b06010505070201160178"
static void
qualifiers(void **state)
{
	const char *const profile[] = {"strict", "basic"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		is_by("profile", profile[i], NULL, NULL,
		    LEAF(.ext = POLICIES "critical," UNKNOWN),
		    CA_R_CHAIN_EXTENSION, "an unknown qualifier");
		is_by("profile", profile[i], NULL,
		    SUB(.ext = POLICIES "critical," UNKNOWN),
		    UNDER(.serial = 5), CA_R_CHAIN_EXTENSION,
		    "CN=Sub: its certificatePolicies");
		is_by("profile", profile[i], NULL, NULL,
		    LEAF(.ext = POLICIES UNKNOWN), CA_R_OK, NULL);
		is_by("profile", profile[i], NULL, NULL,
		    LEAF(.ext = POLICIES "critical," KNOWN), CA_R_OK, NULL);
		/* an anchor's extensions are not part of the path */
		is_by("profile", profile[i],
		    ROOT(.ext = POLICIES "critical," UNKNOWN), NULL,
		    LEAF(.serial = 5), CA_R_OK, NULL);
	}
}

static void
versions(void **state)
{
	const char *const profile[] = {"strict", "basic"};

	(void)state;
	for (size_t i = 0; i < 2; i++)
		for (int v = 1; v <= 6; v++) {
			is_by("profile", profile[i], NULL, SUB(.version = v),
			    UNDER(.serial = 5),
			    v == 3            ? CA_R_OK
			    : v < 3 && i == 0 ? CA_R_CHAIN_PROFILE
					      : CA_R_CHAIN_NOT_CA,
			    v == 3 ? NULL : "but is not of version 3");
			/* an anchor is trusted because it is in ca_dir */
			if (v == 1 && i == 1)
				is_by("profile", profile[i], ROOT(.version = v),
				    NULL, LEAF(.serial = 5), CA_R_OK, NULL);
		}
	/* a leaf issues nothing */
	strict(NULL, NULL, LEAF(.version = 1), "is not a version 3");
}

/* ---- the rules of strict, as docs/security.md lists them ---- */

/* strict refuses it, basic accepts it; profile.bats compares the texts with the
 * document. */
#define RULE(text, sub, leaf)                                                  \
	do {                                                                   \
		printf("%s\n", text);                                          \
		strict(NULL, sub, leaf, NULL);                                 \
	} while (0)

static void
rules_of_strict(void **state)
{
	(void)state;
	RULE("version is not 3", NULL, LEAF(.version = 1));
	RULE("serial number is zero", NULL, LEAF(.serial_hex = "00"));
	RULE("serial number is negative", NULL, LEAF(.serial_hex = "-01"));
	RULE("serial number is longer than 20 octets", NULL,
	    LEAF(.serial_hex = "010000000000000000000000000000000000000000"));
	RULE("no authorityKeyIdentifier, or none with a keyIdentifier", NULL,
	    LEAF(.aki = "DER:3000"));
	RULE("CA without subjectKeyIdentifier", SUB(.no_ski = true),
	    UNDER(.serial = 5));
	RULE("keyCertSign in a certificate that is not a CA's", NULL,
	    LEAF(.ku = "digitalSignature,keyCertSign"));
	RULE("pathLenConstraint without keyCertSign",
	    SUB(.bc = "critical,CA:TRUE,pathlen:0", .ku = ""),
	    UNDER(.serial = 5));
	RULE("pathLenConstraint in a certificate that is not a CA's", NULL,
	    LEAF(.bc = "DER:3003020100"));
	RULE("empty subject of a CA, or without subjectAltName", NULL,
	    LEAF(.no_subject = true));
	RULE("empty subject, and subjectAltName not critical", NULL,
	    LEAF(.no_subject = true, .ext = SAN "DNS:a.example"));
	strict(NULL, NULL, LEAF(.no_subject = true, .ext = SAN "DNS:a.example"),
	    "its subjectAltName is not critical");
	is(NULL, NULL,
	    LEAF(.no_subject = true, .ext = SAN "critical,DNS:a.example"),
	    CA_R_OK, NULL);
	RULE("empty subjectAltName", NULL, LEAF(.ext = SAN "DER:3000"));
	RULE("nameConstraints in a certificate that is not a CA's", NULL,
	    LEAF(.ext = NC "excluded;DNS:example"));
	RULE("nameConstraints not critical",
	    SUB(.ext = "nameConstraints:excluded;DNS:example"),
	    UNDER(.serial = 5));
	RULE("empty nameConstraints",
	    SUB(.ext = "nameConstraints:critical,DER:3000"),
	    UNDER(.serial = 5));
	RULE("constraint on DNS names that begins with a dot",
	    SUB(.ext = NC "excluded;DNS:.example"), UNDER(.serial = 5));
	RULE("constraint on e-mail addresses that begins with @",
	    SUB(.ext = NC "excluded;email:@example"), UNDER(.serial = 5));
	RULE("underscore in a host name under a constraint",
	    SUB(.ext = NC "excluded;DNS:example"),
	    UNDER(.ext = SAN "DNS:a_b.x"));
}

/* ---- keys ---- */

static void
keys(void **state)
{
	EVP_PKEY *pss = NULL;
	EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_PKEY *ed4 = EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
	EVP_PKEY *p384 = new_key_on("P-384"), *p521 = new_key_on("P-521");
	EVP_PKEY *brainpool = new_key_on("brainpoolP256r1");
	struct spec s = {"leaf", "Root", NULL, root_key};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);

	(void)state;
	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_generate(ctx, &pss), 1);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY *good[] = {pss, ed, ed4, p384, p521};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		s.key = good[i];
		is(NULL, NULL, &s, CA_R_OK, NULL);
		EVP_PKEY_free(good[i]);
	}
	s.key = brainpool;
	is(NULL, NULL, &s, CA_R_CHAIN_WEAK, "other than P-256");
	EVP_PKEY_free(brainpool);
}

static void
digests(void **state)
{
	(void)state;
	is(NULL, NULL, LEAF(.md = EVP_sha1()), CA_R_CHAIN_WEAK,
	    "SHA-1 or similar");
	is(NULL, SUB(.md = EVP_sha1()), UNDER(.serial = 5), CA_R_CHAIN_WEAK,
	    "SHA-1 or similar");
	/* an anchor's own signature is not relied on */
	is(ROOT(.md = EVP_sha1()), NULL, LEAF(.serial = 5), CA_R_OK, NULL);
}

/* ---- purposes ---- */

static void
purposes(void **state)
{
	const char *enc = "critical,keyEncipherment";

	(void)state;
	is_by("purpose", "sslclient", NULL, NULL, LEAF(.ku = enc), CA_R_PURPOSE,
	    NULL);
	is_by(
	    "purpose", "sslserver", NULL, NULL, LEAF(.ku = enc), CA_R_OK, NULL);
	is_by("purpose", "any", NULL, NULL, LEAF(.ku = enc), CA_R_OK, NULL);
	is_by("purpose", "1.3.6.1.5.5.7.3.2", NULL, NULL,
	    LEAF(.ku = enc, .eku = "clientAuth"), CA_R_PURPOSE,
	    "its keyUsage lacks digitalSignature");
	is_by("purpose", "1.3.6.1.5.5.7.3.2", NULL, NULL,
	    LEAF(.eku = "serverAuth,emailProtection"), CA_R_PURPOSE,
	    "serverAuth (1.3.6.1.5.5.7.3.1), emailProtection "
	    "(1.3.6.1.5.5.7.3.4), which does not include");
	assert_null(strstr(detail, "digitalSignature"));
	/* the extendedKeyUsage of a CA applies to all below it */
	is_by("purpose", "1.3.6.1.5.5.7.3.2", NULL, SUB(.eku = "serverAuth"),
	    UNDER(.eku = "clientAuth"), CA_R_PURPOSE, NULL);
	is_by("purpose", "sslclient", NULL, SUB(.eku = "serverAuth"),
	    UNDER(.eku = "clientAuth"), CA_R_PURPOSE, NULL);
	is_by("purpose", "1.3.6.1.5.5.7.3.2", NULL,
	    SUB(.eku = "anyExtendedKeyUsage"), UNDER(.eku = "clientAuth"),
	    CA_R_OK, NULL);
	for (size_t i = 0; i < 4; i++) {
		const char *const p[] = {
		    "sslclient", "sslserver", "sslclient", "sslserver"};
		const char *const ca[] = {"anyExtendedKeyUsage",
		    "emailProtection,anyExtendedKeyUsage", "emailProtection",
		    "emailProtection"};
		const char *leaf = i % 2 == 0 ? "clientAuth" : "serverAuth";

		is_by("purpose", p[i], NULL, SUB(.eku = ca[i]),
		    UNDER(.eku = leaf), i < 2 ? CA_R_OK : CA_R_PURPOSE, NULL);
		is_by("purpose", p[i], ROOT(.eku = ca[i]), NULL,
		    LEAF(.eku = leaf), i < 2 ? CA_R_OK : CA_R_PURPOSE, NULL);
	}
	/* anyExtendedKeyUsage of a leaf is not enough */
	is_by("purpose", "sslclient", NULL, NULL,
	    LEAF(.eku = "anyExtendedKeyUsage"), CA_R_PURPOSE, NULL);
	is_by("purpose", "1.3.6.1.5.5.7.3.2", NULL, SUB(.serial = 6),
	    UNDER(.eku = "clientAuth"), CA_R_OK, NULL);
}

/* An empty list of purposes accepts nothing. */
static void
no_purpose(void **state)
{
	char tls[] = "sslclient", oid[] = "1.3.6.1.5.5.7.3.2";
	char *client[] = {tls, oid};
	X509 *leaf = make(LEAF(.eku = "clientAuth"));
	STACK_OF(X509) *chain = sk_X509_new_null();

	(void)state;
	for (size_t n = 0; n < 2; n++) {
		struct ca_list one = {&client[n], 1}, none = {NULL, 0};
		struct ca_report *r = ca_report_new();

		/* an empty chain */
		ca_purpose_check(chain, &one, r);
		assert_int_equal(
		    ca_report_verdict(r, CA_CHECK_PURPOSE), CA_FAIL);
		ca_report_free(r);
		r = ca_report_new();
		sk_X509_push(chain, leaf);
		ca_purpose_check(chain, &none, r);
		assert_int_equal(
		    ca_report_verdict(r, CA_CHECK_PURPOSE), CA_FAIL);
		assert_string_equal(ca_report_get0_detail(r, CA_CHECK_PURPOSE),
		    "the key purpose is empty, so no certificate is accepted; "
		    "set it, as in purpose = sslclient");
		ca_report_free(r);
		r = ca_report_new();
		ca_purpose_check(chain, &one, r);
		assert_int_equal(
		    ca_report_verdict(r, CA_CHECK_PURPOSE), CA_PASS);
		ca_report_free(r);
		(void)sk_X509_pop(chain);
	}
	sk_X509_free(chain);
	X509_free(leaf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(serials),
	    cmocka_unit_test(key_identifiers),
	    cmocka_unit_test(constraints),
	    cmocka_unit_test(names_under_constraints),
	    cmocka_unit_test(names_are_ascii),
	    cmocka_unit_test(undecodable),
	    cmocka_unit_test(forged_names),
	    cmocka_unit_test(qualifiers),
	    cmocka_unit_test(versions),
	    cmocka_unit_test(rules_of_strict),
	    cmocka_unit_test(keys),
	    cmocka_unit_test(digests),
	    cmocka_unit_test(purposes),
	    cmocka_unit_test(no_purpose),
	};

	return cmocka_run_group_tests_name("profile", tests, start, finish);
}
