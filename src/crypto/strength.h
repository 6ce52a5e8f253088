/*
 * Which keys and signature algorithms a certificate may have.
 */
#ifndef CA_CRYPTO_STRENGTH_H
#define CA_CRYPTO_STRENGTH_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#define CA_PROFILE_RSA_MIN 2048 /* bits */
#define CA_PROFILE_RSA_MAX 16384

/* Return NULL if the key (may be NULL: it cannot be read) may verify signatures,
 * else what is wrong with it, as a static text. */
const char *ca_strength_key(const EVP_PKEY *key);

/* Return NULL if the signature algorithm of cert is accepted, else what is wrong
 * with it, as a static text. */
const char *ca_strength_signature(X509 *cert);

#endif
