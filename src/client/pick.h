/*
 * Which of several certificates: those that fit the request, by the user's
 * choice if there are more.
 */

#ifndef CA_CLIENT_PICK_H
#define CA_CLIENT_PICK_H

#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "key/key.h"
#include "wire/message.h"

/* Choose, by ui where there are several.  *out is taken from ids, which the
 * caller frees as before.  CA_ERR_NOT_FOUND: there is none;
 * CA_ERR_CANCELLED. */
CA_MUST_CHECK enum ca_err ca_identities_offer(struct ca_identities *ids,
    const struct ca_key_ui *ui, struct ca_identity **out);

/*
 * Free those of ids that do not fit (said to log), and choose among the rest.
 * Where none fits, and of some it is only unknown whether a CA of the host's
 * stands above them, ui is asked whether to try.  CA_ERR_NOT_FOUND: none fits;
 * CA_ERR_CANCELLED.
 */
CA_MUST_CHECK enum ca_err ca_identities_pick(struct ca_identities *ids,
    const struct ca_request *req, time_t now, const struct ca_key_ui *ui,
    const struct ca_log *log, struct ca_identity **out);

#endif
