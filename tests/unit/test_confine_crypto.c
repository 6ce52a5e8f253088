/* libcrypto in a process that is confined in every way: what was loaded before
 * works, and so does what it fetches afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "confinechild.h"
#include "confinefilter.h"
#include "pkimake.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>
#include <time.h>

static const char *step;
static X509 *root, *inter, *leaf;

static int
make_path(void **state)
{
	EVP_PKEY *key[3] = {new_key(), new_key_on("P-384"), new_key()};

	(void)state;
	if (pki_start("confine") != 0)
		return -1;
	root = make(&(struct spec){.subject = "root",
	    .issuer = "root",
	    .key = key[0],
	    .signer = key[0],
	    .ca = true});
	inter = make(&(struct spec){.subject = "inter",
	    .issuer = "root",
	    .key = key[1],
	    .signer = key[0],
	    .ca = true});
	leaf = make(&(struct spec){.subject = "leaf",
	    .issuer = "inter",
	    .key = key[2],
	    .signer = key[1]});
	put_cert("root.pem", root);
	for (int i = 0; i < 3; i++)
		EVP_PKEY_free(key[i]);
	return root != NULL && inter != NULL && leaf != NULL ? 0 : -1;
}

static int
free_path(void **state)
{
	(void)state;
	X509_free(root);
	X509_free(inter);
	X509_free(leaf);
	pki_stop();
	return 0;
}

/* All steps, in the mode that kills for everything that is not on the list. */
static bool
confine(void)
{
	const char *const paths[] = {dir};
	const struct ca_confine_files files = {paths, 1, false};
	struct ca_confine_limits limits = CA_CONFINE_LIMITS;
	const struct ca_confine_sockets sockets = {{0}, 1, false};
	struct ca_confine_calls calls;
	enum ca_err rc;

	if (chmod(dir, 0755) != 0 || as_user() != 0 ||
	    ca_confine_limits(&limits, getppid(), &step) != CA_OK)
		return false;
	rc = ca_confine_files(&files, &step);
	return (rc == CA_OK || rc == CA_ERR_UNSUPPORTED) &&
	       ca_confine_calls_make(CA_CONFINE_KILL, &sockets, &calls) ==
		   CA_OK &&
	       ca_confine_calls_enter(&calls, &step) == CA_OK;
}

/* ---- signatures ---- */

struct signature {
	const char *type, *digest; /* of EVP_PKEY_Q_keygen; NULL: none */
	bool pss;
	EVP_PKEY *key;
	unsigned char text[8000];
	size_t len;
};

static struct signature signature;

static bool
sign_or_verify(struct signature *s, bool sign)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *kc;
	OSSL_LIB_CTX *lib = ca_crypto_get0_libctx(crypto);
	bool ok = sign ? EVP_DigestSignInit_ex(
			     ctx, &kc, s->digest, lib, NULL, s->key, NULL) == 1
		       : EVP_DigestVerifyInit_ex(
			     ctx, &kc, s->digest, lib, NULL, s->key, NULL) == 1;

	if (ok && s->pss)
		ok = EVP_PKEY_CTX_set_rsa_padding(kc, RSA_PKCS1_PSS_PADDING) ==
			 1 &&
		     EVP_PKEY_CTX_set_rsa_pss_saltlen(
			 kc, RSA_PSS_SALTLEN_DIGEST) == 1;
	s->len = sign ? sizeof s->text : s->len;
	ok = ok && (sign ? EVP_DigestSign(ctx, s->text, &s->len,
			       (const unsigned char *)"request", 7) == 1
			 : EVP_DigestVerify(ctx, s->text, s->len,
			       (const unsigned char *)"request", 7) == 1);
	EVP_MD_CTX_free(ctx);
	return ok;
}

static int
verify_confined(void)
{
	if (!confine())
		return 1;
	if (!sign_or_verify(&signature, false))
		return 2;
	signature.text[signature.len - 1] ^= 1;
	return sign_or_verify(&signature, false) ? 3 : 0;
}

static void
signatures(void **state)
{
	static const struct signature row[] = {{"RSA", "SHA256", true},
	    {"RSA", "SHA512", false}, {"P-256", "SHA256", false},
	    {"P-384", "SHA384", false}, {"P-521", "SHA512", false},
	    {"ED25519", NULL, false}, {"ED448", NULL, false},
	    {"ML-DSA-65", NULL, false}};

	(void)state;
	needs_a_plain_process();
	needs_filters();
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		OSSL_LIB_CTX *lib = ca_crypto_get0_libctx(crypto);

		signature = row[i];
		if (strcmp(row[i].type, "RSA") == 0)
			signature.key =
			    EVP_PKEY_Q_keygen(lib, NULL, "RSA", (size_t)2048);
		else if (row[i].type[0] == 'P')
			signature.key =
			    EVP_PKEY_Q_keygen(lib, NULL, "EC", row[i].type);
		else
			signature.key =
			    EVP_PKEY_Q_keygen(lib, NULL, row[i].type);
		if (signature.key == NULL &&
		    strncmp(row[i].type, "ML-", 3) == 0) {
			print_message(
			    "# this libcrypto has no %s\n", row[i].type);
			continue;
		}
		assert_non_null(signature.key);
		assert_true(sign_or_verify(&signature, true));
		child_returns(verify_confined, 0);
		EVP_PKEY_free(signature.key);
	}
}

/* ---- a path ---- */

static int
verify_path(void)
{
	OSSL_LIB_CTX *lib = ca_crypto_get0_libctx(crypto);
	char path[128];
	unsigned char *der = NULL;
	const unsigned char *p;
	X509 *trusted = NULL, *copy;
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(lib, NULL);
	STACK_OF(X509) *others = sk_X509_new_null();
	int len = i2d_X509(leaf, &der);
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/root.pem", dir);
	if (!confine())
		return 1;
	if ((f = fopen(path, "re")) == NULL ||
	    (trusted = PEM_read_X509(f, NULL, NULL, NULL)) == NULL)
		return 2;
	p = der;
	if ((copy = d2i_X509(NULL, &p, len)) == NULL)
		return 3;
	if (X509_STORE_add_cert(store, trusted) != 1 ||
	    sk_X509_push(others, inter) != 1 ||
	    X509_STORE_CTX_init(ctx, store, copy, others) != 1)
		return 4;
	X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(ctx), NOW);
	if (X509_verify_cert(ctx) != 1)
		return 5;
	X509_STORE_CTX_cleanup(ctx);
	/* the time of now */
	return X509_STORE_CTX_init(ctx, store, copy, others) == 1 &&
		       X509_verify_cert(ctx) ==
			   (time(NULL) > NOW - DAY && time(NULL) < NOW + DAY)
		   ? 0
		   : 6;
}

static void
path(void **state)
{
	(void)state;
	needs_a_plain_process();
	needs_filters();
	child_returns(verify_path, 0);
}

/* ---- what nobody has used before ---- */

static int
fetch(void)
{
	OSSL_LIB_CTX *lib = ca_crypto_get0_libctx(crypto), *new;
	unsigned char bytes[64];
	EVP_MD *md;

	if (!confine())
		return 1;
	if ((md = EVP_MD_fetch(lib, "SHA3-384", NULL)) == NULL ||
	    EVP_Digest("x", 1, bytes, NULL, md, NULL) != 1)
		return 2;
	if (EVP_CIPHER_fetch(lib, "AES-256-GCM", NULL) == NULL)
		return 3;
	if (RAND_bytes_ex(lib, bytes, sizeof bytes, 0) != 1 ||
	    EVP_PKEY_Q_keygen(lib, NULL, "ED448") == NULL)
		return 4;
	if (EVP_MD_fetch(lib, "no such", NULL) != NULL)
		return 5;
	/* a context of its own; errors with their texts */
	if ((new = OSSL_LIB_CTX_new()) == NULL ||
	    EVP_MD_fetch(new, "SHA256", NULL) == NULL)
		return 6;
	return ERR_reason_error_string(ERR_peek_error()) != NULL ? 0 : 7;
}

static void
fetches(void **state)
{
	(void)state;
	needs_a_plain_process();
	needs_filters();
	child_returns(fetch, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(signatures),
	    cmocka_unit_test(path),
	    cmocka_unit_test(fetches),
	};

	return cmocka_run_group_tests_name(
	    "confine_crypto", tests, make_path, free_path);
}
