/*
 * What the resident parent does, so that no worker has to.
 */
#ifndef CA_VERIFIER_WARM_H
#define CA_VERIFIER_WARM_H

#include "crypto/crypto.h"
#include "verifier/worker.h"

/* Have libcrypto find the algorithms of a login.  What it lacks, it lacks in the
 * workers too. */
void ca_warm_crypto(struct ca_crypto *c);

/* After ca_warm_crypto, in the parent: note which memory a worker will write.  A child
 * of this function finds it out. */
void ca_warm_note(struct ca_crypto *c);

/* Decode the CA certificates of ca_dir and intermediates_dir of the default
 * configuration, at most once in 2 s (verify/caready.h).  A service's own directories
 * are left to its workers. */
void ca_warm_authorities(const struct ca_worker *w);

/* In a child: copy it now. */
void ca_warm_pages(void);

#endif
