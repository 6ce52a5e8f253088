/*
 * Hashed names for the files of crl_dir, and the stamp that says that every
 * file has one.
 */
#ifndef CA_CRLADMIN_CRLLINK_H
#define CA_CRLADMIN_CRLLINK_H

#include "crladmin/crlrun.h"

/*
 * Give every CRL in crl_dir a hashed name, as `openssl rehash` does, so that a
 * login opens only the files that it needs, and remove dangling links.  Links
 * are added before any is removed.  Then write the stamp of crl/crldir.h:
 * nothing may change crl_dir in this run afterwards.  CA_ERR_IO, CA_ERR_LIMIT
 * (too many CRLs of one hash), CA_ERR_CRYPTO, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_crladmin_link(struct ca_crladmin_run *run);

#endif
