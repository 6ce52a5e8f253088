/*
 * What a trust anchor must be.  RFC 5280 section 6.1.1 (d) takes a name and a
 * key from it; a certificate in ca_dir is the form in which both are given, and
 * is not itself a certificate of the path.
 */
#ifndef CA_VERIFY_ANCHOR_H
#define CA_VERIFY_ANCHOR_H

#include <openssl/x509.h>
#include <stdbool.h>

/*
 * Whether other certificates may be issued by the trust anchor cert.
 *
 * No extension is required: version 1 and a missing basicConstraints or
 * keyUsage do not matter in a self-issued certificate.  What cert does state
 * counts, as section 6.2 allows: cA must not be FALSE, keyUsage must not lack
 * keyCertSign, nsCertType must not lack the types of CAs.  A certificate that another CA has issued must state that it is a
 * CA's; without basicConstraints and keyUsage it is an end-entity certificate,
 * which may stand in ca_dir so that it alone is accepted.
 */
bool ca_anchor_may_issue(X509 *cert);

/*
 * Whether the error (X509_V_ERR_...) that libcrypto has found in the trust
 * anchor cert is about a rule of RFC 5280 section 4 that CAs follow when they
 * issue, and which no anchor must follow to be usable.
 */
bool ca_anchor_excused(X509 *cert, int error);

#endif
