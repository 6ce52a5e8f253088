/*
 * What a set of CRLs means: RFC 5280 section 6.3.3 over the description of the
 * set, written for being read beside the RFC.  It knows no DER, no files and
 * nothing of src.
 *
 * The rule that matters most: a CRL that counts, and lists the certificate,
 * refuses it; the one exception is removeFromCRL in a current delta, for an
 * entry certificateHold of its own base or of an earlier delta to that base.
 *
 * Where RFC and rule leave room, the comments that begin with CHOICE say what
 * is taken: what refuses.
 */
#ifndef CA_TESTS_CRLSETS_ORACLE_H
#define CA_TESTS_CRLSETS_ORACLE_H

#include "crlsets_model.h"

/* ---- times ---- */

static inline bool
cs_future(const struct cs_crl *x)
{
	return x->from > 0;
}

/* Seconds since it went stale; not positive: it has not. */
static inline long
cs_overdue(const struct cs_crl *x)
{
	return x->forever ? -(x->from + CS_NO_NEXT) : -x->to;
}

static inline bool
cs_current(const struct cs_crl *x)
{
	return !cs_future(x) && cs_overdue(x) < 0;
}

/* Stale, and a bit later than allowed; or current: it may say "not revoked". */
static inline bool
cs_serves(const struct cs_crl *x, long grace)
{
	return !cs_future(x) && cs_overdue(x) < grace;
}

/* ---- who signed ---- */

struct cs_holder {
	enum cs_who name;
	bool root; /* its path ends at Root, the certificate's own anchor */
};

static const struct cs_holder cs_holder[CS_KEYS] = {
    [CS_K_ROOT] = {CS_ROOT, true},
    [CS_K_SUB] = {CS_SUB, true},
    [CS_K_SUB2] = {CS_SUB, true},
    [CS_K_KEEPER] = {CS_KEEPER, true},
    [CS_K_FOREIGN] = {CS_FOREIGN, false},
    [CS_K_WRONG] = {CS_SUB, false},
};

/*
 * A certificate of the CRL's issuer name has the key, and its path is valid,
 * has cRLSign, and ends at the same anchor: 6.3.3 (f) and (g).  The issuer's
 * own revocation is another question (cs_signer_status).
 */
static inline bool
cs_signature_good(const struct cs_set *s, const struct cs_crl *x)
{
	const struct cs_holder *h = &cs_holder[x->key];

	if (x->broken || x->key == CS_K_STRANGER || x->key == CS_K_ROOT2)
		return false;
	if (x->key == CS_K_KEEPER &&
	    (s->keeper == CS_KEEPER_MUTE || s->keeper == CS_KEEPER_OLD))
		return false;
	if (!s->direct && s->mute && x->key == s->sub)
		return false;
	return h->root && h->name == x->issuer;
}

/*
 * Critical extensions that are not known: the CRL MUST NOT be used to
 * determine the status of certificates (sections 5.2 and 5.3).
 * CHOICE: neither to say "not revoked" nor "revoked", since such an extension
 * may be what says whose certificates the entries are.
 */
static inline bool
cs_understood(const struct cs_crl *x)
{
	bool ok = !x->critical;

	for (int i = 0; i < x->n; i++)
		ok = ok && !x->entry[i].critical;
	return ok;
}

/* ---- scope ---- */

static inline bool
cs_same_scope(const struct cs_crl *a, const struct cs_crl *b)
{
	return a->names == b->names && a->reasons == b->reasons &&
	       a->user == b->user && a->ca == b->ca &&
	       a->attribute == b->attribute && a->indirect == b->indirect;
}

/* 6.3.3 (b)(1) and (b)(2)(i), for one distribution point. */
static inline bool
cs_serves_point(
    const struct cs_crl *x, const struct cs_cert *c, const struct cs_dp *d)
{
	unsigned names = d->names;

	if (d->issuers != 0 && ((d->issuers & 1u << x->issuer) == 0 ||
				   (!x->indirect && x->issuer != c->issuer)))
		return false;
	if (d->issuers == 0 && x->issuer != c->issuer)
		return false;
	if (names == 0)
		for (int who = 0; who < CS_WHO; who++)
			if ((d->issuers & 1u << who) != 0)
				names |= CS_DN(who);
	return x->names == 0 || (x->names & names) != 0;
}

/*
 * Is the certificate in the CRL's scope?  6.3.3 (b), for each of its
 * distribution points, and for the one that is assumed where those do not
 * determine its status: the issuer's name, without reasons and cRLIssuer.
 * *reasons: those that the CRL speaks for, (d), over all of these points.
 *
 * CHOICE: a CRL for one of its points, with reasons none of which is among
 * those of the point, is in scope: (e) would not look into it, but it lists
 * the certificate or it does not.  It speaks for no reason.
 * CHOICE: a cRLIssuer that is the certificate's own issuer, which conforming
 * CAs leave out (section 4.2.1.13), asks for no indirectCRL. CHOICE: an
 * indirect CRL of the certificate's own issuer counts without a cRLIssuer: by
 * (b)(1), and by PKITS 4.14.22 and 23.
 */
static inline bool
cs_in_scope(const struct cs_crl *x, const struct cs_cert *c, unsigned *reasons)
{
	const struct cs_dp assumed = {.names = CS_DN(c->issuer)};
	bool found = false;

	*reasons = 0;
	if (x->attribute || (x->user && c->ca) || (x->ca && !c->ca))
		return false;
	for (int i = 0; i <= c->ndp; i++) {
		const struct cs_dp *d = i < c->ndp ? &c->dp[i] : &assumed;

		if (!cs_serves_point(x, c, d))
			continue;
		found = true;
		*reasons |= (x->reasons != 0 ? x->reasons : CS_ALL_REASONS) &
			    (d->reasons != 0 ? d->reasons : CS_ALL_REASONS);
	}
	return found;
}

/* ---- replacement ---- */

/*
 * a replaces b: same issuer name, verifying key, kind and scope; a is current
 * and later, and has a higher cRLNumber where both have one.  A delta is
 * replaced by a complete CRL alone, and only by one with a higher number.
 * CHOICE: not by a later delta, which may be to a later base that is not
 * here; what it takes back it has to name (section 5.2.4).
 */
static inline bool
cs_replaces(
    const struct cs_set *s, const struct cs_crl *a, const struct cs_crl *b)
{
	bool numbered = a->number >= 0 && b->number >= 0;

	return a->base < 0 && cs_current(a) && cs_signature_good(s, a) &&
	       cs_understood(a) && a->issuer == b->issuer && a->key == b->key &&
	       cs_same_scope(a, b) && a->from > b->from &&
	       (numbered ? a->number > b->number : b->base < 0);
}

/* It may revoke: rightly signed, understood, not of the future, and not
 * replaced.  CHOICE: what is replaced does not count for anything, so that it
 * takes nothing off hold, and is no delta's base. */
static inline bool
cs_counts(const struct cs_set *s, const struct cs_crl *x)
{
	bool ok = cs_signature_good(s, x) && cs_understood(x) && !cs_future(x);

	for (int i = 0; i < s->n; i++)
		ok = ok && !cs_replaces(s, &s->crl[i], x);
	return ok;
}

/* ---- entries ---- */

/* The entry at i is that of the certificate: its serial number, and the name
 * that the last certificateIssuer said, else the CRL's (section 5.3.3). */
static inline bool
cs_entry_of(const struct cs_crl *x, int i, const struct cs_cert *c)
{
	enum cs_who issuer = x->issuer;

	for (int k = 0; k <= i; k++)
		if (x->entry[k].issuer >= 0)
			issuer = (enum cs_who)x->entry[k].issuer;
	return x->entry[i].serial == c->serial && issuer == c->issuer;
}

static inline bool
cs_removes(const struct cs_crl *d, const struct cs_cert *c)
{
	for (int i = 0; i < d->n; i++)
		if (d->entry[i].reason == CS_REMOVE && cs_entry_of(d, i, c))
			return true;
	return false;
}

/* 6.3.3 (c): the delta d is one to that complete CRL. */
static inline bool
cs_delta_to(const struct cs_crl *d, const struct cs_crl *b)
{
	return d->base >= 0 && b->base < 0 && d->issuer == b->issuer &&
	       d->key == b->key && cs_same_scope(d, b) && d->number >= 0 &&
	       b->number >= 0 && d->base <= b->number && b->number < d->number;
}

/*
 * Does d take a hold of x back?  x is d's base, or an earlier delta (by its
 * number) to a base of d that is here.
 * CHOICE: a base that is stale will do, since it is only asked what it holds;
 * no order of dates is asked for beside that of the numbers, as in (c).
 */
static inline bool
cs_takes_back(const struct cs_set *s, const struct cs_crl *d,
    const struct cs_crl *x, const struct cs_cert *c)
{
	if (d->base < 0 || !cs_current(d) || !cs_counts(s, d) ||
	    !cs_removes(d, c))
		return false;
	if (x->base < 0)
		return cs_delta_to(d, x);
	for (int i = 0; i < s->n; i++)
		if (cs_counts(s, &s->crl[i]) && cs_delta_to(x, &s->crl[i]) &&
		    cs_delta_to(d, &s->crl[i]) && x->number < d->number)
			return true;
	return false;
}

static inline bool
cs_says_more(const struct cs_crl *x, const struct cs_cert *c)
{
	for (int i = 0; i < x->n; i++)
		if (x->entry[i].reason != CS_REMOVE && cs_entry_of(x, i, c))
			return true;
	return false;
}

/*
 * Does the CRL, which counts and whose scope covers the certificate, refuse
 * it?  removeFromCRL in a delta refuses nobody.
 * CHOICE: removeFromCRL in a complete CRL, which must not be there, refuses,
 * where no other entry of that CRL says more.
 */
static inline bool
cs_refuses(
    const struct cs_set *s, const struct cs_crl *x, const struct cs_cert *c)
{
	for (int i = 0; i < x->n; i++) {
		bool back = false;

		if (!cs_entry_of(x, i, c) ||
		    (x->entry[i].reason == CS_REMOVE &&
			(x->base >= 0 || cs_says_more(x, c))))
			continue;
		for (int k = 0; x->entry[i].reason == CS_HOLD && k < s->n; k++)
			back = back || cs_takes_back(s, &s->crl[k], x, c);
		if (!back)
			return true;
	}
	return false;
}

/* ---- certificates that need no CRL ---- */

/* crl_exempt goes by the certificate of the issuer, and not by its name or key;
 * the other Sub has issued nothing here. */
static inline bool
cs_is_exempt(const struct cs_set *s, const struct cs_cert *c)
{
	return (s->exempt & (c->issuer == CS_ROOT     ? CS_EXEMPT_ROOT
				: c->issuer == CS_SUB ? CS_EXEMPT_SUB
						      : 0)) != 0;
}

/* Of the whole path, the leaf only. */
static inline bool
cs_is_short(const struct cs_set *s, const struct cs_cert *c)
{
	return c == &s->leaf && s->short_lived > 0 && s->lifetime > 0 &&
	       s->lifetime <= s->short_lived;
}

/* ---- a certificate ---- */

struct cs_status {
	bool revoked;  /* listed */
	bool doubtful; /* listed by one whose own status is not known */
	bool told; /* an issuer of CRLs for it is revoked: so may the reason be
		    */
	/* the reasons covered: by current CRLs, and with those in crl_grace */
	unsigned current, covered;
	bool rest; /* the CRLs of names that could be asked for are in order */
	bool needless; /* it needs no CRL */
};

static inline struct cs_status cs_status_of(
    const struct cs_set *s, const struct cs_cert *c);

static inline bool
cs_good(const struct cs_set *s, const struct cs_status *st)
{
	return !st->revoked && !st->doubtful &&
	       (st->covered == CS_ALL_REASONS || st->needless ||
		   (s->prefer && st->rest));
}

/*
 * Of the issuer of a CRL: on the path (or in leaf mode) it is not asked here,
 * since the path is refused with it.  Else its certificate, which Root has
 * issued, is looked at as those of the path are.
 * CHOICE: one that is revoked signs nothing that counts.  Where the status is
 * not known its CRLs refuse, and say "not revoked" of nobody.
 * CHOICE: crl_check = leaf does not look at CRL issuers' certificates.
 */
static inline bool
cs_is_asked(const struct cs_set *s, const struct cs_crl *x)
{
	return !s->leaf_only && x->key != CS_K_ROOT &&
	       (s->direct || x->key != s->sub);
}

static inline void
cs_signer_status(
    const struct cs_set *s, const struct cs_crl *x, bool *revoked, bool *good)
{
	struct cs_cert signer = {CS_ROOT, cs_serial(x->key),
	    x->key != CS_K_KEEPER || s->keeper != CS_KEEPER_USER};
	struct cs_status st;

	*revoked = false;
	*good = true;
	if (!cs_is_asked(s, x))
		return;
	st = cs_status_of(s, &signer);
	*revoked = st.revoked;
	*good = cs_good(s, &st);
}

/* Under which names there may be CRLs for it. */
static inline unsigned
cs_asked(const struct cs_cert *c)
{
	unsigned names = 1u << c->issuer;

	for (int i = 0; i < c->ndp; i++)
		names |= c->dp[i].issuers;
	return names;
}

/*
 * By an issuer whose certificate leaves out cRLSign, and nothing else is wrong
 * with it.
 * CHOICE: crl = prefer takes it for none: its CA cannot make one that counts.
 */
static inline bool
cs_is_mute(
    const struct cs_set *s, const struct cs_crl *x, const struct cs_cert *c)
{
	unsigned reasons;
	bool mute = (x->issuer == CS_KEEPER && x->key == CS_K_KEEPER &&
			!x->broken && s->keeper == CS_KEEPER_MUTE) ||
		    (!s->direct && s->mute && x->issuer == CS_SUB &&
			x->key == s->sub && !x->broken);

	return mute && cs_understood(x) && !cs_future(x) &&
	       cs_in_scope(x, c, &reasons);
}

/* One of those: replaced, or in order, but too few of them cover too little.
 * CHOICE: what is not understood is not taken for replaced: an unknown critical
 * extension may say of what the CRL speaks. */
static inline bool
cs_in_order(
    const struct cs_set *s, const struct cs_crl *x, const struct cs_cert *c)
{
	bool revoked, good, replaced = false;
	unsigned reasons;

	for (int i = 0; i < s->n; i++)
		replaced = replaced || cs_replaces(s, &s->crl[i], x);
	if (replaced && cs_understood(x))
		return true;
	if (!cs_counts(s, x) || !cs_in_scope(x, c, &reasons) ||
	    !cs_serves(x, s->grace))
		return false;
	cs_signer_status(s, x, &revoked, &good);
	return good && !revoked;
}

static inline bool
cs_rest(const struct cs_set *s, const struct cs_cert *c)
{
	unsigned names = cs_asked(c);

	for (int i = 0; i < s->n; i++)
		if ((names & 1u << s->crl[i].issuer) != 0 &&
		    !cs_is_mute(s, &s->crl[i], c) &&
		    !cs_in_order(s, &s->crl[i], c))
			return false;
	return true;
}

static inline struct cs_status
cs_status_of(const struct cs_set *s, const struct cs_cert *c)
{
	struct cs_status st = {.rest = cs_rest(s, c),
	    .needless = cs_is_exempt(s, c) || cs_is_short(s, c)};

	for (int i = 0; i < s->n; i++) {
		const struct cs_crl *x = &s->crl[i];
		unsigned reasons;
		bool revoked, good;

		if (!cs_counts(s, x) || !cs_in_scope(x, c, &reasons))
			continue;
		cs_signer_status(s, x, &revoked, &good);
		st.told |= revoked;
		if (revoked)
			continue;
		if (cs_refuses(s, x, c)) {
			st.revoked |= good;
			st.doubtful |= !good;
		}
		/* a delta is never a base: it says "not revoked" of nobody */
		if (x->base >= 0 || !good)
			continue;
		st.current |= cs_current(x) ? reasons : 0;
		st.covered |= cs_serves(x, s->grace) ? reasons : 0;
	}
	return st;
}

/* ---- the path ---- */

struct cs_answer {
	bool accepted;
	bool passed; /* not merely waived */
	/* of one that is refused: "revoked" must be the reason; may be */
	bool must, may;
	/* of one that is accepted, not passed: a certificate of the path needs
	 * crl_exempt, or crl_short_lived */
	bool exempt, brief;
};

/*
 * crl = prefer waives that a CRL is missing, or that the rest is: a base for a
 * delta, or other reasons.  It does not waive that one is there which cannot be
 * used (stale, of the future, of another scope, wrongly signed), and never that
 * one lists the certificate.
 */
static inline struct cs_answer
cs_oracle(const struct cs_set *s)
{
	const struct cs_cert root = {CS_ROOT, CS_SERIAL_ROOT, true};
	const struct cs_cert *cert[] = {
	    &s->leaf, s->direct ? NULL : &s->inter, &root};
	struct cs_answer a = {.accepted = true, .passed = true};

	for (int i = 0; i < (s->leaf_only ? 1 : 3); i++) {
		if (cert[i] == NULL)
			continue;
		struct cs_status st = cs_status_of(s, cert[i]);
		bool anchor = cert[i] == &root;
		/* an anchor needs no CRL, but its own may list it */
		bool good = anchor ? !st.revoked : cs_good(s, &st);

		if (!anchor && st.covered != CS_ALL_REASONS) {
			a.brief |= cs_is_short(s, cert[i]);
			a.exempt |= !cs_is_short(s, cert[i]) &&
				    cs_is_exempt(s, cert[i]);
		}
		a.accepted &= good;
		a.passed &= anchor || st.current == CS_ALL_REASONS;
		a.must |= st.revoked;
		a.may |= st.revoked || st.doubtful || st.told;
	}
	a.passed &= a.accepted;
	return a;
}

#endif
