/*
 * ca_verify: try the likeliest paths one after the other until one is accepted.
 * The report shows the findings of the best one.
 */
#include "verify/cadir.h"
#include "verify/issuerpath.h"
#include "verify/path.h"
#include "verify/pathcheck.h"
#include "verify/pathend.h"
#include "verify/verify.h"

#include <openssl/err.h>

/* Paths that are checked once more with profile = basic, for the message. */
#define HINTS_MAX 4

struct search {
	struct ca_pathcheck pc;
	struct ca_pathfinder *finder;
	struct ca_report *best; /* findings of the best path so far */
	unsigned best_failures;
	STACK_OF(X509) *chain;         /* of the accepted path */
	unsigned hints;                /* how often profile = basic was tried */
	bool basic;                    /* it accepts one of the paths */
	bool refused;                  /* the leaf is revoked */
	struct ca_verify_trace *trace; /* of the best path; may be NULL */
	struct ca_issuerpath issuers;
};

static unsigned
failures(const struct ca_report *report)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CA_CHECKS; i++) {
		enum ca_verdict v = ca_report_verdict(report, (enum ca_check)i);

		if ((CA_REPORT_CERT & 1u << i) != 0)
			n += v == CA_FAIL ? 2 : v == CA_NOT_RUN;
	}
	return n;
}

/* Keep report if it is better than the best one so far.  It is consumed either
 * way.  True: it was kept. */
static bool
keep_best(struct search *s, struct ca_report *report)
{
	unsigned n = failures(report);

	if (s->best != NULL && s->best_failures <= n) {
		ca_report_free(report);
		return false;
	}
	ca_report_free(s->best);
	s->best = report;
	s->best_failures = n;
	return true;
}

static enum ca_err
trace_path(struct search *s, const STACK_OF(X509) *chain, bool anchored)
{
	if (s->trace == NULL || chain == NULL)
		return CA_OK;
	return ca_verify_trace_take(
	    s->trace, chain, anchored, anchored ? s->pc.rev : NULL);
}

/*
 * A CA that was set up by hand often breaks the profile.  If profile = basic
 * accepts the path, the refusal says so.  Revocation does not depend on the
 * profile, and was checked only if all signatures of the path are good.
 */
static enum ca_err
try_basic(struct search *s, const struct ca_path *path,
    const struct ca_report *report)
{
	const unsigned checks = CA_REPORT_CERT & ~(1u << CA_CHECK_REVOCATION);
	enum ca_verdict crl = ca_report_verdict(report, CA_CHECK_REVOCATION);
	struct ca_config cfg = *s->pc.cfg;
	struct ca_pathcheck pc = s->pc;
	struct ca_report *second;
	enum ca_err ret = CA_ERR_UNSET, rc;

	if (cfg.profile == CA_PROFILE_BASIC || s->basic ||
	    s->hints == HINTS_MAX || (crl != CA_PASS && crl != CA_WAIVED) ||
	    ca_report_verdict(report, CA_CHECK_CHAIN) != CA_FAIL)
		return CA_OK;
	if ((second = ca_report_new()) == NULL)
		return CA_ERR_MEMORY;
	s->hints++;
	cfg.profile = CA_PROFILE_BASIC;
	pc.cfg = &cfg;
	pc.rev = NULL;
	rc = ca_pathcheck_run(&pc, path, true, second, NULL);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	s->basic = ca_report_granted(second, checks);
	ret = CA_OK;
out:
	ca_report_free(second);
	return ret;
}

/* Add to the first check that failed. */
static void
tell_basic(struct ca_report *report)
{
	for (unsigned i = 0; i < CA_CHECKS; i++) {
		enum ca_check check = (enum ca_check)i;

		if (ca_report_verdict(report, check) != CA_FAIL)
			continue;
		ca_report_set(report, check, CA_FAIL,
		    ca_report_check_reason(report, check),
		    "profile = basic accepts this certificate");
		return;
	}
}

/* The leaf is revoked on a path that is valid otherwise.  This must decide even
 * if another path to another anchor, to which the CRL's issuer has no path,
 * would accept the leaf. */
static bool
is_final(const struct search *s, const struct ca_report *report)
{
	return ca_report_verdict(report, CA_CHECK_CHAIN) == CA_PASS &&
	       ca_report_verdict(report, CA_CHECK_VALIDITY) == CA_PASS &&
	       ca_revocation_leaf_revoked(s->pc.rev);
}

static enum ca_err
try_path(void *ctx, const struct ca_path *path)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct search *s = ctx;
	struct ca_report *report = ca_report_new();
	STACK_OF(X509) *chain = NULL;

	if (report == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	rc = ca_pathcheck_run(&s->pc, path, true, report, &chain);
	if (rc == CA_OK && !ca_report_granted(report, CA_REPORT_CERT))
		rc = try_basic(s, path, report);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	if (!ca_report_granted(report, CA_REPORT_CERT)) {
		if (is_final(s, report)) {
			ca_report_free(s->best);
			s->best = NULL;
			s->refused = true;
		}
		bool kept = keep_best(s, report);

		report = NULL; /* transferred */
		rc = kept ? trace_path(s, chain, true) : CA_OK;
		ret = rc != CA_OK ? rc : s->refused ? CA_OK : CA_DENIED;
		goto out;
	}
	ca_report_free(s->best);
	s->best = report;
	report = NULL; /* transferred */
	if ((rc = trace_path(s, chain, true)) != CA_OK) {
		ret = rc;
		goto out;
	}
	s->chain = chain;
	chain = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_report_free(report);
	sk_X509_pop_free(chain, X509_free);
	return ret;
}

/* Show the path as far as it goes, and say why it does not reach ca_dir. */
static enum ca_err
tell_end(struct search *s, const struct ca_path *end, bool told,
    struct ca_report *report)
{
	struct ca_buf text = CA_BUF_INIT(65536);
	STACK_OF(X509) *chain = sk_X509_new_null();
	enum ca_err ret = CA_ERR_UNSET, rc;

	if (!told)
		ca_pathend_tell(s->finder, end, &text);
	if (!told && ca_buf_text(&text) != NULL)
		ca_report_set(report, CA_CHECK_CHAIN, CA_FAIL,
		    CA_R_CHAIN_UNKNOWN_CA, "%s", ca_buf_text(&text));
	for (size_t i = 0; chain != NULL && i < end->n; i++) {
		if (sk_X509_push(chain, end->cert[i]) <= 0) {
			ret = CA_ERR_MEMORY;
			goto out;
		}
	}
	rc = chain != NULL ? trace_path(s, chain, false) : CA_ERR_MEMORY;
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	sk_X509_free(chain);
	ca_buf_free(&text);
	return ret;
}

/* No path leads to ca_dir: report the reason, and all other findings about the
 * leaf. */
static enum ca_err
no_path(struct search *s, const struct ca_verify_input *in, bool limit,
    const char *problem, struct ca_report *report)
{
	struct ca_path alone = {.cert = {in->leaf}, .n = 1};
	struct ca_path end = ca_pathend(s->finder);
	struct ca_pathcheck pc = s->pc;
	bool told = limit || ca_pathend_unsupported(&end, report);
	enum ca_err rc;

	if (limit)
		ca_report_set(report, CA_CHECK_CHAIN, CA_FAIL, CA_R_CHAIN_LIMIT,
		    "%s", ca_pathfinder_limit(s->finder));
	else if (problem != NULL)
		ca_report_set(report, CA_CHECK_CHAIN, CA_FAIL, CA_R_CHAIN_DIR,
		    "%s", problem);
	if ((rc = tell_end(s, &end, told, report)) != CA_OK)
		return rc;
	pc.rev = NULL;
	return ca_pathcheck_run(&pc, &alone, false, report, NULL);
}

static void
fact_anchor(struct ca_report *report, const STACK_OF(X509) *chain)
{
	struct ca_buf name = CA_BUF_INIT(65536);

	ca_name_rfc4514(
	    X509_get_subject_name(sk_X509_value(chain, sk_X509_num(chain) - 1)),
	    &name);
	ca_report_fact(report, CA_FACT_ANCHOR, ca_buf_text(&name));
	ca_buf_free(&name);
}

static const char *
problem_of(const struct ca_cadir *anchors, const struct ca_cadir *helpers)
{
	const char *what = ca_cadir_get0_problem(anchors);

	if (what == NULL && helpers != NULL)
		what = ca_cadir_get0_problem(helpers);
	return what;
}

/* A CA in a file whose name does not count is the likeliest cause of an unknown
 * one. */
static void
tell_skipped(const struct ca_cadir *dir, struct ca_report *report)
{
	struct ca_buf text = CA_BUF_INIT(65536);
	enum ca_reason reason = ca_report_check_reason(report, CA_CHECK_CHAIN);

	if (dir != NULL)
		ca_cadir_skipped(dir, &text);
	if (text.len > 0 && ca_buf_text(&text) != NULL &&
	    (reason == CA_R_CHAIN_UNKNOWN_CA || reason == CA_R_CHAIN_DIR))
		ca_report_set(report, CA_CHECK_CHAIN, CA_FAIL, reason,
		    "not read because of their names in %s",
		    ca_buf_text(&text));
	ca_buf_free(&text);
}

static enum ca_err
search(struct search *s, struct ca_cadir *anchors, struct ca_cadir *helpers,
    const struct ca_verify_input *in, struct ca_report *report)
{
	enum ca_err rc;
	const char *problem;
	bool limit;

	s->finder = ca_pathfinder_new(
	    anchors, helpers, in->leaf, in->untrusted, in->now);
	if (s->finder == NULL)
		return CA_ERR_MEMORY;
	s->issuers.finder = s->finder;
	s->pc.finder = s->finder;
	ca_revocation_set_paths(s->pc.rev,
	    &(struct ca_revocation_paths){ca_issuerpath_named,
		ca_issuerpath_find, &s->issuers, ca_issuerpath_spend});
	ca_revocation_set_staples(
	    s->pc.rev, in->origin, in->staple, in->nstaples);
	if (s->trace != NULL)
		ca_revocation_trace(s->pc.rev, in->all_crls);
	rc = ca_pathfinder_run(s->finder, try_path, s);
	limit = rc == CA_ERR_LIMIT;
	if (rc != CA_OK && rc != CA_DENIED && !limit)
		return rc;
	problem = problem_of(anchors, helpers);
	if (s->best == NULL) {
		rc = no_path(s, in, limit, problem, report);
		tell_skipped(anchors, report);
		tell_skipped(helpers, report);
		return rc;
	}
	ca_report_merge(report, s->best, CA_REPORT_CERT);
	if ((rc != CA_OK || s->refused) && s->basic)
		tell_basic(report);
	if (rc == CA_OK && !s->refused)
		fact_anchor(report, s->chain);
	else if (limit)
		ca_report_set(report, CA_CHECK_CHAIN, CA_FAIL, CA_R_CHAIN_LIMIT,
		    "%s", ca_pathfinder_limit(s->finder));
	return CA_OK;
}

/* The checks could not run: the report denies, whatever else it contains. */
static void
could_not(struct ca_report *report, enum ca_reason reason, enum ca_err rc)
{
	ca_report_set(
	    report, CA_CHECK_CHAIN, CA_FAIL, reason, "%s", ca_err_text(rc));
}

enum ca_err
ca_verify(struct ca_crypto *crypto, const struct ca_config *cfg,
    const struct ca_log *log, const struct ca_verify_input *in,
    struct ca_report *report, STACK_OF(X509) **chain)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct search s = {
	    .pc = {crypto, cfg, in->now, NULL, NULL}, .trace = in->trace};
	struct ca_cadir *anchors = NULL, *helpers = NULL;
	const char *dir = cfg->ca_dir;
	OSSL_LIB_CTX *before;

	s.issuers = (struct ca_issuerpath){.pc = &s.pc, .log = log};
	if (chain != NULL)
		*chain = NULL;
	ERR_set_mark();
	before = ca_crypto_enter(crypto);
	ca_verify_facts(crypto, in->leaf, report);
	if (in->anchors != NULL)
		rc = ca_cadir_hold(crypto, in->anchors, log, &anchors);
	else
		rc =
		    ca_cadir_open(crypto, cfg->ca_dir, "ca_dir", log, &anchors);
	if (rc == CA_OK && cfg->intermediates_dir != NULL) {
		dir = cfg->intermediates_dir;
		rc = ca_cadir_open(
		    crypto, dir, "intermediates_dir", log, &helpers);
	}
	if (rc != CA_OK) {
		ca_report_set(report, CA_CHECK_CHAIN, CA_FAIL, CA_R_CHAIN_DIR,
		    "%s: %s", dir, ca_err_text(rc));
		ret = rc;
		goto out;
	}
	rc = ca_revocation_new(crypto, cfg, log, in->now, &s.pc.rev);
	if (rc == CA_OK)
		rc = search(&s, anchors, helpers, in, report);
	if (rc != CA_OK) {
		could_not(report, CA_R_INTERNAL, rc);
		ret = rc;
		goto out;
	}
	if (chain != NULL) {
		*chain = s.chain;
		s.chain = NULL; /* transferred */
	}
	ret = CA_OK;
out:
	ca_report_free(s.best);
	ca_pathfinder_free(s.finder);
	sk_X509_pop_free(s.chain, X509_free);
	ca_revocation_free(s.pc.rev);
	ca_cadir_free(helpers);
	ca_cadir_free(anchors);
	ca_crypto_leave(before);
	ERR_pop_to_mark();
	return ret;
}
