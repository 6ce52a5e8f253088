/*
 * What the module reads from libpam and its application.
 */
#ifndef CA_MODULE_PAM_H
#define CA_MODULE_PAM_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "base/err.h"

/*
 * Show text in that style, and get an answer, which the caller frees; NULL: none.
 * CA_ERR_CONV: the application cannot, or does not.
 */
CA_MUST_CHECK enum ca_err ca_pam_converse(
    pam_handle_t *pamh, int style, const char *text, char **answer);

/* Borrow an item that is a text.  One that is not set is NULL, and that means
 * something: without PAM_USER the certificate decides.  So false, libpam did not
 * say, is an error of its own. */
bool ca_pam_item(pam_handle_t *pamh, int type, const char **text);

#endif
