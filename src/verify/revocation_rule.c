/*
 * The rule: a CRL revokes a certificate if it covers and lists the certificate,
 * has a valid signature, and was not replaced.  The one exception is a hold that
 * was lifted.
 */
#include "verify/revocationint.h"

/* A replaced CRL is ignored: it revokes no certificate, takes none off hold, and
 * is not the base of a delta CRL. */
static void
mark_replaced(const struct ca_revocation *rev, struct voices *all)
{
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->n; k++)
			if (ca_rev_replaces(rev, &all->v[k], &all->v[i]))
				all->v[i].replaced = true;
}

/* Does delta take the certificate off the hold in base? */
static bool
lifts(const struct ca_revocation *rev, const struct voice *delta,
    const struct voice *base)
{
	return !delta->replaced && !base->replaced && delta->listed &&
	       delta->entry.reason == CA_CRL_REMOVE &&
	       ca_rev_is_current(rev, delta->f) && ca_rev_applies(delta, base);
}

/*
 * The one exception: certificateHold, lifted by removeFromCRL in a current
 * delta to the CRL that has the hold, or to one that the delta with the hold
 * is an earlier delta to.
 */
static bool
is_released(const struct ca_revocation *rev, const struct voices *all,
    const struct voice *hold)
{
	if (hold->entry.reason != CA_CRL_HOLD)
		return false;
	for (size_t i = 0; i < all->n; i++) {
		const struct voice *delta = &all->v[i];

		if (hold->f->base == NULL) {
			if (lifts(rev, delta, hold))
				return true;
			continue;
		}
		if (!ca_rev_earlier(hold->f, delta->f))
			continue;
		for (size_t j = 0; j < all->n; j++)
			if (lifts(rev, delta, &all->v[j]) &&
			    ca_rev_applies(hold, &all->v[j]))
				return true;
	}
	return false;
}

static void
tell_revoked(struct ca_revocation *rev, const struct place *at,
    const struct voice *v, struct finding *f)
{
	char date[32];

	ca_rev_find(f, CA_R_REVOKED, place_cert(at),
	    "revoked by %s/%s since %s, %s", rev->dir_path,
	    ca_crl_get0_name(v->f->crl),
	    ca_rev_time((time_t)v->entry.date, date),
	    ca_ocsp_reason_text(v->entry.reason));
	for (size_t i = 0; at->chain == rev->chain && i < rev->nuse; i++)
		if (rev->use[i].facts == v->f && rev->use[i].depth == at->i)
			rev->use[i].revoked = true;
}

bool
ca_rev_revoked(struct ca_revocation *rev, const struct place *at,
    struct voices *all, struct finding *f)
{
	mark_replaced(rev, all);
	for (size_t i = 0; i < all->n; i++) {
		const struct voice *v = &all->v[i];

		/* removeFromCRL removes only in a delta CRL */
		if (!v->listed || v->replaced ||
		    (v->entry.reason == CA_CRL_REMOVE && v->f->base != NULL))
			continue;
		if (is_released(rev, all, v))
			continue;
		tell_revoked(rev, at, v, f);
		return true;
	}
	return false;
}
