/*
 * What the client knows of a certificate and a request: whether the one fits
 * the other, and how the certificate is shown to the user.
 */

#ifndef CA_CLIENT_IDENTITY_H
#define CA_CLIENT_IDENTITY_H

#include <stdbool.h>
#include <time.h>

#include "base/buf.h"
#include "key/key.h"
#include "wire/message.h"

/* The scheme that the host likes best and id's key can, or NULL. */
const struct ca_scheme *ca_identity_scheme(
    const struct ca_identity *id, const struct ca_request *req);

/*
 * What speaks against signing req by id, as a phrase, or NULL: no scheme in
 * common, out of its validity, not for client authentication, not of a CA
 * that the host names.  The text stands in buf.  *never: no signature is
 * possible at all (the scheme).
 */
const char *ca_identity_unfit(const struct ca_identity *id,
    const struct ca_request *req, time_t now, struct ca_buf *buf, bool *never);

/* Nothing speaks against id but that its chain, as far as it is here, leads to
 * none of the CAs that the host names, and ends below a root: the host may
 * have what is missing. */
bool ca_identity_uncertain(
    const struct ca_identity *id, const struct ca_request *req, time_t now);

/* "CN=Alice,O=Corp, issued by CN=CA, until 2027-01-01, in LABEL" */
void ca_identity_describe(const struct ca_identity *id, struct ca_buf *b);

#endif
