/*
 * Name constraints over a whole path: RFC 5280 sections 4.2.1.10 and 6.1.  What
 * X509_verify_cert says of them is not asked: it compares text that it has not
 * parsed, and takes a commonName for a DNS name.
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
 * Hold the names of each certificate of chain (leaf first) to the constraints
 * of each one above it, the last one included.  Names of a self-issued
 * certificate are looked at only in the leaf.  An address in the subject counts
 * whether there is a subjectAltName or not, since the selector `email:' may
 * read it; a commonName is no DNS name.
 *
 * A name of a form that is constrained must be one that can be parsed whole,
 * and the base of the subtree one with a meaning; else the certificate is
 * refused.  profile: CA_PROFILE_STRICT refuses, as CA_R_CHAIN_PROFILE, what has
 * a meaning but not in RFC 5280 (the loose forms of nctext.h).
 *
 * Findings go into CA_CHECK_CHAIN of report; none leaves it as it is.  CA_OK:
 * all was compared, with a finding (CA_R_CHAIN_NAMES, CA_R_CHAIN_PROFILE) or
 * without.  CA_ERR_LIMIT: nothing was, because of CA_NAMECONSTRAINTS_MAX, and
 * the finding is CA_R_CHAIN_LIMIT.  CA_ERR_MEMORY: it is CA_R_INTERNAL.
 */
CA_MUST_CHECK enum ca_err ca_nameconstraints_check(const STACK_OF(X509) * chain,
    enum ca_profile profile, struct ca_report *report);

#endif
