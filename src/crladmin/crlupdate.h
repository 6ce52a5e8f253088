/*
 * `certauth crl update`: fetch CRLs, judge them, and replace files of crl_dir.
 */
#ifndef CA_CRLADMIN_CRLUPDATE_H
#define CA_CRLADMIN_CRLUPDATE_H

#include "crladmin/crlrun.h"

/* CA_EXIT_NO: at least one CRL was not fetched or was refused. */
int ca_crladmin_update(struct ca_crladmin_run *run);

#endif
