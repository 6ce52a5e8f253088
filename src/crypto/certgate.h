/*
 * What is looked at before a certificate is decoded.
 *
 * d2i_X509 decodes the key at once, and with it whatever arithmetic the key
 * asks for: a curve whose parameters are written out can make that billions of
 * instructions.  Anybody can send a certificate.  So the DER is walked first,
 * by lengths and object identifiers alone, and only a certificate whose key
 * could be accepted, and whose size is that of a certificate, is decoded.
 */
#ifndef CA_CRYPTO_CERTGATE_H
#define CA_CRYPTO_CERTGATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define CA_CERT_NAME_MAX 2048     /* bytes of subject or issuer, DER */
#define CA_CERT_ATTRIBUTES_MAX 64 /* of subject or issuer */
#define CA_CERT_EXTENSIONS_MAX 64

/*
 * The most that one RSA operation with a public key may cost: the bits of the
 * modulus squared times the multiplications for the exponent (its bits and its
 * ones, less two).  This is 16,384 bits with the exponent 65,537; 4,096 bits
 * with any exponent of 64 bits is less, 3,072 bits with one of 3,072 is more.
 */
#define CA_RSA_COST_MAX (UINT64_C(16384) * 16384 * 17)

/* The cost of RSA with this modulus and exponent, big-endian and unsigned. */
uint64_t ca_rsa_cost(struct ca_reader modulus, struct ca_reader exponent);

/*
 * May the len bytes of DER be decoded?  The price is a few instructions for a
 * byte, whatever they are.
 *
 * CA_OK.  CA_ERR_FORMAT: they are no certificate (RFC 5280 section 4.1) in
 * definite lengths, or something is left over.  CA_ERR_UNSUPPORTED: it is one,
 * but its key is of a kind that is accepted nowhere (RFC 5480 section 2.1.1
 * has curves by name alone), or RSA beyond CA_RSA_COST_MAX.  CA_ERR_LIMIT: it
 * is beyond another bound above.  *why (why may be NULL) then says so, "its key
 * is a DSA key"; static.
 */
CA_MUST_CHECK enum ca_err ca_cert_gate(
    const void *der, size_t len, const char **why);

/* Of bytes that were not decoded: why the gate did not let them through, as
 * above, or NULL where they are malformed. */
const char *ca_cert_refusal(const void *der, size_t len);

#endif
