/*
 * Signatures of CRLs: which are accepted, and their verification from a
 * digest that was made while streaming.  OCSP responses are signed by the same
 * algorithms.  Private to src/crl and src/ocsp.
 */
#ifndef CA_CRL_CRLSIG_H
#define CA_CRL_CRLSIG_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "base/err.h"
#include "crypto/crypto.h"
#include "crl/crlread.h"
#include "report/report.h"

/*
 * The digest's name ("SHA256"), "" for a scheme without one (Ed25519, Ed448),
 * or NULL for an algorithm that is not accepted: MD5, SHA-1, DSA, unknown
 * ones, RSASSA-PSS with parameters that are not those of RFC 8017 with one
 * accepted digest throughout, ML-DSA with parameters or if libcrypto does not
 * have it.  ML-DSA signs the message: its digest holds a second pass to the
 * content of the first.  Static storage.
 */
const char *ca_crlsig_digest(struct ca_crypto *crypto, const X509_ALGOR *alg);

bool ca_crlsig_accepted(struct ca_crypto *crypto, const X509_ALGOR *alg);

/*
 * Why an algorithm is not accepted, to stand behind "is signed with": "SHA-1,
 * which is refused"; "SLH-DSA, which certauth does not support".  out: size
 * bytes, at least 32.  CA_R_CHAIN_WEAK or CA_R_UNSUPPORTED.
 */
enum ca_reason ca_crlsig_refusal(
    struct ca_crypto *crypto, const X509_ALGOR *alg, char *out, size_t size);

/*
 * Verify what ca_crlread found against key.  CA_OK, CA_DENIED (wrong, or the
 * key is of another type than the algorithm), CA_ERR_CRYPTO.  ML-DSA:
 * ca_crl_mldsa_verify.
 */
CA_MUST_CHECK enum ca_err ca_crlsig_verify(struct ca_crypto *crypto,
    const X509_ALGOR *alg, EVP_PKEY *key, const struct ca_crlread *read);

/*
 * Verify read's signature of message, len bytes, with params for the algorithm
 * (NULL: none).  CA_OK, CA_DENIED (wrong), CA_ERR_CRYPTO.
 */
CA_MUST_CHECK enum ca_err ca_crlsig_verify_message(struct ca_crypto *crypto,
    EVP_PKEY *key, const struct ca_crlread *read, const uint8_t *message,
    size_t len, const OSSL_PARAM *params);

/*
 * Verify a signature of what is in memory as a whole, of every accepted
 * algorithm.  CA_OK, CA_DENIED (wrong, or alg is not accepted or does not fit
 * the key), CA_ERR_CRYPTO, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_crlsig_verify_whole(struct ca_crypto *crypto,
    const X509_ALGOR *alg, EVP_PKEY *key, const struct ca_signed *what);

#endif
