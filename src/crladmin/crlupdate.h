/*
 * `certauth crl update`.
 */
#ifndef CA_CRLADMIN_CRLUPDATE_H
#define CA_CRLADMIN_CRLUPDATE_H

#include "crladmin/crlrun.h"

int ca_crladmin_update(struct ca_crladmin_run *run);

#endif
