/*
 * The two forms of an ECDSA signature: DER, as certificates and CertificateVerify have
 * it, and two numbers, as tokens, agents and signed passwords have it.
 */
#ifndef CA_CRYPTO_ECDSA_H
#define CA_CRYPTO_ECDSA_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/scheme.h"

/*
 * Append the DER form (RFC 3279 section 2.2.3) of an ECDSA signature given as
 * two unsigned big-endian numbers of rlen and slen bytes.  CA_ERR_FORMAT: a
 * number is empty, zero or longer than 66 bytes; CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_ecdsa_der(const uint8_t *r, size_t rlen,
    const uint8_t *s, size_t slen, struct ca_buf *out);

/* The bytes of one number of the scheme's signatures: those of the curve's order.  0:
 * the scheme is not ECDSA. */
size_t ca_ecdsa_bytes(const struct ca_scheme *scheme);

/* Append r and s, each of ca_ecdsa_bytes(scheme) bytes, of the DER form.
 * CA_ERR_FORMAT, CA_ERR_MEMORY; CA_ERR_LIMIT: no room in out. */
CA_MUST_CHECK enum ca_err ca_ecdsa_raw(const struct ca_scheme *scheme,
    const void *der, size_t len, struct ca_buf *out);

#endif
