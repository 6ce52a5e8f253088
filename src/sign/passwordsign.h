/*
 * A signed password: made, for a service that asks for one password.
 */
#ifndef CA_SIGN_PASSWORDSIGN_H
#define CA_SIGN_PASSWORDSIGN_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/crypto.h"
#include "key/key.h"
#include "wire/message.h"
#include "wire/password.h"

/* What is signed, for whom, and how long the text may be. */
struct ca_passwordsign {
	const struct ca_request *req; /* the schemes, of which one is used */
	struct ca_password_for meant; /* host: A-label, lower case */
	uint32_t issued_at;           /* seconds since 1970 */
	size_t max;                   /* characters */
};

/* The characters of the text that id makes; the certificates are in it unless
 * id->registered.  CA_ERR_UNSUPPORTED: no scheme fits; CA_ERR_LIMIT: too many bytes
 * for any host; CA_ERR_CRYPTO, CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_passwordsign_length(
    const struct ca_passwordsign *what, const struct ca_identity *id,
    size_t *chars);

/* Sign by id and append the text to out.  Errors as for ca_key_sign and
 * ca_passwordsign_length; CA_ERR_LIMIT: it has more than max characters; CA_ERR_FORMAT:
 * a name is empty, or has more than 255 bytes. */
CA_MUST_CHECK enum ca_err ca_passwordsign(struct ca_crypto *crypto,
    const struct ca_passwordsign *what, struct ca_identity *id,
    const struct ca_key_ui *ui, struct ca_buf *out);

#endif
