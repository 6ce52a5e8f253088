/*
 * The variables of a session, for its scripts.
 */
#ifndef CA_MODULE_VARIABLES_H
#define CA_MODULE_VARIABLES_H

#include <security/pam_modules.h>

#include "base/err.h"
#include "op/op.h"

/* Set them to the values of env: NAME=VALUE, in the order of our names, and
 * CERTAUTH_TOKEN to the URI of token, if that is not empty.  CA_ERR_FORMAT: a name is
 * not ours, or a value is not printable; CA_ERR_MEMORY.  After an error, some may be
 * set. */
CA_MUST_CHECK enum ca_err ca_variables_set(
    pam_handle_t *pamh, const struct ca_op_texts *env, struct ca_buf *token);

/* The value of the variable called name, borrowed, or NULL. */
const char *ca_variables_value(const struct ca_op_texts *env, const char *name);

void ca_variables_remove(pam_handle_t *pamh);

#endif
