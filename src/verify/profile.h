/*
 * The certificate profile of RFC 5280 section 4, as far as OpenSSL's strict
 * mode does not hold certificates to it, and the keys and digests that no
 * chain may rest on.
 */
#ifndef CA_VERIFY_PROFILE_H
#define CA_VERIFY_PROFILE_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "config/config.h"
#include "report/report.h"

#define CA_PROFILE_RSA_MIN 2048
#define CA_PROFILE_RSA_MAX 16384

/*
 * Findings about the certificates of chain (leaf first) into CA_CHECK_CHAIN;
 * none leaves the report as it is.  anchored: the last one is a trust anchor,
 * whose own signature nobody relies on.
 *
 * CA_PROFILE_BASIC: what RFC 5280 section 6 does not ask for is let pass
 * (authorityKeyIdentifier, version 3, serial numbers as they should be, the
 * form of nameConstraints), as OpenSSL does without -x509_strict.  Keys,
 * digests, what could be read in two ways (extensions that do not decode, names
 * that are not printable ASCII), issuers of another version than 3, and
 * qualifiers of critical policies are looked at in both.
 */
void ca_profile_check(const STACK_OF(X509) * chain, bool anchored,
    enum ca_profile profile, struct ca_report *report);

#endif
