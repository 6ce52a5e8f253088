/*
 * The CRLs that speak of a certificate ("voices"): which CRLs may cover it,
 * which of them do and have a permitted signer, and whether they list it.
 */
#include "verify/revocationint.h"
#include "verify/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
ca_rev_voices_clear(struct voices *all)
{
	free(all->found.v); /* the directory owns the CRLs */
	free(all->v);
	CRL_DIST_POINTS_free(all->points);
}

/* ---- the CRLs that may cover the certificate ---- */

static void
could_not_read(
    struct ca_revocation *rev, struct voices *all, X509 *cert, enum ca_err rc)
{
	if (rc == CA_ERR_LIMIT)
		ca_rev_find(&all->broken, CA_R_CHAIN_LIMIT, cert,
		    "the limits of path building were reached while "
		    "searching the issuers of CRLs");
	else
		ca_rev_find(&all->broken, CA_R_CRL_DIR, cert,
		    "%s cannot be read: %s", rev->dir_path, ca_err_text(rc));
	if (rev->error.reason == CA_R_OK)
		rev->error = all->broken;
}

/* A file that cannot be read may be the CRL that revokes.  A file that can be
 * read and is not a CRL need not belong to this issuer. */
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
serials(const STACK_OF(X509) *chain, struct ca_bytes v[SERIALS_MAX])
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

/* No certificate needs more names of issuers. */
#define NAMES_MAX 64

/* Find CRLs by the issuer's name, and by the names of cRLIssuer. */
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

/* ---- which of them cover it ---- */

/* Record the use of a CRL for the trace (trace.h). */
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

void
ca_rev_reject(const struct ca_revocation *rev, struct voices *all,
    const struct crl_facts *f, X509 *cert, enum ca_reason reason,
    const char *why)
{
	struct finding now = {.reason = CA_R_OK};

	ca_rev_find(&now, reason, cert, "%s/%s %s", rev->dir_path,
	    ca_crl_get0_name(f->crl), why);
	cannot_use(all, &now, true);
}

/* A CRL that does not cover the certificate may list it: the trace shows it. */
static void
out_of_scope(struct ca_revocation *rev, const struct place *at,
    struct voices *all, struct crl_facts *f, const char *why)
{
	struct ca_crl_entry entry;
	struct crl_use *use;
	struct signer signer;

	ca_rev_reject(rev, all, f, place_cert(at), CA_R_CRL_SCOPE, why);
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

/* CA_OK: the CRL is among the voices, or does not speak.  Any other code: it is
 * not known whether the CRL revokes the certificate. */
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
			return CA_OK; /* found by another name of its issuer */
	if (f->bad != CA_R_OK) {
		ca_rev_reject(rev, all, f, cert, f->bad, f->why);
		return CA_OK;
	}
	if (f->future) {
		ca_rev_reject(rev, all, f, cert, CA_R_CRL_FUTURE,
		    "is not yet valid: its thisUpdate is in the future; check "
		    "the clock of this host");
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
	/* at this level, not every possible signer was asked */
	if (by.cert == NULL && at->level == CA_REVOCATION_LEVELS &&
	    !place_is_anchor(at))
		all->broken = by.why;
	if (by.cert == NULL)
		return CA_OK;
	/* only a CRL that the trust anchor itself signed may revoke it */
	if (place_is_anchor(at) && X509_cmp(by.cert, cert) != 0)
		return CA_OK;
	rc = ca_crl_lookup(f->crl, cert, &voice.entry);
	if (rc != CA_OK && rc != CA_ERR_NOT_FOUND) {
		ca_rev_find(&all->broken, CA_R_CRL_MALFORMED, cert,
		    "%s/%s cannot be searched: %s", rev->dir_path,
		    ca_crl_get0_name(f->crl), ca_err_text(rc));
		return CA_OK;
	}
	voice.signer = by.cert;
	voice.sure = by.sure;
	voice.listed = rc == CA_OK;
	ca_log_debug(rev->log, "%s (%-s) %-s", ca_crl_get0_name(f->crl),
	    ca_crl_engine_name(f->crl),
	    voice.listed ? "lists the certificate"
			 : "does not list the certificate");
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

void
ca_rev_hear(
    struct ca_revocation *rev, const struct place *at, struct voices *all)
{
	find_all(rev, at, all);
	hear_all(rev, at, all);
}
