/*
 * `certauth inspect`: show certificates and protocol messages as text.
 */
#ifndef CA_CLI_INSPECT_H
#define CA_CLI_INSPECT_H

#include <openssl/x509.h>

#include "base/buf.h"
#include "tool/cli.h"
#include "crypto/crypto.h"

/* Print the contents of a certificate: names, validity, purposes, CRLs, and the
 * selectors that a rule of the users file can use for it. */
void ca_inspect_cert(struct ca_crypto *crypto, X509 *cert, struct ca_buf *out);

#endif
