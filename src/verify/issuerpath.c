#include "verify/issuerpath.h"
#include "verify/cadir.h"

#include <stdio.h>

struct attempt {
	struct ca_pathcheck pc;
	STACK_OF(X509) *chain;
	char *why; /* CA_REVOCATION_WHY bytes */
};

enum ca_err
ca_issuerpath_named(void *ctx, const X509_NAME *subject, STACK_OF(X509) *out)
{
	const struct ca_issuerpath *ip = ctx;

	return ca_pathfinder_named(ip->finder, subject, out);
}

enum ca_err
ca_issuerpath_spend(void *ctx, size_t cost)
{
	const struct ca_issuerpath *ip = ctx;

	return ca_pathfinder_spend(ip->finder, cost);
}

static enum ca_err
try_issuer(void *ctx, const struct ca_path *path)
{
	const unsigned checks = 1u << CA_CHECK_CHAIN | 1u << CA_CHECK_VALIDITY;
	struct attempt *at = ctx;
	struct ca_report *report = ca_report_new();
	STACK_OF(X509) *chain = NULL;
	enum ca_err ret = CA_ERR_UNSET, rc;

	if (report == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	rc = ca_pathcheck_run(&at->pc, path, true, report, &chain);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	if (!ca_report_granted(report, checks)) {
		enum ca_check first =
		    ca_report_verdict(report, CA_CHECK_CHAIN) == CA_FAIL
			? CA_CHECK_CHAIN
			: CA_CHECK_VALIDITY;
		const char *detail = ca_report_get0_detail(report, first);

		(void)snprintf(at->why, CA_REVOCATION_WHY, "%s",
		    detail != NULL ? detail : "the certificate is not valid");
		ret = CA_DENIED;
		goto out;
	}
	at->chain = chain;
	chain = NULL; /* transferred */
	ret = CA_OK;
out:
	sk_X509_pop_free(chain, X509_free);
	ca_report_free(report);
	return ret;
}

enum ca_err
ca_issuerpath_find(void *ctx, X509 *cert, X509 *anchor, STACK_OF(X509) **chain,
    char why[CA_REVOCATION_WHY])
{
	const struct ca_issuerpath *ip = ctx;
	struct ca_config cfg = *ip->pc->cfg;
	struct attempt at = {*ip->pc, NULL, why};
	STACK_OF(X509) *alone = sk_X509_new_null();
	struct ca_cadir *anchors = NULL;
	struct ca_pathfinder *finder = NULL;
	enum ca_err ret = CA_ERR_UNSET, rc;

	/* the configured ones are for certificates that log in */
	cfg.profile = CA_PROFILE_BASIC;
	cfg.policy.n = 0;
	cfg.explicit_policy = cfg.inhibit_any = cfg.inhibit_map = false;
	cfg.purpose.n = 0;
	at.pc.cfg = &cfg;
	at.pc.rev = NULL;
	(void)snprintf(why, CA_REVOCATION_WHY,
	    "no valid path leads to the trust anchor of the certificate");
	if (alone == NULL || sk_X509_push(alone, anchor) <= 0) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	rc = ca_cadir_hold(ip->pc->crypto, alone, ip->log, &anchors);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	if ((finder = ca_pathfinder_sub(ip->finder, anchors, cert)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = ca_pathfinder_run(finder, try_issuer, &at)) != CA_OK) {
		ret = rc;
		goto out;
	}
	*chain = at.chain;
	ret = CA_OK;
out:
	ca_pathfinder_free(finder);
	ca_cadir_free(anchors);
	sk_X509_free(alone);
	return ret;
}
