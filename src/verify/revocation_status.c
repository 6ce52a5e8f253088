/*
 * The status of one certificate, by all CRLs that may speak of it: RFC 5280
 * section 6.3.3.  Two questions, one after the other: does one of them revoke
 * it, and are there enough of them to say that none does?
 */
#include "verify/revocationint.h"
#include "verify/verify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
voices_clear(struct voices *all)
{
	free(all->found.v); /* the CRLs are the directory's */
	free(all->v);
	CRL_DIST_POINTS_free(all->points);
}

/* ---- the CRLs that may speak of it ---- */

static void
could_not_read(
    struct ca_revocation *rev, struct voices *all, X509 *cert, enum ca_err rc)
{
	if (rc == CA_ERR_LIMIT)
		ca_rev_find(&all->broken, CA_R_CHAIN_LIMIT, cert,
		    "the bounds of path building are met by the issuers of "
		    "CRLs");
	else
		ca_rev_find(&all->broken, CA_R_CRL_DIR, cert, "%s: %s",
		    rev->dir_path, ca_err_text(rc));
	if (rev->error.reason == CA_R_OK)
		rev->error = all->broken;
}

/* The one that revokes may be the one that cannot be read; one that is read
 * and is no CRL need not be this issuer's. */
static void
tell_file(struct ca_revocation *rev, struct voices *all, enum ca_reason reason,
    X509 *cert)
{
	const char *what = ca_crldir_get0_trouble(rev->dir);
	struct finding *f =
	    reason == CA_R_CRL_DIR ? &all->broken : &all->trouble;

	ca_rev_find(f, reason, cert, "%s/%s", rev->dir_path,
	    what != NULL ? what : "a file cannot be used");
	all->firm = true;
}

#define SERIALS_MAX 64

/* One pass over a CRL answers for the whole path. */
static size_t
serials(const STACK_OF(X509) * chain, struct ca_bytes v[SERIALS_MAX])
{
	size_t n = 0;

	for (int i = 0; i < sk_X509_num(chain) && n < SERIALS_MAX; i++) {
		uint8_t *p = NULL;
		int len = ca_crl_serial(sk_X509_value(chain, i), &p);

		if (len > 0)
			v[n++] = (struct ca_bytes){p, (size_t)len};
	}
	return n;
}

static void
find_named(struct ca_revocation *rev, const struct place *at,
    const X509_NAME *name, struct voices *all)
{
	struct ca_bytes serial[SERIALS_MAX];
	struct ca_crl_wanted wanted = {serial, serials(at->chain, serial)};
	enum ca_reason trouble = CA_R_OK;
	enum ca_err rc =
	    ca_crldir_find(rev->dir, name, &wanted, &all->found, &trouble);

	for (size_t i = 0; i < wanted.n; i++)
		OPENSSL_free((void *)serial[i].p);
	if (rc != CA_OK)
		could_not_read(rev, all, place_cert(at), rc);
	else if (trouble != CA_R_OK)
		tell_file(rev, all, trouble, place_cert(at));
}

/* More names of issuers than this no certificate needs. */
#define NAMES_MAX 64

/* By the issuer's name, and by the names of cRLIssuer. */
static void
find_all(struct ca_revocation *rev, const struct place *at, struct voices *all)
{
	X509 *cert = place_cert(at);
	const X509_NAME *own = X509_get_issuer_name(cert);
	unsigned names = 0;

	if (ca_rev_points(cert, &all->points) != CA_OK)
		ca_rev_find(&all->broken, CA_R_CRL_SCOPE, cert,
		    "the certificate's cRLDistributionPoints cannot be read");
	find_named(rev, at, own, all);
	for (int i = 0; i < sk_DIST_POINT_num(all->points); i++) {
		const GENERAL_NAMES *gens =
		    sk_DIST_POINT_value(all->points, i)->CRLissuer;

		for (int j = 0; j < sk_GENERAL_NAME_num(gens); j++) {
			const GENERAL_NAME *gen =
			    sk_GENERAL_NAME_value(gens, j);

			if (gen->type != GEN_DIRNAME ||
			    ca_crl_same_name(gen->d.directoryName, own))
				continue;
			if (++names > NAMES_MAX) {
				could_not_read(rev, all, cert, CA_ERR_LIMIT);
				return;
			}
			find_named(rev, at, gen->d.directoryName, all);
		}
	}
}

/* ---- which of them speak ---- */

/* For those who want to see why (trace.h). */
static struct crl_use *
note(struct ca_revocation *rev, const struct place *at,
    const struct crl_facts *f, const char *why)
{
	struct crl_use *v;

	if (!rev->traced || at->chain != rev->chain)
		return NULL;
	if ((v = realloc(rev->use, (rev->nuse + 1) * sizeof *v)) == NULL)
		return NULL;
	rev->use = v;
	v += rev->nuse++;
	*v = (struct crl_use){.facts = f, .depth = at->i};
	(void)snprintf(v->why, sizeof v->why, "%s", why);
	return v;
}

static void
cannot_use(struct voices *all, const struct finding *why, bool firm)
{
	ca_rev_prefer(&all->trouble, why);
	all->firm = all->firm || firm;
}

static void
reject(struct voices *all, const struct crl_facts *f, X509 *cert,
    enum ca_reason reason, const char *why)
{
	struct finding now = {.reason = CA_R_OK};

	ca_rev_find(&now, reason, cert, "%s %s", ca_crl_get0_name(f->crl), why);
	cannot_use(all, &now, true);
}

/* A CRL that does not speak of the certificate may list it: that is shown. */
static void
out_of_scope(struct ca_revocation *rev, const struct place *at,
    struct voices *all, struct crl_facts *f, const char *why)
{
	struct ca_crl_entry entry;
	struct crl_use *use;
	struct signer signer;

	reject(all, f, place_cert(at), CA_R_CRL_SCOPE, why);
	if (!rev->others || ca_rev_sign(rev, at, f, &signer) != CA_OK ||
	    signer.cert == NULL || (use = note(rev, at, f, why)) == NULL)
		return;
	use->listed = ca_crl_lookup(f->crl, place_cert(at), &entry) == CA_OK;
}

static enum ca_err
add_voice(struct voices *all, const struct voice *voice)
{
	struct voice *v = realloc(all->v, (all->n + 1) * sizeof *v);

	if (v == NULL)
		return CA_ERR_MEMORY;
	all->v = v;
	v[all->n++] = *voice;
	return CA_OK;
}

static bool
is_anchor(const struct place *at)
{
	return at->i == sk_X509_num(at->chain) - 1;
}

/* CA_OK: it is among the voices, or has none.  Else it is not known whether
 * it revokes. */
static enum ca_err
hear(struct ca_revocation *rev, const struct place *at, struct voices *all,
    struct crl_facts *f)
{
	X509 *cert = place_cert(at);
	struct voice voice = {.f = f};
	struct signer by;
	char why[CA_REVOCATION_WHY];
	enum ca_err rc;

	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].f == f)
			return CA_OK; /* by another of its names */
	if (f->bad != CA_R_OK) {
		reject(all, f, cert, f->bad, f->why);
		return CA_OK;
	}
	if (f->future) {
		reject(all, f, cert, CA_R_CRL_FUTURE,
		    "is not yet valid: its thisUpdate is in the future");
		return CA_OK;
	}
	if (!ca_rev_covers(f, cert, all->points, &voice.reasons, why)) {
		out_of_scope(rev, at, all, f, why);
		return CA_OK;
	}
	rc = ca_rev_sign(rev, at, f, &by);
	if (rc != CA_OK)
		return rc;
	if (by.cert == NULL || !by.sure)
		cannot_use(all, &by.why, by.cert != NULL || !by.mute);
	/* so deep not everybody was asked who may have signed */
	if (by.cert == NULL && at->level == CA_REVOCATION_LEVELS &&
	    !is_anchor(at))
		all->broken = by.why;
	if (by.cert == NULL)
		return CA_OK;
	/* its own CRL may revoke an anchor; others are not asked about it */
	if (is_anchor(at) && X509_cmp(by.cert, cert) != 0)
		return CA_OK;
	rc = ca_crl_lookup(f->crl, cert, &voice.entry);
	if (rc != CA_OK && rc != CA_ERR_NOT_FOUND) {
		ca_rev_find(&all->broken, CA_R_CRL_MALFORMED, cert,
		    "%s cannot be searched: %s", ca_crl_get0_name(f->crl),
		    ca_err_text(rc));
		return CA_OK;
	}
	voice.signer = by.cert;
	voice.sure = by.sure;
	voice.listed = rc == CA_OK;
	ca_log_debug(rev->log, "%s (%-s) %-s", ca_crl_get0_name(f->crl),
	    ca_crl_engine_name(f->crl),
	    voice.listed ? "lists it" : "does not revoke it");
	(void)note(rev, at, f, "");
	return add_voice(all, &voice);
}

static void
hear_all(struct ca_revocation *rev, const struct place *at, struct voices *all)
{
	for (size_t i = 0; i < all->found.n; i++) {
		struct crl_facts *f;
		enum ca_err rc = ca_rev_facts(rev, all->found.v[i], &f);

		if (rc == CA_OK)
			rc = hear(rev, at, all, f);
		if (rc != CA_OK) {
			could_not_read(rev, all, place_cert(at), rc);
			return;
		}
	}
}

/* ---- are there enough ---- */

static bool
is_in_grace(const struct ca_revocation *rev, const struct crl_facts *f)
{
	return rev->grace > 0 &&
	       (uint64_t)(rev->now - f->next_update) < rev->grace;
}

static void
tell_expired(struct voices *all, const struct crl_facts *f, X509 *cert)
{
	char date[32], why[CA_REVOCATION_WHY];

	(void)snprintf(why, sizeof why,
	    f->has_next
		? "is past its nextUpdate, %s: run `certauth crl update`, "
		  "or put a newer one there"
		: "has no nextUpdate and is older than "
		  "crl_no_next_update, since %s: run `certauth crl "
		  "update`, or put a newer one there",
	    ca_rev_time(f->next_update, date));
	reject(all, f, cert, CA_R_CRL_EXPIRED, why);
}

/* The reasons of which complete CRLs say that it is not revoked. */
static unsigned
count_reasons(
    struct ca_revocation *rev, const struct place *at, struct voices *all)
{
	unsigned fresh = 0, late = 0;
	const struct crl_facts *oldest = NULL;

	for (size_t i = 0; i < all->n; i++) {
		const struct voice *v = &all->v[i];

		bool current = ca_rev_is_current(rev, v->f);

		if (v->replaced || !v->sure)
			continue;
		/* a delta says nothing of what it does not list */
		if (!current && !is_in_grace(rev, v->f)) {
			tell_expired(all, v->f, place_cert(at));
		} else if (v->f->base != NULL) {
			continue;
		} else if (current) {
			fresh |= v->reasons;
		} else {
			late |= v->reasons;
			oldest = v->f;
		}
	}
	if ((late & ~fresh) != 0 && (fresh | late) == REASONS_ALL &&
	    rev->stale.reason == CA_R_OK)
		ca_rev_find(&rev->stale, CA_R_CRL_STALE, place_cert(at), "%s",
		    ca_crl_get0_name(oldest->crl));
	return fresh | late;
}

static void
tell_missing(struct ca_revocation *rev, X509 *cert, const struct voices *all,
    unsigned reasons, struct finding *f)
{
	struct ca_buf name = CA_BUF_INIT(8000);
	const char *text;

	if (rev->dir == NULL && rev->dir_rc != CA_ERR_NOT_FOUND) {
		ca_rev_find(f, CA_R_CRL_DIR, cert, "%s: %s", rev->dir_path,
		    rev->dir_rc == CA_ERR_IO ? strerror(rev->dir_errno)
					     : ca_err_text(rev->dir_rc));
		return;
	}
	ca_name_rfc4514(X509_get_issuer_name(cert), &name);
	text = ca_buf_text(&name);
	ca_rev_find(f, CA_R_CRL_MISSING, cert, "%s of %s in %s%s",
	    reasons != 0 ? "not enough" : "none",
	    text != NULL ? text : "its issuer", rev->dir_path,
	    reasons != 0 ? ": those that are there leave out some reasons "
			   "for a revocation"
	    : all->n > 0 ? " but a delta CRL, which needs its base"
			 : "");
	ca_buf_free(&name);
}

/* Not enough: may it pass all the same? */
static bool
is_waived(struct ca_revocation *rev, X509 *cert, struct voices *all)
{
	const struct finding *t = &all->trouble;

	if (rev->mode != CA_CRL_PREFER || all->firm ||
	    (rev->dir == NULL && rev->dir_rc != CA_ERR_NOT_FOUND))
		return false;
	if (rev->absent.reason == CA_R_OK && t->reason == CA_R_OK)
		ca_rev_find(&rev->absent, CA_R_CRL_ABSENT, cert, "no CRL");
	else if (rev->absent.reason == CA_R_OK)
		ca_rev_find(
		    &rev->absent, CA_R_CRL_ABSENT, NULL, "%s", t->detail);
	return true;
}

/* The anchor needs no CRL: it is trusted because it is there. */
static bool
is_enough(struct ca_revocation *rev, const struct place *at, struct voices *all,
    struct finding *f)
{
	X509 *cert = place_cert(at);
	unsigned reasons;

	if (is_anchor(at))
		return true;
	reasons = count_reasons(rev, at, all);
	if (reasons == REASONS_ALL || is_waived(rev, cert, all))
		return true;
	if (all->trouble.reason != CA_R_OK)
		*f = all->trouble;
	else
		tell_missing(rev, cert, all, reasons, f);
	return false;
}

bool
ca_rev_status(
    struct ca_revocation *rev, const struct place *at, struct finding *f)
{
	struct voices all = {
	    .trouble.reason = CA_R_OK, .broken.reason = CA_R_OK};
	struct place here = *at;
	X509 *cert = place_cert(at);
	bool ok = false;

	if (is_anchor(at)) {
		/* the CRL of an issuer that is not on the path is not its own
		 */
		if (!ca_crl_same_name(X509_get_subject_name(cert),
			X509_get_issuer_name(cert)))
			return true;
		here.level = CA_REVOCATION_LEVELS;
	}
	if (rev->dir != NULL) {
		find_all(rev, &here, &all);
		hear_all(rev, &here, &all);
	}
	if (ca_rev_revoked(rev, at, &all, f))
		goto out;
	if (all.broken.reason != CA_R_OK) {
		*f = all.broken;
		goto out;
	}
	ok = is_enough(rev, at, &all, f);
out:
	voices_clear(&all);
	return ok;
}
