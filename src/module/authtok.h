/*
 * A signed password, from an application that asks for one password and shows no prompt.
 */
#ifndef CA_MODULE_AUTHTOK_H
#define CA_MODULE_AUTHTOK_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/reason.h"

/*
 * Get the password: PAM_AUTHTOK, or, unless first_pass, an answer to one prompt.  A signed
 * password is appended to out, and PAM_AUTHTOK does not have it afterwards: other modules
 * send or store what they find there.  Any other one is in PAM_AUTHTOK then.
 * Not CA_OK, with CA_R_NONE in *reason: nobody tried to log in by certificate.  CA_ERR_IO:
 * the password is one for other modules; CA_ERR_CONV: there is none.
 */
CA_MUST_CHECK enum ca_err ca_password_get(pam_handle_t *pamh, bool first_pass,
    struct ca_buf *out, enum ca_reason *reason);

#endif
