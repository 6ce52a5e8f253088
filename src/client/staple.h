/*
 * OCSP responses for the certificates that are sent: from the user's cache, or from
 * the responders that the certificates name.
 */
#ifndef CA_CLIENT_STAPLE_H
#define CA_CLIENT_STAPLE_H

#include "client/client.h"
#include "sign/respond.h"

/*
 * Fill in certs->staple where there is a response with an answer.  A certificate
 * that names no responder, or whose issuer is not known here, gets none.  Takes at
 * most conf->ocsp_timeout seconds.  Nothing here is an error: the host decides
 * whether it needs a response.  A warning says why there is none, except about a CA
 * certificate that names no responder.  label: the file or token of the certificates.
 */
void ca_staple(const struct ca_client *client, const char *label,
    struct ca_response_certs *certs);

#endif
