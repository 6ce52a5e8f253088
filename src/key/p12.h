/*
 * Private to src/key: the contents of a PKCS#12 file (RFC 7292).
 */
#ifndef CA_KEY_P12_H
#define CA_KEY_P12_H

#include "key/key.h"

#define CA_P12_BYTES_MAX ((size_t)1024 * 1024)
#define CA_P12_KEYS_MAX 16
#define CA_P12_CERTS_MAX 256
/* A file chooses the work for each password; this limit is some seconds. */
#define CA_P12_ITERATIONS_MAX 2000000

struct ca_p12 {
	EVP_PKEY *key[CA_P12_KEYS_MAX]; /* in the caller's library context */
	size_t nkeys;
	size_t unreadable; /* number of keys of unknown types */
	STACK_OF(X509) *certs;
	bool legacy; /* the legacy provider was needed */
};

/*
 * Read the len bytes at p.  password NULL or empty stands for both forms of no
 * password.  CA_ERR_PIN: the password is wrong or missing; CA_ERR_FORMAT: it is
 * not PKCS#12, or damaged; CA_ERR_UNSUPPORTED: the password is right, but even
 * the legacy provider does not know the encryption; CA_ERR_LIMIT: a limit above
 * is exceeded; CA_ERR_MEMORY; CA_ERR_CRYPTO.  The caller frees *out by
 * ca_p12_free after CA_OK only.
 */
CA_MUST_CHECK enum ca_err ca_p12_open(struct ca_crypto *crypto, const void *p,
    size_t len, const struct ca_secret *password, struct ca_p12 *out);

void ca_p12_free(struct ca_p12 *p12); /* its contents */

#endif
