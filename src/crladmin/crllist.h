/*
 * `certauth crl list`.
 */
#ifndef CA_CRLADMIN_CRLLIST_H
#define CA_CRLADMIN_CRLLIST_H

#include "crladmin/crlrun.h"

int ca_crl_list(struct ca_crl_run *run);

#endif
