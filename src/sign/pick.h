/*
 * The choice among several certificates: those that fit the request are kept,
 * and the user chooses if more than one is left.
 */

#ifndef CA_SIGN_PICK_H
#define CA_SIGN_PICK_H

#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "key/key.h"
#include "wire/message.h"

/* What certificates are chosen for, and who is asked; all borrowed. */
struct ca_pick {
	const struct ca_request *req;
	time_t now;
	const struct ca_key_ui *ui;
	const struct ca_log *log;
};

/*
 * Take the only one of ids, or ask ui which one if there are several.  *out is
 * taken from ids; the caller frees the rest.  CA_ERR_NOT_FOUND: ids is empty;
 * CA_ERR_CANCELLED: the user chose none.
 */
CA_MUST_CHECK enum ca_err ca_identities_offer(struct ca_identities *ids,
    const struct ca_key_ui *ui, struct ca_identity **out);

/*
 * Free those of ids that do not fit (the reasons go to the log), and choose
 * among the rest as ca_identities_offer does.  If none fits, but an
 * intermediate that only the host has might make some fit, ui is asked whether
 * to try one.  CA_ERR_NOT_FOUND: none fits, or the user does not try;
 * CA_ERR_CANCELLED: the user chose none.
 */
CA_MUST_CHECK enum ca_err ca_identities_pick(struct ca_identities *ids,
    const struct ca_pick *pick, struct ca_identity **out);

#endif
