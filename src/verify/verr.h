/*
 * Map OpenSSL's verification errors to findings.
 */
#ifndef CA_VERIFY_VERR_H
#define CA_VERIFY_VERR_H

#include "report/report.h"

#include <openssl/x509_vfy.h>

#ifndef X509_V_ERR_EMPTY_AUTHORITY_KEY_IDENTIFIER /* of OpenSSL 4 */
#define X509_V_ERR_EMPTY_AUTHORITY_KEY_IDENTIFIER 102
#define X509_V_ERR_AKID_ISSUER_SERIAL_NOT_PAIRED 103
#endif

/* The check and reason of an X509_V_ERR_...; an unknown one is
 * CA_R_CHAIN_OTHER.  X509_verify_cert does not check CRLs here, so there are no
 * errors about CRLs. */
void ca_verr_map(int error, enum ca_check *check, enum ca_reason *reason);

#endif
