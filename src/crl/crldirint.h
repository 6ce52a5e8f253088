/*
 * Inside the directory of CRLs: crlslot.c handles one file, crlscan.c finds
 * files without a hashed name, crldir.c files with one.  Private to these
 * files.
 */
#ifndef CA_CRL_CRLDIRINT_H
#define CA_CRL_CRLDIRINT_H

#include "crl/crldir.h"

/* Why the CRLs that were found may be incomplete. */
struct trouble {
	enum ca_reason reason; /* CA_R_OK: they are complete */
	char *text;            /* "FILE WHAT"; NULL also if there was no
				* memory */
};

/* A file of the directory that was read, at least its first bytes. */
struct slot {
	char *name;
	bool plain;
	bool linked; /* plain, and a hashed name leads to it */
	bool loaded;
	struct trouble trouble; /* of a loaded file */
	struct ca_buf issuers;  /* DER Names, one after the other, of a plain
				 * file that is not loaded yet */
	struct ca_crls crls;
};

struct ca_crldir {
	struct ca_crypto *crypto;
	const struct ca_log *log;
	const struct ca_crl_way *way;
	int fd;
	bool settled; /* plain files without a link, if any, are in slot */
	bool scanned; /* all plain files are */
	struct trouble scan_trouble; /* of files that could not be opened */
	struct trouble trouble;      /* of the look-up at hand */
	struct slot *slot;
	size_t n;
};

/* The slot of that name, or NULL. */
struct slot *ca_crldir_slot(struct ca_crldir *dir, const char *name);

/* Add a slot.  Pointers to other slots become invalid.  CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_crldir_slot_add(
    struct ca_crldir *dir, const char *name, bool plain, struct slot **out);

/* Log that a file must not or cannot be read, and record it in t.  Return rc
 * if the failure is our own (CA_ERR_MEMORY, CA_ERR_CRYPTO), which ends the
 * look-up. */
CA_MUST_CHECK enum ca_err ca_crldir_complain(struct ca_crldir *dir,
    const char *name, const struct stat *st, enum ca_err rc, struct trouble *t);

/* Empty t. */
void ca_crldir_clear(struct trouble *t);

/* Record trouble with a file.  The first record is kept, but CA_R_CRL_DIR
 * replaces the trouble of a file that is not a CRL. */
void ca_crldir_blame(struct trouble *t, enum ca_reason reason, const char *file,
    const char *what);

/* Record the trouble of from in t as well. */
void ca_crldir_blame_too(struct trouble *t, const struct trouble *from);

/*
 * Read an open file, which is consumed, into its slot.  If the file is at
 * fault, the reason is stored in the slot; our own failures are returned.
 */
CA_MUST_CHECK enum ca_err ca_crldir_load(struct ca_crldir *dir,
    struct slot *slot, int fd, const struct ca_crl_wanted *wanted);

/* Append those CRLs of a slot that name issued.  A CRL whose issuer cannot be
 * read may be one of them: it is recorded in dir->trouble. */
CA_MUST_CHECK enum ca_err ca_crldir_pick(struct ca_crldir *dir,
    const struct slot *slot, const X509_NAME *name, struct ca_crls *found);

/*
 * As ca_crldir_find, among the files without a hashed name: all of them, or
 * only those that no hashed name links to.
 */
CA_MUST_CHECK enum ca_err ca_crldir_find_plain(struct ca_crldir *dir, bool all,
    const X509_NAME *name, const struct ca_crl_wanted *wanted,
    struct ca_crls *found);

#endif
