/*
 * Check one candidate path: X509_verify_cert with the certificates of that path
 * only, and what X509_verify_cert does not check.
 */
#ifndef CA_VERIFY_PATHCHECK_H
#define CA_VERIFY_PATHCHECK_H

#include <openssl/x509.h>
#include <time.h>

#include "base/err.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "verify/path.h"
#include "report/report.h"
#include "verify/revocation.h"

struct ca_pathcheck {
	struct ca_crypto *crypto;
	const struct ca_config *cfg;
	time_t now;
	struct ca_revocation *rev; /* NULL: revocation is not checked */
	/* knows the files of certificates, for messages; may be NULL */
	const struct ca_pathfinder *finder;
};

/*
 * Check path.  anchored: its last certificate is a trust anchor; if not, the
 * path is refused, and report has the findings that can be made.  report must
 * be new; a check passes only if the run succeeded and has no finding about it.
 * Revocation is checked only if all signatures are good.  chain (may be NULL):
 * as for ca_verify.  CA_OK whatever the verdict; any other code: the check
 * could not run.
 */
CA_MUST_CHECK enum ca_err ca_pathcheck_run(const struct ca_pathcheck *pc,
    const struct ca_path *path, bool anchored, struct ca_report *report,
    STACK_OF(X509) **chain);

#endif
