/*
 * `certauth crl addresses`: print the addresses of CRLs that are known, learn
 * some, and forget some.
 */
#ifndef CA_CRLADMIN_CRLADDRESSES_H
#define CA_CRLADMIN_CRLADDRESSES_H

#include "crladmin/crlrun.h"

/* forget: a remembered address to remove, or NULL.  CA_EXIT_NO: the address of a
 * CA's CRL is not known, a file of --from gave none, or forget is not
 * remembered. */
int ca_crladmin_addresses(struct ca_crladmin_run *run, const char *forget);

#endif
