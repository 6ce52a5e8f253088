/*
 * libcrypto in a library context of our own, which is independent of the host
 * application's OpenSSL state: openssl.cnf, OPENSSL_CONF and OPENSSL_MODULES do
 * not affect it.  Each algorithm is fetched once.
 */
#ifndef CA_CRYPTO_CRYPTO_H
#define CA_CRYPTO_CRYPTO_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/message.h"
#include "wire/scheme.h"

/* Bytes of one certificate, at most.  Those of PKITS and limbo are below 8 KiB.
 */
#define CA_CERT_MAX 65536

/*
 * The context of one attempt.  Two threads must not use it at once.  No
 * function of this room leaves an entry in the thread's queue of libcrypto
 * errors, because the host application uses this queue too.
 */
struct ca_crypto;

/* A context for certificates and CRLs.  CA_ERR_CRYPTO, CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_crypto_new(struct ca_crypto **out);
void ca_crypto_free(struct ca_crypto *c); /* NULL is allowed */
OSSL_LIB_CTX *ca_crypto_get0_libctx(const struct ca_crypto *c);

/* The context that decodes private keys and other files of this process's user;
 * crypto/libctx.h says why there are two. */
OSSL_LIB_CTX *ca_crypto_get0_keys(const struct ca_crypto *c);

/*
 * Between these two calls, c is the calling thread's default context.
 * libcrypto uses the default context in some functions: X509 fetches SHA-1 from
 * it, and setting up the process's own would cost an eighth of a login.  The
 * application must not run between the calls (no conversation, no name
 * service).  Pass what ca_crypto_enter returned to ca_crypto_leave.
 */
OSSL_LIB_CTX *ca_crypto_enter(struct ca_crypto *c);
void ca_crypto_leave(OSSL_LIB_CTX *before);

/* The digest called name, owned by c; NULL if libcrypto does not have it. */
const EVP_MD *ca_crypto_get0_md(struct ca_crypto *c, const char *name);

/* len random bytes of the kernel's generator.  CA_ERR_IO: getrandom failed. */
CA_MUST_CHECK enum ca_err ca_crypto_random(
    struct ca_crypto *c, void *p, size_t len);

/* SHA-256 of the len bytes at p.  CA_ERR_CRYPTO, CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_crypto_sha256(
    struct ca_crypto *c, const void *p, size_t len, uint8_t out[32]);

/* SHA-256 of the SubjectPublicKeyInfo of cert.  CA_ERR_CRYPTO, CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_crypto_spki(
    struct ca_crypto *c, X509 *cert, uint8_t out[32]);

/* SHA-384 of the concatenated parts.  CA_ERR_CRYPTO, CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_crypto_transcript(struct ca_crypto *c,
    const struct ca_bytes *part, size_t nparts,
    uint8_t out[CA_TRANSCRIPT_HASH_LEN]);

/* Can this libcrypto verify the scheme?  (mldsa needs OpenSSL 3.5.) */
bool ca_crypto_has_scheme(struct ca_crypto *c, const struct ca_scheme *scheme);

/* Is the public exponent of an RSA key odd, not 1, and at most
 * CA_RSA_EXPONENT_BITS long?  Others are insecure, or cost too much. */
bool ca_crypto_rsa_exponent(const EVP_PKEY *key);

/* Has the RSA key CA_RSA_MIN_BITS to CA_RSA_MAX_BITS and such an exponent, and
 * does it cost at most CA_RSA_COST_MAX (crypto/certgate.h)? */
bool ca_crypto_rsa_ok(const EVP_PKEY *key);

/* Does the scheme fit the key: its type, its named curve, ca_crypto_rsa_ok for
 * RSA, the parameters of an id-RSASSA-PSS key (RFC 4055 section 3.1)?  False if
 * either is NULL. */
bool ca_crypto_scheme_fits(const struct ca_scheme *scheme, const EVP_PKEY *key);

/* The signed bytes (tbs) and the signature; both borrowed. */
struct ca_signed {
	const void *tbs;
	size_t len; /* bytes at tbs */
	const void *sig;
	size_t siglen; /* bytes at sig */
};

/*
 * Verify a signature.  CA_DENIED: the signature does not verify, or is
 * malformed; CA_ERR_UNSUPPORTED: the scheme does not fit the key;
 * CA_ERR_CRYPTO, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_crypto_verify(struct ca_crypto *c,
    const struct ca_scheme *scheme, EVP_PKEY *key,
    const struct ca_signed *what);

/* Sign with a key in memory, and append the signature to sig.
 * CA_ERR_UNSUPPORTED: the scheme does not fit the key; CA_ERR_CRYPTO,
 * CA_ERR_MEMORY; CA_ERR_LIMIT: no room in sig. */
CA_MUST_CHECK enum ca_err ca_crypto_sign(struct ca_crypto *c,
    const struct ca_scheme *scheme, EVP_PKEY *key, const void *tbs, size_t len,
    struct ca_buf *sig);

/*
 * Decode exactly len bytes of DER in this context.  BER outside the signed part
 * is refused.  The key is decoded too: X509_get0_pubkey costs nothing more, and
 * returns NULL if libcrypto does not know the key's type.  Only this function
 * of the project decodes certificates, and it calls ca_cert_gate first
 * (crypto/certgate.h).  CA_ERR_UNSUPPORTED: the gate refused it; CA_ERR_LIMIT:
 * the gate refused it, or it is longer than CA_CERT_MAX; CA_ERR_FORMAT,
 * CA_ERR_MEMORY.  The caller frees *out with X509_free.
 */
CA_MUST_CHECK enum ca_err ca_crypto_cert(
    struct ca_crypto *c, const void *der, size_t len, X509 **out);

/*
 * Convert a time in the form of RFC 5280 section 4.1.2.5 to seconds since 1970.
 * False: t is NULL or has another form; *out is unchanged.  Allocates nothing:
 * a lack of memory must not look like a malformed certificate or CRL.
 */
bool ca_crypto_seconds(const ASN1_TIME *t, time_t *out);

#endif
