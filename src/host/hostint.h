/*
 * What the host proves itself with, for hostproof.c and hostcheck.c.
 */
#ifndef CA_HOST_HOSTINT_H
#define CA_HOST_HOSTINT_H

#include <openssl/x509.h>

#include "crypto/crypto.h"
#include "host/host.h"

struct ca_host_identity {
	STACK_OF(X509) *certs; /* leaf first, no root */
	EVP_PKEY *key;         /* of the leaf; NULL: it is on a token */
	const struct ca_scheme *scheme; /* NULL: the token's to choose */
};

/*
 * Read host_cert and host_key, and look that they can prove this host now.
 * What is wrong goes to log.  *out is to be cleared, after CA_OK only.
 */
CA_MUST_CHECK enum ca_err ca_host_load(
    const struct ca_context *ctx, struct ca_host_identity *out);
void ca_host_clear(struct ca_host_identity *host);

#endif
