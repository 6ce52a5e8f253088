/*
 * What the resident parent does once, so that no worker has to.
 */
#ifndef CA_VERIFIER_WARM_H
#define CA_VERIFIER_WARM_H

#include "crypto/crypto.h"

/* Have libcrypto find the algorithms of a login.  What it lacks, it lacks in the
 * workers too. */
void ca_warm_crypto(struct ca_crypto *c);

/* After ca_warm_crypto, in the parent: note which memory a worker will write. */
void ca_warm_note(void);

/* In a child: copy it now. */
void ca_warm_pages(void);

#endif
