/*
 * Private to src/key: the forms of signatures and of what is signed.
 */
#ifndef CA_KEY_SIG_H
#define CA_KEY_SIG_H

#include "key/key.h"

/*
 * Append the DigestInfo (RFC 8017 section 9.2) of the len bytes at tbs with the
 * scheme's digest, for tokens that sign it without hashing.
 */
CA_MUST_CHECK enum ca_err ca_sig_digestinfo(struct ca_crypto *crypto,
    const struct ca_scheme *scheme, const void *tbs, size_t len,
    struct ca_buf *out);

/*
 * Append the DigestInfo padded by EMSA-PKCS1-v1_5 (RFC 8017 section 9.2) to
 * size bytes, for tokens that only do the raw RSA operation.  CA_ERR_LIMIT: the
 * key is too short.
 */
CA_MUST_CHECK enum ca_err ca_sig_block(struct ca_crypto *crypto,
    const struct ca_scheme *scheme, const void *tbs, size_t len, size_t size,
    struct ca_buf *out);

/*
 * Append the digest encoded by EMSA-PSS (RFC 8017 section 9.1.1, MGF1 and a salt
 * as long as the digest) for a modulus of bits bits, with the zeros in front that
 * make it as long as the modulus: for tokens that only do the raw RSA operation.
 * CA_ERR_LIMIT: the key is too short.
 */
CA_MUST_CHECK enum ca_err ca_sig_pssblock(struct ca_crypto *crypto,
    const struct ca_scheme *scheme, const void *tbs, size_t len, size_t bits,
    struct ca_buf *out);

/* Append only the digest. */
CA_MUST_CHECK enum ca_err ca_sig_digest(struct ca_crypto *crypto,
    const struct ca_scheme *scheme, const void *tbs, size_t len,
    struct ca_buf *out);

#endif
