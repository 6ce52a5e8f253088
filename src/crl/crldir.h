/*
 * The CRLs of a directory by their issuer's name.
 */
#ifndef CA_CRL_CRLDIR_H
#define CA_CRL_CRLDIR_H

#include <sys/stat.h>

#include "base/buf.h"
#include "crl/crl.h"

struct ca_crldir;

/*
 * Open a directory of CRLs: files named HASH.rN as `openssl rehash` makes
 * them, or any other names.  path is copied; crypto and log are
 * borrowed.  Errors as ca_file_opendir.
 */
CA_MUST_CHECK enum ca_err ca_crldir_new(struct ca_crypto *crypto,
    const struct ca_log *log, const char *path, enum ca_crl_engine engine,
    struct ca_crldir **out);
void ca_crldir_free(struct ca_crldir *dir); /* NULL is allowed */

/*
 * Append the CRLs issued under name to found, borrowed from dir.  Hashed names
 * are tried first.  If no CRL is found there, the first bytes of all other
 * files are read, once for the life of dir.  If one is found, only the files
 * that no hashed name links to are read: a CRL without a hashed name may
 * revoke too.  If `certauth crl compile` has left its stamp and the directory
 * has not been modified since, there are no such files; else names and links
 * are read.
 *
 * Directories, FIFOs, sockets and devices, and links to them, are ignored and
 * never opened.
 *
 * *trouble becomes CA_R_CRL_DIR or CA_R_CRL_MALFORMED if a file could not be
 * read that may hold a CRL of this issuer; then found may be incomplete.  A
 * link to a missing file cannot be read.  Otherwise *trouble is not changed.
 * ca_crldir_get0_trouble names the file.  CA_ERR_MEMORY, CA_ERR_IO,
 * CA_ERR_CRYPTO.
 */
CA_MUST_CHECK enum ca_err ca_crldir_find(struct ca_crldir *dir,
    const X509_NAME *name, const struct ca_crl_wanted *wanted,
    struct ca_crls *found, enum ca_reason *trouble);

/*
 * What was wrong in the last ca_crldir_find: "FILE WHAT" for the first file
 * with the reason in *trouble ("root.crl is writable by its group"), or NULL.
 * It belongs to dir and is valid until the next look-up.  FILE is the name in
 * the directory; the caller must escape it.
 */
const char *ca_crldir_get0_trouble(const struct ca_crldir *dir);

/*
 * Open a file of a directory of CRLs for reading; links are followed.
 * CA_ERR_UNSUPPORTED: it is a directory, FIFO, socket or device, and was not
 * opened; CA_ERR_NOT_FOUND: no such name; CA_ERR_IO with ENOENT or ENOTDIR: a
 * link to a missing file; else as ca_file_open.  st (may be NULL) gets the
 * file's status as far as it could be read.
 */
CA_MUST_CHECK enum ca_err ca_crldir_open(
    int dirfd, const char *name, int *fd, struct stat *st);

/* Return why ca_crldir_open failed with rc and errno, as text that follows the
 * file's name.  buf: 256 bytes that the text may be written to. */
const char *ca_crldir_why(enum ca_err rc, const struct stat *st, char buf[256]);

/*
 * The stamp: a file that says that every file had its hashed names when the
 * directory was last modified.  It holds the directory's identity and time.
 */
#define CA_CRLDIR_STAMP ".certauth-crl.linked"
CA_MUST_CHECK enum ca_err ca_crldir_stamp(int fd, struct ca_buf *out);

/* A name as `openssl rehash` makes them: 8 hex digits, ".r", a number. */
bool ca_crldir_is_hashed(const char *name);

/* Any other name that may be a CRL: not hidden, not an index. */
bool ca_crldir_is_plain(const char *name);

#endif
