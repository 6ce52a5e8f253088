/*
 * CRLs read in three ways: OpenSSL's X509_CRL, our stream, our index.  They
 * must agree on every serial number, and damage must never turn "revoked" into
 * "not revoked".
 */
#include "base/file.h"
#include "crl/crl.h"
#include "crl/index_read.h"
#include "crl/crlread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cdb.h>
#include <cmocka.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crlmake.h"
#include "crlwhole.h"

#define ROUNDS 30
#define ENTRIES_MAX 120

static struct {
	char path[64];
	int dir;
	struct ca_crypto *crypto;
	EVP_PKEY *key, *other_key;
	X509 *ca, *other;
	STACK_OF(X509) *cas;
	uint64_t random;
} t;

/* The same in every run: a failure can be repeated. */
static uint32_t
rnd(uint32_t below)
{
	t.random = t.random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(t.random >> 33) % below;
}

static int
set_up(void **state)
{
	(void)state;
	strcpy(t.path, "/tmp/certauth-test-crl.XXXXXX");
	assert_non_null(mkdtemp(t.path));
	t.dir = open(t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(t.dir >= 0);
	assert_int_equal(ca_crypto_new(&t.crypto), CA_OK);
	t.key = EVP_EC_gen("P-256");
	t.other_key = EVP_EC_gen("P-256");
	t.ca = make_ca(t.crypto, "The CA", t.key);
	t.other = make_ca(t.crypto, "Another CA", t.other_key);
	t.cas = sk_X509_new_null();
	sk_X509_push(t.cas, t.other);
	sk_X509_push(t.cas, t.ca);
	t.random = 20261124;
	return 0;
}

static void
remove_file(const char *name)
{
	(void)unlinkat(t.dir, name, 0);
}

static int
tear_down(void **state)
{
	(void)state;
	remove_file("a.crl");
	remove_file("a.crl.idx");
	close(t.dir);
	rmdir(t.path);
	X509_free(t.ca);
	X509_free(t.other);
	sk_X509_free(t.cas);
	EVP_PKEY_free(t.key);
	EVP_PKEY_free(t.other_key);
	ca_crypto_free(t.crypto);
	return 0;
}

/* Serials of every kind: zero, negative, high bit set, 20 bytes and more. */
static ASN1_INTEGER *
serial(uint32_t kind)
{
	unsigned char b[64];
	int len = 1 + (int)rnd(20);
	BIGNUM *bn;
	ASN1_INTEGER *out;

	for (size_t i = 0; i < sizeof b; i++)
		b[i] = (unsigned char)rnd(256);
	if (kind == 0)
		len = 0;
	else if (kind == 1)
		b[0] |= 0x80;
	else if (kind == 2)
		b[0] = 0;
	else if (kind == 3)
		len = 20 + (int)rnd(40);
	else if (kind == 4)
		len = 1; /* few values: they meet again */
	bn = BN_bin2bn(b, len, NULL);
	if (kind >= 5 && rnd(3) == 0)
		BN_set_negative(bn, 1);
	out = BN_to_ASN1_INTEGER(bn, NULL);
	BN_free(bn);
	assert_non_null(out);
	return out;
}

/* An entry's certificateIssuer: one of the two CAs. */
static void
set_issuer(X509_REVOKED *rev, X509 *ca)
{
	GENERAL_NAMES *gens = GENERAL_NAMES_new();
	GENERAL_NAME *gen = GENERAL_NAME_new();

	gen->type = GEN_DIRNAME;
	gen->d.directoryName = X509_NAME_dup(X509_get_subject_name(ca));
	sk_GENERAL_NAME_push(gens, gen);
	assert_int_equal(
	    X509_REVOKED_add1_ext_i2d(rev, NID_certificate_issuer, gens, 1, 0),
	    1);
	GENERAL_NAMES_free(gens);
}

static void
add_entry(X509_CRL *crl, STACK_OF(ASN1_INTEGER) *serials, bool indirect)
{
	X509_REVOKED *rev = X509_REVOKED_new();
	ASN1_INTEGER *n = serial(rnd(8));
	ASN1_TIME *when = ASN1_TIME_set(NULL, 1700000000 + rnd(100000000));

	/* the same serial twice, for one issuer, is nobody's CRL */
	for (int i = 0; !indirect && i < sk_ASN1_INTEGER_num(serials); i++) {
		if (ASN1_INTEGER_cmp(sk_ASN1_INTEGER_value(serials, i), n) != 0)
			continue;
		ASN1_INTEGER_free(n);
		ASN1_TIME_free(when);
		X509_REVOKED_free(rev);
		return;
	}
	X509_REVOKED_set_serialNumber(rev, n);
	X509_REVOKED_set_revocationDate(rev, when);
	if (rnd(2) == 0) {
		ASN1_ENUMERATED *r = ASN1_ENUMERATED_new();
		ASN1_ENUMERATED_set(r, (long)rnd(11));
		X509_REVOKED_add1_ext_i2d(rev, NID_crl_reason, r, 0, 0);
		ASN1_ENUMERATED_free(r);
	}
	if (indirect && rnd(3) == 0)
		set_issuer(rev, rnd(2) ? t.ca : t.other);
	assert_int_equal(X509_CRL_add0_revoked(crl, rev), 1);
	sk_ASN1_INTEGER_push(serials, n);
	ASN1_TIME_free(when);
}

static void
write_file(const char *name, const void *p, size_t len)
{
	int fd = openat(t.dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, len), (ssize_t)len);
	close(fd);
}

/* Make a.crl; the serials of its entries go onto the stack. */
static unsigned char *
make_crl(uint32_t entries, bool indirect, STACK_OF(ASN1_INTEGER) *serials,
    size_t *len)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *now = ASN1_TIME_set(NULL, time(NULL) - 60);
	ASN1_TIME *next = ASN1_TIME_set(NULL, time(NULL) + 86400);
	unsigned char *der = NULL;

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(t.ca));
	X509_CRL_set1_lastUpdate(crl, now);
	X509_CRL_set1_nextUpdate(crl, next);
	for (uint32_t i = 0; i < entries; i++)
		add_entry(crl, serials, indirect);
	assert_true(X509_CRL_sign(crl, t.key, EVP_sha256()) > 0);
	*len = (size_t)i2d_X509_CRL(crl, &der);
	X509_CRL_free(crl);
	ASN1_TIME_free(now);
	ASN1_TIME_free(next);
	return der;
}

static void
load(const struct ca_crl_way *engine, const struct ca_crl_wanted *wanted,
    struct ca_crls *out)
{
	static const struct ca_crl_wanted nothing = {NULL, 0};
	struct ca_crl_file src = {t.crypto, NULL, engine, t.dir, "a.crl", -1};

	assert_int_equal(ca_file_open(t.dir, "a.crl", &src.fd, NULL), CA_OK);
	assert_int_equal(
	    ca_crl_load(&src, wanted != NULL ? wanted : &nothing, out), CA_OK);
}

static X509 *
holder(const ASN1_INTEGER *n, X509 *issuer)
{
	X509 *x = X509_new();

	X509_set_serialNumber(x, (ASN1_INTEGER *)n);
	X509_set_issuer_name(x, X509_get_subject_name(issuer));
	return x;
}

static bool
pem_of(const unsigned char *der, size_t len, const char *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;

	BIO_puts(bio, "some text before it, and a line with -----\n");
	PEM_write_bio(bio, "X509 CRL", "", der, (long)len);
	long n = BIO_get_mem_data(bio, &p);
	write_file(name, p, (size_t)n);
	BIO_free(bio);
	return true;
}

/* All of them about one serial number and issuer. */
static void
ask(struct ca_crl *const crl[3], const ASN1_INTEGER *n, X509 *issuer)
{
	X509 *cert = holder(n, issuer);
	struct ca_crl_entry e[3];
	enum ca_err rc[3];

	for (int i = 0; i < 3; i++) {
		e[i] = (struct ca_crl_entry){-2, 0};
		rc[i] = ca_crl_lookup(crl[i], cert, &e[i]);
	}
	for (int i = 0; i < 3; i++) {
		assert_true(rc[i] == CA_OK || rc[i] == CA_ERR_NOT_FOUND);
		assert_int_equal(rc[i], rc[0]);
		assert_int_equal(e[i].reason, e[0].reason);
		assert_int_equal(e[i].date, e[0].date);
	}
	X509_free(cert);
}

static void
compare(uint32_t entries, bool indirect, bool pem)
{
	STACK_OF(ASN1_INTEGER) *serials = sk_ASN1_INTEGER_new_null();
	struct ca_crls list[3] = {{0}, {0}, {0}};
	size_t len;
	unsigned char *der = make_crl(entries, indirect, serials, &len);
	static const char *const names[3] = {"openssl", "stream", "index"};
	uint64_t n = 0;

	if (pem)
		pem_of(der, len, "a.crl");
	else
		write_file("a.crl", der, len);
	assert_int_equal(
	    ca_crl_index_make(t.crypto, NULL, t.dir, "a.crl", t.cas, &n),
	    CA_OK);
	assert_int_equal(n, sk_ASN1_INTEGER_num(serials));
	load(&ca_crl_as_whole, NULL, &list[0]);
	load(&ca_crl_by_stream, NULL, &list[1]);
	load(&ca_crl_by_index, NULL, &list[2]);
	struct ca_crl *crl[3];
	for (int i = 0; i < 3; i++) {
		assert_int_equal(list[i].n, 1);
		crl[i] = list[i].v[0];
		assert_string_equal(ca_crl_engine_name(crl[i]), names[i]);
		assert_int_equal(ca_crl_trouble(crl[i]), CA_R_OK);
		assert_int_equal(ca_crl_verify(crl[i], t.ca), CA_OK);
	}
	for (int i = 0; !indirect && i < sk_ASN1_INTEGER_num(serials); i++) {
		X509 *x = holder(sk_ASN1_INTEGER_value(serials, i), t.ca);
		struct ca_crl_entry e;
		assert_int_equal(ca_crl_lookup(crl[2], x, &e), CA_OK);
		X509_free(x);
	}
	for (int i = 0; i < sk_ASN1_INTEGER_num(serials) && i < 40; i++) {
		ask(crl, sk_ASN1_INTEGER_value(serials, i), t.ca);
		ask(crl, sk_ASN1_INTEGER_value(serials, i), t.other);
	}
	for (uint32_t i = 0; i < 16; i++) {
		ASN1_INTEGER *other = serial(i % 8);
		ask(crl, other, t.ca);
		ASN1_INTEGER_free(other);
	}
	for (int i = 0; i < 3; i++) {
		assert_string_equal(ca_crl_engine_name(crl[i]), names[i]);
		assert_int_not_equal(ca_crl_verify(crl[i], t.other), CA_OK);
		ca_crls_clear(&list[i]);
	}
	sk_ASN1_INTEGER_pop_free(serials, ASN1_INTEGER_free);
	OPENSSL_free(der);
}

static void
all_ways_agree(void **state)
{
	(void)state;
	compare(0, false, false);
	for (int i = 0; i < ROUNDS; i++)
		compare(rnd(ENTRIES_MAX), false, i % 2 == 0);
	compare(5000, false, false);
	compare(5000, false, true);
}

/* One serial may stand in an indirect CRL for several issuers; OpenSSL finds
 * one of equal ones only, so that they are made different here. */
static void
indirect_ways_agree(void **state)
{
	STACK_OF(ASN1_INTEGER) *serials = sk_ASN1_INTEGER_new_null();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		X509_CRL *crl = X509_CRL_new();
		struct ca_crls list[3] = {{0}, {0}, {0}};
		struct ca_crl *at[3];
		unsigned char *der = NULL;
		ASN1_TIME *now = ASN1_TIME_set(NULL, time(NULL) - 60);

		X509_CRL_set_version(crl, 1);
		X509_CRL_set_issuer_name(crl, X509_get_subject_name(t.ca));
		X509_CRL_set1_lastUpdate(crl, now);
		for (long k = 1; k < 40; k++) {
			X509_REVOKED *rev = X509_REVOKED_new();
			ASN1_INTEGER *n = ASN1_INTEGER_new();
			ASN1_INTEGER_set(n, k);
			X509_REVOKED_set_serialNumber(rev, n);
			X509_REVOKED_set_revocationDate(rev, now);
			if (rnd(4) == 0)
				set_issuer(rev, rnd(2) ? t.ca : t.other);
			X509_CRL_add0_revoked(crl, rev);
			ASN1_INTEGER_free(n);
		}
		assert_true(X509_CRL_sign(crl, t.key, EVP_sha256()) > 0);
		int len = i2d_X509_CRL(crl, &der);
		write_file("a.crl", der, (size_t)len);
		assert_int_equal(ca_crl_index_make(t.crypto, NULL, t.dir,
				     "a.crl", t.cas, NULL),
		    CA_OK);
		load(&ca_crl_as_whole, NULL, &list[0]);
		load(&ca_crl_by_stream, NULL, &list[1]);
		load(&ca_crl_by_index, NULL, &list[2]);
		for (int k = 0; k < 3; k++) {
			at[k] = list[k].v[0];
			assert_int_equal(ca_crl_verify(at[k], t.ca), CA_OK);
		}
		for (long k = 0; k < 42; k++) {
			ASN1_INTEGER *n = ASN1_INTEGER_new();
			ASN1_INTEGER_set(n, k);
			ask(at, n, t.ca);
			ask(at, n, t.other);
			ASN1_INTEGER_free(n);
		}
		for (int k = 0; k < 3; k++)
			ca_crls_clear(&list[k]);
		OPENSSL_free(der);
		X509_CRL_free(crl);
		ASN1_TIME_free(now);
	}
	sk_ASN1_INTEGER_free(serials);
}

/* A CRL with two entries, signed by key; pss_salt: RSASSA-PSS with it.  Does
 * OpenSSL verify what it signed?  Not all releases do so for each SHA-3. */
static bool
write_signed(EVP_PKEY *key, const EVP_MD *md, int pss_salt)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *now = ASN1_TIME_set(NULL, time(NULL) - 60);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	unsigned char *der = NULL;

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(t.ca));
	X509_CRL_set1_lastUpdate(crl, now);
	for (long k = 1; k <= 2; k++) {
		X509_REVOKED *rev = X509_REVOKED_new();
		ASN1_INTEGER *n = ASN1_INTEGER_new();
		ASN1_INTEGER_set(n, k);
		X509_REVOKED_set_serialNumber(rev, n);
		X509_REVOKED_set_revocationDate(rev, now);
		X509_CRL_add0_revoked(crl, rev);
		ASN1_INTEGER_free(n);
	}
	assert_int_equal(EVP_DigestSignInit(ctx, &pctx, md, NULL, key), 1);
	if (pss_salt >= 0) {
		assert_true(EVP_PKEY_CTX_set_rsa_padding(
				pctx, RSA_PKCS1_PSS_PADDING) > 0);
		assert_true(
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, pss_salt) > 0);
	}
	if (X509_CRL_sign_ctx(crl, ctx) <= 0)
		fail_msg("cannot sign with %s, salt %d",
		    md != NULL ? EVP_MD_get0_name(md) : "EdDSA", pss_salt);
	int len = i2d_X509_CRL(crl, &der);
	write_file("a.crl", der, (size_t)len);
	bool good = X509_CRL_verify(crl, key) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	X509_CRL_free(crl);
	ASN1_TIME_free(now);
	return good;
}

/* By each engine: is a.crl a CRL that ca has signed? */
static void
assert_signed(X509 *ca, bool good, const char *what)
{
	static const struct ca_crl_way *const engine[] = {
	    &ca_crl_as_whole, &ca_crl_by_stream, &ca_crl_by_index};
	STACK_OF(X509) *cas = sk_X509_new_null();

	sk_X509_push(cas, ca);
	remove_file("a.crl.idx");
	if ((ca_crl_index_make(t.crypto, NULL, t.dir, "a.crl", cas, NULL) ==
		CA_OK) != good)
		fail_msg("%s: index %s", what, good ? "refused" : "made");
	for (size_t i = 0; i < 3; i++) {
		struct ca_crls list = {NULL, 0};

		load(engine[i], NULL, &list);
		assert_int_equal(list.n, 1);
		bool is = ca_crl_trouble(list.v[0]) == CA_R_OK &&
			  ca_crl_verify(list.v[0], ca) == CA_OK;
		if (is != good)
			fail_msg("%s, engine %zu: %s", what, i,
			    is ? "taken" : "refused");
		assert_int_not_equal(ca_crl_verify(list.v[0], t.other), CA_OK);
		ca_crls_clear(&list);
	}
	remove_file("a.crl.idx");
	sk_X509_free(cas);
}

static void
every_signature_algorithm(void **state)
{
	static const struct {
		const char *md;
		enum { TAKEN, REFUSED, AS_OPENSSL } with;
	} digest[] = {
	    {"SHA224", TAKEN},
	    {"SHA256", TAKEN},
	    {"SHA384", TAKEN},
	    {"SHA512", TAKEN},
	    {"SHA3-224", AS_OPENSSL},
	    {"SHA3-256", AS_OPENSSL},
	    {"SHA3-384", AS_OPENSSL},
	    {"SHA3-512", AS_OPENSSL},
	    {"SHA1", REFUSED},
	};
	static const char *const eddsa[] = {"ED25519", "ED448"};
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	X509 *rsa_ca = make_ca(t.crypto, "The CA", rsa);

	(void)state;
	for (size_t i = 0; i < sizeof digest / sizeof digest[0]; i++) {
		const EVP_MD *md = EVP_get_digestbyname(digest[i].md);

		assert_non_null(md);
		/* ECDSA, PKCS#1, PSS; OpenSSL 3.0 makes SHA-3 the first only */
		for (int how = 0; how < 3; how++) {
			if (how > 0 && digest[i].with == AS_OPENSSL)
				continue;
			int salt = how == 2 ? EVP_MD_get_size(md) : -1;
			X509 *ca = how == 0 ? t.ca : rsa_ca;
			bool good =
			    write_signed(how == 0 ? t.key : rsa, md, salt);
			if (digest[i].with != AS_OPENSSL)
				good = digest[i].with == TAKEN;
			assert_signed(ca, good, digest[i].md);
		}
	}
	/* a CA may choose its salt (RFC 4055 section 3.1) */
	write_signed(rsa, EVP_sha256(), 20);
	assert_signed(rsa_ca, true, "PSS with a salt of 20 bytes");
	bool by_openssl = write_signed(rsa, EVP_sha512_256(), -1);
	assert_signed(rsa_ca, by_openssl, "SHA512-256");
	/* another key of the right type */
	write_signed(rsa, EVP_sha256(), 32);
	assert_signed(t.ca, false, "RSA by an EC key");
	write_signed(t.key, EVP_sha256(), -1);
	assert_signed(rsa_ca, false, "ECDSA by an RSA key");
	for (size_t i = 0; i < 2; i++) {
		EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, eddsa[i]);
		X509 *ca = make_ca(t.crypto, "The CA", key);

		write_signed(key, NULL, -1);
		assert_signed(ca, true, eddsa[i]);
		assert_signed(t.ca, false, eddsa[i]);
		X509_free(ca);
		EVP_PKEY_free(key);
	}
	X509_free(rsa_ca);
	EVP_PKEY_free(rsa);
}

/* A CRL with an entry of size bytes, behind before small ones. */
static void
write_big_entry(size_t size, long before)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *now = ASN1_TIME_set(NULL, 1700000000);
	unsigned char *der = NULL;

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(t.ca));
	X509_CRL_set1_lastUpdate(crl, now);
	for (long k = 0; k <= before; k++) {
		X509_REVOKED *rev = X509_REVOKED_new();
		ASN1_INTEGER *n = ASN1_INTEGER_new();
		ASN1_INTEGER_set(n, k == before ? 1 : k + 1000);
		X509_REVOKED_set_serialNumber(rev, n);
		X509_REVOKED_set_revocationDate(rev, now);
		if (k == before) {
			ASN1_OBJECT *oid = OBJ_txt2obj("1.2.3.4", 1);
			ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
			/* all but the text is of the same length: 39 bytes */
			char *text = calloc(1, size);
			assert_non_null(text);
			ASN1_OCTET_STRING_set(
			    value, (unsigned char *)text, (int)size - 39);
			free(text);
			X509_EXTENSION *ext =
			    X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value);
			X509_REVOKED_add_ext(rev, ext, -1);
			assert_int_equal(i2d_X509_REVOKED(rev, NULL), size);
			X509_EXTENSION_free(ext);
			ASN1_OCTET_STRING_free(value);
			ASN1_OBJECT_free(oid);
		}
		X509_CRL_add0_revoked(crl, rev);
		ASN1_INTEGER_free(n);
	}
	assert_true(X509_CRL_sign(crl, t.key, EVP_sha256()) > 0);
	int len = i2d_X509_CRL(crl, &der);
	write_file("a.crl", der, (size_t)len);
	OPENSSL_free(der);
	X509_CRL_free(crl);
	ASN1_TIME_free(now);
}

/* The bound is where the header says, wherever in the file the entry is. */
static void
the_size_of_an_entry(void **state)
{
	(void)state;
	for (long before = 0; before <= 4000; before += 500) {
		write_big_entry(CA_CRL_ENTRY_MAX, before);
		assert_signed(t.ca, true, "an entry of the size allowed");
		write_big_entry(CA_CRL_ENTRY_MAX + 1, before);

		struct ca_crls list = {NULL, 0};
		load(&ca_crl_by_stream, NULL, &list);
		assert_int_equal(ca_crl_trouble(list.v[0]), CA_R_CRL_MALFORMED);
		ca_crls_clear(&list);
		assert_int_not_equal(ca_crl_index_make(t.crypto, NULL, t.dir,
					 "a.crl", t.cas, NULL),
		    CA_OK);
	}
}

/* What a login would make of a.crl for a certificate that is on it: true if
 * it would be let in. */
static bool
let_in(
    const struct ca_crl_way *engine, X509 *cert, const struct ca_crl_wanted *w)
{
	struct ca_crls list = {NULL, 0};
	struct ca_crl_entry e;
	bool in = false;

	load(engine, w, &list);
	for (size_t i = 0; i < list.n; i++)
		if (ca_crl_trouble(list.v[i]) == CA_R_OK &&
		    ca_crl_verify(list.v[i], t.ca) == CA_OK &&
		    ca_crl_lookup(list.v[i], cert, &e) == CA_ERR_NOT_FOUND)
			in = true;
	ca_crls_clear(&list);
	return in;
}

static unsigned char *
slurp(const char *name, size_t *len)
{
	struct ca_buf b = CA_BUF_INIT(1u << 22);

	assert_int_equal(ca_file_read(t.dir, name, 1u << 22, &b), CA_OK);
	*len = b.len;
	return (unsigned char *)ca_buf_take(&b, NULL);
}

/* Every byte of a file, changed in two ways and cut off at it. */
static void
damage(const char *name, const struct ca_crl_way *engine, X509 *cert)
{
	size_t len;
	unsigned char *p = slurp(name, &len);
	uint8_t *serial_p = NULL;
	int n = ca_crl_serial(cert, &serial_p);
	struct ca_bytes b = {serial_p, (size_t)n};
	struct ca_crl_wanted w = {&b, 1};

	assert_true(n > 0);
	assert_false(let_in(engine, cert, &w));
	for (size_t i = 0; i < len; i++) {
		unsigned char was = p[i];

		p[i] = was ^ 0xff;
		write_file(name, p, len);
		assert_false(let_in(engine, cert, &w));
		p[i] = was ^ 0x01;
		write_file(name, p, len);
		assert_false(let_in(engine, cert, i % 2 ? &w : NULL));
		p[i] = was;
		if (i % 7 == 0) {
			write_file(name, p, i);
			assert_false(let_in(engine, cert, &w));
		}
	}
	write_file(name, p, len);
	OPENSSL_free(serial_p);
	free(p);
}

static X509 *
one_revoked(bool pem)
{
	STACK_OF(ASN1_INTEGER) *serials = sk_ASN1_INTEGER_new_null();
	size_t len;
	unsigned char *der = make_crl(4, false, serials, &len);
	X509 *cert = holder(sk_ASN1_INTEGER_value(serials, 0), t.ca);

	if (pem)
		pem_of(der, len, "a.crl");
	else
		write_file("a.crl", der, len);
	OPENSSL_free(der);
	sk_ASN1_INTEGER_pop_free(serials, ASN1_INTEGER_free);
	return cert;
}

static void
damaged_der_lets_nobody_in(void **state)
{
	X509 *cert = one_revoked(false);

	(void)state;
	remove_file("a.crl.idx");
	damage("a.crl", &ca_crl_by_stream, cert);
	X509_free(cert);
}

static void
damaged_pem_lets_nobody_in(void **state)
{
	X509 *cert = one_revoked(true);

	(void)state;
	remove_file("a.crl.idx");
	damage("a.crl", &ca_crl_by_stream, cert);
	X509_free(cert);
}

static void
damaged_index_lets_nobody_in(void **state)
{
	X509 *cert = one_revoked(false);

	(void)state;
	assert_int_equal(
	    ca_crl_index_make(t.crypto, NULL, t.dir, "a.crl", t.cas, NULL),
	    CA_OK);
	damage("a.crl.idx", &ca_crl_by_index, cert);
	X509_free(cert);
}

/* The index of a.crl once more, without what its buckets say: with no entry, or
 * (missing) with no bucket.  good: with checksums that are right. */
static void
forge(bool missing, bool good)
{
	size_t len;
	unsigned char *p = slurp("a.crl.idx", &len);
	int fd = openat(t.dir, "forged", O_RDWR | O_CREAT | O_TRUNC, 0644);
	struct cdb_make make;
	unsigned end = (unsigned)p[0] | (unsigned)p[1] << 8 |
		       (unsigned)p[2] << 16 | (unsigned)p[3] << 24;
	uint8_t sha[32] = {0};

	/* the records stand between the table and the first hash table */
	for (unsigned at = 2048; at < end;) {
		unsigned k = (unsigned)p[at] | (unsigned)p[at + 1] << 8;
		unsigned v = (unsigned)p[at + 4] | (unsigned)p[at + 5] << 8;

		if (p[at + 8] == 'm')
			memcpy(sha, p + at + 8 + k + v - 16 - 36, 32);
		at += 8 + k + v;
	}
	assert_true(fd >= 0);
	assert_int_equal(cdb_make_start(&make, fd), 0);
	for (unsigned at = 2048; at < end;) {
		unsigned k = (unsigned)p[at] | (unsigned)p[at + 1] << 8;
		unsigned v = (unsigned)p[at + 4] | (unsigned)p[at + 5] << 8;
		const uint8_t *key = p + at + 8, *value = key + k;
		uint8_t empty[64], sum[32];

		at += 8 + k + v;
		if (*key != 'b') {
			assert_int_equal(
			    cdb_make_add(&make, key, k, value, v), 0);
			continue;
		}
		if (missing)
			continue;
		memcpy(empty, sha, 32);
		memcpy(empty + 32, key, k);
		assert_int_equal(
		    ca_crypto_sha256(t.crypto, empty, 32 + k, sum), CA_OK);
		sum[0] ^= !good;
		assert_int_equal(cdb_make_add(&make, key, k, sum, 16), 0);
	}
	assert_int_equal(cdb_make_finish(&make), 0);
	assert_int_equal(fchmod(fd, 0644), 0);
	close(fd);
	assert_int_equal(renameat(t.dir, "forged", t.dir, "a.crl.idx"), 0);
	free(p);
}

/*
 * An index with the right binding that says nothing is revoked.  Nothing but
 * who may write it stands against one with right checksums: so that is checked
 * here, and that the forgery would be one.
 */
static void
a_hostile_index_lets_nobody_in(void **state)
{
	X509 *cert = one_revoked(false);

	(void)state;
	assert_int_equal(
	    ca_crl_index_make(t.crypto, NULL, t.dir, "a.crl", t.cas, NULL),
	    CA_OK);
	assert_false(let_in(&ca_crl_by_index, cert, NULL));
	forge(false, false);
	assert_false(let_in(&ca_crl_by_index, cert, NULL));
	assert_int_equal(
	    ca_crl_index_make(t.crypto, NULL, t.dir, "a.crl", t.cas, NULL),
	    CA_OK);
	forge(true, true);
	assert_false(let_in(&ca_crl_by_index, cert, NULL));
	assert_int_equal(
	    ca_crl_index_make(t.crypto, NULL, t.dir, "a.crl", t.cas, NULL),
	    CA_OK);
	forge(false, true);
	assert_true(let_in(&ca_crl_by_index, cert, NULL)); /* root's word */
	assert_int_equal(fchmodat(t.dir, "a.crl.idx", 0664, 0), 0);
	assert_false(let_in(&ca_crl_by_index, cert, NULL));
	assert_int_equal(fchmodat(t.dir, "a.crl.idx", 0646, 0), 0);
	assert_false(let_in(&ca_crl_by_index, cert, NULL));
	assert_int_equal(fchmodat(t.dir, "a.crl.idx", 0644, 0), 0);
	assert_true(let_in(&ca_crl_by_index, cert, NULL));
	if (geteuid() == 0) {
		assert_int_equal(
		    fchownat(t.dir, "a.crl.idx", 65534, 65534, 0), 0);
		assert_false(let_in(&ca_crl_by_index, cert, NULL));
	}
	remove_file("a.crl.idx");
	X509_free(cert);
}

/* An index made by other keys' verification must not be believed. */
static void
an_index_needs_a_signer(void **state)
{
	X509 *cert = one_revoked(false);
	STACK_OF(X509) *none = sk_X509_new_null();

	(void)state;
	remove_file("a.crl.idx");
	assert_int_equal(
	    ca_crl_index_make(t.crypto, NULL, t.dir, "a.crl", none, NULL),
	    CA_DENIED);
	sk_X509_push(none, t.other);
	assert_int_equal(
	    ca_crl_index_make(t.crypto, NULL, t.dir, "a.crl", none, NULL),
	    CA_DENIED);
	assert_int_equal(faccessat(t.dir, "a.crl.idx", F_OK, 0), -1);
	sk_X509_free(none);
	X509_free(cert);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_ways_agree),
	    cmocka_unit_test(indirect_ways_agree),
	    cmocka_unit_test(every_signature_algorithm),
	    cmocka_unit_test(the_size_of_an_entry),
	    cmocka_unit_test(damaged_der_lets_nobody_in),
	    cmocka_unit_test(damaged_pem_lets_nobody_in),
	    cmocka_unit_test(damaged_index_lets_nobody_in),
	    cmocka_unit_test(a_hostile_index_lets_nobody_in),
	    cmocka_unit_test(an_index_needs_a_signer),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
