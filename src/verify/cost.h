/*
 * What an attempt may spend on certificates, in units of a signature
 * verification by P-256 or RSA 2048 (about half a million instructions).
 */
#ifndef CA_VERIFY_COST_H
#define CA_VERIFY_COST_H

#include <openssl/evp.h>
#include <stddef.h>

/* To verify a signature by key: P-384 costs ten times as much as P-256, an RSA
 * key with an exponent of 3,072 bits 160 times and more.  NULL costs 1. */
size_t ca_cost_verify(const EVP_PKEY *key);

/* To decode a certificate of len bytes, whatever is in them. */
size_t ca_cost_decode(size_t len);

#endif
