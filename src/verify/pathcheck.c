#include "verify/pathcheck.h"
#include "crypto/sigalg.h"
#include "verify/anchor.h"
#include "verify/nameconstraints.h"
#include "verify/pathtext.h"
#include "verify/policytext.h"
#include "verify/profile.h"
#include "verify/purpose.h"
#include "verify/verify.h"
#include "verify/verr.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>

#define DETAILS_MAX 8 /* findings with a detail; further ones have none */

/* OpenSSL's security level: 112 bits, so no RSA under 2,048 bits, no SHA-1. */
#define AUTH_LEVEL 2

struct run {
	const struct ca_pathcheck *pc;
	const struct ca_path *path;
	bool anchored;
	struct ca_report *report;
	unsigned findings;
	bool unknown; /* the path does not lead to the anchor */
	bool forged;  /* a signature of the path is wrong */
	bool named;   /* name constraints were checked */
	bool stopped; /* X509_verify_cert was ended after the signatures */
	bool policy;  /* no policy of the path is acceptable */
};

/*
 * Offer the trust anchor to the certificate below it only.  A store would offer
 * it to every certificate whose issuer has its name, which would cut short a
 * path through a renewed key (two CAs with one name).
 */
static int
get_issuer(X509 **issuer, X509_STORE_CTX *ctx, X509 *cert)
{
	struct run *run = X509_STORE_CTX_get_app_data(ctx);
	const struct ca_path *path;

	*issuer = NULL;
	if (run == NULL || !run->anchored)
		return 0;
	path = run->path;
	if (X509_cmp(path->cert[path->n > 1 ? path->n - 2 : 0], cert) != 0)
		return 0;
	if (X509_up_ref(path->cert[path->n - 1]) != 1)
		return -1;
	*issuer = path->cert[path->n - 1];
	return 1;
}

/*
 * Check name constraints before libcrypto does: libcrypto has no bound on the
 * time, and our result is the one that is used.  If a signature is wrong,
 * anybody may have made the names and constraints, so they are not checked.
 * False: end X509_verify_cert.
 */
static bool
check_names(struct run *run, const STACK_OF(X509) *chain)
{
	if (run->named)
		return true;
	run->named = true;
	run->stopped =
	    run->forged || ca_nameconstraints_check(chain,
			       run->pc->cfg->profile, run->report) != CA_OK;
	return !run->stopped;
}

/* Called for a certificate without an error.  If it is the leaf, the chain is
 * complete, and its signatures and dates are checked. */
static int
good_cert(struct run *run, X509_STORE_CTX *ctx)
{
	if (run == NULL || X509_STORE_CTX_get_error_depth(ctx) != 0)
		return 1;
	return check_names(run, X509_STORE_CTX_get0_chain(ctx)) ? 1 : 0;
}

static bool
is_anchor(const struct run *run, const X509 *cert)
{
	return run->anchored && cert != NULL &&
	       X509_cmp(cert, run->path->cert[run->path->n - 1]) == 0;
}

/* Errors of strict OpenSSL about rules that RFC 5280 makes for CAs, not for
 * verifiers, and errors about what we have checked ourselves. */
static bool
cleared(const struct run *run, X509_STORE_CTX *ctx, X509 *cert, int error)
{
	time_t now = run->pc->now;

	switch (error) {
	case X509_V_ERR_PERMITTED_VIOLATION:
	case X509_V_ERR_EXCLUDED_VIOLATION:
	case X509_V_ERR_SUBTREE_MINMAX:
	case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
	case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
	case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
		return run->named;
	case X509_V_ERR_CA_BCONS_NOT_CRITICAL:
		/* section 4.2.1.9 is a rule for CAs, not for verifiers: PKITS
		 * 4.6.4 */
	case X509_V_ERR_CA_CERT_MISSING_KEY_USAGE:
		/* 6.1.4 (n): only if the extension is present */
		return true;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		/* 4.1.2.5: notAfter is the last valid second */
		return cert != NULL && X509_STORE_CTX_get_error(ctx) == error &&
		       ASN1_TIME_cmp_time_t(X509_get0_notAfter(cert), now) == 0;
	default:
		return is_anchor(run, cert) && ca_anchor_excused(cert, error);
	}
}

/* Does another finding say the same, with more words? */
static bool
told_elsewhere(
    const struct run *run, const struct ca_pathtext *t, enum ca_reason reason)
{
	int last = (int)run->path->n - 1;

	/* chain.c says where the path ends */
	if (reason == CA_R_CHAIN_UNKNOWN_CA && !run->anchored)
		return true;
	return ca_profile_tells(t->cert, t->error,
	    run->anchored && last > 0 && t->depth == last,
	    run->pc->cfg->profile);
}

/* libcrypto takes a key or a digest that it does not know for a weak one. */
static enum ca_reason
refine(X509 *cert, enum ca_reason reason)
{
	struct ca_buf skip = CA_BUF_INIT(1024);

	if (reason == CA_R_CHAIN_WEAK && cert != NULL &&
	    (ca_sigalg_lack_key(cert, &skip) ||
		ca_sigalg_lack_signature(cert, &skip)))
		reason = CA_R_UNSUPPORTED;
	ca_buf_free(&skip);
	return reason;
}

static void
finding(struct run *run, X509_STORE_CTX *ctx, int error)
{
	struct ca_buf text = CA_BUF_INIT(65536);
	const struct ca_pathtext t = {run->pc->finder,
	    X509_STORE_CTX_get0_chain(ctx), run->pc->now, error,
	    X509_STORE_CTX_get_error_depth(ctx),
	    X509_STORE_CTX_get_current_cert(ctx)};
	enum ca_check check;
	enum ca_reason reason;

	ca_verr_map(error, &check, &reason);
	reason = refine(t.cert, reason);
	run->findings++;
	run->unknown = run->unknown || reason == CA_R_CHAIN_UNKNOWN_CA;
	run->forged = run->forged || reason == CA_R_CHAIN_SIGNATURE;
	run->policy = run->policy || error == X509_V_ERR_NO_EXPLICIT_POLICY;
	if (run->findings <= DETAILS_MAX && t.cert != NULL &&
	    !told_elsewhere(run, &t, reason))
		ca_pathtext(&t, &text);
	else if (t.cert == NULL && !run->policy)
		ca_buf_str(&text, X509_verify_cert_error_string(error));
	if (text.len > 0 && ca_buf_text(&text) != NULL)
		ca_report_set(run->report, check, CA_FAIL, reason, "%s",
		    ca_buf_text(&text));
	else
		ca_report_set(run->report, check, CA_FAIL, reason, NULL);
	ca_buf_free(&text);
}

/*
 * Record every finding and continue, so that the report shows all of them.  To
 * continue grants nothing: a recorded finding is a failed check, whatever
 * X509_verify_cert returns in the end.
 */
static int
verify_cb(int ok, X509_STORE_CTX *ctx)
{
	struct run *run = X509_STORE_CTX_get_app_data(ctx);
	int error = X509_STORE_CTX_get_error(ctx);
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);

	if (ok == 1)
		return good_cert(run, ctx);
	if (run == NULL)
		return 0;
	if (cleared(run, ctx, cert, error)) {
		X509_STORE_CTX_set_error(ctx, X509_V_OK);
		return 1;
	}
	finding(run, ctx, error);
	/* end if X509_verify_cert could not do its work */
	return error != X509_V_ERR_OUT_OF_MEM &&
	       error != X509_V_ERR_UNSPECIFIED &&
	       error != X509_V_ERR_INVALID_CALL &&
	       error != X509_V_ERR_STORE_LOOKUP &&
	       error != X509_V_ERR_CERT_CHAIN_TOO_LONG;
}

/* ---- the parameters of X509_verify_cert ---- */

static enum ca_err
set_policies(const struct ca_config *cfg, X509_VERIFY_PARAM *param)
{
	/* POLICY_CHECK accepts no policy if none is named; the initial set of
	 * RFC 5280 section 6.1.1 (c) is any-policy */
	static const char *const any = "2.5.29.32.0";
	size_t n = cfg->policy.n > 0 ? cfg->policy.n : 1;

	for (size_t i = 0; i < n; i++) {
		ASN1_OBJECT *oid =
		    OBJ_txt2obj(cfg->policy.n > 0 ? cfg->policy.v[i] : any, 1);

		if (oid == NULL)
			return CA_ERR_CONFIG;
		if (X509_VERIFY_PARAM_add0_policy(param, oid) != 1) {
			ASN1_OBJECT_free(oid);
			return CA_ERR_MEMORY;
		}
	}
	return CA_OK;
}

static enum ca_err
set_params(const struct run *run, X509_STORE_CTX *ctx)
{
	const struct ca_config *cfg = run->pc->cfg;
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
	unsigned long flags =
	    X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_POLICY_CHECK |
	    X509_V_FLAG_TRUSTED_FIRST |
	    (cfg->profile == CA_PROFILE_STRICT ? X509_V_FLAG_X509_STRICT : 0) |
	    (cfg->explicit_policy ? X509_V_FLAG_EXPLICIT_POLICY : 0) |
	    (cfg->inhibit_any ? X509_V_FLAG_INHIBIT_ANY : 0) |
	    (cfg->inhibit_map ? X509_V_FLAG_INHIBIT_MAP : 0);

	/* The context starts with OpenSSL's default parameters, which the host
	 * application may have changed. */
	if (X509_VERIFY_PARAM_clear_flags(param, ~0UL) != 1 ||
	    X509_VERIFY_PARAM_set_flags(param, flags) != 1)
		return CA_ERR_CRYPTO;
	X509_VERIFY_PARAM_set_time(param, run->pc->now);
	X509_VERIFY_PARAM_set_depth(param, CA_PATH_CERTS_MAX);
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	/* a commonName is not a DNS name */
	X509_VERIFY_PARAM_set_hostflags(
	    param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	return set_policies(cfg, param);
}

/* ---- what X509_verify_cert does not check ---- */

/* RFC 5280 section 6.1.4 (l): self-issued certificates do not count. */
static void
check_depth(struct run *run, const STACK_OF(X509) *chain)
{
	unsigned n = 0;

	for (int i = 1; i < sk_X509_num(chain) - 1; i++)
		n += (X509_get_extension_flags(sk_X509_value(chain, i)) &
			 EXFLAG_SI) == 0;
	if (n > run->pc->cfg->max_depth)
		ca_report_set(run->report, CA_CHECK_CHAIN, CA_FAIL,
		    CA_R_CHAIN_PATHLEN,
		    "the number of intermediate CA certificates on the path is "
		    "%u, and max_depth = %u is the limit",
		    n, run->pc->cfg->max_depth);
}

/* A check without a finding passes, but only if the run succeeded. */
static void
conclude(struct run *run, int rc, X509_STORE_CTX *ctx)
{
	struct ca_report *report = run->report;

	if (rc != 1 || !run->anchored) {
		/* a refusal must not be lost if no finding was recorded */
		if (ca_report_verdict(report, CA_CHECK_CHAIN) == CA_NOT_RUN &&
		    ca_report_verdict(report, CA_CHECK_VALIDITY) == CA_NOT_RUN)
			finding(run, ctx, X509_STORE_CTX_get_error(ctx));
		if (run->stopped && run->anchored)
			ca_report_set(
			    report, CA_CHECK_VALIDITY, CA_PASS, CA_R_OK, NULL);
		return;
	}
	ca_report_set(report, CA_CHECK_CHAIN, CA_PASS, CA_R_OK, NULL);
	ca_report_set(report, CA_CHECK_VALIDITY, CA_PASS, CA_R_OK, NULL);
}

static void
check_chain(struct run *run, const STACK_OF(X509) *chain)
{
	check_depth(run, chain);
	/* a policy of a path that is not valid explains nothing */
	if (run->policy && run->anchored && !run->forged && !run->unknown)
		ca_policytext(chain, run->pc->cfg, run->report);
	(void)check_names(run, chain);
	ca_profile_check(
	    chain, run->anchored, run->pc->cfg->profile, run->report);
	ca_purpose_check(chain, &run->pc->cfg->purpose, run->report);
}

static enum ca_err
give_chain(X509_STORE_CTX *ctx, STACK_OF(X509) **chain)
{
	if (chain == NULL)
		return CA_OK;
	*chain = X509_STORE_CTX_get1_chain(ctx);
	return *chain != NULL ? CA_OK : CA_ERR_MEMORY;
}

/* The certificates between leaf and anchor; borrowed.  NULL: out of memory. */
static STACK_OF(X509) *
intermediates(const struct ca_path *path)
{
	STACK_OF(X509) *out = sk_X509_new_null();

	for (size_t i = 1; out != NULL && i + 1 < path->n; i++) {
		if (sk_X509_push(out, path->cert[i]) <= 0) {
			sk_X509_free(out);
			return NULL;
		}
	}
	return out;
}

enum ca_err
ca_pathcheck_run(const struct ca_pathcheck *pc, const struct ca_path *path,
    bool anchored, struct ca_report *report, STACK_OF(X509) **chain)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct run run = {
	    .pc = pc, .path = path, .anchored = anchored, .report = report};
	STACK_OF(X509) *between = intermediates(path);
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx =
	    X509_STORE_CTX_new_ex(ca_crypto_get0_libctx(pc->crypto), NULL);

	ERR_set_mark();
	if (between == NULL || store == NULL || ctx == NULL ||
	    (anchored &&
		X509_STORE_add_cert(store, path->cert[path->n - 1]) != 1)) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	X509_STORE_set_get_issuer(store, get_issuer);
	if (X509_STORE_CTX_init(ctx, store, path->cert[0], between) != 1) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	X509_STORE_CTX_set_app_data(ctx, &run);
	X509_STORE_CTX_set_verify_cb(ctx, verify_cb);
	if ((rc = set_params(&run, ctx)) != CA_OK) {
		ret = rc;
		goto out;
	}
	int verified = X509_verify_cert(ctx);
	const STACK_OF(X509) *built = X509_STORE_CTX_get0_chain(ctx);
	/* Anybody can make a certificate that names one of our CAs as its
	 * issuer: read a CRL only if all signatures of the path are good. */
	if (pc->rev != NULL && anchored && verified == 1 && !run.forged &&
	    !run.unknown && built != NULL)
		ca_revocation_check(pc->rev, built, report);
	if (built != NULL)
		check_chain(&run, built);
	else
		verified = 0;
	conclude(&run, verified, ctx);
	if (built != NULL && (rc = give_chain(ctx, chain)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_free(between);
	ERR_pop_to_mark();
	return ret;
}
