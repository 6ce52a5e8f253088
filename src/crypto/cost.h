/*
 * The cost of work on certificates.  The unit is one signature verification
 * with P-256 or RSA 2048 (about half a million instructions).
 */
#ifndef CA_CRYPTO_COST_H
#define CA_CRYPTO_COST_H

#include <openssl/evp.h>
#include <stddef.h>

/* The cost to verify a signature by key.  P-384 costs ten times as much as
 * P-256, ML-DSA-65 four times, an RSA key with an exponent of 3,072 bits at least
 * 160 times as much.
 * NULL costs 1. */
size_t ca_cost_verify(const EVP_PKEY *key);

/* The cost to decode a certificate of len bytes, whatever its content. */
size_t ca_cost_decode(size_t len);

#endif
