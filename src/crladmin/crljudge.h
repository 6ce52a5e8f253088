/*
 * Whether a CRL that was fetched may take the place of the one that is there.
 * RFC 5280 section 5.2.3: the number grows with every CRL of one scope.
 */
#ifndef CA_CRLADMIN_CRLJUDGE_H
#define CA_CRLADMIN_CRLJUDGE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#include "crl/crl.h"
#include "crladmin/crlrun.h"

/* Is that extension the same in both, byte by byte, or in neither? */
bool ca_crladmin_same_ext(const X509_CRL *a, const X509_CRL *b, int nid);
bool ca_crladmin_is_delta(const X509_CRL *x);

/* NULL: each CRL in it is one that a login would use; else why not, which may
 * be text of the CRL's own. */
const char *ca_crladmin_not_usable(
    struct ca_crladmin_run *run, const struct ca_crls *crls);

/* Nothing in fresh is of an issuer and scope that old has; false for an old
 * without CRLs.  Both must be usable. */
bool ca_crladmin_is_other(
    const struct ca_crls *fresh, const struct ca_crls *old);

/*
 * The name for a CRL of another issuer or scope than the one in file: made of
 * file and of its issuer and scope, so that its successors find it.  out: a
 * string of less than size bytes.
 */
CA_MUST_CHECK enum ca_err ca_crladmin_name_beside(
    const char *file, const struct ca_crls *fresh, char *out, size_t size);

/* NULL: what was fetched may take the old one's place: it is of the same
 * issuer and scope, and no older; else why not. */
const char *ca_crladmin_not_successor(
    const struct ca_crls *fresh, const struct ca_crls *old);

#endif
