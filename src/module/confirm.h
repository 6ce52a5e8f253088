/*
 * A login that the certificate chose: which accounts it may be.
 */
#ifndef CA_MODULE_CONFIRM_H
#define CA_MODULE_CONFIRM_H

#include "module/asked.h"

/*
 * May a login that a worker found in a certificate be granted?  The account must
 * exist.  Root, and a uid outside of min_uid to max_uid, are logins only if the
 * administrator names them: a second worker says so, which has seen nothing of the
 * certificate.  asked: the request of the login; body: with the time.  Why not is
 * logged.  The answers that v gave before are gone.
 */
CA_MUST_CHECK enum ca_err ca_confirm_login(struct ca_verifier *v,
    const struct ca_asked *asked, const struct ca_op_body *body,
    const char *login);

#endif
