/*
 * What every step of one attempt needs: the library context, the
 * configuration, the log and the time of the verification.
 */
#ifndef CA_VERIFY_CONTEXT_H
#define CA_VERIFY_CONTEXT_H

#include <time.h>

#include "base/log.h"
#include "config/config.h"
#include "crypto/crypto.h"

/* All members are borrowed: the caller keeps them alive. */
struct ca_context {
	struct ca_crypto *crypto;
	const struct ca_config *cfg;
	const struct ca_log *log;
	time_t now; /* seconds since 1970 */
};

#endif
