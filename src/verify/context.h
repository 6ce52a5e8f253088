/*
 * What every step of one attempt needs: the library context, the
 * configuration, the log and the time to judge by.
 */
#ifndef CA_VERIFY_CONTEXT_H
#define CA_VERIFY_CONTEXT_H

#include <time.h>

#include "base/log.h"
#include "config/config.h"
#include "crypto/crypto.h"

/* Nothing in it is owned: the caller keeps all of it alive. */
struct ca_context {
	struct ca_crypto *crypto;
	const struct ca_config *cfg;
	const struct ca_log *log;
	time_t now; /* seconds since 1970 */
};

#endif
