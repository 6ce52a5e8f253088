/*
 * Certificates as arguments of a command: read the files that contain
 * them, and print a certification path.
 */
#ifndef CA_TOOL_CERTARGS_H
#define CA_TOOL_CERTARGS_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Append a file of any owner to out (at most 16 MiB).  CA_ERR_NOT_FOUND, CA_ERR_IO
 * (with errno), CA_ERR_LIMIT. */
CA_MUST_CHECK enum ca_err ca_certargs_read(
    const char *path, struct ca_buf *out);

/* If the file at path, with this content, is known to be no certificate (or is
 * empty): print what it is and which command or option takes it, and return
 * true. */
bool ca_certargs_other(const char *path, const struct ca_buf *content);

/* Why ca_certfile_each or ca_certfile_parse found no certificate; static. */
const char *ca_certargs_why(enum ca_err err);

/* Print a certification path (leaf first) as a tree, the trust anchor on
 * top. */
void ca_certargs_chain(const STACK_OF(X509) *chain, struct ca_buf *out);

/*
 * Give each certificate in the file at path to visit, as ca_certfile_each does.
 * Returns an exit status; an error is printed.  CA_EXIT_USAGE: the file cannot be
 * read; none: it is no file of certificates, or visit returned an error.
 */
int ca_certargs_each(const char *path, int none,
    enum ca_err (*visit)(void *ctx, const uint8_t *der, size_t len), void *ctx);

#endif
