/*
 * Private to src/key: the contents of a PKCS#12 file (RFC 7292).
 */
#ifndef CA_KEY_P12_H
#define CA_KEY_P12_H

#include "crypto/certgate.h"
#include "key/key.h"
#include "key/pbe.h"

#define CA_P12_BYTES_MAX CA_KEY_FILE_MAX
#define CA_P12_KEYS_MAX 16
#define CA_P12_CERTS_MAX 256

struct ca_p12 {
	EVP_PKEY *key[CA_P12_KEYS_MAX]; /* in the caller's library context */
	size_t nkeys;
	size_t unreadable; /* number of keys of unknown types */
	const char *newer; /* the type of one of these, see ca_sigalg_newer */
	STACK_OF(X509) *certs;
	char refusal[CA_CERT_REFUSAL]; /* of the first certificate that no host
					* accepts, or "" */
	bool legacy;                   /* the legacy provider was needed */
	/* after CA_ERR_UNSUPPORTED: the algorithm that is missing, or "" */
	char missing[CA_PBE_NAME_MAX];
	bool no_legacy; /* this machine has no legacy provider */
};

/*
 * Read the len bytes at p.  password NULL or empty stands for both forms of no
 * password.  CA_ERR_PIN: the password is wrong or missing; CA_ERR_FORMAT: it is
 * not PKCS#12, or damaged; CA_ERR_UNSUPPORTED: this libcrypto does not have
 * out->missing, even with the legacy provider; CA_ERR_CRYPTO: the password is
 * right, but does not decrypt the contents; CA_ERR_LIMIT: a limit above is
 * exceeded; CA_ERR_MEMORY.  The caller frees *out by ca_p12_free after CA_OK
 * only.
 */
CA_MUST_CHECK enum ca_err ca_p12_open(struct ca_crypto *crypto, const void *p,
    size_t len, const struct ca_secret *password, struct ca_p12 *out);

void ca_p12_free(struct ca_p12 *p12); /* its contents */

/* ---- p12file.c ---- */

/* Read the file; der receives its bytes, also if they are armoured.  Errors as
 * ca_keyfile_read; CA_ERR_FORMAT: it is another kind of file.  Logged. */
CA_MUST_CHECK enum ca_err ca_p12_read(
    const char *path, const struct ca_log *log, struct ca_buf *der);

/* Log why ca_p12_open returned err for the file. */
void ca_p12_explain(const struct ca_log *log, const char *path,
    const struct ca_p12 *p12, enum ca_err err);

/* ---- p12mac.c ---- */

/* A check value, and what it is about; all borrowed. */
struct ca_p12_mac {
	OSSL_LIB_CTX *lib;
	const void *der; /* the whole file */
	size_t len;
	const X509_ALGOR *alg;
	const ASN1_OCTET_STRING *value;
	const char *pass;
	int passlen;
};

bool ca_p12_is_pbmac1(const X509_ALGOR *alg);

/* Does the password fit a check value of RFC 9579?  CA_ERR_PIN: no;
 * CA_ERR_UNSUPPORTED: its parameters are unknown or malformed; CA_ERR_LIMIT,
 * CA_ERR_CRYPTO. */
CA_MUST_CHECK enum ca_err ca_p12_pbmac1(const struct ca_p12_mac *mac);

#endif
