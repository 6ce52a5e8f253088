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
 * are looked at first; if no CRL answers there, all other files are scanned, by
 * their first bytes, once for the life of dir.  If one does, those files alone
 * are scanned that no hashed name leads to: a CRL that was put beside the
 * others counts.  Whether there are any is known by the directory's
 * modification time, where `certauth crl compile` has left its stamp, else by
 * reading names and links.
 *
 * Directories, FIFOs, sockets and devices are passed over, whatever their names
 * and whether by a link or not; none of them is opened.
 *
 * *trouble becomes CA_R_CRL_DIR or CA_R_CRL_MALFORMED if a file that may have
 * been the one could not be read (and what is appended may not be all), and
 * is left alone otherwise; a link to a file that is not there is one that could
 * not be read.  ca_crldir_get0_trouble names the file.  CA_ERR_MEMORY,
 * CA_ERR_IO, CA_ERR_CRYPTO.
 */
CA_MUST_CHECK enum ca_err ca_crldir_find(struct ca_crldir *dir,
    const X509_NAME *name, const struct ca_crl_wanted *wanted,
    struct ca_crls *found, enum ca_reason *trouble);

/*
 * What was wrong in the last ca_crldir_find that set *trouble: "FILE WHAT", for
 * the reason that it gave the first file at fault ("root.crl is writable by its
 * group").  NULL: nothing was.  dir's, until the next look-up.  The name of the
 * file is as it stands in the directory, to be escaped.
 */
const char *ca_crldir_get0_trouble(const struct ca_crldir *dir);

/*
 * Open a file of a directory of CRLs for reading.  CA_ERR_UNSUPPORTED: it is,
 * behind links, a directory, a FIFO, a socket or a device, and was not opened;
 * CA_ERR_NOT_FOUND: no such name; CA_ERR_IO with ENOENT or ENOTDIR: a link to
 * what is not there; else as ca_file_open.  st (may be NULL): of the file, as
 * far as it was found.
 */
CA_MUST_CHECK enum ca_err ca_crldir_open(
    int dirfd, const char *name, int *fd, struct stat *st);

/* What keeps a file from being read, to stand behind its name: for what
 * ca_crldir_open gave (errno counts).  buf: 256 bytes it may be made in. */
const char *ca_crldir_why(enum ca_err rc, const struct stat *st, char buf[256]);

/*
 * The file that says: when the directory was last changed, every file in it
 * had its hashed names.  Its content is the directory's identity and time.
 */
#define CA_CRLDIR_STAMP ".certauth-crl.linked"
CA_MUST_CHECK enum ca_err ca_crldir_stamp(int fd, struct ca_buf *out);

/* A name as `openssl rehash` makes them: 8 hex digits, ".r", a number. */
bool ca_crldir_is_hashed(const char *name);

/* Any other name that is looked at: not hidden, no index. */
bool ca_crldir_is_plain(const char *name);

#endif
