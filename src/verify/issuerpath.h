/*
 * Certification paths of the issuers of CRLs that are not on the path that is
 * checked: the functions of struct ca_revocation_paths.  Private to chain.c.
 */
#ifndef CA_VERIFY_ISSUERPATH_H
#define CA_VERIFY_ISSUERPATH_H

#include <openssl/x509.h>

#include "base/err.h"
#include "base/log.h"
#include "verify/path.h"
#include "verify/pathcheck.h"
#include "verify/revocation.h"

/* The ctx of both functions.  All members are borrowed. */
struct ca_issuerpath {
	const struct ca_pathcheck *pc;
	struct ca_pathfinder *finder; /* of the path that is checked */
	const struct ca_log *log;
};

/* As ca_pathfinder_named. */
CA_MUST_CHECK enum ca_err ca_issuerpath_named(
    void *ctx, const X509_NAME *subject, STACK_OF(X509) *out);

/*
 * Find a valid path from cert to anchor by RFC 5280 section 6 alone, without
 * the configured policies, purpose and profile.  CA_OK: *chain is that path,
 * for the caller to free.  CA_DENIED: there is none, and why says so;
 * CA_ERR_LIMIT and others as ca_pathfinder_run.
 */
CA_MUST_CHECK enum ca_err ca_issuerpath_find(void *ctx, X509 *cert,
    X509 *anchor, STACK_OF(X509) **chain, char why[CA_REVOCATION_WHY]);

/* As ca_pathfinder_spend. */
CA_MUST_CHECK enum ca_err ca_issuerpath_spend(void *ctx, size_t cost);

#endif
