/*
 * OpenSSL's verification errors as findings.
 */
#ifndef CA_VERIFY_VERR_H
#define CA_VERIFY_VERR_H

#include "report/report.h"

/* The check and reason of an X509_V_ERR_...; an unknown one is
 * CA_R_CHAIN_OTHER.  X509_verify_cert is not asked for CRLs, so there are none
 * about them. */
void ca_verr_map(int error, enum ca_check *check, enum ca_reason *reason);

#endif
