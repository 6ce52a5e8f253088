/*
 * `certauth crl list`: print the CRLs of crl_dir and their state.
 */
#ifndef CA_CRLADMIN_CRLLIST_H
#define CA_CRLADMIN_CRLLIST_H

#include "crladmin/crlrun.h"

/* CA_EXIT_NO: a file has no CRL that a login can use. */
int ca_crladmin_list(struct ca_crladmin_run *run);

#endif
