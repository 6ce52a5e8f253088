/*
 * What a granted login leaves for the account phase of the same transaction.
 */
#ifndef CA_MODULE_LOGIN_H
#define CA_MODULE_LOGIN_H

#include <security/pam_modules.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "op/op.h"

struct ca_login {
	char *user;
	size_t len;
	uint8_t kept[]; /* only the verifier reads it */
};

/* Keep the login of a granted answer in the transaction.  CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_login_keep(
    pam_handle_t *pamh, const struct ca_op_answer *a);

/* The login that was kept, owned by the transaction; *login is NULL if there is none.
 * CA_ERR_USAGE: libpam does not say. */
CA_MUST_CHECK enum ca_err ca_login_find(
    const pam_handle_t *pamh, const struct ca_login **login);

/* Forget it. */
void ca_login_forget(pam_handle_t *pamh);

#endif
