/*
 * Revocation of a whole path by the CRLs in crl_dir: RFC 5280 section 6.3.
 *
 * OpenSSL's engine decides about scope, distribution points, deltas, indirect
 * CRLs and times; the entries it never sees.  verify/chain.c builds candidate
 * paths and runs X509_verify_cert on each; this room is attached to that run.
 */
#ifndef CA_VERIFY_REVOCATION_H
#define CA_VERIFY_REVOCATION_H

#include <openssl/x509_vfy.h>
#include <stdbool.h>
#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "verify/report.h"

struct ca_revocation;

/*
 * Prepare for one verification by cfg (crl, crl_dir, crl_check, crl_grace,
 * crl_engine).  With crl = off it does nothing further and waives.  crl_dir
 * that cannot be opened or trusted is remembered, and fails the check
 * (CA_R_CRL_DIR) unless crl = off.  Opens CRL files when they are asked for
 * by issuer name, and keeps what it learnt for the next candidate path.
 */
CA_MUST_CHECK enum ca_err ca_revocation_new(struct ca_crypto *crypto,
    const struct ca_config *cfg, const struct ca_log *log, time_t now,
    struct ca_revocation **out);
void ca_revocation_free(struct ca_revocation *rev); /* NULL is allowed */

/*
 * Before X509_verify_cert: set flags (CRL_CHECK or CRL_CHECK_ALL,
 * EXTENDED_CRL_SUPPORT, USE_DELTAS) and the callbacks of ctx, which was
 * initialised with a store made for this run alone.  Findings of an earlier
 * candidate path are forgotten.
 */
void ca_revocation_attach(struct ca_revocation *rev, X509_STORE *store,
    X509_STORE_CTX *ctx);

/*
 * From the verify callback of chain.c, for each error: true if error is about
 * revocation (an X509_V_ERR_CRL_..., UNABLE_TO_GET_CRL..., CERT_REVOKED and
 * their like), in which case *ok says whether the verification goes on as if
 * it had not happened.  The finding is remembered here.
 */
bool ca_revocation_error(struct ca_revocation *rev, X509_STORE_CTX *ctx,
    int error, int *ok);

/* The run's finding as CA_CHECK_REVOCATION into the report. */
void ca_revocation_report(struct ca_revocation *rev, struct ca_report *report);

#endif
