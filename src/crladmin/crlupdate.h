/*
 * `certauth crl update`.
 */
#ifndef CA_CRLADMIN_CRLUPDATE_H
#define CA_CRLADMIN_CRLUPDATE_H

#include "crladmin/crlrun.h"

int ca_crl_update(struct ca_crl_run *run);

#endif
