/*
 * `certauth setup`: the first five minutes on a host.
 */
#ifndef CA_CLI_SETUP_H
#define CA_CLI_SETUP_H

#include <stdbool.h>
#include <stddef.h>

#include "tool/cli.h"
#include "config/config.h"
#include "crypto/crypto.h"

/* What was made of the CAs' certificates that setup was given. */
struct ca_setup_count {
	size_t anchors, intermediates;
};

/*
 * Put every CA certificate of the file at path (PEM, DER, PKCS#7) into cfg's
 * ca_dir where it is self-signed, else into intermediates_dir; with anchor into
 * ca_dir in any case.  Each gets a name of its own and the link by which
 * `openssl rehash` would let it be found.  n counts them.  False: something is
 * wrong, and it was said.
 */
bool ca_setup_ca(const struct ca_config *cfg, struct ca_crypto *crypto,
    const char *path, bool anchor, struct ca_setup_count *n);

/* Put a file with CRLs into crl_dir, if each of them is signed by a CA there,
 * with links and indexes.  False: something is wrong, and it was said. */
bool ca_setup_crl(struct ca_config *cfg, const char *path);

#endif
