/*
 * For the tests of one CRL read in three ways: a folder, a CA, and CRLs made at
 * random.
 */
#ifndef CA_TESTS_UNIT_CRLWORLD_H
#define CA_TESTS_UNIT_CRLWORLD_H

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
static inline uint32_t
rnd(uint32_t below)
{
	t.random = t.random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(t.random >> 33) % below;
}

static inline int
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

static inline void
remove_file(const char *name)
{
	(void)unlinkat(t.dir, name, 0);
}

static inline int
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
static inline ASN1_INTEGER *
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
static inline void
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

/* Without it no entry may have a certificateIssuer. */
static inline void
set_indirect(X509_CRL *crl)
{
	ISSUING_DIST_POINT *idp = ISSUING_DIST_POINT_new();

	idp->indirectCRL = 0xff;
	assert_int_equal(X509_CRL_add1_ext_i2d(
			     crl, NID_issuing_distribution_point, idp, 1, 0),
	    1);
	ISSUING_DIST_POINT_free(idp);
}

static inline void
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

static inline void
write_file(const char *name, const void *p, size_t len)
{
	int fd = openat(t.dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, len), (ssize_t)len);
	close(fd);
}

/* Make a.crl; the serials of its entries go onto the stack. */
static inline unsigned char *
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
	if (indirect)
		set_indirect(crl);
	assert_true(X509_CRL_sign(crl, t.key, EVP_sha256()) > 0);
	*len = (size_t)i2d_X509_CRL(crl, &der);
	X509_CRL_free(crl);
	ASN1_TIME_free(now);
	ASN1_TIME_free(next);
	return der;
}

static inline void
load(const struct ca_crl_way *engine, const struct ca_crl_wanted *wanted,
    struct ca_crls *out)
{
	static const struct ca_crl_wanted nothing = {NULL, 0};
	struct ca_crl_file src = {t.crypto, NULL, engine, t.dir, "a.crl", -1};

	assert_int_equal(ca_file_open(t.dir, "a.crl", &src.fd, NULL), CA_OK);
	assert_int_equal(
	    ca_crl_load(&src, wanted != NULL ? wanted : &nothing, out), CA_OK);
}

static inline X509 *
holder(const ASN1_INTEGER *n, X509 *issuer)
{
	X509 *x = X509_new();

	X509_set_serialNumber(x, (ASN1_INTEGER *)n);
	X509_set_issuer_name(x, X509_get_subject_name(issuer));
	return x;
}

static inline bool
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

#endif
