/*
 * The parent: gives each connection to a fresh worker, and reads nothing of it.
 */
#ifndef CA_VERIFIER_PARENT_H
#define CA_VERIFIER_PARENT_H

#include "base/err.h"
#include "crypto/crypto.h"

/*
 * Serve the module that started this program: connections come over the stream
 * socket, one for each operation, until its other end is closed.  CA_OK then.
 */
CA_MUST_CHECK enum ca_err ca_parent_spawned(int socket);

#endif
