/*
 * Signatures of CRLs by ML-DSA (FIPS 204, RFC 9881), in constant memory.
 * Private to src/crl.
 */
#ifndef CA_CRL_CRLMLDSA_H
#define CA_CRL_CRLMLDSA_H

#include <openssl/evp.h>

#include "base/err.h"
#include "crypto/crypto.h"
#include "crl/crlread.h"

/*
 * Verify the signature of read against key, which must be a key of the scheme.
 * What is signed begins with a hash of the key, which the first pass did not
 * know: src is read once more.  CA_ERR_STALE: its content is no longer that of
 * read.  CA_DENIED: the signature or the type of the key is wrong.
 * CA_ERR_CRYPTO, CA_ERR_IO, CA_ERR_MEMORY, CA_ERR_FORMAT, CA_ERR_LIMIT.
 */
CA_MUST_CHECK enum ca_err ca_crl_mldsa_verify(struct ca_crypto *crypto,
    const struct ca_scheme *scheme, EVP_PKEY *key,
    const struct ca_crlread *read, struct ca_crl_source *src);

#endif
