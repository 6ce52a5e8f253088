/*
 * The default profile against X509_verify_cert, which is `openssl verify -purpose
 * sslclient': random paths of a root, perhaps an intermediate, and a leaf with
 * random extensions.  Both say the same, except where the rules at differs()
 * say so.
 *
 * CERTAUTH_PROPERTY_RUNS: how many paths (default 300);
 * CERTAUTH_PROPERTY_SEED: the seed, which is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "pkimake.h"
#include "pathjudge.h"

static uint64_t seed;

static unsigned
below(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

/* Often the first one, which is the ordinary one. */
#define PICK(list)                                                             \
	(below(2) == 0 ? (list)[0]                                             \
		       : (list)[below(sizeof(list) / sizeof(list)[0])])

static void
vary(struct spec *s)
{
	static const char *const bc[] = {NULL, "", "CA:TRUE", "CA:FALSE",
	    "critical,CA:TRUE,pathlen:0", "CA:TRUE,pathlen:1"};
	static const char *const ku[] = {NULL, "", "keyCertSign", "cRLSign",
	    "digitalSignature", "keyAgreement", "keyEncipherment",
	    "critical,nonRepudiation", "keyCertSign,digitalSignature"};
	static const char *const eku[] = {NULL, "clientAuth", "serverAuth",
	    "anyExtendedKeyUsage", "emailProtection", "serverAuth,clientAuth",
	    "critical,clientAuth", "emailProtection,anyExtendedKeyUsage"};
	static const char *const aki[] = {NULL, "", "DER:3000"};
	static const char *const serial[] = {
	    NULL, "00", "-01", "010000000000000000000000000000000000000000"};
	static const char *const ext[] = {NULL, NULL,
	    "subjectAltName:DNS:a.example", "subjectAltName:email:a@b.example",
	    "nameConstraints:permitted;DNS:example",
	    "nameConstraints:critical,excluded;DNS:example",
	    "nsCertType:client", "nsCertType:sslCA,emailCA", "1.2.3.4:DER:0500",
	    "1.2.3.4:critical,DER:0500"};
	static const int version[] = {3, 3, 3, 1};

	s->bc = PICK(bc);
	s->ku = PICK(ku);
	s->eku = PICK(eku);
	s->aki = PICK(aki);
	s->serial_hex = PICK(serial);
	s->ext = PICK(ext);
	s->version = PICK(version);
	s->bare = below(6) == 0;
	if (below(12) == 0)
		s->bc = s->ku = s->ext = s->eku = "";
	if (s->eku != NULL && *s->eku == '\0')
		s->eku = NULL;
	if (s->ext != NULL && *s->ext == '\0')
		s->ext = NULL;
	/* as a decent CA: else nearly all are refused */
	if (s->ca && below(2) == 0)
		s->bc = s->ku = NULL;
	if (below(20) == 0) {
		s->from = -2 * DAY;
		s->to = -DAY;
	}
}

static bool
openssl_accepts(
    const struct spec *root, const struct spec *sub, const struct spec *leaf)
{
	X509 *anchor = make(root), *cert = make(leaf);
	STACK_OF(X509) *sent = sk_X509_new_null();
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;

	if (sub != NULL)
		sk_X509_push(sent, make(sub));
	assert_int_equal(X509_STORE_add_cert(store, anchor), 1);
	assert_int_equal(X509_STORE_CTX_init(ctx, store, cert, sent), 1);
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, NOW);
	X509_VERIFY_PARAM_set_auth_level(param, 2);
	assert_int_equal(
	    X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_CLIENT), 1);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	bool yes = X509_verify_cert(ctx) == 1;
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_pop_free(sent, X509_free);
	X509_free(anchor);
	X509_free(cert);
	return yes;
}

static bool
has(const char *list, const char *word)
{
	return list != NULL && strstr(list, word) != NULL;
}

/* Refused here, accepted by OpenSSL: for each of these there is a rule. */
static bool
stricter(const struct spec *sub, const struct spec *leaf)
{
	/* RFC 5280 section 6.1.4 (k) */
	if (sub != NULL &&
	    ((sub->bc != NULL && *sub->bc == '\0') || sub->version != 3))
		return true;
	/* the leaf's key signs the challenge */
	return leaf->ku != NULL && *leaf->ku != '\0' &&
	       !has(leaf->ku, "digitalSignature");
}

/* Accepted here, refused by OpenSSL. */
static bool
looser(const struct spec *root, const struct spec *sub)
{
	/* a trust anchor is a name and a key: section 6.1.1 (d) */
	if (root->bc != NULL && *root->bc == '\0')
		return true;
	/* anyExtendedKeyUsage does not restrict a CA: section 4.2.1.12 */
	return has(root->eku, "any") || (sub != NULL && has(sub->eku, "any"));
}

static void
agrees(void **state)
{
	const char *n = getenv("CERTAUTH_PROPERTY_RUNS");
	const char *from = getenv("CERTAUTH_PROPERTY_SEED");
	unsigned long runs = n != NULL ? strtoul(n, NULL, 10) : 300;
	unsigned accepted = 0, refused = 0, differ = 0;

	(void)state;
	seed = from != NULL ? strtoull(from, NULL, 10) : (uint64_t)time(NULL);
	print_message(
	    "# seed %llu, %lu paths\n", (unsigned long long)seed, runs);
	for (unsigned long i = 0; i < runs; i++) {
		struct spec root = {"Root", "Root", root_key, root_key, true};
		struct spec sub = {"Sub", "Root", other_key, root_key, true};
		struct spec leaf = {"leaf", "Root", leaf_key, root_key};
		bool deep = below(2) == 0;

		vary(&root);
		vary(&leaf);
		if (deep) {
			vary(&sub);
			leaf.issuer = "Sub";
			leaf.signer = other_key;
		}
		const struct spec *mid = deep ? &sub : NULL;
		bool theirs = openssl_accepts(&root, mid, &leaf);
		/* with its dates, which judge() does not put into the reason */
		bool ours = judge(&root, mid, &leaf, NULL, NULL) == CA_R_OK &&
			    validity == CA_PASS;

		accepted += ours;
		refused += !ours;
		differ += ours != theirs;
		if (ours != theirs &&
		    !(ours ? looser(&root, mid) : stricter(mid, &leaf)))
			fail_msg("path %lu: OpenSSL %s, certauth %s (%s)", i,
			    theirs ? "accepts" : "refuses",
			    ours ? "accepts" : "refuses", detail);
	}
	print_message("# %u accepted, %u refused; %u differ from OpenSSL\n",
	    accepted, refused, differ);
	/* or it compares refusals only */
	if (runs >= 300)
		assert_true(accepted > runs / 20 && refused > runs / 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(agrees)};

	return cmocka_run_group_tests_name(
	    "profile property", tests, start, finish);
}
