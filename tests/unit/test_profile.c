/* The profile and the purpose, certificate by certificate. */
#include "verify/profile.h"
#include "verify/purpose.h"
#include "verify/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "pkimake.h"

static EVP_PKEY *root_key, *leaf_key, *other_key;

/* The detail of CHAIN, or of PURPOSE if that failed, of the last run. */
static char detail[4096];
static enum ca_verdict validity;

/* Verify a leaf under root (NULL: the default one) and sub (NULL: none). */
static enum ca_reason
judge(const struct spec *root, const struct spec *sub, const struct spec *leaf,
    const char *key, const char *value)
{
	const struct spec plain = {"Root", "Root", root_key, root_key, true};
	X509 *anchor = make(root != NULL ? root : &plain), *cert = make(leaf);
	STACK_OF(X509) *sent = sk_X509_new_null(), *chain = NULL;
	struct ca_verify_input in = {cert, sent, NOW};
	struct ca_config *cfg = ca_config_new();
	struct ca_report *r = ca_report_new();
	enum ca_reason reason = CA_R_OK;
	const enum ca_check checks[] = {CA_CHECK_CHAIN, CA_CHECK_PURPOSE};

	empty_dir();
	put_cert("root.pem", anchor);
	if (sub != NULL)
		sk_X509_push(sent, make(sub));
	assert_int_equal(
	    ca_config_set(cfg, "ca_dir", dir, "test", NULL), CA_OK);
	assert_int_equal(ca_config_set(cfg, "crl", "off", "test", NULL), CA_OK);
	if (key != NULL)
		assert_int_equal(
		    ca_config_set(cfg, key, value, "test", NULL), CA_OK);
	assert_int_equal(ca_verify(crypto, cfg, NULL, &in, r, &chain), CA_OK);
	*detail = '\0';
	for (size_t i = 2; i-- > 0;)
		if (ca_report_verdict(r, checks[i]) != CA_PASS) {
			reason = ca_report_check_reason(r, checks[i]);
			(void)snprintf(detail, sizeof detail, "%s",
			    ca_report_get0_detail(r, checks[i]));
		}
	validity = ca_report_verdict(r, CA_CHECK_VALIDITY);
	assert_int_equal(
	    ca_report_granted(r, CA_REPORT_CERT), reason == CA_R_OK);
	sk_X509_pop_free(chain, X509_free);
	sk_X509_pop_free(sent, X509_free);
	ca_report_free(r);
	ca_config_free(cfg);
	X509_free(anchor);
	X509_free(cert);
	return reason;
}

static void
judged(int line, enum ca_reason got, enum ca_reason want, const char *says)
{
	if (got != want)
		fail_msg("line %d: %s (%s), not %s", line, ca_reason_code(got),
		    detail, ca_reason_code(want));
	if (says != NULL && strstr(detail, says) == NULL)
		fail_msg("line %d: no \"%s\" in \"%s\"", line, says, detail);
}

#define LEAF(...)                                                              \
	(&(struct spec){"leaf", "Root", leaf_key, root_key, __VA_ARGS__})
#define ROOT(...)                                                              \
	(&(struct spec){"Root", "Root", root_key, root_key, true, __VA_ARGS__})
#define SUB(...)                                                               \
	(&(struct spec){"Sub", "Root", other_key, root_key, true, __VA_ARGS__})
#define UNDER(...)                                                             \
	(&(struct spec){"leaf", "Sub", leaf_key, other_key, __VA_ARGS__})
#define is(root, sub, leaf, want, says)                                        \
	judged(__LINE__, judge(root, sub, leaf, NULL, NULL), want, says)
#define is_by(key, value, root, sub, leaf, want, says)                         \
	judged(__LINE__, judge(root, sub, leaf, key, value), want, says)
/* strict refuses it, basic accepts it, and the hint says so. */
#define strict(root, sub, leaf, says)                                          \
	do {                                                                   \
		is(root, sub, leaf, CA_R_CHAIN_PROFILE, says);                 \
		assert_non_null(strstr(                                        \
		    detail, "profile = basic accepts this certificate"));      \
		is_by("profile", "basic", root, sub, leaf, CA_R_OK, NULL);     \
	} while (0)
/* Both refuse it, and there is no hint. */
#define both(root, sub, leaf, says)                                            \
	do {                                                                   \
		is(root, sub, leaf, CA_R_CHAIN_PROFILE, says);                 \
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
	/* a serial number without an issuer */
	AUTHORITY_KEYID *aki = aki_of(root_key);
	char text[128], *p = text + sprintf(text, "DER:301c8014");
	for (int i = 0; i < 20; i++)
		p += sprintf(p, "%02x", ASN1_STRING_get0_data(aki->keyid)[i]);
	(void)sprintf(p, "820401020304");
	AUTHORITY_KEYID_free(aki);
	strict(ROOT(.serial = 0x01020304), NULL, LEAF(.aki = text),
	    "has only one of issuer and serial");
	/* self-signed, but naming another key */
	is(ROOT(.aki = "DER:3006800401020304"), NULL, LEAF(.serial = 5),
	    CA_R_CHAIN_PROFILE, "names another key");
}

/* ---- name constraints, and names under them ---- */

#define NC "nameConstraints:critical,"
#define SAN "subjectAltName:"

static void
constraints(void **state)
{
	(void)state;
	strict(ROOT(.ext = "nameConstraints:critical,DER:3000"), NULL,
	    LEAF(.serial = 5), "are empty");
	strict(ROOT(.ext = NC "excluded;DNS:.example"), NULL, LEAF(.serial = 5),
	    "begins with a dot");
	is(ROOT(.ext = NC "excluded;DNS:example"), NULL, LEAF(.serial = 5),
	    CA_R_OK, NULL);
	strict(ROOT(.ext = NC "permitted;email:@example"), NULL,
	    LEAF(.ext = SAN "email:a@example"), "begins with @");
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
	both(ROOT(.ext = "authorityInfoAccess:DER:0500"), NULL,
	    LEAF(.serial = 5), "cannot be decoded");
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

static int
start(void **state)
{
	(void)state;
	if (pki_start("profile") != 0)
		return -1;
	root_key = new_key();
	leaf_key = new_key();
	other_key = new_key();
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(leaf_key);
	EVP_PKEY_free(other_key);
	return pki_stop();
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
	    cmocka_unit_test(keys),
	    cmocka_unit_test(digests),
	    cmocka_unit_test(purposes),
	    cmocka_unit_test(no_purpose),
	};

	return cmocka_run_group_tests_name("profile", tests, start, stop);
}
