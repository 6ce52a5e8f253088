/*
 * The certificate and key that the configuration names for a request.
 */

#ifndef CA_CLIENT_CHOICE_H
#define CA_CLIENT_CHOICE_H

#include "base/err.h"
#include "client/clientconf.h"
#include "sign/pick.h"
#include "crypto/crypto.h"
#include "key/key.h"

/* What a certificate is chosen by; all borrowed. */
struct ca_choice {
	struct ca_crypto *crypto;
	const struct ca_client_conf *conf;
	const char *host; /* the name under which a choice is remembered */
	struct ca_pick pick;
};

/*
 * Load what conf names and choose.  A certificate that the user named is taken,
 * with a warning if the host may refuse it.  Those found on tokens are filtered
 * as ca_identities_pick does, and ui is asked if several are left.  No PIN is
 * asked here, only the password of a PKCS#12 file.  CA_ERR_NOT_FOUND: nothing
 * is configured or nothing fits (logged).
 */
CA_MUST_CHECK enum ca_err ca_identity_choose(
    const struct ca_choice *c, struct ca_identity **out);

#endif
