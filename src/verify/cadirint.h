/*
 * Private to cadir.c, which finds certificates by name, and cadirlist.c, which
 * reads the whole directory.
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
	STACK_OF(X509) *held; /* used instead of a directory; NULL: fd is */
	struct ca_cadir_origin *origin; /* which file a certificate is of */
	size_t norigins;
};

/* Log a problem with a used file, and remember the first one. */
void ca_cadir_problem(struct ca_cadir *dir, const char *name, const char *what);

/* Read a file into content.  CA_ERR_NOT_FOUND: it does not exist (any more).
 * Other errors are logged and remembered as a problem. */
CA_MUST_CHECK enum ca_err ca_cadir_read(
    struct ca_cadir *dir, const char *name, struct ca_buf *content);

/* Append the certificates of a file.  A problem with the file is remembered and
 * is not an error: only CA_ERR_MEMORY and CA_ERR_NOT_FOUND are returned. */
CA_MUST_CHECK enum ca_err ca_cadir_load(
    struct ca_cadir *dir, const char *name, STACK_OF(X509) *out);

/* Note that the certificates of certs from number first on are of the file
 * name. */
void ca_cadir_note(struct ca_cadir *dir, const char *name,
    const STACK_OF(X509) *certs, int first);
void ca_cadir_forget(struct ca_cadir *dir); /* all of that */

#endif
