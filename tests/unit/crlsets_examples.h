/*
 * Small sets of CRLs written by hand, each with the answer that it must have:
 * the oracle is held to them, and then ca_verify is.
 */
#ifndef CA_TESTS_CRLSETS_EXAMPLES_H
#define CA_TESTS_CRLSETS_EXAMPLES_H

#include "crlsets_model.h"

enum cs_must { CS_REVOKED, CS_ACCEPTED, CS_WAIVED, CS_TOO_FEW };

/* No CRL but Root's, which is in order. */
static inline struct cs_set
cs_plain(void)
{
	struct cs_set s = {.sub = CS_K_SUB};

	s.leaf = (struct cs_cert){CS_SUB, CS_SERIAL_LEAF, false};
	s.inter = (struct cs_cert){CS_ROOT, cs_serial(CS_K_SUB), true};
	s.crl[s.n++] = (struct cs_crl){CS_ROOT, CS_K_ROOT, .from = -CS_DAY,
	    .to = CS_DAY, .number = 1, .base = -1};
	return s;
}

/* A CRL of yesterday; base: -1 for a complete one. */
static inline struct cs_crl *
cs_one(struct cs_set *s, enum cs_who issuer, int number, int base)
{
	static const enum cs_key key[] = {
	    CS_K_ROOT, CS_K_SUB, CS_K_KEEPER, CS_K_FOREIGN};

	s->crl[s->n] = (struct cs_crl){issuer, key[issuer], .from = -CS_DAY,
	    .to = CS_DAY, .number = number, .base = base};
	return &s->crl[s->n++];
}

/* Lists the leaf. */
static inline struct cs_crl *
cs_list(struct cs_crl *x, int reason)
{
	bool named = x->issuer == CS_KEEPER || x->issuer == CS_FOREIGN;

	x->entry[x->n++] =
	    (struct cs_entry){CS_SERIAL_LEAF, reason, named ? (int)CS_SUB : -1};
	return x;
}

static inline struct cs_crl *
cs_at(struct cs_crl *x, long from, long to)
{
	x->from = from;
	x->to = to;
	return x;
}

static inline struct cs_dp *
cs_point(struct cs_cert *c)
{
	return &c->dp[c->ndp++];
}

/* ---- scopes ---- */

/* Beside a CRL of the leaf's CA that does not list it, number of another scope
 * that does. */
static inline enum cs_must
cs_scopes(struct cs_set *s, int number)
{
	(void)cs_one(s, CS_SUB, 1, -1);
	switch (number) {
	case 0:
		cs_list(cs_one(s, CS_SUB, 1, -1), 1)->user = true;
		return CS_REVOKED;
	case 1:
		cs_list(cs_one(s, CS_SUB, 1, -1), 1)->reasons = 1u << 6;
		return CS_REVOKED;
	case 2: /* crl-dp-same-moment */
		cs_point(&s->leaf)->names = CS_URI(0);
		cs_list(cs_one(s, CS_SUB, 1, -1), 1)->names = CS_URI(0);
		return CS_REVOKED;
	case 3:
		*cs_point(&s->leaf) = (struct cs_dp){CS_BELOW(CS_SUB), true};
		cs_list(cs_one(s, CS_SUB, 1, -1), 1)->names = CS_BELOW(CS_SUB);
		return CS_REVOKED;
	case 4: /* the assumed point */
		cs_list(cs_one(s, CS_SUB, 1, -1), 1)->names = CS_DN(CS_SUB);
		return CS_REVOKED;
	case 5: /* out of scope */
		cs_list(cs_one(s, CS_SUB, 1, -1), 1)->ca = true;
		return CS_ACCEPTED;
	case 6:
		cs_list(cs_one(s, CS_SUB, 1, -1), 1)->attribute = true;
		return CS_ACCEPTED;
	case 7:
		cs_list(cs_one(s, CS_SUB, 1, -1), 1)->names = CS_URI(0);
		return CS_ACCEPTED;
	case 8: /* crl-indirect-dp, crl-indirect-prefer */
	case 9:
		cs_point(&s->leaf)->issuers = 1u << CS_KEEPER;
		cs_list(cs_one(s, CS_KEEPER, 1, -1), 1)->indirect = true;
		s->prefer = number == 9;
		return CS_REVOKED;
	case 10: /* nobody has said that the keeper may */
		cs_list(cs_one(s, CS_KEEPER, 1, -1), 1)->indirect = true;
		return CS_ACCEPTED;
	case 11: /* not indirect */
		cs_point(&s->leaf)->issuers = 1u << CS_KEEPER;
		cs_list(cs_one(s, CS_KEEPER, 1, -1), 1);
		return CS_ACCEPTED;
	default:
		s->n = 0;
		return CS_TOO_FEW;
	}
}

/* The same, by who has signed it, and for whom. */
static inline enum cs_must
cs_scopes_signers(struct cs_set *s, int number)
{
	struct cs_crl *x;

	(void)cs_one(s, CS_SUB, 1, -1);
	switch (number) {
	case 0: /* another anchor */
		cs_point(&s->leaf)->issuers = 1u << CS_FOREIGN;
		cs_list(cs_one(s, CS_FOREIGN, 1, -1), 1)->indirect = true;
		return CS_ACCEPTED;
	case 1:
		cs_list(cs_one(s, CS_SUB, 1, -1), 1)->key = CS_K_WRONG;
		return CS_ACCEPTED;
	case 2:
		cs_list(cs_one(s, CS_SUB, 1, -1), 1)->broken = true;
		return CS_ACCEPTED;
	case 3: /* the CA's other key */
		cs_list(cs_one(s, CS_SUB, 1, -1), 1)->key = CS_K_SUB2;
		return CS_REVOKED;
	case 4:
		cs_list(cs_one(s, CS_SUB, 1, -1), 1)->critical = true;
		return CS_ACCEPTED;
	case 5:
		cs_point(&s->leaf)->issuers = 1u << CS_KEEPER;
		cs_list(cs_one(s, CS_KEEPER, 1, -1), 1)->indirect = true;
		s->keeper = CS_KEEPER_MUTE;
		return CS_ACCEPTED;
	case 6: /* the certificate's number, for another issuer */
		cs_point(&s->leaf)->issuers = 1u << CS_KEEPER;
		x = cs_list(cs_one(s, CS_KEEPER, 1, -1), 1);
		x->indirect = true;
		x->entry[0].issuer = CS_ROOT;
		return CS_ACCEPTED;
	case 7: /* ... and the one that was said before goes on */
		cs_point(&s->leaf)->issuers = 1u << CS_KEEPER;
		x = cs_list(cs_list(cs_one(s, CS_KEEPER, 1, -1), 1), 1);
		x->indirect = true;
		x->entry[0].serial = CS_SERIAL_OTHER;
		x->entry[1].issuer = -1;
		return CS_REVOKED;
	default:
		s->n = 0;
		return CS_TOO_FEW;
	}
}

/* ---- what needs no CRL ---- */

/* The only CRL is one of the leaf's CA, instead of Root's. */
static inline struct cs_crl *
cs_only(struct cs_set *s)
{
	s->n = 0;
	return cs_one(s, CS_SUB, 1, -1);
}

/* crl_exempt has the leaf's CA. */
static inline enum cs_must
cs_exempted(struct cs_set *s, int number)
{
	s->exempt = CS_EXEMPT_SUB;
	switch (number) {
	case 0:
		return CS_WAIVED;
	case 1: /* another certificate of the same name and issuer */
		s->exempt = CS_EXEMPT_OTHER;
		return CS_TOO_FEW;
	case 2: /* what the leaf's CA issues is not what Root issues */
		s->exempt = CS_EXEMPT_ROOT;
		return CS_TOO_FEW;
	case 3:
		(void)cs_only(s);
		return CS_TOO_FEW;
	case 4:
		(void)cs_only(s);
		s->exempt = CS_EXEMPT_ROOT;
		return CS_WAIVED;
	case 5: /* a CRL that lists counts: current, late, a delta, of another */
		(void)cs_list(cs_one(s, CS_SUB, 1, -1), 1);
		return CS_REVOKED;
	case 6:
		(void)cs_at(
		    cs_list(cs_one(s, CS_SUB, 1, -1), 1), -2 * CS_DAY, -CS_DAY);
		return CS_REVOKED;
	case 7:
		(void)cs_list(cs_one(s, CS_SUB, 2, 1), 1);
		return CS_REVOKED;
	case 8:
		cs_point(&s->leaf)->issuers = 1u << CS_KEEPER;
		cs_list(cs_one(s, CS_KEEPER, 1, -1), 1)->indirect = true;
		return CS_REVOKED;
	case 9: /* for the CA itself */
		s->exempt = CS_EXEMPT_SUB | CS_EXEMPT_ROOT;
		cs_list(&s->crl[0], 1)->entry[0].serial = s->inter.serial;
		return CS_REVOKED;
	case 10: /* one that does not list, and cannot be used */
	case 11:
		(void)cs_at(cs_one(s, CS_SUB, 1, -1), -2 * CS_DAY, -CS_DAY);
		s->prefer = number == 11;
		return CS_WAIVED;
	case 12:
		(void)cs_one(s, CS_SUB, 1, -1);
		return CS_ACCEPTED;
	case 13: /* the leaf only is asked */
		(void)cs_only(s);
		s->leaf_only = true;
		return CS_ACCEPTED;
	case 14: /* the CRL issuer's own certificate is Root's */
		cs_point(&s->leaf)->issuers = 1u << CS_KEEPER;
		cs_one(s, CS_KEEPER, 1, -1)->indirect = true;
		s->crl[0].reasons = 0x06;
		s->exempt = CS_EXEMPT_ROOT;
		return CS_WAIVED;
	default:
		s->n = 0;
		return CS_TOO_FEW;
	}
}

/* crl_short_lived = 25h */
static inline enum cs_must
cs_short_lived(struct cs_set *s, int number)
{
	s->short_lived = s->lifetime = 25 * CS_HOUR;
	switch (number) {
	case 0:
		return CS_WAIVED;
	case 1:
		s->lifetime++;
		return CS_TOO_FEW;
	case 2:
		s->short_lived = 0;
		return CS_TOO_FEW;
	case 3: /* the leaf's CA needs a CRL */
		(void)cs_only(s);
		return CS_TOO_FEW;
	case 4:
		(void)cs_list(cs_one(s, CS_SUB, 1, -1), 1);
		return CS_REVOKED;
	case 5:
		(void)cs_at(cs_list(cs_one(s, CS_SUB, 1, -1), CS_HOLD),
		    -2 * CS_DAY, -CS_DAY);
		return CS_REVOKED;
	case 6:
		(void)cs_list(cs_one(s, CS_SUB, 2, 1), 1);
		return CS_REVOKED;
	case 7:
		(void)cs_one(s, CS_SUB, 1, -1);
		return CS_ACCEPTED;
	case 8: /* not of the CA that signs the CRL */
		cs_point(&s->inter)->issuers = 1u << CS_KEEPER;
		cs_one(s, CS_KEEPER, 1, -1)->indirect = true;
		s->crl[0].reasons = 0x06;
		return CS_TOO_FEW;
	case 9: /* both */
		s->exempt = CS_EXEMPT_ROOT;
		cs_only(s)->reasons = 0x06;
		return CS_WAIVED;
	case 10: /* not of a CRL's issuer */
		s->lifetime = 0;
		s->keeper = CS_KEEPER_USER;
		s->crl[0].ca = true;
		cs_point(&s->leaf)->issuers = 1u << CS_KEEPER;
		cs_one(s, CS_KEEPER, 1, -1)->indirect = true;
		return CS_TOO_FEW;
	default:
		s->n = 0;
		return CS_TOO_FEW;
	}
}

/* ---- what is enough ---- */

static inline enum cs_must
cs_enough(struct cs_set *s, int number)
{
	switch (number) {
	case 0:
		(void)cs_one(s, CS_SUB, 1, -1);
		return CS_ACCEPTED;
	case 1:
		return CS_TOO_FEW;
	case 2:
		s->prefer = true;
		return CS_WAIVED;
	case 3: /* split by reason */
		cs_one(s, CS_SUB, 1, -1)->reasons = 0x06;
		cs_one(s, CS_SUB, 1, -1)->reasons = 0x1f8;
		return CS_ACCEPTED;
	case 4:
		cs_one(s, CS_SUB, 1, -1)->reasons = 0x1f8;
		return CS_TOO_FEW;
	case 5: /* crl-dp-reasons */
		*cs_point(&s->leaf) = (struct cs_dp){CS_URI(0), false, 0x06};
		*cs_point(&s->leaf) = (struct cs_dp){CS_URI(1), false, 0x1f8};
		(void)cs_one(s, CS_SUB, 1, -1);
		return CS_ACCEPTED;
	case 6:
		*cs_point(&s->leaf) = (struct cs_dp){CS_URI(0), false, 0x06};
		*cs_point(&s->leaf) = (struct cs_dp){CS_URI(1), false, 0x1f8};
		cs_one(s, CS_SUB, 1, -1)->names = CS_URI(0);
		return CS_TOO_FEW;
	case 7: /* a delta is no complete CRL, of some reasons or not */
		cs_one(s, CS_SUB, 2, 1)->reasons = 0x06;
		return CS_TOO_FEW;
	case 8:
		(void)cs_one(s, CS_SUB, 2, 1);
		return CS_TOO_FEW;
	case 9:
		cs_point(&s->leaf)->issuers = 1u << CS_KEEPER;
		cs_one(s, CS_KEEPER, 1, -1)->indirect = true;
		return CS_ACCEPTED;
	case 10: /* Root's does not say of Keeper, a CA, that it is good */
		cs_point(&s->leaf)->issuers = 1u << CS_KEEPER;
		cs_one(s, CS_KEEPER, 1, -1)->indirect = true;
		s->crl[0].reasons = 0x06;
		*cs_point(&s->inter) = (struct cs_dp){CS_URI(0)};
		cs_one(s, CS_ROOT, 1, -1)->names = CS_URI(0);
		return CS_TOO_FEW;
	default:
		s->n = 0;
		return CS_TOO_FEW;
	}
}

static inline enum cs_must
cs_enough_times(struct cs_set *s, int number)
{
	switch (number) {
	case 0: /* without nextUpdate */
		cs_at(cs_one(s, CS_SUB, 1, -1), -29 * CS_DAY, 0)->forever =
		    true;
		return CS_ACCEPTED;
	case 1:
		cs_at(cs_one(s, CS_SUB, 1, -1), -31 * CS_DAY, 0)->forever =
		    true;
		return CS_TOO_FEW;
	case 2:
		cs_at(cs_one(s, CS_SUB, 1, -1), -31 * CS_DAY, 0)->forever =
		    true;
		s->grace = 2 * CS_DAY;
		return CS_WAIVED;
	case 3:
		(void)cs_at(cs_one(s, CS_SUB, 1, -1), -2 * CS_DAY, -CS_HOUR);
		return CS_TOO_FEW;
	case 4: /* of the future */
		(void)cs_at(cs_one(s, CS_SUB, 1, -1), CS_HOUR, CS_DAY);
		s->prefer = true;
		return CS_TOO_FEW;
	case 5: /* an anchor on its own CRL */
	case 6:
		(void)cs_one(s, CS_SUB, 1, -1);
		cs_list(&s->crl[0], 1)->entry[0].serial = CS_SERIAL_ROOT;
		s->leaf_only = number == 6;
		return s->leaf_only ? CS_ACCEPTED : CS_REVOKED;
	case 7: /* an intermediate */
	case 8:
		(void)cs_one(s, CS_SUB, 1, -1);
		cs_list(&s->crl[0], 1)->entry[0].serial = s->inter.serial;
		s->leaf_only = number == 8;
		return s->leaf_only ? CS_ACCEPTED : CS_REVOKED;
	case 9: /* a CA that may not sign CRLs */
	case 10:
		(void)cs_one(s, CS_SUB, 1, -1);
		s->mute = true;
		s->prefer = number == 10;
		return s->prefer ? CS_WAIVED : CS_TOO_FEW;
	default:
		s->n = 0;
		return CS_TOO_FEW;
	}
}

/* ---- replacement ---- */

/* One of the day before yesterday that lists the leaf, and a later one. */
static inline enum cs_must
cs_later(struct cs_set *s, int number)
{
	struct cs_crl *old, *later;

	old = cs_list(cs_one(s, CS_SUB, 1, -1), CS_HOLD);
	old->from = -2 * CS_DAY;
	later = cs_one(s, CS_SUB, 2, -1);
	switch (number) {
	case 0:
		return CS_ACCEPTED;
	case 1: /* neither has a number, or one has none */
		old->number = later->number = -1;
		return CS_ACCEPTED;
	case 2:
		old->number = -1;
		return CS_ACCEPTED;
	case 3: /* number and date disagree */
		old->number = 3;
		return CS_REVOKED;
	case 4:
		old->number = 2;
		return CS_REVOKED;
	case 5: /* the same moment */
		old->from = later->from;
		return CS_REVOKED;
	case 6: /* what is stale, or of the future, replaces nothing */
		(void)cs_at(later, -CS_DAY, -CS_HOUR);
		s->grace = CS_DAY;
		return CS_REVOKED;
	case 7:
		(void)cs_at(later, CS_HOUR, CS_DAY);
		return CS_REVOKED;
	case 8: /* another scope, or key */
		later->user = true;
		return CS_REVOKED;
	case 9:
		later->key = CS_K_SUB2;
		return CS_REVOKED;
	case 10:
		later->indirect = true;
		return CS_REVOKED;
	case 11: /* stale ones revoke, and are replaced */
		(void)cs_at(old, -3 * CS_DAY, -2 * CS_DAY);
		return CS_ACCEPTED;
	case 12:
		(void)cs_at(old, -3 * CS_DAY, -2 * CS_DAY);
		later->user = true;
		return CS_REVOKED;
	case 13: /* it lists it too */
		(void)cs_list(later, 1);
		return CS_REVOKED;
	case 14: /* an extension that is not known: it is not used */
		later->critical = true;
		return CS_REVOKED;
	default:
		s->n = 0;
		return CS_TOO_FEW;
	}
}

/* ---- deltas ---- */

/* A base (2), here or not, and a delta (3, to 2) that lists the leaf. */
static inline enum cs_must
cs_deltas(struct cs_set *s, int number)
{
	struct cs_crl *base = cs_one(s, CS_SUB, 2, -1);
	struct cs_crl *delta = cs_list(cs_one(s, CS_SUB, 3, 2), 1);

	base->from = -2 * CS_DAY;
	switch (number) {
	case 0: /* crl-delta-no-freshest */
		return CS_REVOKED;
	case 1: /* no base */
		base->reasons = 0x06;
		return CS_REVOKED;
	case 2:
		delta->base = 9;
		delta->number = 10;
		return CS_REVOKED;
	case 3: /* stale */
		(void)cs_at(delta, -CS_DAY, -CS_HOUR);
		return CS_REVOKED;
	case 4:
		(void)cs_at(delta, CS_HOUR, CS_DAY);
		return CS_ACCEPTED;
	case 5: /* replaced by a complete one */
		cs_one(s, CS_SUB, 4, -1)->from = -CS_HOUR;
		return CS_ACCEPTED;
	case 6: /* or not: of the same number, without one, earlier, stale */
		cs_one(s, CS_SUB, 3, -1)->from = -CS_HOUR;
		return CS_REVOKED;
	case 7:
		cs_one(s, CS_SUB, -1, -1)->from = -CS_HOUR;
		return CS_REVOKED;
	case 8:
		cs_one(s, CS_SUB, 4, -1)->from = -CS_DAY - CS_HOUR;
		return CS_REVOKED;
	case 9:
		(void)cs_at(cs_one(s, CS_SUB, 4, -1), -CS_HOUR, -CS_MINUTE);
		return CS_REVOKED;
	case 10: /* a later delta replaces none */
		cs_one(s, CS_SUB, 4, 3)->from = -CS_HOUR;
		return CS_REVOKED;
	case 11: /* of some reasons, beside a base that revokes */
		delta->n = 0;
		delta->reasons = 0x06;
		(void)cs_list(base, 1);
		return CS_REVOKED;
	case 12:
		base->n = base->number = 0;
		base->forever = true;
		s->prefer = true;
		return CS_REVOKED;
	default:
		s->n = 0;
		return CS_TOO_FEW;
	}
}

/* The base (2) holds the leaf; the delta (3, to 2) takes it off. */
static inline enum cs_must
cs_removals(struct cs_set *s, int number)
{
	struct cs_crl *base = cs_list(cs_one(s, CS_SUB, 2, -1), CS_HOLD);
	struct cs_crl *delta = cs_list(cs_one(s, CS_SUB, 3, 2), CS_REMOVE);
	struct cs_crl *second;

	base->from = -2 * CS_DAY;
	switch (number) {
	case 0:
		return CS_ACCEPTED;
	case 1: /* expired */
		(void)cs_at(delta, -CS_DAY, -CS_MINUTE);
		s->grace = CS_DAY;
		return CS_REVOKED;
	case 2: /* not on hold */
		base->entry[0].reason = 1;
		return CS_REVOKED;
	case 3:
		base->entry[0].reason = -1;
		return CS_REVOKED;
	case 4: /* not its base */
		delta->base = 3;
		delta->number = 4;
		return CS_REVOKED;
	case 5:
		delta->number = 2;
		return CS_REVOKED;
	case 6:
		base->number = -1;
		return CS_REVOKED;
	case 7:
		delta->number = -1;
		return CS_REVOKED;
	case 8: /* another key, another scope */
		delta->key = CS_K_SUB2;
		return CS_REVOKED;
	case 9:
		delta->user = true;
		return CS_REVOKED;
	case 10: /* an older base will do, where the numbers say so */
		delta->base = 0;
		return CS_ACCEPTED;
	case 11: /* on hold since an earlier delta */
	case 12:
		base->n = 0;
		second = cs_list(cs_one(s, CS_SUB, 4, 2), CS_REMOVE);
		second->from = -CS_HOUR;
		delta->entry[0].reason = number == 11 ? CS_HOLD : 1;
		return number == 11 ? CS_ACCEPTED : CS_REVOKED;
	case 13: /* on hold again since */
		second = cs_list(cs_one(s, CS_SUB, 4, 2), CS_HOLD);
		second->from = -CS_HOUR;
		return CS_REVOKED;
	case 14: /* twice, of which one is no hold */
		(void)cs_list(base, 4);
		return CS_REVOKED;
	case 15: /* another CRL lists it too */
		cs_list(cs_one(s, CS_SUB, 1, -1), CS_HOLD)->user = true;
		return CS_REVOKED;
	case 16: /* no delta: crl-serial-twice */
		delta->base = -1;
		(void)cs_list(delta, 1);
		return CS_REVOKED;
	case 17:
		delta->base = -1;
		base->n = 0;
		return CS_REVOKED;
	case 18: /* wrongly signed */
		delta->broken = true;
		return CS_REVOKED;
	default:
		s->n = 0;
		return CS_TOO_FEW;
	}
}

#endif
