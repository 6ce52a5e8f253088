/*
 * Hashed names for the files of crl_dir, and the stamp that says that all have
 * them.
 */
#ifndef CA_CRLADMIN_CRLLINK_H
#define CA_CRLADMIN_CRLLINK_H

#include "crladmin/crlrun.h"

/*
 * Give every CRL of crl_dir's files a hashed name as `openssl rehash` would,
 * so that a login opens those it needs alone, and drop links that lead
 * nowhere.  Links are added before any is dropped.  Then leave the stamp of
 * crl/crldir.h: nothing may change crl_dir in this run after it.
 */
CA_MUST_CHECK enum ca_err ca_crladmin_link(struct ca_crladmin_run *run);

#endif
