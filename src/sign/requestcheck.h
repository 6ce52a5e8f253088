/*
 * What every signer checks of a request, whatever its user configured: rule 3 and
 * the signature of rule 4 of the client rules of docs/protocol.md.
 */
#ifndef CA_SIGN_REQUESTCHECK_H
#define CA_SIGN_REQUESTCHECK_H

#include <openssl/x509.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/crypto.h"
#include "wire/message.h"

#define CA_REQUEST_SKEW 300 /* seconds that the two clocks may differ */

/* Rule 3: req was made at about now.  CA_DENIED: why gets the reason; CA_ERR_IO:
 * now is no time. */
CA_MUST_CHECK enum ca_err ca_requestcheck_time(
    const struct ca_request *req, time_t now, struct ca_buf *why);

/*
 * Rule 4: the host's proof in req (req->host_proved) is signed by the key of the
 * certificate in it.  *leaf is that certificate, the caller's to free, also on
 * failure, and the other certificates are appended to chain; neither is verified
 * here.  CA_DENIED: why gets the reason; CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_requestcheck_proof(struct ca_crypto *crypto,
    const struct ca_request *req, X509 **leaf, STACK_OF(X509) *chain,
    struct ca_buf *why);

#endif
