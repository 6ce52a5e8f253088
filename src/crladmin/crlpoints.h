/*
 * The addresses of CRLs that a certificate contains: cRLDistributionPoints and
 * freshestCRL (RFC 5280 sections 4.2.1.13 and 4.2.1.15).  They are those of the
 * CRLs of its issuer.
 */
#ifndef CA_CRLADMIN_CRLPOINTS_H
#define CA_CRLADMIN_CRLPOINTS_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "base/err.h"

enum ca_crladmin_kind {
	CA_CRLADMIN_COMPLETE, /* a complete CRL of the issuer */
	CA_CRLADMIN_INDIRECT, /* a complete CRL of a cRLIssuer */
	CA_CRLADMIN_DELTA,    /* a delta CRL */
};

/* Is url, of len bytes, short enough and free of blanks and control characters?
 * It is written to lines of files and to messages. */
bool ca_crladmin_is_url(const char *url, size_t len);

/*
 * Call visit with each URI, of any scheme, that ca_crladmin_is_url accepts.  A
 * result of visit other than CA_OK ends the walk and is returned.  Extensions
 * that cannot be read have no addresses.
 */
CA_MUST_CHECK enum ca_err ca_crladmin_points(const X509 *cert,
    enum ca_err (*visit)(
	void *ctx, const char *url, enum ca_crladmin_kind kind),
    void *ctx);

#endif
