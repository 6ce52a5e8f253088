/*
 * Whether a certificate and its key fit a request, and how a certificate is
 * shown to the user.
 */

#ifndef CA_SIGN_IDENTITY_H
#define CA_SIGN_IDENTITY_H

#include <stdbool.h>
#include <time.h>

#include "base/buf.h"
#include "key/key.h"
#include "wire/message.h"

/* The scheme that the host prefers among those that id's key can use, or NULL.
 */
const struct ca_scheme *ca_identity_scheme(
    const struct ca_identity *id, const struct ca_request *req);

/* Sign by one scheme; returns what ca_key_sign does. */
typedef enum ca_err ca_identity_signs(
    void *ctx, const struct ca_scheme *scheme);

/*
 * Call signs with each scheme that the host accepts and id's key can use, in the
 * host's order, until one does not return CA_ERR_UNSUPPORTED; then the key's use
 * ends.  Returns the last result; CA_ERR_UNSUPPORTED also if there is no scheme.
 */
CA_MUST_CHECK enum ca_err ca_identity_sign(struct ca_identity *id,
    const struct ca_request *req, ca_identity_signs *signs, void *ctx);

/*
 * Why the host may refuse a signature by id, as a phrase about the certificate,
 * or NULL: no scheme in common, outside its validity, not for client
 * authentication, not issued by a CA that the host names.  The phrase is in
 * buf.  *never: no signature is possible at all (no scheme in common).
 */
const char *ca_identity_unfit(const struct ca_identity *id,
    const struct ca_request *req, time_t now, struct ca_buf *buf, bool *never);

/* True if id fits except that its chain, as far as it is known here, leads to
 * none of the CAs that the host names, and does not end at a root: the host may
 * have the missing certificates. */
bool ca_identity_uncertain(
    const struct ca_identity *id, const struct ca_request *req, time_t now);

/* Append the day of t, "2027-01-01". */
void ca_identity_date(const ASN1_TIME *t, struct ca_buf *b);

/* Append "CN=Alice,O=Corp, issued by CN=CA, until 2027-01-01, in LABEL"; say: ca_tr, or
 * ca_tr_part for the log. */
void ca_identity_describe(
    const struct ca_identity *id, ca_log_text *say, struct ca_buf *b);

/* The same in short, with the last common names: "Alice (LABEL), issued by CA, until
 * 2027-01-01".  Two identities may have the same text. */
void ca_identity_brief(const struct ca_identity *id, struct ca_buf *b);

#endif
