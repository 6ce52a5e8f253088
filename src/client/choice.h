/*
 * The certificate and key that the configuration names for a request.
 */

#ifndef CA_CLIENT_CHOICE_H
#define CA_CLIENT_CHOICE_H

#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "client/clientconf.h"
#include "crypto/crypto.h"
#include "key/key.h"
#include "wire/message.h"

/* What a certificate is chosen by; all borrowed. */
struct ca_choice {
	struct ca_crypto *crypto;
	const struct ca_client_conf *conf;
	const struct ca_request *req;
	const char *host; /* the name by which remember knows it */
	time_t now;
	const struct ca_key_ui *ui;
	const struct ca_log *log;
};

/*
 * Load what conf names and choose.  Identities found on tokens are filtered
 * by ca_identity_unfit; of several left, ui is asked.  One that the user named
 * is taken, with a warning in log.  No PIN is asked, except that of a PKCS#12
 * file.  CA_ERR_NOT_FOUND: nothing is configured or nothing fits, logged.
 */
CA_MUST_CHECK enum ca_err ca_identity_choose(
    const struct ca_choice *c, struct ca_identity **out);

#endif
