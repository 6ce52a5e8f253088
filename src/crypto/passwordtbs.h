/*
 * What the key of a signed password signs: hashed, for whoever signs and verifies.
 */
#ifndef CA_CRYPTO_PASSWORDTBS_H
#define CA_CRYPTO_PASSWORDTBS_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/crypto.h"
#include "wire/password.h"

/*
 * Make the bytes that are signed for p and meant (docs/protocol.md, section 8).
 * content: the SHA-384 of ca_password_content; tbs has room for CA_SIGNED_CONTENT_MAX
 * bytes, of which *len are used.  Errors as of ca_password_content and
 * ca_crypto_transcript.
 */
CA_MUST_CHECK enum ca_err ca_password_tbs(struct ca_crypto *crypto,
    const struct ca_password *p, const struct ca_password_for *meant,
    uint8_t content[CA_TRANSCRIPT_HASH_LEN], uint8_t *tbs, size_t *len);

#endif
