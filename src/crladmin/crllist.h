/*
 * `certauth crl list`.
 */
#ifndef CA_CRLADMIN_CRLLIST_H
#define CA_CRLADMIN_CRLLIST_H

#include "crladmin/crlrun.h"

int ca_crladmin_list(struct ca_crladmin_run *run);

#endif
