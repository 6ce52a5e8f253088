/*
 * What refusals say, by properties: the purpose that is advised is accepted, the
 * certificate that is blamed is the one at fault, and the certificate that is said
 * to be missing is the one that was left out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "chainjudge.h"
#include "verify/purpose.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- purpose ---- */

static const char *const ekus[] = {NULL, "clientAuth", "serverAuth",
    "emailProtection", "anyExtendedKeyUsage", "1.3.6.1.4.1.311.20.2.2",
    "1.3.6.1.4.1.99999.7", "1.3.6.1.4.1.311.20.2.2,emailProtection",
    "serverAuth,clientAuth", "codeSigning,1.3.6.1.4.1.99999.7"};
static const char *const kus[] = {"digitalSignature", "nonRepudiation",
    "keyEncipherment", "digitalSignature,nonRepudiation", "keyAgreement"};
static const char *const wants[] = {"sslclient", "sslserver",
    "1.3.6.1.4.1.311.20.2.2", "1.3.6.1.4.1.99999.7", "1.2.3.4"};

static STACK_OF(X509) *
pair(X509 *low, X509 *high)
{
	STACK_OF(X509) *chain = sk_X509_new_null();

	sk_X509_push(chain, low);
	sk_X509_push(chain, high);
	return chain;
}

static bool
holds(X509 *low, X509 *high, const char *purpose, char detail[4096])
{
	char one[80];
	char *v[] = {one};
	struct ca_list list = {v, 1};
	struct ca_report *r = ca_report_new();
	STACK_OF(X509) *chain = pair(low, high);
	bool yes;

	(void)snprintf(one, sizeof one, "%s", purpose);
	ca_purpose_check(chain, &list, r);
	yes = ca_report_verdict(r, CA_CHECK_PURPOSE) == CA_PASS;
	(void)snprintf(
	    detail, 4096, "%s", ca_report_get0_detail(r, CA_CHECK_PURPOSE));
	sk_X509_free(chain);
	ca_report_free(r);
	return yes;
}

/* `purpose = OID' of the text is accepted, and is given if there is one. */
static unsigned
check_advice(X509 *low, X509 *high, const char *eku, const char *detail)
{
	static const char before[] = "`purpose = ";
	const char *at = strstr(detail, before);
	char oid[80], other[4096];
	bool card = holds(low, high, "1.3.6.1.4.1.311.20.2.2", other);
	bool site = holds(low, high, "1.3.6.1.4.1.99999.7", other);

	(void)eku;
	assert_int_equal(at != NULL, card || site);
	if (at == NULL)
		return 0;
	at += strlen(before);
	(void)snprintf(oid, sizeof oid, "%.*s", (int)strcspn(at, "`"), at);
	assert_true(holds(low, high, oid, other));
	return 1;
}

static void
test_purposes_blame(void **state)
{
	X509 *open =
	    make(&(struct spec){"CA", "Root", root_key, root_key, true});
	unsigned refused = 0, advised = 0, cas = 0;
	char detail[4096], other[4096];

	(void)state;
	for (size_t c = 0; c < COUNT(ekus); c++) {
		X509 *high = make(&(struct spec){
		    "CA", "Root", root_key, root_key, true, .eku = ekus[c]});

		for (size_t i = 0; i < COUNT(ekus) * COUNT(kus); i++) {
			const char *eku = ekus[i % COUNT(ekus)];
			X509 *low = make(&(struct spec){"leaf", "CA", leaf_key,
			    root_key, .eku = eku, .ku = kus[i / COUNT(ekus)]});

			for (size_t w = 0; w < COUNT(wants); w++) {
				if (holds(low, high, wants[w], detail))
					continue;
				refused++;
				bool leaf_good =
				    holds(low, open, wants[w], other);
				/* who is blamed */
				assert_int_equal(
				    strstr(detail, "CN=leaf (depth 0)") == NULL,
				    leaf_good);
				assert_int_equal(
				    strstr(detail, "the CA CN=CA (depth 1)") !=
					NULL,
				    leaf_good);
				cas += leaf_good;
				/* which is never nobody */
				assert_null(strstr(detail, "libcrypto"));
				assert_non_null(strstr(detail, wants[w]));
				/* the advice is for a leaf that may sign */
				if (ca_purpose_may_sign(low))
					advised += check_advice(
					    low, high, eku, detail);
				else if (strcmp(wants[w], "sslserver") != 0)
					assert_int_equal(
					    strstr(detail,
						"digitalSignature") != NULL,
					    !leaf_good);
			}
			X509_free(low);
		}
		X509_free(high);
	}
	X509_free(open);
	assert_true(refused > 500);
	assert_true(advised > 50);
	assert_true(cas > 50);
}

/* ---- the missing certificate ---- */

#define LINKS 5 /* a leaf, three intermediates, a root */

/* Chain of LINKS; all but number missing are given: in a directory (root), or
 * sent.  The text names the certificate below it, and the missing one. */
static void
test_missing_link(void **state)
{
	EVP_PKEY *key[LINKS];
	X509 *cert[LINKS];
	char name[LINKS][16];

	(void)state;
	for (int i = LINKS; i-- > 0;) {
		int up = i == LINKS - 1 ? i : i + 1;

		key[i] = new_key();
		(void)snprintf(name[i], sizeof name[i], "Link %d", i);
		(void)snprintf(name[up], sizeof name[up], "Link %d", up);
		cert[i] = make(&(struct spec){name[i], name[up], key[i],
		    key[up], i > 0, .eku = i == 0 ? "clientAuth" : NULL});
	}
	for (int missing = 1; missing <= LINKS; missing++) {
		STACK_OF(X509) *sent = sk_X509_new_null();
		char text[256];
		struct outcome o;

		empty_dir();
		if (missing != LINKS - 1)
			put_cert("root.pem", cert[LINKS - 1]);
		for (int i = LINKS - 2; i > 0; i--)
			if (i != missing)
				sk_X509_push(sent, cert[i]);
		assert_int_equal(
		    judge_at(&o, cert[0], sent, NULL, NULL, NOW), CA_OK);
		if (missing == LINKS) {
			assert_true(
			    ca_report_granted(o.report, CA_REPORT_CERT));
		} else {
			const char *detail =
			    ca_report_get0_detail(o.report, CA_CHECK_CHAIN);

			assert_int_equal(
			    refusal(o.report), CA_R_CHAIN_UNKNOWN_CA);
			(void)snprintf(text, sizeof text,
			    "the issuer of CN=Link %d", missing - 1);
			assert_non_null(strstr(detail, text));
			(void)snprintf(text, sizeof text,
			    "no certificate of CN=Link %d with", missing);
			assert_non_null(strstr(detail, text));
			/* said once */
			assert_null(strstr(strstr(detail, "the issuer of") + 1,
			    "the issuer of"));
		}
		done(&o);
		sk_X509_free(sent);
	}
	for (int i = 0; i < LINKS; i++) {
		X509_free(cert[i]);
		EVP_PKEY_free(key[i]);
	}
}

/* A CA with the right name and another key is named with its file, wherever it
 * is; one that merely has the name is never followed. */
static void
test_other_key(void **state)
{
	EVP_PKEY *mid_key = new_key();
	X509 *mid =
	    make(&(struct spec){"Mid", "Root", mid_key, root_key, true});
	X509 *low = make(&(struct spec){
	    "low", "Mid", leaf_key, mid_key, .eku = "clientAuth"});
	/* of nobody's CA */
	X509 *other =
	    make(&(struct spec){"Mid", "Nobody", other_key, other_key, true});
	STACK_OF(X509) *sent = sk_X509_new_null();
	struct outcome o;
	const char *detail;

	(void)state;
	empty_dir();
	put_cert("root.pem", root);
	put_cert("mid.pem", other);
	assert_int_equal(judge_at(&o, low, NULL, NULL, NULL, NOW), CA_OK);
	detail = ca_report_get0_detail(o.report, CA_CHECK_CHAIN);
	assert_non_null(strstr(detail, "the issuer of CN=low"));
	assert_non_null(strstr(detail, "with another key: "));
	assert_non_null(strstr(detail, "/mid.pem"));
	done(&o);
	empty_dir();
	put_cert("root.pem", root);
	sk_X509_push(sent, other);
	assert_int_equal(judge_at(&o, low, sent, NULL, NULL, NOW), CA_OK);
	detail = ca_report_get0_detail(o.report, CA_CHECK_CHAIN);
	assert_non_null(strstr(detail, "the issuer of CN=low"));
	assert_non_null(strstr(detail, "another key: sent with the"));
	assert_null(strstr(detail, "Nobody"));
	done(&o);
	/* beside the right one, it does no harm */
	sk_X509_push(sent, mid);
	accepts(low, sent);
	sk_X509_free(sent);
	X509_free(mid);
	X509_free(low);
	X509_free(other);
	EVP_PKEY_free(mid_key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_purposes_blame),
	    cmocka_unit_test(test_missing_link),
	    cmocka_unit_test(test_other_key),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
