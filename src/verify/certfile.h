/*
 * Files of certificates: PEM with one or several, or the DER of one.
 */
#ifndef CA_VERIFY_CERTFILE_H
#define CA_VERIFY_CERTFILE_H

#include <openssl/x509.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/crypto.h"

#define CA_CERTFILE_MAX (16u << 20) /* bytes: a bundle of several thousand */

/*
 * Call each with the DER of every certificate in the len bytes at p, in their
 * order.  PEM blocks of other kinds (keys, CRLs) are passed over; "TRUSTED
 * CERTIFICATE" is refused, since OpenSSL's trust settings in it would go
 * unheeded.  A result of each other than CA_OK ends the walk and is returned.
 * CA_ERR_NOT_FOUND: PEM without a certificate.  CA_ERR_FORMAT: neither PEM nor
 * DER, or a broken block.
 */
CA_MUST_CHECK enum ca_err ca_certfile_each(const void *p, size_t len,
    enum ca_err (*each)(void *ctx, const uint8_t *der, size_t len), void *ctx);

/*
 * Decode all of them onto the end of out, which owns them then.  Those that do
 * not decode are counted in *bad and left out.  CA_ERR_NOT_FOUND and
 * CA_ERR_FORMAT as above (what came before the break is in out), CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_certfile_parse(struct ca_crypto *crypto,
    const void *p, size_t len, STACK_OF(X509) * out, size_t *bad);

/* Why the first certificate of these that may not be decoded may not be
 * (ca_cert_refusal), or NULL where there is none; static. */
const char *ca_certfile_refusal(const void *p, size_t len);

/* The subject of a certificate's DER, borrowed from it, by its structure alone:
 * a hundredth of the price of decoding.  CA_ERR_FORMAT. */
CA_MUST_CHECK enum ca_err ca_certfile_subject(
    const uint8_t *der, size_t len, const uint8_t **name, size_t *namelen);

#endif
