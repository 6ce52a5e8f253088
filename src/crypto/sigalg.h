/*
 * Signature algorithms by the octets of their OIDs, also those that libcrypto
 * does not know: a program that was built with OpenSSL 3.0 uses ML-DSA when it
 * runs with OpenSSL 3.5.
 */
#ifndef CA_CRYPTO_SIGALG_H
#define CA_CRYPTO_SIGALG_H

#include <openssl/asn1.h>

#include "base/buf.h"
#include "wire/scheme.h"

/* The scheme of ML-DSA-44, ML-DSA-65 or ML-DSA-87 (RFC 9881 section 2), whether
 * libcrypto has it or not; NULL: another algorithm.  Static storage. */
const struct ca_scheme *ca_sigalg_mldsa(const ASN1_OBJECT *oid);

/* The family of an algorithm that the program knows by name only, such as
 * "SLH-DSA".  oid: the content of the OID, without tag and length.  NULL:
 * another algorithm.  Static storage. */
const char *ca_sigalg_unsupported(struct ca_reader oid);

/*
 * Append why no signature of this algorithm can be verified here:
 * "ML-DSA-65, which this libcrypto (OpenSSL 3.0.17) does not have; OpenSSL 3.5
 * or later is needed"; "SLH-DSA, which certauth does not support"; "1.2.3.4,
 * which certauth does not support".
 */
void ca_sigalg_lack(const ASN1_OBJECT *oid, struct ca_buf *out);

#endif
