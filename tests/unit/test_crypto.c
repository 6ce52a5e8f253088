/* Our own library context, and the state that it must not change. */
#include "vectors.h"

#include "crypto/crypto.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static X509 *
pem(const char *name)
{
	char path[256];
	X509 *cert;

	(void)snprintf(path, sizeof path, VECTORS_DIR "%s", name);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(cert = PEM_read_X509(f, NULL, NULL, NULL));
	fclose(f);
	return cert;
}

/* A certificate's DER, with room behind it. */
static size_t
der_of(const char *name, uint8_t out[4096])
{
	X509 *cert = pem(name);
	unsigned char *p = out;
	int len = i2d_X509(cert, &p);

	assert_true(len > 0 && len < 4000);
	X509_free(cert);
	return (size_t)len;
}

/* All that a login does with libcrypto; true if it worked. */
static bool
whole_use(void)
{
	struct ca_crypto *c;
	uint8_t sum[32], hash[CA_TRANSCRIPT_HASH_LEN], nonce[32];
	uint8_t der[4096];
	char text[4096];
	struct ca_buf sig = CA_BUF_INIT(1000);
	X509 *cert = NULL;
	bool good;

	/* the DER by hand: PEM_read_X509 uses the default context */
	FILE *f = fopen(VECTORS_DIR "p256.pem", "r");
	size_t n = f != NULL ? fread(text, 1, sizeof text - 1, f) : 0;
	text[n] = '\0';
	if (f == NULL || fclose(f) != 0)
		return false;
	struct ca_buf b64 = CA_BUF_INIT(4096), bin = CA_BUF_INIT(4096);
	for (char *p = strchr(text, '\n'); p != NULL && strncmp(p, "\n--", 3);
	     p++) {
		if (*p != '\n' && *p != '=')
			ca_buf_u8(&b64, (uint8_t)(*p == '+'   ? '-'
						  : *p == '/' ? '_'
							      : *p));
	}
	if (ca_base64url_decode(&bin, ca_buf_text(&b64), b64.len) != CA_OK ||
	    bin.len > sizeof der)
		return false;
	if (ca_crypto_new(&c) != CA_OK)
		return false;
	EVP_PKEY *key = EVP_PKEY_Q_keygen(
	    ca_crypto_get0_libctx(c), NULL, "EC", "prime256v1");
	const struct ca_scheme *s = ca_scheme_by_code(0x0403);
	const struct ca_bytes part = {(const uint8_t *)"abc", 3};
	good = ca_crypto_sha256(c, "abc", 3, sum) == CA_OK &&
	       ca_crypto_transcript(c, &part, 1, hash) == CA_OK &&
	       ca_crypto_random(c, nonce, sizeof nonce) == CA_OK &&
	       ca_crypto_cert(c, bin.p, bin.len, &cert) == CA_OK &&
	       X509_get0_pubkey(cert) != NULL && key != NULL &&
	       ca_crypto_sign(c, s, key, "abc", 3, &sig) == CA_OK &&
	       ca_crypto_verify(c, s, key,
		   &(struct ca_signed){"abc", 3, sig.p, sig.len}) == CA_OK;
	X509_free(cert);
	EVP_PKEY_free(key);
	ca_buf_free(&sig);
	ca_buf_free(&b64);
	ca_buf_free(&bin);
	ca_crypto_free(c);
	return good;
}

/*
 * In a process of its own, which has not used libcrypto yet: with a FIFO as
 * openssl.cnf, whoever opens it waits for ever, and the alarm ends that; with
 * a configuration that forbids all algorithms, whoever reads it fails.
 */
static void
with_environment(const char *conf, const char *modules)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(20);
		setenv("OPENSSL_CONF", conf, 1);
		setenv("OPENSSL_MODULES", modules, 1);
		_exit(whole_use() ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("OPENSSL_CONF=%s changes what happens: %s %d", conf,
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status)
					: WEXITSTATUS(status));
}

static void
no_environment(void **state)
{
	char dir[] = "/tmp/certauth-test-XXXXXX", path[64];

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/cnf", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	with_environment(path, dir);
	assert_int_equal(unlink(path), 0);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs("config_diagnostics = 1\nopenssl_conf = o\n[o]\n"
	      "providers = p\nalg_section = a\n[p]\nnone = n\n[n]\n"
	      "activate = 1\n[a]\ndefault_properties = fips=yes\n",
	    f);
	fclose(f);
	with_environment(path, dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void
digests(void **state)
{
	struct ca_crypto *c;
	uint8_t sum[32], hash[CA_TRANSCRIPT_HASH_LEN];
	struct ca_buf hex = CA_BUF_INIT(200);
	const struct ca_bytes part[] = {
	    {(const uint8_t *)"a", 1}, {NULL, 0}, {(const uint8_t *)"bc", 2}};

	(void)state;
	assert_int_equal(ca_crypto_new(&c), CA_OK);
	assert_int_equal(ca_crypto_sha256(c, "abc", 3, sum), CA_OK);
	ca_buf_hex(&hex, sum, sizeof sum);
	assert_string_equal(ca_buf_text(&hex),
	    "ba7816bf8f01cfea414140de5dae22"
	    "23b00361a396177a9cb410ff61f20015ad");
	ca_buf_reset(&hex);
	assert_int_equal(ca_crypto_transcript(c, part, 3, hash), CA_OK);
	ca_buf_hex(&hex, hash, sizeof hash);
	assert_string_equal(ca_buf_text(&hex),
	    "cb00753f45a35e8bb5a03d699ac650"
	    "07272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825"
	    "a7");
	assert_ptr_equal(
	    ca_crypto_get0_md(c, "SHA384"), ca_crypto_get0_md(c, "SHA384"));
	assert_null(ca_crypto_get0_md(c, "no such digest"));
	assert_null(ca_crypto_get0_md(c, "nodigest"));
	assert_null(ca_crypto_get0_md(c, "nodigest"));
	ca_buf_free(&hex);
	ca_crypto_free(c);
}

static void
certificates(void **state)
{
	uint8_t der[4096], longer[4100];
	size_t len = der_of("p256.pem", der);
	struct ca_crypto *c;
	X509 *cert;

	(void)state;
	assert_int_equal(ca_crypto_new(&c), CA_OK);
	assert_int_equal(ca_crypto_cert(c, der, len, &cert), CA_OK);
	assert_non_null(X509_get0_pubkey(cert));
	X509_free(cert);
	assert_int_equal(ca_crypto_cert(c, der, 0, &cert), CA_ERR_FORMAT);
	assert_int_equal(ca_crypto_cert(c, der, len - 1, &cert), CA_ERR_FORMAT);
	assert_null(cert);
	der[len] = 0;
	assert_int_equal(ca_crypto_cert(c, der, len + 1, &cert), CA_ERR_FORMAT);
	/* the outer length in one byte more than it takes: BER */
	assert_int_equal(der[1], 0x82);
	longer[0] = 0x30;
	longer[1] = 0x83;
	longer[2] = 0;
	memcpy(longer + 3, der + 2, len - 2);
	assert_int_equal(
	    ca_crypto_cert(c, longer, len + 1, &cert), CA_ERR_FORMAT);
	ca_crypto_free(c);
}

/* The queue belongs to the application as well. */
static void
error_queue(void **state)
{
	struct ca_crypto *c;
	X509 *cert;
	uint8_t der[4096];
	size_t len = der_of("p256.pem", der);

	(void)state;
	ERR_clear_error();
	assert_int_equal(ca_crypto_new(&c), CA_OK);
	assert_null(ca_crypto_get0_md(c, "nodigest"));
	assert_int_equal(ca_crypto_cert(c, "abc", 3, &cert), CA_ERR_FORMAT);
	assert_int_equal(ca_crypto_cert(c, der, len, &cert), CA_OK);
	EVP_PKEY *key = X509_get0_pubkey(cert);
	const struct ca_scheme *s = ca_scheme_by_code(0x0403);
	assert_int_equal(
	    ca_crypto_verify(c, s, key, &(struct ca_signed){"a", 1, "b", 1}),
	    CA_DENIED);
	for (size_t i = 0; (s = ca_scheme_at(i)) != NULL; i++)
		(void)ca_crypto_has_scheme(c, s);
	assert_int_equal(ERR_peek_error(), 0);
	/* what the application has in it stays, and stays the last */
	ERR_raise(ERR_LIB_USER, 42);
	assert_int_equal(ca_crypto_verify(c, ca_scheme_by_code(0x0403), key,
			     &(struct ca_signed){"a", 1, "b", 1}),
	    CA_DENIED);
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), 42);
	assert_int_equal(ERR_GET_REASON(ERR_get_error()), 42);
	assert_int_equal(ERR_get_error(), 0);
	X509_free(cert);
	ca_crypto_free(c);
}

/* What a host offers: all that this libcrypto can, and nothing else. */
static void
schemes(void **state)
{
	const struct ca_scheme *s;
	struct ca_crypto *c;
	size_t n;

	(void)state;
	assert_int_equal(ca_crypto_new(&c), CA_OK);
	for (n = 0; (s = ca_scheme_at(n)) != NULL; n++) {
		EVP_KEYMGMT *k = EVP_KEYMGMT_fetch(
		    ca_crypto_get0_libctx(c), s->key_name, NULL);

		assert_int_equal(ca_crypto_has_scheme(c, s), k != NULL);
		EVP_KEYMGMT_free(k);
		assert_ptr_equal(ca_scheme_by_code(s->code), s);
		assert_ptr_equal(ca_scheme_by_name(s->name), s);
	}
	assert_int_equal(n, 17);
	assert_null(ca_scheme_by_code(0x0203)); /* ecdsa_sha1 */
	assert_null(ca_scheme_by_code(0x0201)); /* rsa_pkcs1_sha1 */
	assert_null(ca_scheme_by_code(0x0202)); /* dsa_sha1 */
	assert_null(ca_scheme_by_code(0x0402)); /* dsa_sha256 */
	assert_null(ca_scheme_by_code(0));
	assert_null(ca_scheme_by_name(""));
	assert_null(ca_scheme_by_name("ED25519"));
	ca_crypto_free(c);
}

static void
randomness(void **state)
{
	struct ca_crypto *c;
	uint8_t a[32] = {0}, b[32] = {0}, zero[32] = {0};

	(void)state;
	assert_int_equal(ca_crypto_new(&c), CA_OK);
	assert_int_equal(ca_crypto_random(c, a, 32), CA_OK);
	assert_int_equal(ca_crypto_random(c, b, 32), CA_OK);
	assert_memory_not_equal(a, b, 32);
	assert_memory_not_equal(a, zero, 32);
	ca_crypto_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_environment), /* before libcrypto is used */
	    cmocka_unit_test(digests),
	    cmocka_unit_test(certificates),
	    cmocka_unit_test(error_queue),
	    cmocka_unit_test(schemes),
	    cmocka_unit_test(randomness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
