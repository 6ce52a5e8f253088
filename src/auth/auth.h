/*
 * The one sequence of checks: signature, chain, validity, purpose, revocation,
 * mapping.
 */
#ifndef CA_AUTH_AUTH_H
#define CA_AUTH_AUTH_H

#include <openssl/x509.h>
#include <stddef.h>
#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "verify/report.h"
#include "wire/message.h"

struct ca_auth_peer {
	const char *service; /* PAM_SERVICE */
	const char *user;    /* PAM_USER; NULL or "": from the certificate */
	const char *rhost;   /* PAM_RHOST; NULL or "" */
};

/*
 * Make the request of one attempt: a fresh nonce, the schemes that this
 * libcrypto and cfg accept, the trust anchors' names where they fit, the
 * host's names and, where configured, its proof.  *out is freed with
 * ca_request_free.  Text that no request can carry (a PAM_USER with control
 * bytes) becomes "?", which no answer to it will ever match.
 */
CA_MUST_CHECK enum ca_err ca_auth_request(struct ca_crypto *crypto,
    const struct ca_config *cfg, const struct ca_log *log,
    const struct ca_auth_peer *peer, time_t now, struct ca_request **out);

/*
 * Judge a response to req.  The order is that of docs/protocol.md: form and
 * nonce, lifetime, signature; only then files are opened.  Every check that
 * can run does, so the report shows all that is wrong.
 *
 * CA_OK only if the login is granted: ca_report_granted(report, CA_REPORT_ALL)
 * holds; then *login (to free()) is the login and *leaf (to X509_free; may be
 * NULL as an argument) the certificate.  CA_DENIED: the report says why.
 * Other codes: it could not be judged, the report says why too.
 */
CA_MUST_CHECK enum ca_err ca_auth_check(struct ca_crypto *crypto,
    const struct ca_config *cfg, const struct ca_log *log,
    const struct ca_auth_peer *peer, const struct ca_request *req,
    const void *response, size_t len, time_t now, struct ca_report *report,
    char **login, X509 **leaf);

#endif
