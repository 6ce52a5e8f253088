/*
 * What a CRL is for and how long it serves, in words and seconds.
 */
#ifndef CA_CRLADMIN_CRLABOUT_H
#define CA_CRLADMIN_CRLABOUT_H

#include <openssl/x509.h>
#include <time.h>

#include "base/buf.h"
#include "config/config.h"

/* Seconds since 1970; 0: it cannot be told. */
time_t ca_crladmin_seconds(const ASN1_TIME *t);

/* Until when it is current: its nextUpdate, or crl_no_next_update after its
 * thisUpdate. */
time_t ca_crladmin_end(const X509_CRL *x, const struct ca_config *cfg);

/* What tells it from other CRLs of its issuer: ", delta of base 3, number 4,
 * only CAs' certificates".  It may hold text of others, to be escaped. */
void ca_crladmin_about(X509_CRL *x, struct ca_buf *out);

#endif
