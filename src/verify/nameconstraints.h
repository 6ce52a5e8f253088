/*
 * Name constraints over a whole path: RFC 5280 sections 4.2.1.10 and 6.1.  The
 * result of X509_verify_cert is not used: it compares text without parsing it,
 * and treats a commonName as a DNS name.
 */
#ifndef CA_VERIFY_NAMECONSTRAINTS_H
#define CA_VERIFY_NAMECONSTRAINTS_H

#include <openssl/x509.h>

#include "base/err.h"
#include "config/config.h"
#include "report/report.h"

/* Comparisons made for one path: the names of each certificate times the
 * subtrees above it, a directory name counted by its RDNs. */
#define CA_NAMECONSTRAINTS_MAX (1 << 18)

/*
 * Compare the names of each certificate of chain (leaf first) with the
 * constraints of each certificate above it, the anchor included.  The names of
 * a self-issued certificate are compared only if it is the leaf.  An e-mail
 * address in the subject is compared even if there is a subjectAltName, since
 * the selector `email:' may read it; a commonName is not a DNS name.
 *
 * A name whose form is constrained must parse completely, and the base of the
 * subtree must be valid; else the certificate is refused.  profile:
 * CA_PROFILE_STRICT refuses, as CA_R_CHAIN_PROFILE, forms that RFC 5280 does
 * not define (the loose forms of nctext.h).
 *
 * Findings go into CA_CHECK_CHAIN of report; without one the report does not
 * change.  CA_OK: everything was compared, with or without a finding
 * (CA_R_CHAIN_NAMES, CA_R_CHAIN_PROFILE).  CA_ERR_LIMIT: nothing was compared
 * because of CA_NAMECONSTRAINTS_MAX; the finding is CA_R_CHAIN_LIMIT.
 * CA_ERR_MEMORY: the finding is CA_R_INTERNAL.
 */
CA_MUST_CHECK enum ca_err ca_nameconstraints_check(const STACK_OF(X509) *chain,
    enum ca_profile profile, struct ca_report *report);

#endif
