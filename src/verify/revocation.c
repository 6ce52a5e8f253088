#include "verify/revocationint.h"
#include "verify/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- set-up ---- */

enum ca_err
ca_revocation_new(struct ca_crypto *crypto, const struct ca_config *cfg,
    const struct ca_log *log, time_t now, struct ca_revocation **out)
{
	enum ca_err ret = CA_ERR_UNSET;
	struct ca_revocation *rev = calloc(1, sizeof *rev);

	if (rev == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	rev->crypto = crypto;
	rev->log = log;
	rev->mode = cfg->crl;
	rev->check = cfg->crl_check;
	rev->grace = cfg->crl_grace;
	rev->no_next_update = cfg->crl_no_next_update;
	rev->now = now;
	rev->error.reason = CA_R_OK;
	rev->status = ca_rev_status;
	if (rev->mode != CA_CRL_OFF) {
		if ((rev->dir_path = strdup(cfg->crl_dir)) == NULL) {
			ret = CA_ERR_MEMORY;
			goto out;
		}
		rev->dir_rc = ca_crldir_new(
		    crypto, log, cfg->crl_dir, cfg->crl_engine, &rev->dir);
		rev->dir_errno = errno;
	}
	*out = rev;
	rev = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_revocation_free(rev);
	return ret;
}

void
ca_revocation_set_paths(
    struct ca_revocation *rev, const struct ca_revocation_paths *paths)
{
	rev->paths = *paths;
}

void
ca_revocation_trace(struct ca_revocation *rev, bool others)
{
	rev->traced = true;
	rev->others = others;
}

/* Free what belongs to one path: another path has another trust anchor. */
static void
forget_path(struct ca_revocation *rev)
{
	for (size_t i = 0; i < rev->nfacts; i++)
		rev->facts[i]->tried = false;
	for (size_t i = 0; i < rev->nissuers; i++)
		sk_X509_pop_free(rev->issuer[i].chain, X509_free);
	free(rev->use);
	rev->use = NULL;
	rev->nissuers = rev->nuse = 0;
	rev->stale.reason = rev->absent.reason = CA_R_OK;
	rev->leaf_revoked = false;
}

void
ca_revocation_free(struct ca_revocation *rev)
{
	if (rev == NULL)
		return;
	forget_path(rev);
	ca_rev_facts_clear(rev);
	ca_crldir_free(rev->dir);
	free(rev->dir_path);
	free(rev);
}

/* ---- the path ---- */

static void
put(struct ca_report *report, enum ca_verdict verdict, const struct finding *f)
{
	ca_report_set(
	    report, CA_CHECK_REVOCATION, verdict, f->reason, "%s", f->detail);
}

void
ca_revocation_check(struct ca_revocation *rev, const STACK_OF(X509) *chain,
    struct ca_report *report)
{
	struct place at = {chain, 0, 0};
	struct finding failed = {.reason = CA_R_OK};
	int n = rev->check == CA_CRL_CHAIN ? sk_X509_num(chain) : 1;
	bool all_good = n > 0;

	if (rev->mode == CA_CRL_OFF) {
		ca_report_set(
		    report, CA_CHECK_REVOCATION, CA_WAIVED, CA_R_CRL_OFF, NULL);
		return;
	}
	forget_path(rev);
	rev->chain = chain;
	/* check all certificates: a later one may be revoked, which is the most
	 * important finding */
	for (; at.i < n; at.i++) {
		struct finding f = {.reason = CA_R_INTERNAL};

		if (ca_rev_status(rev, &at, &f))
			continue;
		all_good = false;
		if (at.i == 0 && f.reason == CA_R_REVOKED)
			rev->leaf_revoked = true;
		if (failed.reason == CA_R_OK ||
		    (f.reason == CA_R_REVOKED && failed.reason != CA_R_REVOKED))
			failed = f;
	}
	if (!all_good)
		put(report, CA_FAIL, &failed);
	else if (rev->error.reason != CA_R_OK)
		put(report, CA_FAIL, &rev->error);
	else if (rev->stale.reason != CA_R_OK)
		put(report, CA_WAIVED, &rev->stale);
	else if (rev->absent.reason != CA_R_OK)
		put(report, CA_WAIVED, &rev->absent);
	else
		ca_report_set(
		    report, CA_CHECK_REVOCATION, CA_PASS, CA_R_OK, NULL);
}

bool
ca_revocation_leaf_revoked(const struct ca_revocation *rev)
{
	return rev != NULL && rev->leaf_revoked;
}
