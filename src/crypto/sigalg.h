/*
 * Signature algorithms by the octets of their OIDs, also those that libcrypto
 * does not know: a program that was built with OpenSSL 3.0 uses ML-DSA when it
 * runs with OpenSSL 3.5.
 */
#ifndef CA_CRYPTO_SIGALG_H
#define CA_CRYPTO_SIGALG_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "base/buf.h"
#include "wire/scheme.h"

/* The scheme of ML-DSA-44, ML-DSA-65 or ML-DSA-87 (RFC 9881 section 2), whether
 * libcrypto has it or not; NULL: another algorithm.  Static storage. */
const struct ca_scheme *ca_sigalg_mldsa(const ASN1_OBJECT *oid);

/* Has libcrypto an algorithm of ca_sigalg_mldsa?  lib: NULL for the default
 * context. */
bool ca_sigalg_have_mldsa(OSSL_LIB_CTX *lib, const struct ca_scheme *mldsa);

/* Append the name of an algorithm, such as "SLH-DSA", or its OID in figures. */
void ca_sigalg_name(const ASN1_OBJECT *oid, struct ca_buf *out);

#define CA_SIGALG_REFUSAL 128 /* bytes of a text, its end included */

/* Why a key with this OID cannot be used: "its key is for SLH-DSA, which
 * certauth does not support"; the OID of an unknown type is told in figures.
 * oid: the content, without tag and length.  Returns text or static storage. */
const char *ca_sigalg_key_refusal(
    struct ca_reader oid, char text[CA_SIGALG_REFUSAL]);

/* The name of an algorithm that only a later libcrypto has, such as "ML-DSA-65",
 * or NULL: another one, or oid is NULL.  lib: NULL for the default context.
 * Static storage. */
const char *ca_sigalg_newer(OSSL_LIB_CTX *lib, const ASN1_OBJECT *oid);

/* The same of the key of a certificate, in the default context. */
const char *ca_sigalg_newer_key(X509 *cert);

/* Append such a name and what is needed: "ML-DSA-65, which this libcrypto
 * (OpenSSL 3.0.17) does not have; OpenSSL 3.5 or later is needed". */
void ca_sigalg_put_newer(const char *name, struct ca_buf *out);

/*
 * Append why no signature of this algorithm can be verified here:
 * as ca_sigalg_put_newer; "SLH-DSA, which certauth does not support"; "1.2.3.4,
 * which certauth does not support".  False, and nothing is appended: libcrypto
 * knows the algorithm, and certauth may refuse it for another reason.
 */
bool ca_sigalg_lack(
    OSSL_LIB_CTX *lib, const ASN1_OBJECT *oid, struct ca_buf *out);

/* The same of the key and of the signature of a certificate, in the default
 * context.  The text begins with "its key is for" and "its signature is". */
bool ca_sigalg_lack_key(X509 *cert, struct ca_buf *out);
bool ca_sigalg_lack_signature(X509 *cert, struct ca_buf *out);

/* RFC 9881 section 2: has an AlgorithmIdentifier of ML-DSA parameters, which
 * must be absent? */
bool ca_sigalg_mldsa_params(const X509_ALGOR *alg);

#endif
