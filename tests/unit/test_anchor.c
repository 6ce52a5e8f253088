/* What is asked of a trust anchor and of an intermediate, and what is not. */
#include "verify/anchor.h"

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

#define NC "nameConstraints:critical,"
#define SAN "subjectAltName:"
/* the policy 1.2.3.4 with the qualifier 1.2.3.5 */
#define UNKNOWN "DER:3013301106032a0304300a300806032a0305160178"

/* ---- trust anchors: a name and a key ---- */

/* What `certauth setup' asks. */
static bool
may_issue(const struct spec *s)
{
	X509 *cert = make(s);
	bool yes = ca_anchor_may_issue(cert);

	X509_free(cert);
	return yes;
}

/* Nothing is required of an anchor that RFC 5280 section 4 tells CAs. */
static void
anchors(void **state)
{
	const struct spec *const good[] = {
	    ROOT(.version = 1, .bc = "", .ku = "", .bare = true),
	    ROOT(.version = 1),
	    ROOT(.version = 2),
	    ROOT(.bc = "", .ku = "", .bare = true),
	    ROOT(.bc = "", .ku = ""),
	    ROOT(.bc = "", .ku = "keyCertSign"),
	    ROOT(.bc = "", .ku = "keyCertSign,digitalSignature"),
	    ROOT(.bc = "", .ku = "", .eku = "clientAuth"),
	    ROOT(.bc = "", .ku = "", .eku = "anyExtendedKeyUsage"),
	    ROOT(.bc = "", .ku = "keyCertSign", .eku = "anyExtendedKeyUsage"),
	    ROOT(.bc = "CA:TRUE"),
	    ROOT(.bc = "CA:TRUE", .ku = ""),
	    ROOT(.bc = "critical,CA:TRUE,pathlen:0", .ku = ""),
	    ROOT(.bare = true),
	    ROOT(.aki = ""),
	    ROOT(.aki = "DER:3000"),
	    ROOT(.aki = "DER:3006800401020304"),
	    /* a serial number without an issuer */
	    ROOT(.aki = "DER:3006820401020304"),
	    ROOT(.serial_hex = "00"),
	    ROOT(.serial_hex = "-01"),
	    ROOT(.serial_hex = "010000000000000000000000000000000000000000"),
	    ROOT(.ext = "nameConstraints:permitted;DNS:example"),
	    ROOT(.ext = "nameConstraints:critical,DER:3000"),
	    ROOT(.ext = NC "permitted;DNS:.example"),
	    ROOT(.ext = SAN "DNS:\x7f.example"),
	    ROOT(.ext = SAN "DER:3000"),
	    ROOT(.ext = "authorityInfoAccess:DER:0500"),
	    ROOT(.ext = "certificatePolicies:critical," UNKNOWN),
	    ROOT(.md = EVP_sha1()),
	    /* issued by another CA, and says that it is a CA */
	    &(struct spec){"Root", "Above", root_key, other_key, true},
	    &(struct spec){
		"Root", "Above", root_key, other_key, true, .bc = ""},
	};
	const struct spec *leaf =
	    LEAF(.eku = "clientAuth", .ext = SAN "DNS:a.example");

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		printf("anchor %zu\n", i);
		assert_true(may_issue(good[i]));
		is(good[i], NULL, leaf, CA_R_OK, NULL);
		is_by("purpose", "1.3.6.1.5.5.7.3.2", good[i], NULL, leaf,
		    CA_R_OK, NULL);
	}
}

/* What an anchor states against its use counts. */
static void
bad_anchors(void **state)
{
	const struct {
		const struct spec *root;
		enum ca_reason want;
	} bad[] = {
	    {ROOT(.bc = "CA:FALSE"), CA_R_CHAIN_NOT_CA},
	    {ROOT(.bc = "CA:FALSE", .ku = ""), CA_R_CHAIN_NOT_CA},
	    {ROOT(.ku = "digitalSignature"), CA_R_CHAIN_NOT_CA},
	    {ROOT(.bc = "", .ku = "digitalSignature"), CA_R_CHAIN_NOT_CA},
	    {ROOT(.bc = "", .ku = "cRLSign"), CA_R_CHAIN_NOT_CA},
	    {ROOT(.bc = "", .ku = "", .ext = "nsCertType:client"),
		CA_R_CHAIN_NOT_CA},
	    {ROOT(.eku = "emailProtection"), CA_R_PURPOSE},
	    {ROOT(.bc = "", .ku = "", .eku = "emailProtection"), CA_R_PURPOSE},
	    {ROOT(.ext = "1.2.3.4:critical,DER:0500"), CA_R_CHAIN_EXTENSION},
	    {ROOT(.bare = true, .ext = "subjectKeyIdentifier:critical,hash"),
		CA_R_CHAIN_EXTENSION},
	    {ROOT(.ext = NC "permitted;DNS:other"), CA_R_CHAIN_NAMES},
	    {ROOT(.ext = "nameConstraints:permitted;DNS:other"),
		CA_R_CHAIN_NAMES},
	    /* an end-entity certificate that another CA has issued */
	    {&(struct spec){
		 "Root", "Above", root_key, other_key, .bc = "", .ku = ""},
		CA_R_CHAIN_NOT_CA},
	    {&(struct spec){"Root", "Above", root_key, other_key, .bc = "",
		 .ku = "", .version = 1, .bare = true},
		CA_R_CHAIN_NOT_CA},
	    /* not decoded: not absent */
	    {ROOT(.bc = "DER:0500", .ku = ""), CA_R_CHAIN_UNKNOWN_CA},
	    {ROOT(.ku = "DER:0500"), CA_R_CHAIN_UNKNOWN_CA},
	};
	const struct spec *leaf = LEAF(.ext = SAN "DNS:a.example");

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		printf("anchor %zu\n", i);
		if (bad[i].want == CA_R_CHAIN_NOT_CA)
			assert_false(may_issue(bad[i].root));
		is(bad[i].root, NULL, leaf, bad[i].want, NULL);
	}
}

/* Section 6.1.4 (k): what need not be in an anchor must be in an intermediate. */
static void
intermediates(void **state)
{
	(void)state;
	is(NULL, SUB(.bc = ""), UNDER(.serial = 5), CA_R_CHAIN_NOT_CA,
	    "has no basicConstraints");
	is(NULL, SUB(.bc = "", .ku = ""), UNDER(.serial = 5), CA_R_CHAIN_NOT_CA,
	    "has no basicConstraints");
	is(NULL, SUB(.bc = "CA:FALSE"), UNDER(.serial = 5), CA_R_CHAIN_NOT_CA,
	    NULL);
	is(NULL, SUB(.bc = "", .ku = "", .ext = "nsCertType:sslCA"),
	    UNDER(.serial = 5), CA_R_CHAIN_NOT_CA, NULL);
	is(NULL, SUB(.ku = "digitalSignature"), UNDER(.serial = 5),
	    CA_R_CHAIN_NOT_CA, NULL);
	/* 4.2.1.9 and 4.2.1.3 tell CAs to do otherwise; 6.1.4 (n) does not */
	is(NULL, SUB(.bc = "CA:TRUE"), UNDER(.serial = 5), CA_R_OK, NULL);
	is(NULL, SUB(.ku = ""), UNDER(.serial = 5), CA_R_OK, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(anchors),
	    cmocka_unit_test(bad_anchors),
	    cmocka_unit_test(intermediates),
	};

	return cmocka_run_group_tests_name("anchor", tests, start, finish);
}
