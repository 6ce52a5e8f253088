/*
 * PKCS #7 and CMS files that only carry certificates ("certs-only", RFC 5652
 * section 5; .p7b and .p7c): the certificates are found, and not decoded.
 */
#ifndef CA_VERIFY_CERTBAG_H
#define CA_VERIFY_CERTBAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Do the len bytes at p begin as a ContentInfo of type SignedData does? */
bool ca_certbag_is(const uint8_t *p, size_t len);

/*
 * Call each with the bytes of every certificate in the SignedData, in order.  A
 * result of each other than CA_OK ends the iteration and is returned.  The
 * structure may be BER, as some CAs write it; each must refuse certificates that
 * are not DER.  CA_ERR_NOT_FOUND: it has no certificate.  CA_ERR_UNSUPPORTED: it
 * has a signature or a content, so it is a message, and its certificates are
 * those of its signer.  CA_ERR_FORMAT: malformed.
 */
CA_MUST_CHECK enum ca_err ca_certbag_each(const uint8_t *p, size_t len,
    enum ca_err (*each)(void *ctx, const uint8_t *der, size_t len), void *ctx);

#endif
