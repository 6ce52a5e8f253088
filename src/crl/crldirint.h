/*
 * Inside the directory of CRLs: crlslot.c has one file at a time, crlscan.c
 * finds those without a hashed name, crldir.c those with one.  Private to them.
 */
#ifndef CA_CRL_CRLDIRINT_H
#define CA_CRL_CRLDIRINT_H

#include "crl/crldir.h"

/* Why what was found may not be all. */
struct trouble {
	enum ca_reason reason; /* CA_R_OK: it is */
	char *text;            /* "FILE WHAT"; NULL also where there is no
				* memory */
};

/* A file that was looked at. */
struct slot {
	char *name;
	bool plain;
	bool linked; /* plain, and a hashed name leads to it */
	bool loaded;
	struct trouble trouble; /* of a loaded one */
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

/* NULL: none of that name. */
struct slot *ca_crldir_slot(struct ca_crldir *dir, const char *name);

/* A new one; pointers to others move.  CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_crldir_slot_add(
    struct ca_crldir *dir, const char *name, bool plain, struct slot **out);

/* A file that may not or cannot be read: say so, and put it into t; those of
 * our own failures that end the look-up are returned. */
CA_MUST_CHECK enum ca_err ca_crldir_complain(struct ca_crldir *dir,
    const char *name, const struct stat *st, enum ca_err rc, struct trouble *t);

/* No trouble. */
void ca_crldir_clear(struct trouble *t);

/* Trouble with FILE.  The first stays, but CA_R_CRL_DIR weighs more than a file
 * that is no CRL. */
void ca_crldir_blame(struct trouble *t, enum ca_reason reason, const char *file,
    const char *what);

/* The same trouble there too. */
void ca_crldir_blame_too(struct trouble *t, const struct trouble *from);

/*
 * Read an open file, which is consumed, into its slot; why it could not be
 * used, where that is not a failure of ours, stays in the slot.
 */
CA_MUST_CHECK enum ca_err ca_crldir_load(struct ca_crldir *dir,
    struct slot *slot, int fd, const struct ca_crl_wanted *wanted);

/* Append those CRLs of a slot that name issued.  One without a readable
 * issuer may have been the one: into dir->trouble. */
CA_MUST_CHECK enum ca_err ca_crldir_pick(struct ca_crldir *dir,
    const struct slot *slot, const X509_NAME *name, struct ca_crls *found);

/*
 * As ca_crldir_find, among the files with other than hashed names: all of
 * them, or those alone that no hashed name leads to.
 */
CA_MUST_CHECK enum ca_err ca_crldir_find_plain(struct ca_crldir *dir, bool all,
    const X509_NAME *name, const struct ca_crl_wanted *wanted,
    struct ca_crls *found);

#endif
