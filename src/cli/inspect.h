/*
 * `certauth inspect`: certificates and protocol messages in words.
 */
#ifndef CA_CLI_INSPECT_H
#define CA_CLI_INSPECT_H

#include <openssl/x509.h>

#include "base/buf.h"
#include "tool/cli.h"
#include "crypto/crypto.h"

/* What a certificate says: names, validity, purposes, CRLs, and the selectors
 * by which a line of the users file could name it. */
void ca_inspect_cert(struct ca_crypto *crypto, X509 *cert, struct ca_buf *out);

#endif
