/*
 * The CRLs of a directory by their issuer's name.
 */
#ifndef CA_VERIFY_CRLDIR_H
#define CA_VERIFY_CRLDIR_H

#include "verify/crl.h"

struct ca_crldir;

/*
 * Open a directory of CRLs: files named HASH.rN as `openssl rehash` makes
 * them, or any other names.  path is copied; crypto and log are borrowed.
 * Errors as ca_file_opendir.
 */
CA_MUST_CHECK enum ca_err ca_crldir_new(struct ca_crypto *crypto,
    const struct ca_log *log, const char *path, enum ca_crl_engine engine,
    struct ca_crldir **out);
void ca_crldir_free(struct ca_crldir *dir); /* NULL is allowed */

/*
 * Append the CRLs issued under name to found, borrowed from dir.  Hashed names
 * are looked at first; only if no CRL answers there, all other files are
 * scanned, by their first bytes, once for the life of dir.
 *
 * *trouble becomes CA_R_CRL_DIR or CA_R_CRL_MALFORMED if a file that may have
 * been the one could not be read (and what is appended may not be all), and
 * is left alone otherwise.  CA_ERR_MEMORY, CA_ERR_IO, CA_ERR_CRYPTO.
 */
CA_MUST_CHECK enum ca_err ca_crldir_find(struct ca_crldir *dir,
    const X509_NAME *name, const struct ca_crl_wanted *wanted,
    struct ca_crls *found, enum ca_reason *trouble);

/* A name as `openssl rehash` makes them: 8 hex digits, ".r", a number. */
bool ca_crldir_is_hashed(const char *name);

/* Any other name that is looked at: not hidden, no index. */
bool ca_crldir_is_plain(const char *name);

#endif
