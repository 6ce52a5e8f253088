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
 * CA_CHECK_PURPOSE of chain (leaf first): one of the purposes must hold.
 *
 * sslclient, sslserver: as OpenSSL decides it for the leaf and for every CA of
 *   the chain, the anchor included (extendedKeyUsage, keyUsage, nsCertType).
 *   A leaf whose extendedKeyUsage has anyExtendedKeyUsage but not the purpose
 *   is refused, as RFC 5280 section 4.2.1.12 allows and OpenSSL does.
 * sslclient: the leaf must be good for a signature, too (ca_purpose_may_sign),
 *   where OpenSSL is content with a key for the key agreement of TLS 1.2.
 * OID: it must stand in the leaf's extendedKeyUsage (none at all does not do,
 *   nor does anyExtendedKeyUsage), the leaf must be good for a signature, and a
 *   CA with extendedKeyUsage must have the OID or anyExtendedKeyUsage.
 * any: nothing is asked.
 */
void ca_purpose_check(const STACK_OF(X509) * chain,
    const struct ca_list *purposes, struct ca_report *report);

/* A CertificateVerify may rest on leaf's key: its keyUsage, if there, has
 * digitalSignature (RFC 8446 section 4.4.2.2, RFC 5280 section 4.2.1.3). */
bool ca_purpose_may_sign(X509 *leaf);

#endif
