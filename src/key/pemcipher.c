/* How a private key in PEM is encrypted, whether that is known here, and its
 * decryption. */
#include "key/pemkey.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <string.h>

#include "key/pbe.h"

#define DEK "DEK-Info:"
static const char reencrypt[] = "openssl pkcs8 -provider legacy -provider "
				"default -topk8 -in FILE -out NEW";

struct cipher {
	OSSL_LIB_CTX *lib;        /* the process's, without legacy */
	const char *path;         /* for messages */
	const struct ca_log *log; /* borrowed */
	char by[CA_PBE_NAME_MAX]; /* its name */
	bool legacy;              /* only the legacy provider has it */
};

/* Does the legacy provider have alg?  NULL: the cipher called k->by. */
static bool
legacy_has(const struct cipher *k, const X509_ALGOR *alg, enum ca_err *rc)
{
	struct ca_legacy legacy;
	bool has = false;

	if ((*rc = ca_legacy_open(&legacy)) == CA_OK)
		has = alg != NULL ? ca_pbe_has(legacy.lib, alg)
				  : ca_pbe_has_cipher(legacy.lib, k->by);
	ca_legacy_close(&legacy);
	return has;
}

static enum ca_err
settle(struct cipher *k, const X509_ALGOR *alg)
{
	enum ca_err rc = CA_OK;

	if (alg != NULL ? ca_pbe_has(k->lib, alg)
			: ca_pbe_has_cipher(k->lib, k->by))
		return CA_OK;
	k->legacy = legacy_has(k, alg, &rc);
	if (k->legacy)
		ca_log_warning(k->log,
		    "%s is encrypted by a weak algorithm (%s); encrypt it "
		    "again: %-s",
		    k->path, k->by, reencrypt);
	else if (rc == CA_ERR_UNSUPPORTED)
		ca_log_err(k->log,
		    "%s is encrypted by %s, which may need OpenSSL's legacy "
		    "provider, and this machine does not have it; install it "
		    "(Debian: openssl-provider-legacy), or encrypt the key "
		    "again on a machine that has it: %-s",
		    k->path, k->by, reencrypt);
	else
		ca_log_err(k->log,
		    "%s is encrypted by %s, which this libcrypto does not "
		    "have; encrypt it again where the key was made, by "
		    "AES-256 (openssl pkcs8 -topk8 -in FILE -out NEW)",
		    k->path, k->by);
	return k->legacy ? CA_OK : CA_ERR_UNSUPPORTED;
}

/* EncryptedPrivateKeyInfo, RFC 5958 section 3. */
static enum ca_err
look_pkcs8(struct cipher *k, const struct ca_pem *pem)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf der = CA_BUF_INIT(CA_KEY_FILE_MAX);
	X509_SIG *sealed = NULL;
	const X509_ALGOR *alg = NULL;
	const unsigned char *p;

	rc = ca_pem_decode(pem, &der);
	p = der.p;
	if (rc == CA_OK && der.len > 0)
		sealed = d2i_X509_SIG(NULL, &p, (long)der.len);
	ERR_clear_error();
	if (sealed == NULL) {
		ca_log_err(k->log, "%s: its encrypted private key is damaged",
		    k->path);
		ret = CA_ERR_FORMAT;
		goto out;
	}
	X509_SIG_get0(sealed, &alg, NULL);
	ca_pbe_name(alg, k->by);
	if (!ca_pbe_sane(alg)) {
		ca_log_err(k->log,
		    "%s: its passphrase needs too many iterations (%d is the "
		    "maximum)",
		    k->path, CA_PBE_ITERATIONS_MAX);
		ret = CA_ERR_LIMIT;
		goto out;
	}
	if ((rc = settle(k, alg)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	X509_SIG_free(sealed);
	ca_buf_free(&der);
	return ret;
}

/* The traditional form has its cipher in a header (RFC 1421 section 4.6.1.3). */
static enum ca_err
look_traditional(struct cipher *k, const struct ca_pem *pem)
{
	const uint8_t *end = pem->body.p + pem->body.left;
	const uint8_t *at =
	    memmem(pem->body.p, pem->body.left, DEK, strlen(DEK));
	size_t n = 0;

	if (at != NULL)
		for (at += strlen(DEK); at < end && *at == ' ';)
			at++;
	while (at != NULL && at + n < end && n < sizeof k->by - 1 &&
	       at[n] > ' ' && at[n] < 0x7f && at[n] != ',')
		n++;
	if (n == 0) {
		ca_log_err(k->log,
		    "%s: the headers of its encrypted private key are damaged",
		    k->path);
		return CA_ERR_FORMAT;
	}
	memcpy(k->by, at, n);
	k->by[n] = '\0';
	return settle(k, NULL);
}

bool
ca_pem_is_encrypted(const struct ca_pem *pem)
{
	return ca_pem_label(pem, PEM_STRING_PKCS8) ||
	       (ca_pem_has_headers(pem) &&
		   memmem(pem->body.p, pem->body.left, "ENCRYPTED", 9) != NULL);
}

enum ca_err
ca_pem_cipher(const struct ca_pem *pem, OSSL_LIB_CTX *lib, const char *path,
    const struct ca_log *log, bool *legacy)
{
	struct cipher k = {.lib = lib, .path = path, .log = log};
	enum ca_err rc = ca_pem_label(pem, PEM_STRING_PKCS8)
			     ? look_pkcs8(&k, pem)
			     : look_traditional(&k, pem);

	*legacy = k.legacy;
	return rc;
}

/* ---- decryption ---- */

static int
passphrase(char *buf, int size, int writing, void *secret)
{
	const struct ca_secret *s = secret;

	(void)writing;
	if (s == NULL || ca_secret_len(s) > (size_t)size)
		return -1;
	memcpy(buf, ca_secret_get0(s), ca_secret_len(s));
	return (int)ca_secret_len(s);
}

/* libcrypto takes the cipher of the traditional form from the thread's default
 * context. */
EVP_PKEY *
ca_pem_key(
    const struct ca_buf *text, OSSL_LIB_CTX *lib, struct ca_secret *secret)
{
	BIO *bio = BIO_new_mem_buf(text->p, (int)text->len);
	OSSL_LIB_CTX *before = OSSL_LIB_CTX_set0_default(lib);
	EVP_PKEY *pkey = NULL;

	if (bio != NULL)
		pkey = PEM_read_bio_PrivateKey_ex(
		    bio, NULL, passphrase, secret, lib, NULL);
	(void)OSSL_LIB_CTX_set0_default(before);
	BIO_free(bio);
	ERR_clear_error();
	return pkey;
}

static PKCS8_PRIV_KEY_INFO *
unseal_pkcs8(
    const struct ca_buf *text, OSSL_LIB_CTX *lib, struct ca_secret *secret)
{
	BIO *bio = BIO_new_mem_buf(text->p, (int)text->len);
	X509_SIG *sealed =
	    bio != NULL ? PEM_read_bio_PKCS8(bio, NULL, NULL, NULL) : NULL;
	PKCS8_PRIV_KEY_INFO *p8 = NULL;

	if (sealed != NULL)
		p8 = PKCS8_decrypt_ex(sealed, ca_secret_get0(secret),
		    (int)ca_secret_len(secret), lib, NULL);
	X509_SIG_free(sealed);
	BIO_free(bio);
	ERR_clear_error();
	return p8;
}

PKCS8_PRIV_KEY_INFO *
ca_pem_unseal(const struct ca_buf *text, bool pkcs8, OSSL_LIB_CTX *lib,
    struct ca_secret *secret)
{
	EVP_PKEY *pkey;
	PKCS8_PRIV_KEY_INFO *p8 = NULL;

	if (pkcs8)
		return unseal_pkcs8(text, lib, secret);
	/* the traditional form: RSA, EC or DSA, which every libcrypto has */
	if ((pkey = ca_pem_key(text, lib, secret)) != NULL)
		p8 = EVP_PKEY2PKCS8(pkey);
	EVP_PKEY_free(pkey);
	return p8;
}
