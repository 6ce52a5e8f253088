/*
 * Files of certificates: PEM with one or more, DER with one, or PKCS #7 (certbag.h)
 * where only CAs are read.
 */
#ifndef CA_VERIFY_CERTFILE_H
#define CA_VERIFY_CERTFILE_H

#include <openssl/x509.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/certgate.h"
#include "crypto/crypto.h"

#define CA_CERTFILE_MAX (16u << 20) /* bytes: several thousand certificates */

/*
 * Call each with the DER of every certificate in the len bytes at p, in order.
 * PEM blocks of other kinds (keys, CRLs) are ignored; "TRUSTED CERTIFICATE" is
 * refused, since OpenSSL's trust settings in it would be ignored.  A result of
 * each other than CA_OK ends the iteration and is returned.
 * CA_ERR_NOT_FOUND: PEM without a certificate.  CA_ERR_FORMAT: neither PEM nor
 * DER, or a broken block.
 */
CA_MUST_CHECK enum ca_err ca_certfile_each(const void *p, size_t len,
    enum ca_err (*each)(void *ctx, const uint8_t *der, size_t len), void *ctx);

/* The same for a file of CA certificates, which may also be PKCS #7, in PEM or
 * DER.  CA_ERR_UNSUPPORTED: it is a signed message. */
CA_MUST_CHECK enum ca_err ca_certfile_each_ca(const void *p, size_t len,
    enum ca_err (*each)(void *ctx, const uint8_t *der, size_t len), void *ctx);

/*
 * Decode all of them and append them to out, which owns them then.  *bad is the
 * number of those that do not decode; they are left out.  CA_ERR_NOT_FOUND and
 * CA_ERR_FORMAT as above (out has the certificates before the broken block),
 * CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_certfile_parse(struct ca_crypto *crypto,
    const void *p, size_t len, STACK_OF(X509) *out, size_t *bad);

/* The same for a file of CA certificates, as ca_certfile_each_ca. */
CA_MUST_CHECK enum ca_err ca_certfile_parse_ca(struct ca_crypto *crypto,
    const void *p, size_t len, STACK_OF(X509) *out, size_t *bad);

#define CA_CERTFILE_TROUBLE 320 /* bytes of a text, its end included */

/*
 * What is wrong with a file of CA certificates, if ca_certfile_parse_ca returned
 * rc, or CA_OK with bad ones: a phrase after the name of the file, and a command
 * that calls it FILE.  Returns out.
 */
const char *ca_certfile_trouble(
    const void *p, size_t len, enum ca_err rc, char out[CA_CERTFILE_TROUBLE]);

/* Why the first refused certificate of these is refused (ca_cert_refusal), or
 * NULL if none is refused. */
const char *ca_certfile_refusal(
    const void *p, size_t len, char text[CA_CERT_REFUSAL]);

/* The subject in a certificate's DER, borrowed from it, found without decoding
 * the rest, at a hundredth of the cost.  CA_ERR_FORMAT. */
CA_MUST_CHECK enum ca_err ca_certfile_subject(
    const uint8_t *der, size_t len, const uint8_t **name, size_t *namelen);

#endif
