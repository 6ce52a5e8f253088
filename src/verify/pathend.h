/*
 * Why no certification path was found, in words: where the search ended, and
 * which certificate is missing there.
 */
#ifndef CA_VERIFY_PATHEND_H
#define CA_VERIFY_PATHEND_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "base/buf.h"
#include "report/report.h"
#include "verify/path.h"

/*
 * After a run of f that found no path: the longest path from the leaf whose
 * signatures are good, and whose last certificate has no usable issuer.  Its
 * certificates are borrowed from f.  The signatures count against the bound on
 * the cost of f, and are verified once.
 */
struct ca_path ca_pathend(struct ca_pathfinder *f);

/* Append why end (of ca_pathend) goes no further, and what to do. */
void ca_pathend_tell(
    struct ca_pathfinder *f, const struct ca_path *end, struct ca_buf *out);

/* Append where cert, which f has, comes from: its file, or that it came with
 * the leaf.  False: nothing is known (the leaf), and nothing is appended. */
bool ca_pathend_where(
    const struct ca_pathfinder *f, const X509 *cert, struct ca_buf *out);

/* Append which key the certificate names as its issuer's and which key issuer
 * has (authorityKeyIdentifier and subjectKeyIdentifier), and what to do. */
void ca_pathend_keys(X509 *cert, X509 *issuer, struct ca_buf *out);

/*
 * If nothing here can verify the signature of the last certificate, so that no
 * issuer can be found, report that as CA_R_UNSUPPORTED: true.  If the last one is
 * the leaf, the text is left to ca_pathcheck_run.
 */
bool ca_pathend_unsupported(
    const struct ca_path *end, struct ca_report *report);

#endif
