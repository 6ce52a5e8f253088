/*
 * Who may sign an OCSP response, what that costs, and a comparison with OpenSSL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ocspjudge.h"

#include <openssl/rsa.h>

/* ---- who ---- */

static void
strangers(void **state)
{
	X509 *mute = make(&(struct spec){"mute", "CA", ocsp_key, ca_key});
	X509 *any = make(&(struct spec){
	    "any", "CA", ocsp_key, ca_key, .eku = "anyExtendedKeyUsage"});
	X509 *foreign = make(&(struct spec){
	    "foreign", "Other", ocsp_key, other_key, .eku = "OCSPSigning"});
	/* the name of the CA, and a signature of another key */
	X509 *forged = make(&(struct spec){
	    "forged", "CA", ocsp_key, other_key, .eku = "OCSPSigning"});
	X509 *pretender =
	    make(&(struct spec){"CA", "CA", other_key, other_key, .ca = true});
	X509 *self = make(&(struct spec){
	    "self", "CA", leaf_key, ca_key, .eku = "OCSPSigning"});

	(void)state;
	none(&(struct reply){{GOOD}, .signer = mute, .key = ocsp_key},
	    CA_R_OCSP_RESPONDER);
	none(&(struct reply){{GOOD}, .signer = any, .key = ocsp_key},
	    CA_R_OCSP_RESPONDER);
	none(&(struct reply){{GOOD}, .signer = foreign, .key = ocsp_key},
	    CA_R_OCSP_RESPONDER);
	none(&(struct reply){{GOOD}, .signer = forged, .key = ocsp_key},
	    CA_R_OCSP_RESPONDER);
	none(&(struct reply){{GOOD}, .signer = other_ca, .key = other_key},
	    CA_R_OCSP_RESPONDER);
	none(&(struct reply){{REVOKED}, .signer = other_ca, .key = other_key},
	    CA_R_OCSP_RESPONDER);
	none(&(struct reply){{GOOD}, .signer = pretender, .key = other_key},
	    CA_R_OCSP_RESPONDER);
	none(&(struct reply){{GOOD}, .signer = pretender, .key = other_key,
		 .no_certs = true},
	    CA_R_OCSP_SIGNATURE);
	none(&(struct reply){{GOOD}, BY_RESPONDER, .no_certs = true},
	    CA_R_OCSP_RESPONDER);
	/* a certificate does not vouch for itself */
	struct single about_self = GOOD;
	about_self.cert = self;
	struct ca_buf der = reply_der(
	    &(struct reply){{about_self}, .signer = self, .key = leaf_key});
	struct ca_ocsp_question q = usual;
	q.cert = self;
	assert_int_equal(asked(&der, &q).reason, CA_R_OCSP_RESPONDER);
	ca_buf_free(&der);
	/* but it may for others, because the CA says so */
	is(&(struct reply){{GOOD}, .signer = self, .key = leaf_key},
	    CA_OCSP_GOOD);
	X509_free(mute);
	X509_free(any);
	X509_free(foreign);
	X509_free(forged);
	X509_free(pretender);
	X509_free(self);
}

static void
responders(void **state)
{
	static const struct {
		long from, to;
		const char *ku, *ext;
		bool good, nocheck;
	} v[] = {{-DAY, DAY, NULL, NULL, true, false},
	    {-DAY, DAY, "", NULL, true, false},
	    {-DAY, DAY, "digitalSignature", "noCheck:yes", true, true},
	    {-DAY, 0, NULL, NULL, true, false},
	    {0, DAY, NULL, NULL, true, false},
	    {-2 * DAY, -1, NULL, NULL, false, false},
	    {1, DAY, NULL, NULL, false, false},
	    {-DAY, DAY, "keyCertSign", NULL, false, false},
	    {-DAY, DAY, NULL, "1.3.6.1.4.1.99999.1:critical,ASN1:NULL", false,
		false}};

	(void)state;
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		X509 *cert = make(&(struct spec){"OCSP", "CA", ocsp_key, ca_key,
		    .eku = "OCSPSigning", .from = v[i].from, .to = v[i].to,
		    .ku = v[i].ku, .ext = v[i].ext});
		struct ca_ocsp_answer a = judged(
		    &(struct reply){{GOOD}, .signer = cert, .key = ocsp_key});

		if (v[i].good != (a.status == CA_OCSP_GOOD))
			fail_msg("%zu: %s", i, a.why);
		if (!v[i].good)
			assert_int_equal(a.reason, CA_R_OCSP_RESPONDER);
		assert_int_equal(a.nocheck, v[i].nocheck);
		ca_ocsp_answer_clear(&a);
		X509_free(cert);
	}
}

/* A revocation counts for longer than the certificate of the responder, if that was
 * valid when the responder said it. */
static void
expired_since(void **state)
{
	static const struct {
		long from, to;
		bool revokes;
	} v[] = {{-DAY, -1, true}, {-DAY, -60, true}, {-60, -1, true},
	    {-DAY, -61, false}, {-59, -1, false}, {-59, DAY, false}};

	(void)state;
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		X509 *cert = make(&(struct spec){"OCSP", "CA", ocsp_key, ca_key,
		    .eku = "OCSPSigning", .from = v[i].from, .to = v[i].to});
		struct ca_ocsp_answer a = judged(&(struct reply){
		    {REVOKED}, .signer = cert, .key = ocsp_key});

		if (v[i].revokes != (a.status == CA_OCSP_REVOKED))
			fail_msg("%zu: %s", i, a.why);
		ca_ocsp_answer_clear(&a);
		if (v[i].to < 0)
			none(&(struct reply){{GOOD}, .signer = cert,
				 .key = ocsp_key},
			    CA_R_OCSP_RESPONDER);
		X509_free(cert);
	}
}

static void
strength(void **state)
{
	EVP_PKEY *rsa = EVP_RSA_gen(1024), *dss = new_key_on("secp256k1");
	X509 *short_key = make(
	    &(struct spec){"OCSP", "CA", rsa, ca_key, .eku = "OCSPSigning"});
	X509 *odd_key = make(
	    &(struct spec){"OCSP", "CA", dss, ca_key, .eku = "OCSPSigning"});
	X509 *by_sha1 = make(&(struct spec){"OCSP", "CA", ocsp_key, ca_key,
	    .eku = "OCSPSigning", .md = EVP_sha1()});

	(void)state;
	none(&(struct reply){{GOOD}, BY_CA, .md = EVP_sha1()}, CA_R_CHAIN_WEAK);
	none(&(struct reply){{GOOD}, BY_RESPONDER, .md = EVP_sha1()},
	    CA_R_CHAIN_WEAK);
	none(&(struct reply){{GOOD}, .signer = short_key, .key = rsa,
		 .md = EVP_md5()},
	    CA_R_CHAIN_WEAK);
	none(&(struct reply){{GOOD}, .signer = short_key, .key = rsa},
	    CA_R_CHAIN_WEAK);
	none(&(struct reply){{GOOD}, .signer = odd_key, .key = dss},
	    CA_R_CHAIN_WEAK);
	none(&(struct reply){{GOOD}, .signer = by_sha1, .key = ocsp_key},
	    CA_R_CHAIN_WEAK);
	is(&(struct reply){{GOOD}, BY_CA, .md = EVP_sha512()}, CA_OCSP_GOOD);
	X509_free(short_key);
	X509_free(odd_key);
	X509_free(by_sha1);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(dss);
}

/* Ed25519 signs the message. */
static void
algorithms(void **state)
{
	EVP_PKEY *keys[] = {EVP_RSA_gen(2048),
	    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), new_key_on("P-384")};

	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		X509 *cert = make(&(struct spec){
		    "OCSP", "CA", keys[i], ca_key, .eku = "OCSPSigning"});
		struct reply r = {{GOOD}, .signer = cert, .key = keys[i]};
		struct ca_buf der;

		der = reply_der(&r);
		struct ca_ocsp_answer a = asked(&der, &usual);
		if (a.status != CA_OCSP_GOOD)
			fail_msg("%zu: %s", i, a.why);
		ca_ocsp_answer_clear(&a);
		ca_buf_free(&der);
		X509_free(cert);
		EVP_PKEY_free(keys[i]);
	}
}

/* RSASSA-PSS; its parameters by hand are in test_crlsig. */
static void
pss(void **state)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	X509 *cert = make(
	    &(struct spec){"OCSP", "CA", key, ca_key, .eku = "OCSPSigning"});
	struct reply r = {{GOOD}, .signer = cert, .key = key, .pss = true};
	struct ca_buf der = reply_der(&r);

	(void)state;
	assert_non_null(
	    memmem(der.p, der.len, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", 9));
	is(&r, CA_OCSP_GOOD);
	r.md = EVP_sha512();
	is(&r, CA_OCSP_GOOD);
	r.md = EVP_sha1();
	none(&r, CA_R_CHAIN_WEAK);
	/* a signature of the same key over other bytes */
	der.p[der.len - 1 - (size_t)i2d_X509(cert, NULL) - 40] ^= 1;
	struct ca_ocsp_answer a = asked(&der, &usual);
	assert_int_equal(a.reason, CA_R_OCSP_SIGNATURE);
	ca_ocsp_answer_clear(&a);
	ca_buf_free(&der);
	X509_free(cert);
	EVP_PKEY_free(key);
}

/* ---- the cost ---- */

struct purse {
	size_t spent, max;
};

static enum ca_err
spend(void *ctx, size_t cost)
{
	struct purse *p = ctx;

	if (p->spent + cost > p->max)
		return CA_ERR_LIMIT;
	p->spent += cost;
	return CA_OK;
}

static void
costs(void **state)
{
	struct purse purse = {0, 100};
	struct ca_ocsp_question q = usual;
	struct ca_ocsp_answer a;
	struct ca_buf by_ca = reply_der(&(struct reply){{GOOD}, BY_CA});
	struct ca_buf delegated =
	    reply_der(&(struct reply){{GOOD}, BY_RESPONDER});

	(void)state;
	q.spend = spend;
	q.ctx = &purse;
	a = asked(&by_ca, &q);
	assert_int_equal(a.status, CA_OCSP_GOOD);
	assert_int_equal(purse.spent, 1);
	purse.spent = 0;
	a = asked(&delegated, &q);
	assert_int_equal(a.status, CA_OCSP_GOOD);
	ca_ocsp_answer_clear(&a);
	assert_int_equal(purse.spent, 3); /* decoded, and two signatures */
	/* whatever is missing is an error, and not an answer */
	q.cert = leaf;
	q.issuer = ca;
	for (purse.max = 0; purse.max < 3; purse.max++) {
		purse.spent = 0;
		assert_int_equal(
		    ca_ocsp_judge(crypto,
			&(struct ca_bytes){delegated.p, delegated.len}, &q, &a),
		    CA_ERR_LIMIT);
		assert_int_equal(a.status, CA_OCSP_NO_ANSWER);
		ca_ocsp_answer_clear(&a);
	}
	/* nothing is verified for a response about another certificate */
	purse = (struct purse){0, 100};
	q.cert = second;
	assert_int_equal(asked(&delegated, &q).reason, CA_R_OCSP_SCOPE);
	assert_int_equal(purse.spent, 0);
	ca_buf_free(&by_ca);
	ca_buf_free(&delegated);
}

/* ---- compared with OpenSSL ---- */

/* OCSP_basic_verify and the first entry about leaf; -1: no answer. */
static int
openssl_says(const struct ca_buf *der)
{
	const unsigned char *p = der->p;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)der->len);
	OCSP_BASICRESP *bs =
	    response != NULL ? OCSP_response_get1_basic(response) : NULL;
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *certs = sk_X509_new_null();
	int status = -1, found = -1;

	X509_STORE_add_cert(store, ca);
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), NOW);
	sk_X509_push(certs, ca);
	if (bs != NULL && OCSP_basic_verify(bs, certs, store, 0) == 1)
		for (int i = 0; i < 2 && found < 0; i++) {
			OCSP_CERTID *id = OCSP_cert_to_id(
			    i == 0 ? EVP_sha1() : EVP_sha256(), leaf, ca);

			if (OCSP_resp_find_status(
				bs, id, &found, NULL, NULL, NULL, NULL) == 1)
				status = found;
			OCSP_CERTID_free(id);
		}
	sk_X509_free(certs);
	X509_STORE_free(store);
	OCSP_BASICRESP_free(bs);
	OCSP_RESPONSE_free(response);
	return status;
}

static uint32_t seed = 20261129;

static uint32_t
rnd(uint32_t below)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % below;
}

/* A response by chance.  What OpenSSL does not judge is right in it, so that both
 * must agree. */
static void
as_openssl(void **state)
{
	const EVP_MD *const ids[] = {EVP_sha1(), EVP_sha256()};
	const EVP_MD *const mds[] = {EVP_sha256(), EVP_sha384(), EVP_sha512()};
	const int statuses[] = {V_OCSP_CERTSTATUS_GOOD,
	    V_OCSP_CERTSTATUS_REVOKED, V_OCSP_CERTSTATUS_UNKNOWN};
	X509 *mute = make(&(struct spec){"mute", "CA", ocsp_key, ca_key});
	X509 *foreign = make(&(struct spec){
	    "foreign", "Other", ocsp_key, other_key, .eku = "OCSPSigning"});
	const struct {
		X509 *cert;
		EVP_PKEY *key;
	} signers[] = {{ca, ca_key}, {responder, ocsp_key}, {mute, ocsp_key},
	    {foreign, ocsp_key}, {other_ca, other_key}};
	unsigned seen[3] = {0};

	(void)state;
	for (int i = 0; i < 400; i++) {
		size_t by = rnd(5);
		struct single s = GOOD;
		s.cert = rnd(4) == 0 ? second : leaf;
		s.id = ids[rnd(2)];
		s.status = statuses[rnd(3)];
		s.reason = (int)rnd(7);
		struct reply r = {{s}, .signer = signers[by].cert,
		    .key = signers[by].key, .md = mds[rnd(3)],
		    .by_key = rnd(2) == 0, .nonce = rnd(2) == 0};
		struct ca_buf der = reply_der(&r);
		/* we do not decode certificates that nobody needs */
		if ((by != 0 || r.no_certs) && rnd(4) == 0)
			der.p[der.len - 1 - rnd((uint32_t)der.len)] ^=
			    (uint8_t)(1u << rnd(8));
		int theirs = openssl_says(&der);
		struct ca_ocsp_answer ours = asked(&der, &usual);
		enum ca_ocsp_status want =
		    theirs == V_OCSP_CERTSTATUS_GOOD      ? CA_OCSP_GOOD
		    : theirs == V_OCSP_CERTSTATUS_REVOKED ? CA_OCSP_REVOKED
							  : CA_OCSP_NO_ANSWER;
		if (ours.status != want)
			fail_msg("%d: %d, and OpenSSL says %d: %s", i,
			    ours.status, theirs, ours.why);
		seen[want]++;
		ca_ocsp_answer_clear(&ours);
		ca_buf_free(&der);
	}
	for (int i = 0; i < 3; i++)
		assert_true(seen[i] > 20);
	X509_free(mute);
	X509_free(foreign);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(strangers),
	    cmocka_unit_test(responders),
	    cmocka_unit_test(expired_since),
	    cmocka_unit_test(strength),
	    cmocka_unit_test(algorithms),
	    cmocka_unit_test(pss),
	    cmocka_unit_test(costs),
	    cmocka_unit_test(as_openssl),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
