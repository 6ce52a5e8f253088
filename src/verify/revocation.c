#include "verify/revocation.h"
#include "verify/crldir.h"
#include "verify/verify.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DETAIL_MAX 400

/* A finding: the reason, and what a person needs to find its cause. */
struct finding {
	enum ca_reason reason; /* CA_R_OK: nothing to tell */
	char detail[DETAIL_MAX];
};

/* What this path's verification knows of a CRL. */
struct seen {
	struct ca_crl *crl;
	bool late; /* past nextUpdate and crl_grace */
};

struct ca_revocation {
	struct ca_crypto *crypto;
	const struct ca_log *log;
	enum ca_crl_mode mode;
	enum ca_crl_check check;
	uint64_t grace;
	time_t now;
	struct ca_crldir *dir;
	enum ca_err dir_rc;
	int dir_errno;
	char *dir_path;
	/* what OpenSSL would do if we were not here */
	X509_STORE_CTX_check_crl_fn check_crl;
	X509_STORE_CTX_cert_crl_fn cert_crl;
	X509_STORE_CTX_check_revocation_fn check_revocation;
	/* this path */
	struct seen *seen;
	size_t n;
	const X509_CRL *checking; /* the CRL that check_crl is about */
	struct finding trouble;  /* of CRLs that are not offered, for the
				  * certificate at hand: the most useful one */
	struct finding failed;
	struct finding stale;
	struct finding absent;
	bool done; /* OpenSSL's engine came to its end, content */
};

/* ---- findings ---- */

/* Which of two reasons tells an administrator more. */
static int
usefulness(enum ca_reason reason)
{
	switch (reason) {
	case CA_R_CRL_EXPIRED:
		return 7;
	case CA_R_CRL_DIR:
		return 6;
	case CA_R_CRL_FUTURE:
		return 5;
	case CA_R_CRL_SIGNATURE:
		return 4;
	case CA_R_CRL_EXTENSION:
		return 3;
	case CA_R_CRL_MALFORMED:
		return 2;
	case CA_R_CRL_SCOPE:
		return 1;
	default:
		return 0;
	}
}

static void find(struct finding *f, enum ca_reason reason, X509 *cert,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void
find(struct finding *f, enum ca_reason reason, X509 *cert, const char *fmt, ...)
{
	struct ca_buf name = CA_BUF_INIT(8000);
	const char *subject;
	char what[DETAIL_MAX / 2];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	if (cert != NULL)
		ca_name_rfc4514(X509_get_subject_name(cert), &name);
	subject = ca_buf_text(&name);
	f->reason = reason;
	(void)snprintf(f->detail, sizeof f->detail, "%s, for %.*s", what,
	    DETAIL_MAX / 2 - 10,
	    subject != NULL && *subject != '\0' ? subject : "an empty name");
	ca_buf_free(&name);
}

/* Keep the first failure: what follows it is its consequence. */
#define fail(rev, ...) \
	do { \
		if ((rev)->failed.reason == CA_R_OK) \
			find(&(rev)->failed, __VA_ARGS__); \
	} while (0)

/* A CRL that is none, and why. */
static void
not_offered(struct ca_revocation *rev, const struct ca_crl *crl,
    enum ca_reason reason, X509 *cert, const char *why)
{
	ca_log_debug(rev->log, "the CRL %s is not used: %s",
	    ca_crl_get0_name(crl), why);
	if (usefulness(reason) >= usefulness(rev->trouble.reason))
		find(&rev->trouble, reason, cert, "%s %s",
		    ca_crl_get0_name(crl), why);
}

/* ---- set-up ---- */

static enum ca_err
defaults(struct ca_revocation *rev)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(
	    ca_crypto_get0_libctx(rev->crypto), NULL);

	if (ctx == NULL || X509_STORE_CTX_init(ctx, NULL, NULL, NULL) != 1) {
		X509_STORE_CTX_free(ctx);
		return CA_ERR_CRYPTO;
	}
	rev->check_crl = X509_STORE_CTX_get_check_crl(ctx);
	rev->cert_crl = X509_STORE_CTX_get_cert_crl(ctx);
	rev->check_revocation = X509_STORE_CTX_get_check_revocation(ctx);
	X509_STORE_CTX_free(ctx);
	return CA_OK;
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
	rev->mode = cfg->crl;
	rev->check = cfg->crl_check;
	rev->grace = cfg->crl_grace;
	rev->now = now;
	if (rev->mode != CA_CRL_OFF) {
		if ((rc = defaults(rev)) != CA_OK) {
			ret = rc;
			goto out;
		}
		if ((rev->dir_path = strdup(cfg->crl_dir)) == NULL) {
			ret = CA_ERR_MEMORY;
			goto out;
		}
		rev->dir_rc = ca_crldir_new(crypto, log, cfg->crl_dir,
		    cfg->crl_engine, &rev->dir);
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
ca_revocation_free(struct ca_revocation *rev)
{
	if (rev == NULL)
		return;
	ca_crldir_free(rev->dir);
	free(rev->dir_path);
	free(rev->seen);
	free(rev);
}

/* ---- which CRLs OpenSSL's engine is offered ---- */

static struct ca_revocation *
rev_of(X509_STORE_CTX *ctx)
{
	return X509_STORE_get_ex_data(X509_STORE_CTX_get0_store(ctx), 0);
}

static struct seen *
seen_of(struct ca_revocation *rev, const X509_CRL *x)
{
	for (size_t i = 0; i < rev->n; i++)
		if (ca_crl_get0_x509(rev->seen[i].crl) == x)
			return &rev->seen[i];
	return NULL;
}

static bool
is_anchor(X509_STORE_CTX *ctx)
{
	return X509_STORE_CTX_get_error_depth(ctx) ==
	    sk_X509_num(X509_STORE_CTX_get0_chain(ctx)) - 1;
}

static bool
may_sign(X509 *cert, const X509_NAME *name, const AUTHORITY_KEYID *akid)
{
	return X509_NAME_cmp(X509_get_subject_name(cert), name) == 0 &&
	    X509_check_akid(cert, akid) == X509_V_OK;
}

/*
 * The certificate that OpenSSL's engine will take for the issuer of a CRL
 * (crl_akid_check): the certificate's own issuer, one further up the path,
 * else one off the path.  It decides by name and key identifier; the
 * signature it tries after the choice among CRLs.  A CRL of the right name
 * and a wrong signature would then stand in the light of a good one, so the
 * signature is tried before.
 */
static X509 *
signer_of(X509_STORE_CTX *ctx, X509_CRL *x)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	STACK_OF(X509) *more = X509_STORE_CTX_get0_untrusted(ctx);
	const X509_NAME *name = X509_CRL_get_issuer(x);
	AUTHORITY_KEYID *akid = X509_CRL_get_ext_d2i(x,
	    NID_authority_key_identifier, NULL, NULL);
	int i = X509_STORE_CTX_get_error_depth(ctx);
	X509 *found = NULL;

	if (i != sk_X509_num(chain) - 1)
		i++;
	for (; i < sk_X509_num(chain) && found == NULL; i++)
		if (may_sign(sk_X509_value(chain, i), name, akid))
			found = sk_X509_value(chain, i);
	for (i = 0; i < sk_X509_num(more) && found == NULL; i++)
		if (may_sign(sk_X509_value(more, i), name, akid))
			found = sk_X509_value(more, i);
	AUTHORITY_KEYID_free(akid);
	return found;
}

static bool
usable(struct ca_revocation *rev, X509_STORE_CTX *ctx, struct ca_crl *crl,
    X509 *cert)
{
	X509_CRL *x = ca_crl_get0_x509(crl);
	enum ca_reason reason = ca_crl_trouble(crl);
	time_t now = rev->now;
	int later;
	X509 *signer;

	if (reason != CA_R_OK) {
		not_offered(rev, crl, reason, cert, ca_reason_text(reason));
		return false;
	}
	later = X509_cmp_time(X509_CRL_get0_lastUpdate(x), &now);
	if (later == 0) {
		not_offered(rev, crl, CA_R_CRL_MALFORMED, cert,
		    "has a malformed thisUpdate");
		return false;
	}
	if (later > 0) {
		not_offered(rev, crl, CA_R_CRL_FUTURE, cert,
		    "is not yet valid: its thisUpdate is in the future");
		return false;
	}
	if ((signer = signer_of(ctx, x)) == NULL) {
		not_offered(rev, crl, CA_R_CRL_SIGNATURE, cert,
		    "is by a CA that no certificate here belongs to");
		return false;
	}
	if ((X509_get_key_usage(signer) & KU_CRL_SIGN) == 0) {
		not_offered(rev, crl, CA_R_CRL_SIGNATURE, cert,
		    "is by a CA whose certificate does not allow to sign "
		    "CRLs (no cRLSign)");
		return false;
	}
	/* its own CRL may revoke an anchor; others are not asked for it */
	if (is_anchor(ctx) && X509_cmp(signer, cert) != 0)
		return false;
	if (ca_crl_verify(crl, signer) != CA_OK) {
		not_offered(rev, crl, CA_R_CRL_SIGNATURE, cert,
		    "has a wrong signature");
		return false;
	}
	return true;
}

/* Remember what is offered, and put it on the stack. */
static bool
offer(struct ca_revocation *rev, STACK_OF(X509_CRL) *stack,
    struct ca_crl *crl)
{
	X509_CRL *x = ca_crl_get0_x509(crl);

	if (seen_of(rev, x) == NULL) {
		struct seen *v = realloc(rev->seen, (rev->n + 1) * sizeof *v);
		if (v == NULL)
			return false;
		rev->seen = v;
		v[rev->n++] = (struct seen){crl, false};
	}
	if (!X509_CRL_up_ref(x))
		return false;
	if (sk_X509_CRL_push(stack, x) <= 0) {
		X509_CRL_free(x);
		return false;
	}
	return true;
}

/* The CRLs of one issuer's name; false: not known, for want of memory or
 * because a file could not be read on the way. */
static bool
find_named(struct ca_revocation *rev, X509_STORE_CTX *ctx,
    const X509_NAME *name, const struct ca_crl_wanted *wanted,
    STACK_OF(X509_CRL) *stack)
{
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
	struct ca_crls found = {NULL, 0};
	enum ca_reason trouble = CA_R_OK;
	enum ca_err rc = ca_crldir_find(rev->dir, name, wanted, &found,
	    &trouble);
	bool ok = rc == CA_OK;

	if (rc != CA_OK)
		find(&rev->trouble, CA_R_CRL_DIR, cert, "%s: %s",
		    rev->dir_path, ca_err_text(rc));
	else if (trouble != CA_R_OK)
		find(&rev->trouble, trouble, cert,
		    "a file in %s cannot be used", rev->dir_path);
	/* the one that revokes may be the one that cannot be read */
	ok = ok && trouble != CA_R_CRL_DIR;
	for (size_t i = 0; ok && i < found.n; i++)
		if (usable(rev, ctx, found.v[i], cert))
			ok = offer(rev, stack, found.v[i]);
	free(found.v);
	return ok;
}

/* Indirect CRLs: the names under which the certificate's distribution points
 * say that its CRLs are issued (RFC 5280 section 4.2.1.13, cRLIssuer). */
static bool
find_indirect(struct ca_revocation *rev, X509_STORE_CTX *ctx, X509 *cert,
    const struct ca_crl_wanted *wanted, STACK_OF(X509_CRL) *stack)
{
	CRL_DIST_POINTS *dps = X509_get_ext_d2i(cert,
	    NID_crl_distribution_points, NULL, NULL);
	const X509_NAME *nm = X509_get_issuer_name(cert);
	bool ok = true;

	for (int i = 0; ok && i < sk_DIST_POINT_num(dps); i++) {
		GENERAL_NAMES *gens = sk_DIST_POINT_value(dps, i)->CRLissuer;

		for (int j = 0; ok && j < sk_GENERAL_NAME_num(gens); j++) {
			GENERAL_NAME *gen = sk_GENERAL_NAME_value(gens, j);

			if (gen->type != GEN_DIRNAME ||
			    X509_NAME_cmp(gen->d.directoryName, nm) == 0)
				continue;
			ok = find_named(rev, ctx, gen->d.directoryName,
			    wanted, stack);
		}
	}
	CRL_DIST_POINTS_free(dps);
	return ok;
}

/* The serial numbers of the whole path: one pass over a CRL answers for all
 * of them.  The bytes belong to v[i].p, from malloc. */
#define PATH_MAX_SERIALS 64

static size_t
serials(X509_STORE_CTX *ctx, struct ca_bytes v[PATH_MAX_SERIALS])
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	size_t n = 0;

	for (int i = 0; i < sk_X509_num(chain) && n < PATH_MAX_SERIALS; i++) {
		uint8_t *p = NULL;
		int len = ca_crl_serial(sk_X509_value(chain, i), &p);

		if (len > 0)
			v[n++] = (struct ca_bytes){p, (size_t)len};
	}
	return n;
}

/* X509_STORE_CTX_lookup_crls_fn: the stack is OpenSSL's to free. */
static STACK_OF(X509_CRL) *
lookup_crls(const X509_STORE_CTX *cctx, const X509_NAME *name)
{
	X509_STORE_CTX *ctx = (X509_STORE_CTX *)cctx; /* getters want it so */
	struct ca_revocation *rev = rev_of(ctx);
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
	STACK_OF(X509_CRL) *stack = NULL;
	struct ca_bytes serial[PATH_MAX_SERIALS];
	struct ca_crl_wanted wanted = {serial, 0};

	rev->trouble.reason = CA_R_OK;
	/* no path leads to the issuer of an anchor that is not self-issued */
	if (rev->dir == NULL || (is_anchor(ctx) &&
	    X509_NAME_cmp(X509_get_subject_name(cert), name) != 0))
		return NULL;
	if ((stack = sk_X509_CRL_new_null()) == NULL)
		return NULL;
	wanted.n = serials(ctx, serial);
	if (!find_named(rev, ctx, name, &wanted, stack) ||
	    !find_indirect(rev, ctx, cert, &wanted, stack)) {
		/* with some of the CRLs missing, none is offered: the one
		 * that revokes may be among those that could not be read */
		if (rev->trouble.reason == CA_R_OK)
			find(&rev->trouble, CA_R_CRL_DIR, cert,
			    "out of memory");
		sk_X509_CRL_pop_free(stack, X509_CRL_free);
		stack = NULL;
	}
	for (size_t i = 0; i < wanted.n; i++)
		OPENSSL_free((void *)serial[i].p);
	ERR_clear_error();
	return stack;
}

/* ---- OpenSSL's engine at work ---- */

/* The certificate whose key must have signed the CRL at hand, as OpenSSL's
 * check_crl has it. */
static X509 *
issuer_at_hand(X509_STORE_CTX *ctx)
{
	X509 *issuer = X509_STORE_CTX_get0_current_issuer(ctx);
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	int i = X509_STORE_CTX_get_error_depth(ctx);

	if (issuer != NULL)
		return issuer;
	return sk_X509_value(chain, i + 1 < sk_X509_num(chain) ? i + 1 : i);
}

static int
check_revocation(X509_STORE_CTX *ctx)
{
	struct ca_revocation *rev = rev_of(ctx);
	int ok = rev->check_revocation(ctx);

	if (ok > 0 && X509_STORE_CTX_get0_parent_ctx(ctx) == NULL &&
	    rev->failed.reason == CA_R_OK)
		rev->done = true;
	return ok;
}

/*
 * OpenSSL's check of scope, issuer, time and signature.  ca_revocation_error
 * answers for the signature (a stripped CRL has none); that it was found good
 * is asked once more here, because the engine skips it where it has no issuer.
 */
static int
check_crl(X509_STORE_CTX *ctx, X509_CRL *x)
{
	struct ca_revocation *rev = rev_of(ctx);
	const X509_CRL *outer = rev->checking;
	struct seen *seen = seen_of(rev, x);
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
	X509 *issuer;
	int ok;

	if (seen == NULL) {
		fail(rev, CA_R_INTERNAL, cert, "a CRL from nowhere");
		return 0;
	}
	seen->late = false;
	rev->checking = x;
	ok = rev->check_crl(ctx, x);
	rev->checking = outer;
	/* the path of a CRL's issuer may have grown the list, and moved it */
	if ((seen = seen_of(rev, x)) == NULL || ok <= 0) {
		fail(rev, CA_R_CRL_MISSING, cert, "a CRL is not accepted: %s",
		    X509_verify_cert_error_string(
			X509_STORE_CTX_get_error(ctx)));
		return 0;
	}
	issuer = issuer_at_hand(ctx);
	if (issuer == NULL || ca_crl_verify(seen->crl, issuer) != CA_OK) {
		X509_STORE_CTX_set_error(ctx,
		    X509_V_ERR_CRL_SIGNATURE_FAILURE);
		fail(rev, CA_R_CRL_SIGNATURE, cert, "a CRL");
		return 0;
	}
	return ok;
}

static const char *
reason_text(int reason)
{
	static const char *const text[] = {"unspecified", "keyCompromise",
	    "cACompromise", "affiliationChanged", "superseded",
	    "cessationOfOperation", "certificateHold", "7", "removeFromCRL",
	    "privilegeWithdrawn", "aACompromise"};

	if (reason < 0 || (size_t)reason >= sizeof text / sizeof *text)
		return "no reason given";
	return text[reason];
}

static int
revoked(struct ca_revocation *rev, X509_STORE_CTX *ctx, struct ca_crl *crl,
    X509 *cert, const struct ca_crl_entry *entry)
{
	struct tm tm;
	time_t t = (time_t)entry->date;
	char date[32] = "an unknown date";

	if (gmtime_r(&t, &tm) != NULL)
		(void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &tm);
	/* it outweighs whatever was found before */
	find(&rev->failed, CA_R_REVOKED, cert, "%s: since %s, %s",
	    ca_crl_get0_name(crl), date, reason_text(entry->reason));
	X509_STORE_CTX_set_error(ctx, X509_V_ERR_CERT_REVOKED);
	return 0;
}

/*
 * Is the certificate on the CRL?  0 is no to the login, 1 is "not revoked", 2
 * is removeFromCRL, for which OpenSSL passes the base CRL over.  OpenSSL's own
 * function goes first; it sees the entries only if the CRL is whole.
 */
static int
cert_crl(X509_STORE_CTX *ctx, X509_CRL *x, X509 *cert)
{
	struct ca_revocation *rev = rev_of(ctx);
	struct seen *seen = seen_of(rev, x);
	struct ca_crl_entry entry;
	int own;
	enum ca_err rc;

	if (seen == NULL) {
		fail(rev, CA_R_INTERNAL, cert, "a CRL from nowhere");
		return 0;
	}
	own = rev->cert_crl(ctx, x, cert);
	rc = ca_crl_lookup(seen->crl, cert, &entry);
	if (rc == CA_OK && entry.reason != CA_CRL_REMOVE)
		return revoked(rev, ctx, seen->crl, cert, &entry);
	if ((rc != CA_OK && rc != CA_ERR_NOT_FOUND) || own <= 0) {
		fail(rev, CA_R_CRL_MALFORMED, cert, "%s cannot be searched: %s",
		    ca_crl_get0_name(seen->crl), ca_err_text(rc));
		X509_STORE_CTX_set_error(ctx, X509_V_ERR_UNSPECIFIED);
		return 0;
	}
	/* it does not revoke, and is too old to say that it need not */
	if (seen->late && !is_anchor(ctx)) {
		fail(rev, CA_R_CRL_EXPIRED, cert, "%s is past its nextUpdate",
		    ca_crl_get0_name(seen->crl));
		X509_STORE_CTX_set_error(ctx, X509_V_ERR_CRL_HAS_EXPIRED);
		return 0;
	}
	ca_log_debug(rev->log, "%s (%s) does not revoke %s",
	    ca_crl_get0_name(seen->crl), ca_crl_engine_name(seen->crl),
	    rc == CA_OK ? "it any more" : "it");
	return rc == CA_OK ? 2 : 1;
}

void
ca_revocation_attach(struct ca_revocation *rev, X509_STORE *store)
{
	unsigned long flags = X509_V_FLAG_CRL_CHECK |
	    X509_V_FLAG_EXTENDED_CRL_SUPPORT | X509_V_FLAG_USE_DELTAS;

	rev->n = 0;
	rev->checking = NULL;
	rev->trouble.reason = rev->failed.reason = CA_R_OK;
	rev->stale.reason = rev->absent.reason = CA_R_OK;
	rev->done = false;
	if (rev->mode == CA_CRL_OFF)
		return;
	if (rev->check == CA_CRL_CHAIN)
		flags |= X509_V_FLAG_CRL_CHECK_ALL;
	X509_STORE_set_flags(store, flags);
	/* without it no callback finds us: nothing then passes */
	if (!X509_STORE_set_ex_data(store, 0, rev))
		return;
	X509_STORE_set_lookup_crls(store, lookup_crls);
	X509_STORE_set_check_crl(store, check_crl);
	X509_STORE_set_cert_crl(store, cert_crl);
	X509_STORE_set_check_revocation(store, check_revocation);
}

/* ---- OpenSSL's complaints ---- */

/* No CRL answers for the certificate, or not for all reasons. */
static int
missing(struct ca_revocation *rev, X509 *cert)
{
	if (rev->dir == NULL && rev->dir_rc != CA_ERR_NOT_FOUND) {
		fail(rev, CA_R_CRL_DIR, cert, "%s: %s", rev->dir_path,
		    rev->dir_rc == CA_ERR_IO ? strerror(rev->dir_errno)
					     : ca_err_text(rev->dir_rc));
		return 0;
	}
	if (rev->trouble.reason != CA_R_OK) {
		if (rev->failed.reason == CA_R_OK)
			rev->failed = rev->trouble;
		return 0;
	}
	if (rev->mode == CA_CRL_PREFER) {
		if (rev->absent.reason == CA_R_OK)
			find(&rev->absent, CA_R_CRL_ABSENT, cert, "no CRL");
		return 1;
	}
	fail(rev, CA_R_CRL_MISSING, cert, "no CRL in %s", rev->dir_path);
	return 0;
}

/* Past nextUpdate.  It is looked at all the same, since what it revokes stays
 * revoked; cert_crl refuses afterwards what is late beyond the grace. */
static int
expired(struct ca_revocation *rev, X509 *cert)
{
	struct seen *seen = seen_of(rev, rev->checking);
	const X509_CRL *x = rev->checking;
	time_t t = rev->now;

	if (seen == NULL)
		return 0;
	t = rev->grace > (uint64_t)t ? 0 : t - (time_t)rev->grace;
	if (rev->grace == 0 || X509_cmp_time(X509_CRL_get0_nextUpdate(x), &t)
	    <= 0) {
		seen->late = true;
		return 1;
	}
	if (rev->stale.reason == CA_R_OK)
		find(&rev->stale, CA_R_CRL_STALE, cert, "%s",
		    ca_crl_get0_name(seen->crl));
	return 1;
}

/*
 * The CRL's issuer is off the path and has a path of its own, whose revocation
 * status is asked for too.  OpenSSL does not go further than one such path, so
 * an issuer that vouches for itself (PKITS 4.14.30: the CRL of the indirect
 * issuer covers that issuer's own certificate) cannot pass there.  It may: its
 * path is the one being validated right now, and RFC 5280 section 6.3.3 (f)
 * asks for no more.
 */
static int
path_of_issuer(struct ca_revocation *rev, X509_STORE_CTX *ctx, X509 *cert)
{
	X509 *issuer = X509_STORE_CTX_get0_current_issuer(ctx);
	X509 *leaf = X509_STORE_CTX_get0_cert(ctx);

	if (X509_STORE_CTX_get0_parent_ctx(ctx) != NULL && issuer != NULL &&
	    leaf != NULL && X509_cmp(issuer, leaf) == 0)
		return 1;
	fail(rev, CA_R_CRL_SIGNATURE, cert,
	    "the CRL's issuer has no valid path");
	return 0;
}

/* The only CRLs there are cover other certificates than this: for `prefer` it
 * is as if there were none. */
static int
out_of_scope(struct ca_revocation *rev, X509 *cert)
{
	const struct seen *seen = seen_of(rev, rev->checking);

	fail(rev, CA_R_CRL_SCOPE, cert, "%s",
	    seen != NULL ? ca_crl_get0_name(seen->crl) : "a CRL");
	return 0;
}

static int
signature(struct ca_revocation *rev, X509_STORE_CTX *ctx, X509 *cert)
{
	X509 *issuer = issuer_at_hand(ctx);
	struct seen *seen = seen_of(rev, rev->checking);

	if (seen != NULL && issuer != NULL &&
	    ca_crl_verify(seen->crl, issuer) == CA_OK)
		return 1;
	fail(rev, CA_R_CRL_SIGNATURE, cert, "the CRL's signature is wrong");
	return 0;
}

static int
decide(struct ca_revocation *rev, X509_STORE_CTX *ctx, int error, X509 *cert)
{
	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_CRL:
		return is_anchor(ctx) ? 1 : missing(rev, cert);
	case X509_V_ERR_CRL_HAS_EXPIRED:
		return is_anchor(ctx) ? 1 : expired(rev, cert);
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
		return signature(rev, ctx, cert);
	case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
		return path_of_issuer(rev, ctx, cert);
	case X509_V_ERR_DIFFERENT_CRL_SCOPE:
		/* an anchor needs no CRL, thus none that fits */
		if (is_anchor(ctx))
			return 1;
		return out_of_scope(rev, cert);
	case X509_V_ERR_CERT_REVOKED:
		/* by OpenSSL's look-up; cert_crl finds the details */
		return 0;
	case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
		fail(rev, CA_R_CRL_EXTENSION, cert, "a CRL");
		return 0;
	case X509_V_ERR_CRL_NOT_YET_VALID:
		fail(rev, CA_R_CRL_FUTURE, cert, "a CRL");
		return 0;
	case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
		fail(rev, CA_R_CRL_SIGNATURE, cert, "%s",
		    X509_verify_cert_error_string(error));
		return 0;
	case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
	case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
		fail(rev, CA_R_CRL_MALFORMED, cert, "%s",
		    X509_verify_cert_error_string(error));
		return 0;
	default:
		return -1; /* none of ours */
	}
}

bool
ca_revocation_error(struct ca_revocation *rev, X509_STORE_CTX *ctx, int error,
    int *ok)
{
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
	int go;

	if (rev->mode == CA_CRL_OFF)
		return false;
	go = decide(rev, ctx, error, cert);
	if (go < 0 && X509_STORE_CTX_get0_parent_ctx(ctx) != NULL) {
		/* the purpose is that of the login, not of a CRL issuer */
		go = error == X509_V_ERR_INVALID_PURPOSE &&
		    X509_STORE_CTX_get_error_depth(ctx) == 0;
		if (!go)
			fail(rev, CA_R_CRL_SIGNATURE, cert,
			    "the path of the CRL's issuer: %s",
			    X509_verify_cert_error_string(error));
	}
	if (go < 0)
		return false;
	if (go)
		X509_STORE_CTX_set_error(ctx, X509_V_OK);
	*ok = go;
	return true;
}

void
ca_revocation_report(struct ca_revocation *rev, struct ca_report *report)
{
	const enum ca_check check = CA_CHECK_REVOCATION;

	if (rev->mode == CA_CRL_OFF)
		ca_report_set(report, check, CA_WAIVED, CA_R_CRL_OFF, NULL);
	else if (rev->failed.reason != CA_R_OK)
		ca_report_set(report, check, CA_FAIL, rev->failed.reason, "%s",
		    rev->failed.detail);
	else if (!rev->done)
		return; /* the path failed before it came to this */
	else if (rev->stale.reason != CA_R_OK)
		ca_report_set(report, check, CA_WAIVED, CA_R_CRL_STALE, "%s",
		    rev->stale.detail);
	else if (rev->absent.reason != CA_R_OK)
		ca_report_set(report, check, CA_WAIVED, CA_R_CRL_ABSENT, "%s",
		    rev->absent.detail);
	else
		ca_report_set(report, check, CA_PASS, CA_R_OK, NULL);
}
