/*
 * Whether a fetched CRL may replace the one in crl_dir.  RFC 5280 section
 * 5.2.3: the number grows with every CRL of one scope.
 */
#ifndef CA_CRLADMIN_CRLJUDGE_H
#define CA_CRLADMIN_CRLJUDGE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#include "crl/crl.h"
#include "crladmin/crlrun.h"

/* Do a and b have the same bytes in the extension nid, or both no such
 * extension? */
bool ca_crladmin_same_ext(const X509_CRL *a, const X509_CRL *b, int nid);
bool ca_crladmin_is_delta(const X509_CRL *x);

/* Why ca_crl_signer found none of the CAs: a phrase after "the CRL ".  The key
 * may be a CA's whose keyUsage does not permit it. */
const char *ca_crladmin_unsigned(
    struct ca_crladmin_run *run, struct ca_crl *crl);

/* Return NULL if a login would use every CRL in crls, else the reason it would
 * not, which may be text that belongs to one of crls. */
const char *ca_crladmin_not_usable(
    struct ca_crladmin_run *run, const struct ca_crls *crls);

/* True if no CRL in fresh has the issuer and scope of a CRL in old.  False if
 * old contains no CRL.  The CRLs of both must be usable. */
bool ca_crladmin_is_other(
    const struct ca_crls *fresh, const struct ca_crls *old);

/*
 * The file name for a CRL of another issuer or scope than the one in file.  It
 * is made from file and a digest of issuer and scope, so that later CRLs get
 * the same name.  out: size bytes.  CA_ERR_FORMAT: fresh contains no CRL;
 * CA_ERR_LIMIT: the name is too long; CA_ERR_CRYPTO.
 */
CA_MUST_CHECK enum ca_err ca_crladmin_name_beside(
    const char *file, const struct ca_crls *fresh, char *out, size_t size);

/* Return NULL if fresh may replace old (the same issuer and scope, and not
 * older), else the reason it may not. */
const char *ca_crladmin_not_successor(
    const struct ca_crls *fresh, const struct ca_crls *old);

#endif
