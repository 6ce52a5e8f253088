/* The client rules: whatever a hostile host writes, and what each refusal
 * says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/hostname.h"
#include "client/rules.h"
#include "wire/scheme.h"

#define NOW 1800000000
#define BUECHER                                                                \
	"b\xc3\xbc"                                                            \
	"cher"
#define DAY 86400

static struct ca_crypto *crypto;
static EVP_PKEY *ca_key, *host_key;
static X509 *ca_cert;
static char dir[] = "/tmp/certauth-rules.XXXXXX";
static char ca_dir[64], crl_dir[64], other_dir[64];

/* ---- certificates ---- */

static void
extend(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(
	    &ctx, ca_cert != NULL ? ca_cert : cert, cert, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

static X509 *
begin_cert(const char *cn, EVP_PKEY *key, long from, long to)
{
	X509 *cert = X509_new();
	static long serial = 1000;

	assert_non_null(cert);
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
	X509_NAME_add_entry_by_txt((X509_NAME *)X509_get_subject_name(cert),
	    "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0);
	ASN1_TIME_set(X509_getm_notBefore(cert), NOW + from);
	ASN1_TIME_set(X509_getm_notAfter(cert), NOW + to);
	X509_set_pubkey(cert, key);
	return cert;
}

/* A server's certificate by our CA. */
static X509 *
host_cert(const char *san, const char *eku, long from, long to)
{
	X509 *cert = begin_cert("web1.example.com", host_key, from, to);

	X509_set_issuer_name(cert, X509_get_subject_name(ca_cert));
	extend(cert, NID_basic_constraints, "critical,CA:FALSE");
	extend(cert, NID_key_usage, "critical,digitalSignature");
	extend(cert, NID_ext_key_usage, eku);
	extend(cert, NID_authority_key_identifier, "keyid");
	extend(cert, NID_subject_key_identifier, "hash");
	if (san != NULL)
		extend(cert, NID_subject_alt_name, san);
	assert_true(X509_sign(cert, ca_key, EVP_sha256()) > 0);
	return cert;
}

static X509 *
good_host(void)
{
	return host_cert("DNS:web1.example.com", "serverAuth", -DAY, DAY);
}

static void
make_ca(void)
{
	X509 *cert = begin_cert("Host CA", ca_key, -DAY, 100 * DAY);

	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	extend(cert, NID_basic_constraints, "critical,CA:TRUE");
	extend(cert, NID_key_usage, "critical,keyCertSign,cRLSign");
	extend(cert, NID_subject_key_identifier, "hash");
	assert_true(X509_sign(cert, ca_key, EVP_sha256()) > 0);
	ca_cert = cert;
}

/* A CRL in crl_dir that revokes cert, or nothing. */
static void
make_crl(X509 *cert)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *at = ASN1_TIME_set(NULL, NOW - 3600);
	char path[128];

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca_cert));
	X509_CRL_set1_lastUpdate(crl, at);
	if (cert != NULL) {
		X509_REVOKED *r = X509_REVOKED_new();
		X509_REVOKED_set_serialNumber(r, X509_get_serialNumber(cert));
		X509_REVOKED_set_revocationDate(r, at);
		X509_CRL_add0_revoked(crl, r);
	}
	ASN1_TIME_set(at, NOW + DAY);
	X509_CRL_set1_nextUpdate(crl, at);
	/* what X509V3_EXT_conf makes of "keyid" depends on the libcrypto */
	AUTHORITY_KEYID *aki = AUTHORITY_KEYID_new();
	aki->keyid = ASN1_OCTET_STRING_dup(X509_get0_subject_key_id(ca_cert));
	assert_non_null(aki->keyid);
	assert_int_equal(
	    X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, aki, 0, 0),
	    1);
	AUTHORITY_KEYID_free(aki);
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	assert_int_equal(ASN1_INTEGER_set(number, 1), 1);
	assert_int_equal(
	    X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0), 1);
	ASN1_INTEGER_free(number);
	assert_true(X509_CRL_sign(crl, ca_key, EVP_sha256()) > 0);
	(void)snprintf(path, sizeof path, "%s/ca.crl", crl_dir);
	FILE *f = fopen(path, "w");
	assert_int_equal(PEM_write_X509_CRL(f, crl), 1);
	fclose(f);
	ASN1_TIME_free(at);
	X509_CRL_free(crl);
}

static int
group_setup(void **state)
{
	char path[128];

	(void)state;
	assert_int_equal(ca_crypto_new(&crypto), CA_OK);
	assert_non_null(ca_key = EVP_EC_gen("P-256"));
	assert_non_null(host_key = EVP_EC_gen("P-256"));
	assert_non_null(mkdtemp(dir));
	(void)snprintf(ca_dir, sizeof ca_dir, "%s/ca", dir);
	(void)snprintf(crl_dir, sizeof crl_dir, "%s/crl", dir);
	(void)snprintf(other_dir, sizeof other_dir, "%s/other", dir);
	assert_int_equal(
	    mkdir(ca_dir, 0755) | mkdir(crl_dir, 0755) | mkdir(other_dir, 0755),
	    0);
	make_ca();
	make_crl(NULL);
	(void)snprintf(path, sizeof path, "%s/ca.pem", ca_dir);
	FILE *f = fopen(path, "w");
	assert_int_equal(PEM_write_X509(f, ca_cert), 1);
	fclose(f);
	return 0;
}

static int
group_teardown(void **state)
{
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof path, "%s/ca.pem", ca_dir);
	(void)unlink(path);
	(void)snprintf(path, sizeof path, "%s/ca.crl", crl_dir);
	(void)unlink(path);
	(void)rmdir(ca_dir);
	(void)rmdir(crl_dir);
	(void)rmdir(other_dir);
	(void)rmdir(dir);
	X509_free(ca_cert);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(host_key);
	ca_crypto_free(crypto);
	return 0;
}

/* ---- requests ---- */

enum flaw { NO_FLAW, FLAW_SIGNATURE, FLAW_CONTEXT, FLAW_NONCE, FLAW_KEY };

struct wish {
	const char
	    *names[4];    /* of the request; default web1.example.com web1 */
	const char *user; /* of the request; default alice */
	long age;
	uint16_t lifetime; /* default 120 */
	X509 *proof;       /* taken */
	enum flaw flaw;
	/* the client's side */
	const char *meant[4]; /* default web1 */
	const char *login;    /* default alice; "" stands for NULL */
	bool any_host, require, here;
	const char *rhost; /* of the request; default empty */
	const char *trusted, *host_ca, *host_crl;
};

static void
add_proof(struct ca_buf *raw, const struct wish *w, const uint8_t *nonce)
{
	const struct ca_scheme *s = ca_scheme_by_code(0x0403);
	struct ca_buf cert = CA_BUF_INIT(8192), sig = CA_BUF_INIT(1024);
	uint8_t hash[CA_TRANSCRIPT_HASH_LEN], tbs[CA_SIGNED_CONTENT_MAX];
	uint8_t other[CA_NONCE_LEN] = {0};
	unsigned char *der = NULL;
	int len = i2d_X509(w->proof, &der);
	const struct ca_bytes one = {der, (size_t)len};

	assert_int_equal(
	    ca_certificate_write(
		&cert, w->flaw == FLAW_NONCE ? other : nonce, &one, NULL, 1),
	    CA_OK);
	const struct ca_bytes part[] = {{raw->p, raw->len}, {cert.p, cert.len}};
	assert_int_equal(ca_crypto_transcript(crypto, part, 2, hash), CA_OK);
	size_t n = ca_signed_content(
	    w->flaw == FLAW_CONTEXT ? CA_SIGNER_CLIENT : CA_SIGNER_HOST, hash,
	    tbs);
	if (w->flaw == FLAW_SIGNATURE)
		tbs[n - 1] ^= 1;
	assert_int_equal(
	    ca_crypto_sign(crypto, s, w->flaw == FLAW_KEY ? ca_key : host_key,
		tbs, n, &sig),
	    CA_OK);
	ca_buf_put(raw, cert.p, cert.len);
	assert_int_equal(
	    ca_certificate_verify_write(raw, 0x0403, sig.p, sig.len), CA_OK);
	ca_buf_free(&cert);
	ca_buf_free(&sig);
	OPENSSL_free(der);
	X509_free(w->proof);
}

static struct ca_request *
make_request(const struct wish *w)
{
	static const char *const usual[] = {"web1.example.com", "web1"};
	static const uint16_t scheme[] = {0x0403};
	struct ca_buf raw = CA_BUF_INIT(CA_REQUEST_MAX);
	struct ca_request *req = NULL;
	struct ca_request_params p = {.scheme = scheme,
	    .nschemes = 1,
	    .issued_at = (uint64_t)(NOW - w->age),
	    .lifetime = w->lifetime != 0 ? w->lifetime : 120,
	    .host_name = usual,
	    .nhost_names = 2,
	    .service = "sshd",
	    .user = w->user != NULL ? w->user : "alice",
	    .rhost = w->rhost != NULL ? w->rhost : ""};

	if (w->names[0] != NULL) {
		p.host_name = w->names;
		for (p.nhost_names = 0;
		     p.nhost_names < 4 && w->names[p.nhost_names] != NULL;)
			p.nhost_names++;
	}
	memset(p.nonce, 7, sizeof p.nonce);
	assert_int_equal(ca_request_write(&raw, &p), CA_OK);
	if (w->proof != NULL)
		add_proof(&raw, w, p.nonce);
	/* a nonce of another request is refused by the parser already */
	enum ca_err rc = ca_request_parse(raw.p, raw.len, &req);
	ca_buf_free(&raw);
	if (w->flaw == FLAW_NONCE && rc != CA_OK)
		return NULL;
	assert_int_equal(rc, CA_OK);
	return req;
}

/* 0: may be signed; else the rule that refused, whose text must hold what. */
static int
judge(const struct wish *w, const char *what)
{
	static const char *const web1[] = {"web1"};
	struct ca_client_conf *conf = ca_client_conf_new();
	struct ca_request *req = make_request(w);
	struct ca_intent intent = {.host = web1,
	    .nhosts = 1,
	    .any_host = w->any_host,
	    .here = w->here,
	    .now = NOW,
	    .user = w->login == NULL      ? "alice"
		    : w->login[0] != '\0' ? w->login
					  : NULL};
	struct ca_buf why = CA_BUF_INIT(65536);
	int rule = 0;

	assert_non_null(req);
	if (w->meant[0] != NULL) {
		intent.host = w->meant;
		for (intent.nhosts = 0;
		     intent.nhosts < 4 && w->meant[intent.nhosts] != NULL;)
			intent.nhosts++;
	}
	const char *pair[][2] = {{"trusted_hosts", w->trusted},
	    {"host_ca", w->host_ca}, {"host_crl", w->host_crl},
	    {"require_host_proof", w->require ? "yes" : NULL}};
	for (size_t i = 0; i < 4; i++)
		if (pair[i][1] != NULL)
			assert_int_equal(ca_client_conf_set(conf, pair[i][0],
					     pair[i][1], "test", NULL),
			    CA_OK);
	const struct ca_rules_case c = {crypto, conf, &intent, req, NULL, &why};
	enum ca_err rc = ca_rules_check(&c, &rule);
	if (rc == CA_OK) {
		assert_int_equal(rule, 0);
		assert_int_equal(why.len, 0);
	} else {
		assert_int_equal(rc, CA_DENIED);
		assert_non_null(ca_buf_text(&why));
		if (what == NULL || strstr(ca_buf_text(&why), what) == NULL)
			fail_msg("refused with: %s", ca_buf_text(&why));
		char number[16];
		(void)snprintf(number, sizeof number, "rule %d", rule);
		assert_ptr_equal(
		    strstr(ca_buf_text(&why), number), ca_buf_text(&why));
	}
	ca_buf_free(&why);
	ca_request_free(req);
	ca_client_conf_free(conf);
	return rule;
}

#define JUDGE(what, ...) judge(&(const struct wish){__VA_ARGS__}, what)

/* ---- rules 1 to 3 ---- */

static void
test_host(void **state)
{
	(void)state;
	assert_int_equal(JUDGE(NULL, .age = 0), 0);
	assert_int_equal(JUDGE(NULL, .meant = {"WEB1.Example.COM"}), 0);
	assert_int_equal(JUDGE(NULL, .meant = {"web1.example.com."}), 0);
	assert_int_equal(JUDGE(NULL, .meant = {"x", "web1"}), 0);
	assert_int_equal(
	    JUDGE("from web1.example.com, web1", .meant = {"web2"}), 1);
	assert_int_equal(JUDGE("logging in to web2", .meant = {"web2"}), 1);
	/* no part of a name is a name */
	assert_int_equal(JUDGE("rule", .meant = {"web"}), 1);
	assert_int_equal(JUDGE("rule", .meant = {"web1.example"}), 1);
	assert_int_equal(JUDGE("rule", .meant = {"example.com"}), 1);
	assert_int_equal(JUDGE("rule", .meant = {"web1.example.com.evil"}), 1);
	assert_int_equal(JUDGE("rule", .meant = {"*"}), 1);
	assert_int_equal(JUDGE("rule", .names = {"*"}, .meant = {"web1"}), 1);
	assert_int_equal(JUDGE(NULL, .meant = {"web2"}, .any_host = true), 0);
}

/* An askpass that no ssh called: the machine's own name is all there is. */
static void
test_here(void **state)
{
	(void)state;
	assert_int_equal(JUDGE(NULL, .here = true), 0);
	assert_int_equal(JUDGE(NULL, .here = true, .rhost = "web1"), 0);
	assert_int_equal(JUDGE(NULL, .rhost = "192.0.2.7"), 0);
	assert_int_equal(JUDGE("over the network from 192.0.2.7", .here = true,
			     .rhost = "192.0.2.7"),
	    1);
	assert_int_equal(JUDGE("over the network from 127.0.0.1", .here = true,
			     .rhost = "127.0.0.1"),
	    1);
}

#ifdef HAVE_IDN2
static void
test_idna(void **state)
{
	(void)state;
	assert_int_equal(JUDGE(NULL, .names = {"xn--bcher-kva.example"},
			     .meant = {BUECHER ".example"}),
	    0);
	assert_int_equal(JUDGE(NULL, .names = {BUECHER ".example"},
			     .meant = {"XN--bcher-kva.example"}),
	    0);
	assert_int_equal(
	    JUDGE(NULL, .names = {BUECHER ".example"}, .trusted = "xn--bcher*"),
	    0);
	/* Cyrillic a */
	assert_int_equal(JUDGE("rule 1", .names = {"w\xd0\xb0.example"},
			     .meant = {"wa.example"}),
	    1);
	assert_int_equal(
	    JUDGE(NULL, .host_ca = ca_dir, .names = {BUECHER ".example"},
		.meant = {BUECHER ".example"},
		.proof = host_cert(
		    "DNS:xn--bcher-kva.example", "serverAuth", -DAY, DAY)),
	    0);
}
#endif

/* host_ca may be one file, with one CA or several. */
static void
test_host_ca_file(void **state)
{
	char path[128], bundle[128];

	(void)state;
	(void)snprintf(path, sizeof path, "%s/ca.pem", ca_dir);
	assert_int_equal(JUDGE(NULL, .host_ca = path, .proof = good_host()), 0);
	(void)snprintf(bundle, sizeof bundle, "%s/bundle.pem", other_dir);
	FILE *f = fopen(bundle, "w");
	X509 *other = begin_cert("Other", host_key, -DAY, DAY);
	X509_set_issuer_name(other, X509_get_subject_name(other));
	assert_true(X509_sign(other, host_key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_X509(f, other), 1);
	fclose(f);
	assert_int_equal(
	    JUDGE("unknown-ca", .host_ca = bundle, .proof = good_host()), 4);
	f = fopen(bundle, "a");
	assert_int_equal(PEM_write_X509(f, ca_cert), 1);
	fclose(f);
	assert_int_equal(
	    JUDGE(NULL, .host_ca = bundle, .proof = good_host()), 0);
	assert_int_equal(JUDGE("revocation", .host_ca = bundle,
			     .host_crl = other_dir, .proof = good_host()),
	    4);
	/* one that is broken stands for none of them */
	f = fopen(bundle, "a");
	assert_true(fputs("-----BEGIN CERTIFICATE-----\nMAA=\n"
			  "-----END CERTIFICATE-----\n",
			f) >= 0);
	fclose(f);
	assert_int_equal(
	    JUDGE("host_ca", .host_ca = bundle, .proof = good_host()), 4);
	assert_int_equal(truncate(bundle, 0), 0);
	assert_int_equal(
	    JUDGE("host_ca", .host_ca = bundle, .proof = good_host()), 4);
	/* others may write to it */
	(void)unlink(bundle);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(
	    JUDGE("host_ca", .host_ca = path, .proof = good_host()), 4);
	assert_int_equal(chmod(path, 0644), 0);
	X509_free(other);
}

static void
test_trusted_hosts(void **state)
{
	(void)state;
	assert_int_equal(
	    JUDGE(NULL, .meant = {"login"}, .trusted = "db1 web*.example.com"),
	    0);
	assert_int_equal(
	    JUDGE("rule", .meant = {"login"}, .trusted = "db*.example.com"), 1);
}

static void
test_hostile_names_are_escaped(void **state)
{
	(void)state;
	/* the parser takes no control bytes; a backslash it does */
	assert_int_equal(JUDGE("from e\\\\vil", .names = {"e\\vil"}), 1);
}

static void
test_user(void **state)
{
	(void)state;
	assert_int_equal(
	    JUDGE("as alice, but the request is for root", .user = "root"), 2);
	assert_int_equal(JUDGE("rule", .user = "Alice"), 2);
	assert_int_equal(JUDGE("rule", .user = "alic"), 2);
	assert_int_equal(JUDGE("--user", .user = "alice2"), 2);
	/* empty: the login comes from the certificate */
	assert_int_equal(JUDGE(NULL, .user = ""), 0);
	assert_int_equal(JUDGE(NULL, .user = "root", .login = ""), 0);
	/* the host comes first */
	assert_int_equal(JUDGE("rule", .user = "root", .meant = {"x"}), 1);
}

static void
test_time(void **state)
{
	(void)state;
	assert_int_equal(JUDGE(NULL, .age = 420), 0);
	assert_int_equal(JUDGE("421 seconds ago", .age = 421), 3);
	assert_int_equal(JUDGE(NULL, .age = -420), 0);
	assert_int_equal(JUDGE("421 seconds in the future", .age = -421), 3);
	assert_int_equal(JUDGE(NULL, .age = 310, .lifetime = 10), 0);
	assert_int_equal(
	    JUDGE("at most 310 seconds", .age = 311, .lifetime = 10), 3);
	/* the whole range of 64 bits */
	assert_int_equal(JUDGE("rule", .age = NOW), 3);
	assert_int_equal(JUDGE("future", .age = NOW + 1), 3);
	assert_int_equal(JUDGE("future", .age = -0x4000000000000000), 3);
}

/* ---- rule 4 ---- */

static void
test_proof_required(void **state)
{
	(void)state;
	assert_int_equal(
	    JUDGE("sends no proof", .require = true, .host_ca = ca_dir), 4);
	assert_int_equal(
	    JUDGE("needs host_ca", .require = true, .proof = good_host()), 4);
	assert_int_equal(JUDGE(NULL, .require = true, .host_ca = ca_dir,
			     .proof = good_host()),
	    0);
	/* nothing to judge by, nothing required: the name rule alone */
	assert_int_equal(JUDGE(NULL, .proof = good_host()), 0);
}

static void
test_proof_signature(void **state)
{
	static const enum flaw flaws[] = {
	    FLAW_SIGNATURE, FLAW_CONTEXT, FLAW_KEY};
	struct wish nonce = {
	    .proof = good_host(), .flaw = FLAW_NONCE, .host_ca = ca_dir};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(
		    JUDGE("signature is wrong", .proof = good_host(),
			.flaw = flaws[i], .host_ca = ca_dir),
		    4);
		/* also where no CA is known */
		assert_int_equal(JUDGE("signature is wrong",
				     .proof = good_host(), .flaw = flaws[i]),
		    4);
	}
	struct ca_request *req = make_request(&nonce);
	if (req != NULL) {
		ca_request_free(req);
		nonce.proof = good_host();
		assert_int_equal(judge(&nonce, "wrong"), 4);
	}
}

static void
test_proof_chain(void **state)
{
	X509 *revoked;

	(void)state;
	assert_int_equal(JUDGE("host's certificate is refused",
			     .proof = good_host(), .host_ca = other_dir),
	    4);
	assert_int_equal(JUDGE("expired",
			     .proof = host_cert("DNS:web1.example.com",
				 "serverAuth", -2 * DAY, -DAY),
			     .host_ca = ca_dir),
	    4);
	assert_int_equal(JUDGE("not-yet-valid",
			     .proof = host_cert("DNS:web1.example.com",
				 "serverAuth", DAY, 2 * DAY),
			     .host_ca = ca_dir),
	    4);
	assert_int_equal(JUDGE("purpose",
			     .proof = host_cert("DNS:web1.example.com",
				 "clientAuth", -DAY, DAY),
			     .host_ca = ca_dir),
	    4);
	assert_int_equal(
	    JUDGE("rule 4", .proof = good_host(), .host_ca = "/nonexistent"),
	    4);
	assert_int_equal(JUDGE(NULL, .proof = good_host(), .host_ca = ca_dir,
			     .host_crl = crl_dir),
	    0);
	assert_int_equal(JUDGE("crl", .proof = good_host(), .host_ca = ca_dir,
			     .host_crl = other_dir),
	    4);
	revoked = good_host();
	make_crl(revoked);
	assert_int_equal(JUDGE("revoked", .proof = revoked, .host_ca = ca_dir,
			     .host_crl = crl_dir),
	    4);
	make_crl(NULL);
}

static void
test_proof_name(void **state)
{
	(void)state;
	/* never from CN, which is web1.example.com in all of them */
	assert_int_equal(JUDGE("subjectAltName", .host_ca = ca_dir,
			     .proof = host_cert(NULL, "serverAuth", -DAY, DAY)),
	    4);
	assert_int_equal(JUDGE("subjectAltName", .host_ca = ca_dir,
			     .proof = host_cert("DNS:web2.example.com",
				 "serverAuth", -DAY, DAY)),
	    4);
	assert_int_equal(JUDGE(NULL, .host_ca = ca_dir,
			     .proof = host_cert(
				 "DNS:*.example.com", "serverAuth", -DAY, DAY)),
	    0);
	/* a neighbour of the same CA that lists web1 beside its own name */
	assert_int_equal(
	    JUDGE("none of the names that you meant", .host_ca = ca_dir,
		.names = {"evil.example.com", "web1"},
		.proof =
		    host_cert("DNS:evil.example.com", "serverAuth", -DAY, DAY)),
	    4);
	assert_int_equal(
	    JUDGE("none of the names that you meant", .host_ca = ca_dir,
		.names = {"evil.example.com", "web1.example.com"},
		.meant = {"web1.example.com"},
		.proof =
		    host_cert("DNS:evil.example.com", "serverAuth", -DAY, DAY)),
	    4);
	/* short is what stands before the first dot, all of it, and no more */
	static const char *const brief[] = {
	    "web", "w", "web1.example", "example", "web1.", "web10", "eb1"};
	for (size_t i = 0; i < sizeof brief / sizeof brief[0]; i++)
		assert_int_equal(
		    JUDGE("none of the names that you meant", .host_ca = ca_dir,
			.names = {"web1.example.com", brief[i]},
			.meant = {brief[i]}, .proof = good_host()),
		    4);
	assert_int_equal(JUDGE(NULL, .host_ca = ca_dir,
			     .names = {"web1.example.com", "WEB1"},
			     .meant = {"web1"}, .proof = good_host()),
	    0);
	/* by address, with the name trusted beside it */
	assert_int_equal(
	    JUDGE(NULL, .host_ca = ca_dir,
		.names = {"web1.example.com", "192.0.2.1"},
		.meant = {"192.0.2.1"}, .trusted = "web1.example.com",
		.proof = good_host()),
	    0);
	assert_int_equal(
	    JUDGE(NULL, .host_ca = ca_dir, .names = {"192.0.2.1"},
		.meant = {"192.0.2.1"},
		.proof = host_cert("IP:192.0.2.1", "serverAuth", -DAY, DAY)),
	    0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_host),
	    cmocka_unit_test(test_trusted_hosts),
	    cmocka_unit_test(test_here),
#ifdef HAVE_IDN2
	    cmocka_unit_test(test_idna),
#endif
	    cmocka_unit_test(test_host_ca_file),
	    cmocka_unit_test(test_hostile_names_are_escaped),
	    cmocka_unit_test(test_user),
	    cmocka_unit_test(test_time),
	    cmocka_unit_test(test_proof_required),
	    cmocka_unit_test(test_proof_signature),
	    cmocka_unit_test(test_proof_chain),
	    cmocka_unit_test(test_proof_name),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
