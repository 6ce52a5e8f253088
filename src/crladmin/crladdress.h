/*
 * The addresses that `certauth crl update` fetches CRLs from.
 */
#ifndef CA_CRLADMIN_CRLADDRESS_H
#define CA_CRLADMIN_CRLADDRESS_H

#include "crladmin/crlrun.h"
#include "crladmin/crlstate.h"

/* Mark each address of --url, crl_url and the CAs' certificates as wanted.
 * CA_ERR_CONFIG: an address of --url cannot be fetched, and a message was
 * printed; CA_ERR_LIMIT: too many addresses; CA_ERR_MEMORY, CA_ERR_CRYPTO. */
CA_MUST_CHECK enum ca_err ca_crladmin_addresses(
    struct ca_crladmin_run *run, struct ca_crladmin_states *states);

#endif
