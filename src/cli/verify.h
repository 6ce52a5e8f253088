/*
 * `certauth verify`, and what other subcommands share with it.
 */
#ifndef CA_CLI_VERIFY_H
#define CA_CLI_VERIFY_H

#include <openssl/x509.h>

#include "base/buf.h"
#include "base/err.h"
#include "tool/cli.h"

extern const struct ca_command ca_cmd_verify;

/* Read a file of the user's, of any owner, onto the end of out (16 MiB at
 * most).  CA_ERR_NOT_FOUND, CA_ERR_IO (errno says why), CA_ERR_LIMIT. */
CA_MUST_CHECK enum ca_err ca_cli_read(const char *path, struct ca_buf *out);

/* The chain (leaf first) as a tree, trust anchor on top. */
void ca_cli_chain(const STACK_OF(X509) * chain, struct ca_buf *out);

#endif
