/*
 * Learn addresses of CRLs from certificates: those of the CAs, of users_dir, and
 * of files that root names.
 */
#ifndef CA_CRLADMIN_CRLLEARN_H
#define CA_CRLADMIN_CRLLEARN_H

#include "crladmin/crlbook.h"

/* Add the addresses in the certificates of the CAs themselves.  CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_crladmin_learn_cas(struct ca_crladmin_run *run,
    const struct ca_crladmin_cas *cas, struct ca_crladmin_book *book);

/* Add those of the certificates in users_dir that one of the CAs signed.  A
 * fault in users_dir is logged, and is no error here.  CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_crladmin_learn_users(struct ca_crladmin_run *run,
    const struct ca_crladmin_cas *cas, struct ca_crladmin_book *book);

/*
 * Add those of the certificates in the file at path.  False: it gave none that
 * can be fetched; unless quiet, a message says why.
 */
bool ca_crladmin_learn_file(struct ca_crladmin_run *run,
    const struct ca_crladmin_cas *cas, struct ca_crladmin_book *book,
    const char *path, bool quiet);

#endif
