/*
 * `certauth crl addresses`: print the addresses of CRLs that are known, learn
 * some, and forget some.
 */
#ifndef CA_CRLADMIN_CRLADDRESSES_H
#define CA_CRLADMIN_CRLADDRESSES_H

#include "crladmin/crlbook.h"
#include "crladmin/crlrun.h"

/* forget: a remembered address to remove, or NULL.  CA_EXIT_NO: the address of a
 * CA's CRL is not known, a file of --from gave none, or forget is not
 * remembered. */
int ca_crladmin_addresses(struct ca_crladmin_run *run, const char *forget);

/* After a failed transfer: print where the address was learnt, and the command that
 * forgets it.  The address is quoted for the shell, since a CA has chosen it. */
void ca_crladmin_tell_forget(
    const struct ca_crladmin_run *r, const struct ca_crladmin_address *a);

#endif
