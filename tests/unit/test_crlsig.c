/*
 * Which signature algorithms of a CRL are taken, what of their parameters
 * counts, and which keys fit them.
 */
#include "crlmake.h"
#include "crl/crlsig.h"

#include <openssl/rsa.h>

static struct {
	struct ca_crypto *crypto;
	EVP_PKEY *rsa, *pss, *ec, *ed25519, *ed448;
} t;

static int
set_up(void **state)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);

	(void)state;
	assert_int_equal(ca_crypto_new(&t.crypto), CA_OK);
	t.rsa = EVP_RSA_gen(2048);
	t.ec = EVP_EC_gen("P-256");
	t.ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	t.ed448 = EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
	/* a key that allows SHA-256 with 20 bytes of salt and more */
	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_true(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048) > 0);
	assert_true(EVP_PKEY_CTX_set_rsa_pss_keygen_md(ctx, EVP_sha256()) > 0);
	assert_true(
	    EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(ctx, EVP_sha256()) > 0);
	assert_true(EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(ctx, 20) > 0);
	assert_int_equal(EVP_PKEY_generate(ctx, &t.pss), 1);
	EVP_PKEY_CTX_free(ctx);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	EVP_PKEY_free(t.rsa);
	EVP_PKEY_free(t.pss);
	EVP_PKEY_free(t.ec);
	EVP_PKEY_free(t.ed25519);
	EVP_PKEY_free(t.ed448);
	ca_crypto_free(t.crypto);
	return 0;
}

static X509_ALGOR *
alg_of(const char *text)
{
	struct ca_buf b = CA_BUF_INIT(512);

	der_make(text, NULL, &b);
	const uint8_t *p = b.p;
	X509_ALGOR *alg = d2i_X509_ALGOR(NULL, &p, (long)b.len);
	if (alg == NULL)
		fail_msg("%s", text);
	ca_buf_free(&b);
	return alg;
}

#define PLAIN(oid) "30{06{" oid "}}"
#define WITH_NULL(oid) "30{06{" oid "} 05{}}"
#define ECDSA_SHA256 PLAIN("2a8648ce3d040302")
#define RSA_SHA256 WITH_NULL("2a864886f70d01010b")
#define ED25519 PLAIN("2b6570")
#define ED448 PLAIN("2b6571")
#define SHA1 WITH_NULL("2b0e03021a")
#define SHA256 WITH_NULL("608648016503040201")
#define SHA512 WITH_NULL("608648016503040203")
#define SHA512_256 WITH_NULL("608648016503040206")
#define PSS(params) "30{06{2a864886f70d01010a}" params "}"
#define HASH(alg) "a0{" alg "}"
#define MGF(alg) "a1{30{06{2a864886f70d010108}" alg "}}"
#define SALT(n) "a2{02{" n "}}"
#define TRAILER(n) "a3{02{" n "}}"
#define PSS_SHA256(more) PSS("30{" HASH(SHA256) MGF(SHA256) more "}")

static void
algorithms(void **state)
{
	static const struct {
		const char *text, *digest;
	} cases[] = {
	    {ECDSA_SHA256, "SHA256"},
	    {PLAIN("2a8648ce3d040301"), "SHA224"},
	    {PLAIN("2a8648ce3d040303"), "SHA384"},
	    {PLAIN("2a8648ce3d040304"), "SHA512"},
	    {RSA_SHA256, "SHA256"},
	    {WITH_NULL("2a864886f70d01010c"), "SHA384"},
	    {WITH_NULL("2a864886f70d01010d"), "SHA512"},
	    {WITH_NULL("60864801650304030d"), "SHA3-224"},
	    {WITH_NULL("60864801650304030f"), "SHA3-384"},
	    {WITH_NULL("608648016503040310"), "SHA3-512"},
	    {ED25519, ""},
	    {ED448, ""},
	    /* weak, or of a key that we do not know */
	    {WITH_NULL("2a864886f70d010104"), NULL}, /* RSA with MD5 */
	    {WITH_NULL("2a864886f70d010105"), NULL}, /* and SHA-1 */
	    {PLAIN("2a8648ce3d0401"), NULL},         /* ECDSA, SHA-1 */
	    {PLAIN("608648016503040302"), NULL},     /* DSA, SHA-256 */
	    {PLAIN("2a811ccf55018375"), NULL},       /* SM2 */
	    {WITH_NULL("2a864886f70d010101"), NULL}, /* a key */
	    {SHA256, NULL},
	    {PLAIN("2b656e"), NULL}, /* X25519 */
	    {PLAIN("2a0304"), NULL},
	    /* RSASSA-PSS by its parameters */
	    {PSS_SHA256(SALT("20")), "SHA256"},
	    {PSS_SHA256(""), "SHA256"},
	    {PSS_SHA256(SALT("20") TRAILER("01")), "SHA256"},
	    {PSS("30{" HASH(SHA512) MGF(SHA512) SALT("40") "}"), "SHA512"},
	    {PSS("30{" HASH(SHA512_256) MGF(SHA512_256) "}"), "SHA512-256"},
	    {PSS_SHA256(SALT("20") TRAILER("02")), NULL},
	    {PSS(""), NULL},
	    {PSS("05{}"), NULL},
	    {PSS("30{}"), NULL}, /* SHA-1 */
	    {PSS("30{" HASH(SHA1) MGF(SHA1) SALT("14") "}"), NULL},
	    {PSS("30{" HASH(SHA256) SALT("20") "}"), NULL}, /* MGF1: SHA-1 */
	    {PSS("30{" HASH(SHA256) MGF(SHA512) "}"), NULL},
	    {PSS("30{" HASH(SHA512) MGF(SHA256) "}"), NULL},
	    {PSS("30{" MGF(SHA256) "}"), NULL},
	    {PSS("30{" HASH(SHA256) MGF("05{}") "}"), NULL},
	    {PSS("30{" HASH(SHA256) MGF("") "}"), NULL},
	    {PSS("30{" HASH(SHA256) MGF("30{}") "}"), NULL},
	    {PSS("30{" HASH(SHA256) MGF("04{" SHA256 "}") "}"), NULL},
	    {PSS("30{" HASH(SHA256) "a1{30{06{2a864886f70d010109}" SHA256
				    "}}}"),
		NULL},
	    {PSS("30{" HASH(SHA256) MGF(SHA256) SALT("20") "05{}}"), NULL},
	    {PSS("04{30{" HASH(SHA256) MGF(SHA256) "}}"), NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		X509_ALGOR *alg = alg_of(cases[i].text);
		const char *got = ca_crlsig_digest(t.crypto, alg);

		if ((got == NULL) != (cases[i].digest == NULL) ||
		    (got != NULL && strcmp(got, cases[i].digest) != 0))
			fail_msg("%s: %s", cases[i].text,
			    got != NULL ? got : "none");
		assert_int_equal(
		    ca_crlsig_accepted(t.crypto, alg), got != NULL);
		X509_ALGOR_free(alg);
	}
}

/* A signature over "signed", or its digest where how says which, as the
 * reader leaves it behind.  salt: -1 for PKCS#1. */
static struct ca_crlread
signed_by(EVP_PKEY *key, const EVP_MD *md, int salt)
{
	struct ca_crlread r = {.signature = CA_BUF_INIT(4096),
	    .tbs = CA_BUF_INIT(64),
	    .accepted = true};
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	uint8_t sig[1024];
	size_t len = sizeof sig;
	unsigned n = 0;

	assert_int_equal(EVP_DigestSignInit(ctx, &pctx, md, NULL, key), 1);
	if (salt >= 0) {
		assert_true(EVP_PKEY_CTX_set_rsa_padding(
				pctx, RSA_PKCS1_PSS_PADDING) > 0);
		assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt) > 0);
	}
	assert_int_equal(
	    EVP_DigestSign(ctx, sig, &len, (const uint8_t *)"signed", 6), 1);
	ca_buf_put(&r.signature, sig, len);
	if (md == NULL) {
		ca_buf_put(&r.tbs, "signed", 6);
	} else {
		assert_int_equal(
		    EVP_Digest("signed", 6, r.digest, &n, md, NULL), 1);
		r.digest_len = n;
	}
	EVP_MD_CTX_free(ctx);
	return r;
}

static enum ca_err
verify(const char *text, EVP_PKEY *key, const struct ca_crlread *r)
{
	X509_ALGOR *alg = alg_of(text);
	enum ca_err rc = ca_crlsig_verify(t.crypto, alg, key, r);

	X509_ALGOR_free(alg);
	return rc;
}

static void
keys(void **state)
{
	static const char *const alg[] = {
	    RSA_SHA256, PSS_SHA256(SALT("20")), ECDSA_SHA256, ED25519, ED448};
	const struct {
		EVP_PKEY *key;
		const EVP_MD *md;
		int salt;
		size_t with; /* the algorithm that it signs with */
	} cases[] = {
	    {t.rsa, EVP_sha256(), -1, 0},
	    {t.rsa, EVP_sha256(), 32, 1},
	    {t.pss, EVP_sha256(), 32, 1},
	    {t.ec, EVP_sha256(), -1, 2},
	    {t.ed25519, NULL, -1, 3},
	    {t.ed448, NULL, -1, 4},
	};
	EVP_PKEY *all[] = {t.rsa, t.pss, t.ec, t.ed25519, t.ed448};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct ca_crlread r =
		    signed_by(cases[i].key, cases[i].md, cases[i].salt);

		for (size_t a = 0; a < 5; a++)
			for (size_t k = 0; k < 5; k++) {
				bool good = a == cases[i].with &&
					    all[k] == cases[i].key;
				enum ca_err rc = verify(alg[a], all[k], &r);
				if (rc != (good ? CA_OK : CA_DENIED))
					fail_msg("%zu, algorithm %zu, key %zu: "
						 "%s",
					    i, a, k, ca_err_text(rc));
			}
		/* what the reader did not vouch for is not looked at */
		struct ca_crlread without = r;
		without.accepted = false;
		assert_int_equal(
		    verify(alg[cases[i].with], cases[i].key, &without),
		    CA_DENIED);
		without = r;
		without.signature.len = 0;
		assert_int_equal(
		    verify(alg[cases[i].with], cases[i].key, &without),
		    CA_DENIED);
		without = r;
		without.digest_len = without.tbs.len = 0;
		assert_int_equal(
		    verify(alg[cases[i].with], cases[i].key, &without),
		    CA_DENIED);
		r.signature.p[r.signature.len / 2] ^= 1;
		assert_int_equal(
		    verify(alg[cases[i].with], cases[i].key, &r), CA_DENIED);
		ca_crlread_clear(&r);
	}
}

/* The salt is as long as the parameters say: 20 bytes where they say nothing
 * (RFC 4055 section 3.1). */
static void
salts(void **state)
{
	const struct {
		EVP_PKEY *key;
		int salt;
		const char *alg;
		bool good;
	} cases[] = {
	    {t.rsa, 20, PSS_SHA256(""), true},
	    {t.rsa, 20, PSS_SHA256(SALT("14")), true},
	    {t.rsa, 20, PSS_SHA256(SALT("20")), false},
	    {t.rsa, 32, PSS_SHA256(""), false},
	    {t.rsa, 32, PSS_SHA256(SALT("14")), false},
	    {t.rsa, 0, PSS_SHA256(SALT("00")), true},
	    {t.rsa, 0, PSS_SHA256(""), false},
	    {t.rsa, 32, PSS_SHA256(SALT("ff")), false},
	    {t.rsa, 32, PSS_SHA256(SALT("fe")), false},
	    {t.rsa, 32, PSS_SHA256(SALT("7fffffffffffffff")), false},
	    {t.rsa, 32, PSS_SHA256(SALT("0100000020")), false},
	    {t.rsa, 32, RSA_SHA256, false},
	    /* a key may ask for some salt and a digest */
	    {t.pss, 20, PSS_SHA256(""), true},
	    {t.pss, 32, PSS("30{" HASH(SHA512) MGF(SHA512) SALT("20") "}"),
		false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ca_crlread r =
		    signed_by(cases[i].key, EVP_sha256(), cases[i].salt);
		enum ca_err rc = verify(cases[i].alg, cases[i].key, &r);

		if (rc != (cases[i].good ? CA_OK : CA_DENIED))
			fail_msg("%zu: %s", i, ca_err_text(rc));
		ca_crlread_clear(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(algorithms),
	    cmocka_unit_test(keys),
	    cmocka_unit_test(salts),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
