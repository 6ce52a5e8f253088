/*
 * `certauth ocsp update` and `certauth ocsp list`.
 */
#ifndef CA_OCSPADMIN_OCSPUPDATE_H
#define CA_OCSPADMIN_OCSPUPDATE_H

#include "ocspadmin/ocsprun.h"

/* Each returns an exit status, and prints what was done or failed. */
int ca_ocspadmin_update(struct ca_ocspadmin_run *run);
int ca_ocspadmin_list(struct ca_ocspadmin_run *run);

#endif
