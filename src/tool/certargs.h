/*
 * Certificates as arguments of a command: reading the files that hold them, and
 * showing the certification path that was found.
 */
#ifndef CA_TOOL_CERTARGS_H
#define CA_TOOL_CERTARGS_H

#include <openssl/x509.h>

#include "base/buf.h"
#include "base/err.h"

/* Read a file of the user's, of any owner, onto the end of out (16 MiB at
 * most).  CA_ERR_NOT_FOUND, CA_ERR_IO (errno says why), CA_ERR_LIMIT. */
CA_MUST_CHECK enum ca_err ca_certargs_read(
    const char *path, struct ca_buf *out);

/* Print a certification path (leaf first) as a tree, the trust anchor on
 * top. */
void ca_certargs_chain(const STACK_OF(X509) *chain, struct ca_buf *out);

#endif
