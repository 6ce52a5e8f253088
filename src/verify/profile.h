/*
 * The rules of the certificate profile of RFC 5280 section 4 that OpenSSL's
 * strict mode does not check, and the keys and digests that are refused.
 */
#ifndef CA_VERIFY_PROFILE_H
#define CA_VERIFY_PROFILE_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "config/config.h"
#include "crypto/strength.h"
#include "report/report.h"

/*
 * Record findings about the certificates of chain (leaf first) for
 * CA_CHECK_CHAIN; without a finding the report does not change.  anchored: the
 * last one is a trust anchor, whose own signature is not relied on.
 *
 * CA_PROFILE_BASIC does not check what RFC 5280 section 6 does not require
 * (authorityKeyIdentifier, version 3, form of serial numbers and of
 * nameConstraints), like OpenSSL without -x509_strict.  CA_PROFILE_STRICT checks
 * the rules that docs/security.md lists, but not of the anchor.  Both profiles
 * check keys, digests, ambiguous content (extensions that do not decode, names
 * that are not printable ASCII), that issuers have version 3 and
 * basicConstraints, and qualifiers of critical policies.
 */
void ca_profile_check(const STACK_OF(X509) *chain, bool anchored,
    enum ca_profile profile, struct ca_report *report);

/* Does ca_profile_check record a finding that says the same as the error
 * X509_V_ERR_... of X509_verify_cert about cert?  anchor: cert is the trust
 * anchor. */
bool ca_profile_tells(
    X509 *cert, int error, bool anchor, enum ca_profile profile);

#endif
