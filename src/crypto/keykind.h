/*
 * The kinds of keys, in words for people.
 */
#ifndef CA_CRYPTO_KEYKIND_H
#define CA_CRYPTO_KEYKIND_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "wire/scheme.h"

/* Append the kind of a key, such as "EC on brainpoolP256r1" or "RSA of 1024
 * bits". */
void ca_key_kind(const EVP_PKEY *key, struct ca_buf *out);

/* Append the kind of a certificate's key, also if libcrypto cannot decode it. */
void ca_cert_key_kind(X509 *cert, struct ca_buf *out);

/* The keys that a scheme takes, such as "EC on P-256"; static storage. */
const char *ca_scheme_key_kind(const struct ca_scheme *scheme);

#endif
