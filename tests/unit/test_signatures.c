/* An external suite of test signatures, checked by ca_crypto_verify. */
#include "vectors.h"

#include "crypto/crypto.h"
#include "wire/scheme.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>

struct tally {
	size_t valid, invalid, acceptable, accepted, wrong;
};

static char *
next_field(char **at)
{
	char *field = strsep(at, "\t\n");

	assert_non_null(field);
	return field;
}

static struct ca_buf
hex_field(char **at)
{
	const char *text = next_field(at);

	return unhex(strcmp(text, "-") == 0 ? "" : text);
}

static void
each_row(struct ca_crypto *c, char *line, struct tally *t)
{
	char *at = line;
	const struct ca_scheme *scheme = ca_scheme_by_name(next_field(&at));
	const char *id = next_field(&at), *result = next_field(&at);
	const char *flags = next_field(&at);
	struct ca_buf spki = hex_field(&at), msg = hex_field(&at);
	struct ca_buf sig = hex_field(&at);
	const unsigned char *p = spki.p;

	assert_non_null(scheme);
	EVP_PKEY *key = d2i_PUBKEY_ex(
	    NULL, &p, (long)spki.len, ca_crypto_get0_libctx(c), NULL);
	bool good =
	    ca_crypto_verify(c, scheme, key,
		&(struct ca_signed){msg.p, msg.len, sig.p, sig.len}) == CA_OK;
	if (strcmp(result, "acceptable") == 0) {
		t->acceptable++;
		t->accepted += good;
		print_message("# acceptable: %s %s (%s): %s\n", scheme->name,
		    id, flags, good ? "accepted" : "refused");
	} else {
		bool want = strcmp(result, "valid") == 0;

		if (!want)
			assert_string_equal(result, "invalid");
		t->valid += want;
		t->invalid += !want;
		if (good != want) {
			print_message("# %s %s (%s): %s, but it is %s\n",
			    scheme->name, id, flags,
			    good ? "accepted" : "refused", result);
			t->wrong++;
		}
	}
	EVP_PKEY_free(key);
	ca_buf_free(&spki);
	ca_buf_free(&msg);
	ca_buf_free(&sig);
}

static void
conformance(void **state)
{
	const char *shared = getenv("CERTAUTH_SHARED");
	char path[4096];
	struct tally t = {0};
	struct ca_crypto *c;
	char *line = NULL;
	size_t cap = 0;

	(void)state;
	(void)snprintf(path, sizeof path, "%s/conformance/signatures.tsv",
	    shared != NULL ? shared : "../shared");
	FILE *f = fopen(path, "r");
	if (f == NULL) {
		print_message("# SKIP: %s is not there\n", path);
		skip();
	}
	assert_int_equal(ca_crypto_new(&c), CA_OK);
	while (getline(&line, &cap, f) > 0) {
		if (line[0] != '#')
			each_row(c, line, &t);
	}
	free(line);
	fclose(f);
	ca_crypto_free(c);
	print_message("# %zu valid, %zu invalid, %zu acceptable (%zu of them "
		      "accepted), %zu judged wrongly\n",
	    t.valid, t.invalid, t.acceptable, t.accepted, t.wrong);
	assert_int_equal(t.wrong, 0);
	assert_true(t.valid > 700 && t.invalid > 2000);
}

/* ---- what no row of the suite covers: binding, salts ---- */

static EVP_PKEY *
make_key(struct ca_crypto *c, const char *type, const char *arg)
{
	OSSL_LIB_CTX *lib = ca_crypto_get0_keys(c);
	EVP_PKEY *key;

	if (strcmp(type, "RSA") == 0)
		key = EVP_PKEY_Q_keygen(
		    lib, NULL, type, (size_t)strtoul(arg, NULL, 10));
	else if (strcmp(type, "EC") == 0)
		key = EVP_PKEY_Q_keygen(lib, NULL, type, arg);
	else
		key = EVP_PKEY_Q_keygen(lib, NULL, type);
	assert_non_null(key);
	return key;
}

static void
sign_with_salt(struct ca_crypto *c, EVP_PKEY *key, const char *digest,
    const char *mgf1, int salt, uint8_t *sig, size_t *siglen)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;

	assert_int_equal(EVP_DigestSignInit_ex(ctx, &pctx, digest,
			     ca_crypto_get0_libctx(c), NULL, key, NULL),
	    1);
	assert_int_equal(
	    EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt), 1);
	assert_int_equal(
	    EVP_PKEY_CTX_set_rsa_mgf1_md_name(pctx, mgf1, NULL), 1);
	assert_int_equal(
	    EVP_DigestSign(ctx, sig, siglen, (const uint8_t *)"abc", 3), 1);
	EVP_MD_CTX_free(ctx);
}

static void
pss_salts(void **state)
{
	static const struct {
		const char *scheme, *mgf1;
		int salt;
		enum ca_err want;
	} cases[] = {
	    {"rsa_pss_rsae_sha256", "SHA256", 32, CA_OK},
	    {"rsa_pss_rsae_sha256", "SHA256", 0, CA_DENIED},
	    {"rsa_pss_rsae_sha256", "SHA256", 20, CA_DENIED},
	    {"rsa_pss_rsae_sha256", "SHA256", 31, CA_DENIED},
	    {"rsa_pss_rsae_sha256", "SHA256", 33, CA_DENIED},
	    {"rsa_pss_rsae_sha256", "SHA256", 222, CA_DENIED},
	    {"rsa_pss_rsae_sha256", "SHA1", 32, CA_DENIED},
	    {"rsa_pss_rsae_sha384", "SHA384", 48, CA_OK},
	    {"rsa_pss_rsae_sha384", "SHA384", 32, CA_DENIED},
	    {"rsa_pss_rsae_sha384", "SHA256", 48, CA_DENIED},
	    {"rsa_pss_rsae_sha512", "SHA512", 64, CA_OK},
	    {"rsa_pss_rsae_sha512", "SHA512", 20, CA_DENIED},
	    {"rsa_pss_rsae_sha512", "SHA512", 63, CA_DENIED},
	};
	struct ca_crypto *c;

	(void)state;
	assert_int_equal(ca_crypto_new(&c), CA_OK);
	EVP_PKEY *key = make_key(c, "RSA", "2048");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct ca_scheme *s = ca_scheme_by_name(cases[i].scheme);
		uint8_t sig[256];
		size_t len = sizeof sig;

		sign_with_salt(
		    c, key, s->digest, cases[i].mgf1, cases[i].salt, sig, &len);
		enum ca_err got = ca_crypto_verify(
		    c, s, key, &(struct ca_signed){"abc", 3, sig, len});
		if (got != cases[i].want)
			fail_msg("%s, salt of %d: %s", s->name, cases[i].salt,
			    ca_err_text(got));
	}
	EVP_PKEY_free(key);
	ca_crypto_free(c);
}

static void
binding(void **state)
{
	static const struct {
		const char *type, *arg, *fits;
	} cases[] = {
	    {"EC", "prime256v1", " ecdsa_secp256r1_sha256 "},
	    {"EC", "secp384r1", " ecdsa_secp384r1_sha384 "},
	    {"EC", "secp521r1", " ecdsa_secp521r1_sha512 "},
	    {"EC", "secp256k1", ""},
	    {"EC", "brainpoolP256r1", ""},
	    {"ED25519", NULL, " ed25519 "},
	    {"ED448", NULL, " ed448 "},
	    {"X25519", NULL, ""},
	    {"RSA", "1024", ""},
	    {"RSA", "2047", ""},
	    {"RSA", "2048",
		" rsa_pss_rsae_sha256 rsa_pss_rsae_sha384 rsa_pss_rsae_sha512"
		" rsa_pkcs1_sha256 rsa_pkcs1_sha384 rsa_pkcs1_sha512 "},
	};
	struct ca_crypto *c;

	(void)state;
	assert_int_equal(ca_crypto_new(&c), CA_OK);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		EVP_PKEY *key = make_key(c, cases[i].type, cases[i].arg);
		const struct ca_scheme *s;

		for (size_t j = 0; (s = ca_scheme_at(j)) != NULL; j++) {
			struct ca_buf name = CA_BUF_INIT(100);
			struct ca_buf sig = CA_BUF_INIT(1000);

			ca_buf_fmt(&name, " %s ", s->name);
			bool want = strstr(cases[i].fits, ca_buf_text(&name));
			if (ca_crypto_scheme_fits(s, key) != want)
				fail_msg("%s %s and%s", cases[i].type,
				    cases[i].arg, ca_buf_text(&name));
			enum ca_err rc =
			    ca_crypto_sign(c, s, key, "abc", 3, &sig);
			assert_int_equal(rc, want ? CA_OK : CA_ERR_UNSUPPORTED);
			rc = ca_crypto_verify(c, s, key,
			    &(struct ca_signed){"abc", 3, sig.p, sig.len});
			assert_int_equal(rc, want ? CA_OK : CA_ERR_UNSUPPORTED);
			if (want) {
				rc = ca_crypto_verify(c, s, key,
				    &(struct ca_signed){
					"abd", 3, sig.p, sig.len});
				assert_int_equal(rc, CA_DENIED);
				rc = ca_crypto_verify(c, s, key,
				    &(struct ca_signed){"abc", 3, sig.p, 0});
				assert_int_equal(rc, CA_DENIED);
			}
			ca_buf_free(&name);
			ca_buf_free(&sig);
		}
		EVP_PKEY_free(key);
	}
	ca_crypto_free(c);
}

/* A key that says "RSA-PSS only" is another type than rsaEncryption, and a
 * curve with explicit parameters is not a known one. */
static void
other_encodings(void **state)
{
	struct ca_crypto *c;
	EVP_PKEY *key = NULL;

	(void)state;
	assert_int_equal(ca_crypto_new(&c), CA_OK);
	OSSL_LIB_CTX *lib = ca_crypto_get0_libctx(c);

	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(lib, "RSA-PSS", NULL);
	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
	const struct ca_scheme *s = ca_scheme_by_name("rsa_pss_rsae_sha256");
	assert_false(ca_crypto_scheme_fits(s, key));
	assert_true(ca_crypto_scheme_fits(
	    ca_scheme_by_name("rsa_pss_pss_sha256"), key));
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(ctx);

	key = make_key(c, "EC", "prime256v1");
	s = ca_scheme_by_name("ecdsa_secp256r1_sha256");
	assert_true(ca_crypto_scheme_fits(s, key));
	assert_int_equal(
	    EVP_PKEY_set_utf8_string_param(key, "encoding", "explicit"), 1);
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	assert_true(len > 200); /* the curve's parameters are in it */
	const unsigned char *p = der;
	EVP_PKEY *again = d2i_PUBKEY_ex(NULL, &p, len, lib, NULL);
	assert_non_null(again);
	assert_false(ca_crypto_scheme_fits(s, again));
	OPENSSL_free(der);
	EVP_PKEY_free(again);
	EVP_PKEY_free(key);
	assert_false(ca_crypto_scheme_fits(s, NULL));
	assert_false(ca_crypto_scheme_fits(NULL, NULL));
	ca_crypto_free(c);
}

/* ---- id-RSASSA-PSS: what the key's parameters allow ---- */

static EVP_PKEY *
pss_key(struct ca_crypto *c, const char *md, const char *mgf1, int salt)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(
	    ca_crypto_get0_libctx(c), "RSA-PSS", NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048), 1);
	if (md != NULL)
		assert_int_equal(
		    EVP_PKEY_CTX_set_rsa_pss_keygen_md_name(ctx, md, NULL), 1);
	if (mgf1 != NULL)
		assert_int_equal(
		    EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md_name(ctx, mgf1), 1);
	if (salt >= 0)
		assert_int_equal(
		    EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(ctx, salt), 1);
	assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void
sign_by(
    struct ca_crypto *c, const struct ca_scheme *s, EVP_PKEY *key, bool fits)
{
	struct ca_buf sig = CA_BUF_INIT(1024);
	enum ca_err rc;

	assert_int_equal(ca_crypto_scheme_fits(s, key), fits);
	rc = ca_crypto_sign(c, s, key, "abc", 3, &sig);
	assert_int_equal(rc, fits ? CA_OK : CA_ERR_UNSUPPORTED);
	rc = ca_crypto_verify(
	    c, s, key, &(struct ca_signed){"abc", 3, sig.p, sig.len});
	assert_int_equal(rc, fits ? CA_OK : CA_ERR_UNSUPPORTED);
	if (fits) {
		rc = ca_crypto_verify(
		    c, s, key, &(struct ca_signed){"abd", 3, sig.p, sig.len});
		assert_int_equal(rc, CA_DENIED);
	}
	ca_buf_free(&sig);
}

/* The key as it stands in a certificate, after its trip through DER. */
static EVP_PKEY *
public_part(struct ca_crypto *c, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	const unsigned char *p = der;
	EVP_PKEY *pub =
	    d2i_PUBKEY_ex(NULL, &p, len, ca_crypto_get0_libctx(c), NULL);

	assert_non_null(pub);
	OPENSSL_free(der);
	return pub;
}

static void
pss_restrictions(void **state)
{
	static const struct {
		const char *md, *mgf1;
		int salt;
		bool fits[3]; /* sha256, sha384, sha512 */
	} row[] = {
	    {NULL, NULL, -1, {true, true, true}},
	    {"SHA256", "SHA256", 32, {true, false, false}},
	    {"SHA256", "SHA256", 0, {true, false, false}},
	    {"SHA256", "SHA256", 33, {false, false, false}},
	    {"SHA384", "SHA384", 48, {false, true, false}},
	    {"SHA512", "SHA512", 64, {false, false, true}},
	    {"SHA512", "SHA512", 20, {false, false, true}},
	    {"SHA256", "SHA384", 32, {false, false, false}},
	    {"SHA256", "SHA1", 32, {false, false, false}},
	    {"SHA1", "SHA256", 20, {false, false, false}},
	    {"SHA1", "SHA1", 20, {false, false, false}},
	    {"SHA224", "SHA224", 28, {false, false, false}},
	    {"SHA512-256", "SHA512-256", 32, {false, false, false}},
	};
	static const char *const name[] = {
	    "rsa_pss_pss_sha256", "rsa_pss_pss_sha384", "rsa_pss_pss_sha512"};
	struct ca_crypto *c;

	(void)state;
	assert_int_equal(ca_crypto_new(&c), CA_OK);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		EVP_PKEY *key = pss_key(c, row[i].md, row[i].mgf1, row[i].salt);
		EVP_PKEY *pub = public_part(c, key);

		for (size_t j = 0; j < 3; j++) {
			const struct ca_scheme *s = ca_scheme_by_name(name[j]);

			if (ca_crypto_scheme_fits(s, pub) != row[i].fits[j])
				fail_msg("row %zu, %s", i, name[j]);
			sign_by(c, s, key, row[i].fits[j]);
		}
		EVP_PKEY_free(pub);
		EVP_PKEY_free(key);
	}
	ca_crypto_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(conformance),
	    cmocka_unit_test(pss_salts),
	    cmocka_unit_test(binding),
	    cmocka_unit_test(other_encodings),
	    cmocka_unit_test(pss_restrictions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
