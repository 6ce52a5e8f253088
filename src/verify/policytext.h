/*
 * Why no certificate policy of a path is acceptable (RFC 5280 section 6.1), in
 * words.  X509_verify_cert says only that none is.
 */
#ifndef CA_VERIFY_POLICYTEXT_H
#define CA_VERIFY_POLICYTEXT_H

#include <openssl/x509.h>

#include "config/config.h"
#include "report/report.h"

/*
 * Add to the failure of CA_CHECK_CHAIN: who requires a policy, the certificate
 * that loses the last one, which policies cfg accepts, and what each certificate
 * of chain (leaf first, anchor last) says.  chain must have good signatures.
 */
void ca_policytext(const STACK_OF(X509) *chain, const struct ca_config *cfg,
    struct ca_report *report);

#endif
