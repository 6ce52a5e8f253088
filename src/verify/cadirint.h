/*
 * Between cadir.c, which finds certificates by name, and cadirlist.c, which
 * goes through the whole directory.
 */
#ifndef CA_VERIFY_CADIRINT_H
#define CA_VERIFY_CADIRINT_H

#include "verify/cadir.h"

struct ca_cadir {
	struct ca_crypto *crypto;
	const char *key;
	char *path;
	const struct ca_log *log;
	int fd;
	char *problem;
	STACK_OF(X509) * held; /* instead of a directory; NULL: one is open */
};

/* Log what is wrong with a file that counts, and remember the first. */
void ca_cadir_problem(struct ca_cadir *dir, const char *name, const char *what);

/* CA_OK: content holds it.  CA_ERR_NOT_FOUND: it is not there (any more).
 * Others are remembered as a problem. */
CA_MUST_CHECK enum ca_err ca_cadir_read(
    struct ca_cadir *dir, const char *name, struct ca_buf *content);

/* Append the certificates of a file.  What is wrong with it is remembered and
 * no error: only CA_ERR_MEMORY and CA_ERR_NOT_FOUND come back. */
CA_MUST_CHECK enum ca_err ca_cadir_load(
    struct ca_cadir *dir, const char *name, STACK_OF(X509) * out);

#endif
