/*
 * Which CA lacks a CRL, or the address of one.
 */
#ifndef CA_CRLADMIN_CRLMISSING_H
#define CA_CRLADMIN_CRLMISSING_H

#include "base/buf.h"
#include "crl/crl.h"
#include "crladmin/crlplan.h"

/* Read the CRLs of crl_dir, and set any, served, current, soon, file and end of
 * each CA.  A file that cannot be read is left out.  CA_ERR_IO, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_crladmin_missing_look(
    struct ca_crladmin_run *run, struct ca_crladmin_plan *plan);

/* The same for one CRL; served: it comes from a known address. */
void ca_crladmin_missing_note(struct ca_crladmin_run *run,
    struct ca_crladmin_plan *plan, struct ca_crl *crl, bool served);

/* Append where the address of a CA's CRL is found, and the command that learns
 * it. */
void ca_crladmin_missing_how(const struct ca_crladmin_run *run,
    const struct ca_crladmin_ca *ca, struct ca_buf *out);

/* Print a message for each CA without a known address or without a CRL.  False:
 * a CA lacks a CRL now, or lacks an address and its CRL expires soon. */
bool ca_crladmin_missing_say(
    struct ca_crladmin_run *run, const struct ca_crladmin_plan *plan);

#endif
