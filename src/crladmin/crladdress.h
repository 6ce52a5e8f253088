/*
 * The addresses that `certauth crl update` fetches CRLs from.
 */
#ifndef CA_CRLADMIN_CRLADDRESS_H
#define CA_CRLADMIN_CRLADDRESS_H

#include "crladmin/crlrun.h"
#include "crladmin/crlstate.h"

/* Want each address of --url, crl_url and the CAs' certificates.  CA_ERR_CONFIG:
 * one of --url cannot be fetched, which is said; CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_crladmin_addresses(
    struct ca_crladmin_run *run, struct ca_crladmin_states *states);

#endif
