/*
 * One candidate path, judged: X509_verify_cert with that path's certificates
 * alone, and the checks that it leaves open.
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
	struct ca_revocation *rev; /* NULL: revocation is not looked at */
};

/*
 * Judge path.  anchored: its last certificate is a trust anchor; if not, what
 * can be said about it is said, and it is refused.  The findings go into
 * report, which is fresh; a check passes there only if the run ended well and
 * left no finding against it.  Revocation is looked at where all signatures
 * are good.  chain (may be NULL): as for ca_verify.  CA_OK whatever the
 * verdict; else the run did not come about.
 */
CA_MUST_CHECK enum ca_err ca_pathcheck_run(const struct ca_pathcheck *pc,
    const struct ca_path *path, bool anchored, struct ca_report *report,
    STACK_OF(X509) * *chain);

#endif
