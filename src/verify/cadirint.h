/*
 * Private to cadir.c, which finds certificates by name, cadirlist.c, which lists
 * the directory, and cadirscan.c, which reads all of it.
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
	char *skipped;        /* names of files that are not read */
	STACK_OF(X509) *held; /* used instead of a directory; NULL: fd is */
	struct ca_cadir_origin *origin; /* which file a certificate is of */
	size_t norigins;
};

/* HASH.N */
struct ca_cadir_hashed {
	char *name;
	char *target; /* a name in the same directory that it links to; NULL: it
		       * is a file, or links to another directory */
	unsigned long hash;
	bool fits; /* for cadirscan.c */
};

/* The file of a hashed name, as far as it is in the directory. */
static inline const char *
ca_cadir_hashed_file(const struct ca_cadir_hashed *h)
{
	return h->target != NULL ? h->target : h->name;
}

/* The names in a directory. */
struct ca_cadir_listing {
	struct ca_cadir_hashed *hashed; /* by ca_cadir_hashed_file */
	size_t nhashed;
	char **plain, **other; /* sorted */
	size_t nplain, nother;
	size_t names; /* names HASH.0: about the number of subjects */
};

/* Add the names in dir to l (zeroed), which the caller frees in every case.
 * enough: stop at more names than this; SIZE_MAX: read all.  CA_ERR_IO,
 * CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_cadir_list(
    struct ca_cadir *dir, struct ca_cadir_listing *l, size_t enough);
void ca_cadir_listing_free(struct ca_cadir_listing *l);

/* The first names that are not read, for messages; NULL: there is none, or no
 * memory.  The caller frees it. */
char *ca_cadir_skipped_text(const struct ca_cadir_listing *l);

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
