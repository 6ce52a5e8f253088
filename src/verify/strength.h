/*
 * Which keys and digests are too weak, in every certificate of a path.
 */
#ifndef CA_VERIFY_STRENGTH_H
#define CA_VERIFY_STRENGTH_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "base/buf.h"

/* What is wrong with the key, or with the signature algorithm of cert, as in "its
 * key is a DSA key"; NULL: nothing.  Static. */
const char *ca_strength_of_key(const EVP_PKEY *key);
const char *ca_strength_of_signature(X509 *cert);

/* Is cert too weak?  Then out gets what is wrong and what to do.  anchor: its own
 * signature is not relied on. */
bool ca_strength_weak(X509 *cert, bool anchor, struct ca_buf *out);

#endif
