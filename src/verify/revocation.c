#include "verify/revocationint.h"
#include "verify/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"

/* ---- set-up ---- */

static void
put_option(
    const char *option, const char *path, const char *usual, struct ca_buf *out)
{
	if (path == NULL || strcmp(path, usual) == 0)
		return;
	ca_buf_fmt(out, " %s %s", option,
	    ca_text_plain(path, strlen(path)) ? path : "DIR");
}

/* What `certauth crl` needs to read the directories of this configuration: a
 * section may have its own. */
static char *
directories(const struct ca_config *cfg)
{
	struct ca_buf out = CA_BUF_INIT(16384);

	put_option("--ca-dir", cfg->ca_dir, CA_SYSCONFDIR "/ca", &out);
	put_option("--intermediates-dir", cfg->intermediates_dir, "", &out);
	put_option("--crl-dir", cfg->crl_dir, CA_SYSCONFDIR "/crl", &out);
	const char *text = out.len > 0 ? ca_buf_text(&out) : "";
	char *copy = text != NULL ? strdup(text) : NULL;
	ca_buf_free(&out);
	return copy;
}

enum ca_err
ca_revocation_new(struct ca_crypto *crypto, const struct ca_config *cfg,
    const struct ca_log *log, time_t now, struct ca_revocation **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_revocation *rev = calloc(1, sizeof *rev);

	if (rev == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	rev->crypto = crypto;
	rev->log = log;
	rev->sources = cfg->revocation;
	rev->mode = cfg->crl;
	rev->check = cfg->crl_check;
	rev->grace = cfg->crl_grace;
	rev->no_next_update = cfg->crl_no_next_update;
	rev->short_lived = cfg->crl_short_lived;
	rev->exempt = &cfg->crl_exempt;
	rev->now = now;
	rev->ocsp_max_age = cfg->ocsp_max_age;
	rev->ocsp_fd = -1;
	rev->ocsp_rc = CA_ERR_NOT_FOUND;
	rev->error.reason = CA_R_OK;
	rev->status = ca_rev_status;
	if (rev->mode != CA_CRL_OFF) {
		if ((rev->dir_path = strdup(cfg->crl_dir)) == NULL ||
		    (rev->options = directories(cfg)) == NULL) {
			ret = CA_ERR_MEMORY;
			goto out;
		}
		if ((rc = ca_rev_ocsp_open(rev, cfg)) != CA_OK) {
			ret = rc;
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
ca_revocation_set_staples(struct ca_revocation *rev, enum ca_staples_by origin,
    const struct ca_bytes *staple, size_t n)
{
	rev->origin = origin;
	rev->staple = staple;
	rev->nstaples = n;
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
	ca_rev_ocsp_clear(rev);
	rev->nissuers = rev->nuse = 0;
	rev->stale.reason = rev->absent.reason = CA_R_OK;
	rev->exempted.reason = rev->brief.reason = CA_R_OK;
	memset(rev->waiver, 0, sizeof rev->waiver);
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
	if (rev->ocsp_fd >= 0)
		(void)close(rev->ocsp_fd);
	free(rev->ocsp_path);
	free(rev->dir_path);
	free(rev->options);
	free(rev);
}

/* ---- one answer ---- */

static enum ca_err
nobody(void *ctx, const X509_NAME *subject, STACK_OF(X509) *out)
{
	(void)ctx;
	(void)subject;
	(void)out;
	return CA_OK;
}

enum ca_err
ca_revocation_weigh(struct ca_revocation *rev, const STACK_OF(X509) *chain,
    struct ca_ocsp_answer *answer)
{
	const struct place at = {chain, 0, 0, false};

	forget_path(rev);
	rev->chain = chain;
	rev->paths = (struct ca_revocation_paths){.named = nobody};
	return ca_rev_weigh(rev, &at, answer);
}

/* ---- the path ---- */

static void
put_failure(struct ca_report *report, const struct finding *f)
{
	ca_report_set(
	    report, CA_CHECK_REVOCATION, CA_FAIL, f->reason, "%s", f->detail);
}

/* One reason is reported; the detail has those of the other waivers too. */
static bool
put_waivers(const struct ca_revocation *rev, struct ca_report *report)
{
	enum { WAIVERS = 4 };
	const struct finding *const all[WAIVERS] = {
	    &rev->stale, &rev->absent, &rev->exempted, &rev->brief};
	struct ca_buf text = CA_BUF_INIT((size_t)WAIVERS * DETAIL_MAX);
	enum ca_reason reason = CA_R_OK;

	for (size_t i = 0; i < WAIVERS; i++) {
		if (all[i]->reason == CA_R_OK)
			continue;
		if (reason == CA_R_OK)
			reason = all[i]->reason;
		else
			ca_buf_fmt(
			    &text, "; %s: ", ca_reason_code(all[i]->reason));
		ca_buf_str(&text, all[i]->detail);
	}
	const char *detail = ca_buf_text(&text);
	if (reason != CA_R_OK)
		ca_report_set(report, CA_CHECK_REVOCATION, CA_WAIVED, reason,
		    "%s", detail != NULL ? detail : "");
	ca_buf_free(&text);
	return reason != CA_R_OK;
}

/* With OCSP, the detail says which responses showed that nothing is revoked. */
static void
put_pass(const struct ca_revocation *rev, struct ca_report *report)
{
	struct ca_buf text = CA_BUF_INIT(65536);
	char date[32];

	for (size_t i = 0; i < rev->nocsp; i++) {
		const struct ocsp_use *use = &rev->ocsp[i];

		if (use->answer.status != CA_OCSP_GOOD ||
		    rev->sources == CA_SOURCES_CRL)
			continue;
		ca_buf_fmt(&text, "%scertificate %d good by %s until %s",
		    text.len > 0 ? "; " : "", use->depth + 1,
		    use->file != NULL ? use->file : CA_OCSP_SENT,
		    ca_rev_time(use->answer.until, date));
	}
	if (text.len > 0 && ca_buf_text(&text) != NULL)
		ca_report_set(report, CA_CHECK_REVOCATION, CA_PASS, CA_R_OK,
		    "%s", ca_buf_text(&text));
	else
		ca_report_set(
		    report, CA_CHECK_REVOCATION, CA_PASS, CA_R_OK, NULL);
	ca_buf_free(&text);
}

void
ca_revocation_check(struct ca_revocation *rev, const STACK_OF(X509) *chain,
    struct ca_report *report)
{
	struct place at = {chain, 0, 0, false};
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
		put_failure(report, &failed);
	else if (rev->error.reason != CA_R_OK)
		put_failure(report, &rev->error);
	else if (!put_waivers(rev, report))
		put_pass(rev, report);
}

bool
ca_revocation_leaf_revoked(const struct ca_revocation *rev)
{
	return rev != NULL && rev->leaf_revoked;
}
