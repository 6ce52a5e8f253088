/*
 * The check before a certificate is decoded.
 *
 * d2i_X509 also decodes the key, with all the arithmetic that the key requires:
 * explicit curve parameters can make that billions of instructions.  Anybody
 * can send a certificate.  Therefore the gate first walks the DER, and reads
 * lengths and object identifiers only.  A certificate is decoded only if its
 * key could be accepted, and if it is within the bounds below.
 */
#ifndef CA_CRYPTO_CERTGATE_H
#define CA_CRYPTO_CERTGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/sigalg.h"

#define CA_CERT_NAME_MAX 2048     /* bytes of subject or issuer, DER */
#define CA_CERT_ATTRIBUTES_MAX 64 /* of subject or issuer */
#define CA_CERT_EXTENSIONS_MAX 64

/*
 * The maximum cost of one RSA operation with a public key: the square of the
 * modulus's bits times the multiplications for the exponent (its bits plus its
 * ones, minus two).  It equals 16,384 bits with the exponent 65,537.  4,096
 * bits with any exponent of 64 bits cost less; 3,072 bits with one of 3,072
 * bits cost more.
 */
#define CA_RSA_COST_MAX (UINT64_C(16384) * 16384 * 17)

/* The cost of RSA with this modulus and exponent, big-endian and unsigned. */
uint64_t ca_rsa_cost(struct ca_reader modulus, struct ca_reader exponent);

/*
 * May the len bytes of DER be decoded?  The check costs a few instructions for
 * each byte.
 *
 * CA_ERR_FORMAT: the bytes are not a certificate (RFC 5280 section 4.1) in
 * definite lengths, or bytes are left over.  CA_ERR_UNSUPPORTED: the type of
 * its key is never accepted, its curve is not named (RFC 5480 section 2.1.1),
 * or its RSA key costs more than CA_RSA_COST_MAX.  CA_ERR_LIMIT: it exceeds
 * another bound above.  In the last two cases *why is the reason, such as "its
 * key is a DSA key"; static storage.  why may be NULL.
 */
CA_MUST_CHECK enum ca_err ca_cert_gate(
    const void *der, size_t len, const char **why);

#define CA_CERT_REFUSAL CA_SIGALG_REFUSAL

/* Why the gate refuses a certificate, as above, and with the name or the OID of
 * the type of its key; NULL if it is malformed or is not refused.  Returns text
 * or static storage. */
const char *ca_cert_refusal(
    const void *der, size_t len, char text[CA_CERT_REFUSAL]);

/* Is the type of its key one that the program does not support?  A weak key or
 * one of a refused type, such as DSA, is not meant. */
bool ca_cert_unsupported(const void *der, size_t len);

#endif
