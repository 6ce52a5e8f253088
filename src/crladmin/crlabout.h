/*
 * What a CRL is for, in words, and when it expires.
 */
#ifndef CA_CRLADMIN_CRLABOUT_H
#define CA_CRLADMIN_CRLABOUT_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <time.h>

#include "base/buf.h"
#include "config/config.h"

/* When the CRL expires, in seconds since 1970: at its nextUpdate, or
 * crl_no_next_update after its thisUpdate.  False if that time cannot be read;
 * *out is then 0. */
CA_MUST_CHECK bool ca_crladmin_end(
    const X509_CRL *x, const struct ca_config *cfg, time_t *out);

/* Has the CRL expired at the time now?  True if the time cannot be read. */
bool ca_crladmin_expired(
    const X509_CRL *x, const struct ca_config *cfg, time_t now);

/* Append what distinguishes the CRL from others of its issuer: ", delta of base
 * 3, number 4, only CAs' certificates".  It may contain untrusted text: escape
 * it. */
void ca_crladmin_about(X509_CRL *x, struct ca_buf *out);

#endif
