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
 * Before X509_STORE_CTX_init (which copies the callbacks of its store): set
 * flags (CRL_CHECK or CRL_CHECK_ALL, EXTENDED_CRL_SUPPORT, USE_DELTAS) and
 * callbacks of store, which was made for this run alone, holds the trust
 * anchors, and keeps rev in its ex_data 0 (leave that alone).  Findings of an
 * earlier candidate path are forgotten.
 *
 * Anything but CA_OK: the store would let revoked certificates pass.
 * What the caller must know:
 * - untrusted of the X509_STORE_CTX should also hold, at its end, further
 *   intermediates that are not on this path: the issuer of an indirect CRL, or
 *   a CA's other key after a rollover, is looked for there;
 * - for a CRL issuer off the path OpenSSL validates a path of its own, with
 *   the same verify callback and a nested X509_STORE_CTX whose
 *   X509_STORE_CTX_get0_parent_ctx() is not NULL and whose app data is not
 *   set: climb to the outermost one for yours.
 */
CA_MUST_CHECK enum ca_err ca_revocation_attach(
    struct ca_revocation *rev, X509_STORE *store);

/*
 * From the verify callback of chain.c, for each error that the callback's own
 * rules have not already cleared: true if error is about revocation (an
 * X509_V_ERR_CRL_..., UNABLE_TO_GET_CRL..., CERT_REVOKED and their like, or
 * any error at all on the nested path of a CRL's issuer), in which case *ok
 * says whether the verification goes on as if it had not happened, and the
 * finding is remembered here: it is no finding about the chain.  An error
 * cleared here for a while (a CRL past its nextUpdate may still revoke) makes
 * X509_verify_cert fail later on: its result 1 is final.
 */
bool ca_revocation_error(
    struct ca_revocation *rev, X509_STORE_CTX *ctx, int error, int *ok);

/* The run's finding as CA_CHECK_REVOCATION into the report. */
void ca_revocation_report(struct ca_revocation *rev, struct ca_report *report);

#endif
