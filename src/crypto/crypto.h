/*
 * libcrypto, held at arm's length: a library context of our own, to which no
 * openssl.cnf applies and for which OPENSSL_CONF and OPENSSL_MODULES mean
 * nothing, so that the host application's OpenSSL state and ours never meet.
 * What is fetched is fetched once.
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

/* Bytes of one certificate, at most.  PKITS and limbo stay under 8 KiB. */
#define CA_CERT_MAX 65536

/*
 * What one attempt needs; not to be used by two threads at once.  No function
 * of this room leaves anything in the thread's queue of libcrypto errors,
 * which belongs to the host application too.
 */
struct ca_crypto;

/* A context with the default provider.  CA_ERR_CRYPTO, CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_crypto_new(struct ca_crypto **out);
void ca_crypto_free(struct ca_crypto *c); /* NULL is allowed */
OSSL_LIB_CTX *ca_crypto_get0_libctx(const struct ca_crypto *c);

/*
 * Between these two calls the context is the calling thread's default one, so
 * that what libcrypto asks of "the default" is asked of ours: X509 looks up
 * SHA-1 there, for which the process's own would be set up, at an eighth of a
 * login's price.  The application must not run in between (no conversation, no
 * name service).  Give what ca_crypto_enter returned to ca_crypto_leave.
 */
OSSL_LIB_CTX *ca_crypto_enter(struct ca_crypto *c);
void ca_crypto_leave(OSSL_LIB_CTX *before);

/* Fetched once for the life of c; NULL where libcrypto lacks it. */
const EVP_MD *ca_crypto_get0_md(struct ca_crypto *c, const char *name);

/* len random bytes of the kernel's generator; a failure is CA_ERR_CRYPTO. */
CA_MUST_CHECK enum ca_err ca_crypto_random(
    struct ca_crypto *c, void *p, size_t len);

/* SHA-256 of the len bytes at p. */
CA_MUST_CHECK enum ca_err ca_crypto_sha256(
    struct ca_crypto *c, const void *p, size_t len, uint8_t out[32]);

/* SHA-384 over the parts, one after the other. */
CA_MUST_CHECK enum ca_err ca_crypto_transcript(struct ca_crypto *c,
    const struct ca_bytes *part, size_t nparts,
    uint8_t out[CA_TRANSCRIPT_HASH_LEN]);

/* This libcrypto can verify the scheme (mldsa needs OpenSSL 3.5). */
bool ca_crypto_has_scheme(struct ca_crypto *c, const struct ca_scheme *scheme);

/* The public exponent of an RSA key is odd, not 1, and of
 * CA_RSA_EXPONENT_BITS at most: others sign nothing, or cost too much. */
bool ca_crypto_rsa_exponent(const EVP_PKEY *key);

/* An RSA key of CA_RSA_MIN_BITS to CA_RSA_MAX_BITS with such an exponent, and
 * not dearer than CA_RSA_COST_MAX (crypto/certgate.h). */
bool ca_crypto_rsa_ok(const EVP_PKEY *key);

/* The scheme fits the key: type, curve (named, not written out), RSA as
 * ca_crypto_rsa_ok has it, the parameters of an id-RSASSA-PSS key (RFC 4055
 * section 3.1).  NULL for either is allowed and does not fit. */
bool ca_crypto_scheme_fits(const struct ca_scheme *scheme, const EVP_PKEY *key);

/* What was signed (tbs), and its signature; both borrowed. */
struct ca_signed {
	const void *tbs;
	size_t len; /* bytes at tbs */
	const void *sig;
	size_t siglen; /* bytes at sig */
};

/*
 * Verify a signature.  CA_OK only for a good signature by a key that the scheme
 * fits; CA_DENIED for a bad one; CA_ERR_UNSUPPORTED for a key that does not
 * fit; CA_ERR_CRYPTO if libcrypto failed.
 */
CA_MUST_CHECK enum ca_err ca_crypto_verify(struct ca_crypto *c,
    const struct ca_scheme *scheme, EVP_PKEY *key,
    const struct ca_signed *what);

/* Sign with a key in memory; the signature is appended to sig. */
CA_MUST_CHECK enum ca_err ca_crypto_sign(struct ca_crypto *c,
    const struct ca_scheme *scheme, EVP_PKEY *key, const void *tbs, size_t len,
    struct ca_buf *sig);

/*
 * Decode exactly len bytes of DER (nothing left over; no BER around the signed
 * part) in this context, so that its key is ready: X509_get0_pubkey costs
 * nothing more, and is NULL for a key of a kind that libcrypto does not know.
 * This is the only function of the project that decodes certificates:
 * ca_cert_gate (crypto/certgate.h) stands before it.  CA_ERR_UNSUPPORTED and
 * CA_ERR_LIMIT: what the gate does not let through; ca_cert_refusal says why.
 * CA_ERR_FORMAT, CA_ERR_MEMORY.  The caller frees with X509_free.
 */
CA_MUST_CHECK enum ca_err ca_crypto_cert(
    struct ca_crypto *c, const void *der, size_t len, X509 **out);

/*
 * Seconds since 1970 of a time in the form of RFC 5280 section 4.1.2.5.  False:
 * t is NULL or has another form, and *out is as it was.  Needs no memory: what
 * runs out must not read as a malformed certificate or CRL.
 */
bool ca_crypto_seconds(const ASN1_TIME *t, time_t *out);

#endif
