/*
 * A CRL read in three ways: as X509_CRL of libcrypto, by streaming, by the index.
 * The three must agree on every serial number.
 */
#include "crlworld.h"

#define ROUNDS 30

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
		    md != NULL ? EVP_MD_get0_name(md) : "no digest", pss_salt);
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
	static const char *const direct[] = {
	    "ED25519", "ED448", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"};
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
	for (size_t i = 0; i < (has_mldsa() ? 5 : 2); i++) {
		EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, direct[i]);
		X509 *ca = make_ca(t.crypto, "The CA", key);

		write_signed(key, NULL, -1);
		assert_signed(ca, true, direct[i]);
		assert_signed(t.ca, false, direct[i]);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_ways_agree),
	    cmocka_unit_test(indirect_ways_agree),
	    cmocka_unit_test(every_signature_algorithm),
	    cmocka_unit_test(the_size_of_an_entry),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
