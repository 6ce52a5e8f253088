/*
 * The places that the module's helper may take a key from.
 */

#ifndef CA_SIGN_HELPERSOURCE_H
#define CA_SIGN_HELPERSOURCE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/log.h"
#include "sign/helpertalk.h"
#include "crypto/crypto.h"
#include "key/key.h"
#include "wire/message.h"

#define CA_SOURCES_CERTS_MAX 64

/* In the order in which they are tried. */
enum ca_source {
	CA_SOURCE_AGENT,
	CA_SOURCE_FILE,
	CA_SOURCE_TOKENS,
	CA_SOURCES,
	CA_SOURCE_NONE
};

struct ca_sources {
	struct ca_crypto *crypto; /* borrowed, as the next three */
	const struct ca_log *log;
	/* the last message in log, and in the user's language; emptied when a key is
	 * chosen */
	char *last, *told;
	const struct ca_helper_talk *talk;
	char *agent, *pkcs11, *keyfile;   /* NULL: not allowed */
	unsigned wait;                    /* for a token, in seconds */
	X509 *cert[CA_SOURCES_CERTS_MAX]; /* registered */
	size_t ncerts;
	bool usercerts;
	bool pinless; /* a token's key needs no PIN */
};

/*
 * Choose a certificate and key for req from the first source that has one;
 * *from is that source.  CA_ERR_NOT_FOUND: no source has one; else as for
 * ca_identities_pick and the key sources.
 */
CA_MUST_CHECK enum ca_err ca_sources_choose(struct ca_sources *s,
    const struct ca_request *req, const struct ca_key_ui *ui,
    struct ca_identity **out, enum ca_source *from);

void ca_sources_clear(struct ca_sources *s); /* frees what is owned */

#endif
