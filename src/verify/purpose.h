/*
 * What a certificate may be used for.
 */
#ifndef CA_VERIFY_PURPOSE_H
#define CA_VERIFY_PURPOSE_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "config/config.h"
#include "report/report.h"

/*
 * Decide CA_CHECK_PURPOSE for chain (leaf first): one of purposes must hold.
 *
 * sslclient, sslserver: as OpenSSL decides it for the leaf and for every CA of
 *   the chain, the anchor included (extendedKeyUsage, keyUsage, nsCertType).
 *   A leaf whose extendedKeyUsage has anyExtendedKeyUsage but not the purpose
 *   is refused, as RFC 5280 section 4.2.1.12 allows and OpenSSL does.
 * sslclient: the leaf must also be usable for a signature
 *   (ca_purpose_may_sign); OpenSSL would accept a key for the key agreement of
 *   TLS 1.2.
 * OID: the leaf's extendedKeyUsage must contain it (an absent extension or
 *   anyExtendedKeyUsage is not enough), the leaf must be usable for a
 * signature, and a CA with extendedKeyUsage must have the OID or
 * anyExtendedKeyUsage. any: always holds.
 */
void ca_purpose_check(const STACK_OF(X509) *chain,
    const struct ca_list *purposes, struct ca_report *report);

/* Does that one purpose hold for chain (at least one certificate)? */
bool ca_purpose_holds(const STACK_OF(X509) *chain, const char *purpose);

/* leaf's key may sign a CertificateVerify: its keyUsage, if present, has
 * digitalSignature (RFC 8446 section 4.4.2.2, RFC 5280 section 4.2.1.3). */
bool ca_purpose_may_sign(X509 *leaf);

#endif
