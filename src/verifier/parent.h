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

/*
 * Serve all modules of this host, at the sockets that a supervisor passes, or at one
 * of its own, until SIGTERM.  CA_OK then; errors are logged to standard error.
 */
CA_MUST_CHECK enum ca_err ca_parent_listen(void);

#endif
