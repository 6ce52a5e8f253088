/* Random sets of CRLs.  Each is made from its own number, so that one can be
 * had again without those before it. */
#ifndef CA_TESTS_CRLSETS_RANDOM_H
#define CA_TESTS_CRLSETS_RANDOM_H

#include "crlsets_model.h"

static uint64_t cs_state;

/* splitmix64 */
static inline uint64_t
cs_next(void)
{
	uint64_t z = (cs_state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static inline int
cs_below(int n)
{
	return (int)(cs_next() % (uint64_t)n);
}

static inline bool
cs_chance(int percent)
{
	return cs_below(100) < percent;
}

#define cs_pick(v) ((v)[cs_below((int)(sizeof(v) / sizeof *(v)))])

static inline void
cs_seed(uint64_t seed, uint64_t no)
{
	cs_state = seed;
	cs_state = cs_next() + no * 0xd1342543de82ef95u;
}

/* ---- parts ---- */

static inline unsigned
cs_random_reasons(void)
{
	static const unsigned v[] = {
	    0x06, 0x1f8, 0x06, 0x1f8, 0x40, 0x1be, CS_ALL_REASONS};

	return cs_chance(80) ? cs_pick(v) : (unsigned)(1 + cs_below(255)) << 1;
}

static inline struct cs_dp
cs_random_dp(enum cs_who issuer)
{
	const unsigned issuers[] = {1u << CS_KEEPER, 1u << CS_KEEPER,
	    1u << CS_KEEPER, 1u << CS_KEEPER, 1u << CS_FOREIGN, 1u << issuer,
	    1u << CS_KEEPER | 1u << CS_FOREIGN};
	struct cs_dp d = {.issuers = cs_chance(30) ? cs_pick(issuers) : 0};
	bool several = (d.issuers & (d.issuers - 1)) != 0;
	enum cs_who base = d.issuers == 0                  ? issuer
			   : d.issuers == 1u << CS_FOREIGN ? CS_FOREIGN
			   : d.issuers == 1u << issuer     ? issuer
							   : CS_KEEPER;
	const unsigned names[] = {CS_URI(0), CS_URI(0), CS_URI(0), CS_URI(1),
	    CS_URI(0) | CS_URI(1), CS_BELOW(base), CS_BELOW(base),
	    CS_DN(issuer), CS_URI(1) | CS_BELOW(base)};

	if (d.issuers == 0 || cs_chance(40))
		d.names = cs_pick(names);
	d.relative = d.names == CS_BELOW(base) && !several && cs_chance(50);
	if (cs_chance(30))
		d.reasons = cs_random_reasons();
	return d;
}

static inline struct cs_cert
cs_random_cert(enum cs_who issuer, long serial, bool ca)
{
	static const int ndp[] = {0, 0, 0, 0, 1, 1, 1, 2, 2, 3};
	struct cs_cert c = {
	    issuer, serial, ca, .ndp = cs_pick(ndp), .freshest = cs_chance(25)};

	for (int i = 0; i < c.ndp; i++)
		c.dp[i] = cs_random_dp(issuer);
	return c;
}

static inline void
cs_random_times(struct cs_crl *x, int stale)
{
	static const long from[] = {-CS_HOUR, -CS_DAY, -CS_DAY, -2 * CS_DAY,
	    -2 * CS_DAY, -5 * CS_DAY, -20 * CS_DAY};
	static const long to[] = {CS_HOUR, CS_DAY, 7 * CS_DAY};
	static const long past[] = {-10 * CS_MINUTE, -10 * CS_MINUTE,
	    -90 * CS_MINUTE, -CS_DAY - CS_HOUR, -3 * CS_DAY};
	/* no time here, nor an hour or a day beside it, is just on a bound */
	static const long odd = 7 * CS_MINUTE;
	const long old[] = {-29 * CS_DAY - odd, -31 * CS_DAY - odd,
	    -31 * CS_DAY - odd, -40 * CS_DAY};

	x->from = cs_pick(from);
	x->to = cs_pick(to);
	if (cs_chance(stale)) {
		x->to = cs_pick(past);
		if (x->to <= x->from)
			x->from = x->to - cs_pick(to);
	}
	if (cs_chance(stale / 2)) {
		x->from = CS_DAY;
		x->to = 2 * CS_DAY;
	}
	x->forever = cs_chance(10);
	if (x->forever && x->from < 0 && cs_chance(2 * stale))
		x->from = cs_pick(old);
}

static inline enum cs_key
cs_random_key(const struct cs_set *s, enum cs_who issuer, int wrong)
{
	static const enum cs_key subs[] = {CS_K_SUB, CS_K_SUB2, CS_K_WRONG};

	if (cs_chance(wrong))
		return (enum cs_key)cs_below(CS_KEYS);
	if (issuer == CS_SUB && cs_chance(3 * wrong))
		return cs_pick(subs);
	return issuer == CS_ROOT     ? CS_K_ROOT
	       : issuer == CS_SUB    ? (s->direct ? CS_K_SUB : s->sub)
	       : issuer == CS_KEEPER ? CS_K_KEEPER
				     : CS_K_FOREIGN;
}

/* ---- entries ---- */

static inline void
cs_random_entry(const struct cs_set *s, struct cs_crl *x)
{
	static const int complete[] = {
	    -1, 1, 1, CS_HOLD, CS_HOLD, CS_HOLD, 4, 10, 7, CS_REMOVE};
	static const int delta[] = {
	    -1, 1, CS_HOLD, CS_HOLD, CS_REMOVE, CS_REMOVE, CS_REMOVE, 5};
	struct cs_entry e = {CS_SERIAL_OTHER, 0, -1};
	enum cs_who of = s->leaf.issuer;
	int which = cs_below(100);

	if (x->n == (int)(sizeof x->entry / sizeof *x->entry))
		return;
	e.reason = x->base < 0 ? cs_pick(complete) : cs_pick(delta);
	if (which < 70) {
		/* with that of the issuer, or the other one */
		bool leaf = s->direct || x->issuer != CS_ROOT;

		leaf ^= cs_chance(20);
		e.serial = leaf ? s->leaf.serial : s->inter.serial;
		of = leaf ? s->leaf.issuer : s->inter.issuer;
	} else if (which < 74) {
		e.serial = CS_SERIAL_ROOT + cs_below(5);
		of = CS_ROOT;
	}
	if (x->indirect && cs_chance(80))
		e.issuer = (int)of;
	if (x->indirect && cs_chance(10))
		e.issuer = cs_below(CS_WHO);
	e.critical = cs_chance(2);
	e.late = cs_chance(5);
	x->entry[x->n++] = e;
}

static inline void
cs_random_entries(const struct cs_set *s, struct cs_crl *x, int percent)
{
	while (cs_chance(percent) && x->n < 3) {
		cs_random_entry(s, x);
		percent = 30;
	}
}

/* ---- CRLs ---- */

static inline struct cs_crl *
cs_add(struct cs_set *s, const struct cs_crl *x)
{
	if (s->n == CS_CRLS)
		return NULL;
	s->crl[s->n] = *x;
	return &s->crl[s->n++];
}

static inline void
cs_random_scope(struct cs_crl *x, enum cs_who issuer)
{
	const unsigned names[] = {CS_URI(0), CS_URI(0), CS_URI(1),
	    CS_URI(0) | CS_URI(2), CS_BELOW(issuer), CS_DN(issuer)};
	static const int kinds[] = {0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3};
	int kind = cs_pick(kinds);

	x->names = cs_chance(35) ? cs_pick(names) : 0;
	x->reasons = cs_chance(25) ? cs_random_reasons() : 0;
	x->user = kind == 1;
	x->ca = kind == 2;
	x->attribute = kind == 3 && cs_chance(40);
	x->indirect = issuer == CS_ROOT || issuer == CS_SUB ? cs_chance(6)
							    : cs_chance(92);
}

static inline struct cs_crl
cs_random_crl(const struct cs_set *s, enum cs_who issuer, int wrong)
{
	struct cs_crl x = {issuer, cs_random_key(s, issuer, wrong),
	    .broken = cs_chance(wrong), .bare = cs_chance(15),
	    .number = cs_chance(85) ? 1 + cs_below(6) : -1, .base = -1,
	    .critical = cs_chance(wrong / 2), .freshest = cs_chance(10)};

	cs_random_times(&x, 4 * wrong);
	return x;
}

/* What says "not revoked" of a certificate: in one of several ways. */
static inline void
cs_add_cover(struct cs_set *s, const struct cs_cert *c)
{
	struct cs_crl x = cs_random_crl(s, c->issuer, 1);
	int way = cs_below(10);
	unsigned first = cs_random_reasons();

	if (way == 0)
		*(c->ca ? &x.ca : &x.user) = true;
	if (way == 1) {
		x.reasons = first;
		(void)cs_add(s, &x);
		x.reasons = CS_ALL_REASONS & ~first;
		if (x.reasons == 0)
			return;
	}
	if (way >= 2 && way <= 6 && c->ndp > 0) {
		for (int i = 0; i < c->ndp; i++) {
			const struct cs_dp *d = &c->dp[i];
			enum cs_who who = d->issuers == 0 ? c->issuer
					  : (d->issuers & 1u << CS_KEEPER) != 0
					      ? CS_KEEPER
					      : CS_FOREIGN;

			x = cs_random_crl(s, who, 1);
			x.indirect = d->issuers != 0;
			x.names = cs_chance(70) ? d->names : 0;
			x.reasons = cs_chance(50) ? d->reasons : 0;
			cs_random_entries(s, &x, 20);
			(void)cs_add(s, &x);
		}
		return;
	}
	cs_random_entries(s, &x, 20);
	(void)cs_add(s, &x);
}

/* One that has to do with one that is there: earlier or later, of the same
 * moment, a delta to it, or of another scope. */
static inline void
cs_add_kin(struct cs_set *s)
{
	static const long apart[] = {
	    -CS_DAY, -CS_HOUR, 0, 0, CS_HOUR, 20 * CS_MINUTE, 20 * CS_MINUTE};
	struct cs_crl x = s->crl[cs_below(s->n)];
	int way = cs_below(10);

	x.n = 0;
	if (cs_chance(50)) {
		x.broken = x.critical = false;
		x.key = cs_random_key(s, x.issuer, 3);
	}
	x.from += cs_pick(apart);
	if (x.number >= 0 && cs_chance(80))
		x.number = x.number + cs_below(4) - 1;
	if (way < 5) {
		int number = x.number < 0 ? 1 + cs_below(4) : x.number;

		x.base = number - cs_below(3) + cs_chance(20);
		x.base = x.base < 0 ? 0 : x.base;
		x.number = cs_chance(95) ? number + cs_below(3) : -1;
		x.freshest = false;
	} else if (way == 5) {
		x.base = -1;
	} else if (way == 6) {
		cs_random_scope(&x, x.issuer);
	}
	if (cs_chance(15))
		cs_random_times(&x, 30);
	if (!x.forever && x.to <= x.from)
		x.to = x.from + 100 * CS_MINUTE;
	cs_random_entries(s, &x, 65);
	(void)cs_add(s, &x);
}

static inline void
cs_add_any(struct cs_set *s)
{
	static const enum cs_who who[] = {CS_ROOT, CS_ROOT, CS_SUB, CS_SUB,
	    CS_SUB, CS_KEEPER, CS_KEEPER, CS_FOREIGN};
	struct cs_crl x = cs_random_crl(s, cs_pick(who), 6);

	cs_random_scope(&x, x.issuer);
	if (cs_chance(25)) {
		x.base = cs_below(5);
		x.number = x.base + cs_below(3);
	}
	cs_random_entries(s, &x, 60);
	(void)cs_add(s, &x);
}

/* ---- what chance alone brings together too rarely ---- */

static inline struct cs_crl
cs_good_crl(const struct cs_set *s, enum cs_who issuer, int number)
{
	struct cs_crl x = {issuer, cs_random_key(s, issuer, 0),
	    .from = -2 * CS_DAY, .to = CS_DAY, .number = number, .base = -1};

	return x;
}

static inline void
cs_enter(struct cs_crl *x, const struct cs_cert *c, int reason, bool named)
{
	if (x->n < 3)
		x->entry[x->n++] = (struct cs_entry){
		    c->serial, reason, named ? (int)c->issuer : -1};
}

/* One thing about the removal is not as it should be. */
static inline void
cs_spoil(struct cs_crl *held, struct cs_crl *taken, int way)
{
	switch (way) {
	case 0:
		taken->key = taken->key == CS_K_SUB ? CS_K_SUB2 : CS_K_SUB;
		break;
	case 1:
		taken->reasons = taken->reasons != 0 ? 0 : CS_ALL_REASONS;
		break;
	case 2:
		taken->indirect = !taken->indirect;
		break;
	case 3:
		taken->base = taken->number;
		taken->number++;
		break;
	case 4:
		taken->number = taken->base;
		break;
	case 5:
		taken->to = -10 * CS_MINUTE;
		break;
	case 6:
		held->entry[0].reason = 4;
		break;
	case 7:
		held->number = -1;
		break;
	default:
		held->entry[held->n++] = held->entry[0];
		held->entry[held->n - 1].reason = cs_chance(50) ? 1 : CS_HOLD;
		break;
	}
}

/* A base, perhaps a delta to it that holds what the base does not, a delta
 * that takes it back, and perhaps a complete CRL that is later than that. */
static inline void
cs_add_hold(struct cs_set *s)
{
	bool leaf = s->direct || cs_chance(75), early = cs_chance(40);
	const struct cs_cert *c = leaf ? &s->leaf : &s->inter;
	int number = 1 + cs_below(3);
	struct cs_crl base = cs_good_crl(s, c->issuer, number), first, taken;

	if (cs_chance(30))
		*(c->ca ? &base.ca : &base.user) = true;
	first = taken = base;
	first.base = number - cs_below(2);
	first.number = number + 1;
	first.from = -CS_DAY - CS_HOUR;
	taken.base = number - cs_below(2);
	taken.number = number + 1 + early - cs_chance(15);
	taken.from = -CS_DAY;
	cs_enter(early ? &first : &base, c, CS_HOLD, false);
	cs_enter(&taken, c, CS_REMOVE, false);
	if (cs_chance(55))
		cs_spoil(early ? &first : &base, &taken, cs_below(9));
	(void)cs_add(s, &base);
	if (early)
		(void)cs_add(s, &first);
	(void)cs_add(s, &taken);
	if (cs_chance(20)) {
		/* later than the deltas, or not, by number or date */
		base.n = 0;
		base.number = taken.number + cs_below(3) - 1;
		base.from = cs_chance(70) ? -CS_HOUR : -3 * CS_DAY;
		(void)cs_add(s, &base);
	}
}

/* A CRL that lists a certificate, and a later one that does not and may
 * replace it, or has one thing that keeps it from that. */
static inline void
cs_add_pair(struct cs_set *s)
{
	bool leaf = s->direct || cs_chance(75);
	const struct cs_cert *c = leaf ? &s->leaf : &s->inter;
	struct cs_crl old = cs_good_crl(s, c->issuer, 2), later = old;

	cs_enter(&old, c, 1, false);
	old.base = cs_chance(25) ? 1 : -1;
	later.number = 3;
	later.from = -CS_DAY;
	switch (cs_below(12)) {
	case 0:
		later.key = later.key == CS_K_SUB ? CS_K_SUB2 : CS_K_SUB;
		break;
	case 1:
		later.broken = true;
		break;
	case 2:
		later.critical = true;
		break;
	case 3:
		cs_enter(&later, c, 1, false);
		later.entry[0].serial = CS_SERIAL_OTHER;
		later.entry[0].critical = true;
		break;
	case 4:
		later.to = -10 * CS_MINUTE;
		break;
	case 5:
		later.forever = true;
		later.from = -31 * CS_DAY - CS_HOUR;
		old.from = -33 * CS_DAY;
		break;
	case 6:
		later.number = 1 + cs_below(2);
		break;
	case 7:
		*(c->ca ? &later.ca : &later.user) = true;
		break;
	default:
		break;
	}
	(void)cs_add(s, &old);
	(void)cs_add(s, &later);
}

/* A certificate whose CRLs Keeper issues, and one of them. */
static inline void
cs_add_keeper(struct cs_set *s)
{
	bool leaf = s->direct || cs_chance(75);
	struct cs_cert *c = leaf ? &s->leaf : &s->inter;
	struct cs_crl x = cs_good_crl(s, CS_KEEPER, 1);

	c->ndp = c->ndp > 0 ? c->ndp : 1;
	c->dp[0] = (struct cs_dp){
	    .issuers = 1u << CS_KEEPER, .names = cs_chance(40) ? CS_URI(0) : 0};
	x.indirect = cs_chance(85);
	if (cs_chance(40))
		x.names = cs_chance(70) && c->dp[0].names == 0
			      ? CS_DN(CS_KEEPER)
			      : CS_URI(0);
	if (cs_chance(25))
		x.entry[x.n++] =
		    (struct cs_entry){CS_SERIAL_OTHER, 1, cs_below(CS_WHO)};
	if (cs_chance(60))
		cs_enter(&x, c, cs_chance(70) ? 1 : -1,
		    cs_chance(x.n > 0 ? 40 : 80));
	if (s->keeper == CS_KEEPER_CA && cs_chance(25))
		s->keeper = (enum cs_keeper)cs_below(4);
	(void)cs_add(s, &x);
	if (cs_chance(20)) {
		const struct cs_cert keeper = {CS_ROOT, CS_SERIAL_KEEPER};

		x = cs_good_crl(s, CS_ROOT, 1);
		x.reasons = cs_chance(40) ? 0x06 : 0;
		if (cs_chance(50))
			cs_enter(&x, &keeper, 1, false);
		(void)cs_add(s, &x);
	}
}

/* ---- the set ---- */

static inline void
cs_random_pki(struct cs_set *s)
{
	static const long grace[] = {0, 0, CS_HOUR, 2 * CS_DAY};
	static const long lifetime[] = {CS_HOUR, 25 * CS_HOUR, 25 * CS_HOUR,
	    25 * CS_HOUR + 1, 26 * CS_HOUR};
	long serial = CS_SERIAL_LEAF;

	*s = (struct cs_set){.direct = cs_chance(20),
	    .sub = cs_chance(20) ? CS_K_SUB2 : CS_K_SUB,
	    .mute = cs_chance(4),
	    .keeper =
		cs_chance(85) ? CS_KEEPER_CA : (enum cs_keeper)cs_below(4),
	    .relative = cs_chance(50),
	    .large = cs_chance(15),
	    .prefer = cs_chance(30),
	    .leaf_only = cs_chance(25),
	    .grace = cs_pick(grace)};
	if (cs_chance(20))
		s->lifetime = cs_pick(lifetime);
	if (cs_chance(s->lifetime > 0 ? 70 : 5))
		s->short_lived = 25 * CS_HOUR;
	if (cs_chance(20))
		s->exempt = 1 + (unsigned)cs_below(7);
	/* a number that another certificate has, of another issuer */
	if (!s->direct && cs_chance(15))
		serial = cs_serial(s->sub);
	s->leaf = cs_random_cert(s->direct ? CS_ROOT : CS_SUB, serial, false);
	s->inter = cs_random_cert(CS_ROOT, cs_serial(s->sub), true);
}

/* RFC 5280 section 5.3.3: certificateIssuer is for indirect CRLs alone.  What is
 * malformed for it has its rows in test_crlread.c. */
static inline void
cs_no_issuer(struct cs_crl *x)
{
	for (int i = 0; !x->indirect && i < x->n; i++)
		x->entry[i].issuer = -1;
}

static inline void
cs_random_set(struct cs_set *s, uint64_t seed, uint64_t no)
{
	cs_seed(seed, no);
	cs_random_pki(s);
	if (cs_chance(14))
		cs_add_hold(s);
	if (cs_chance(14))
		cs_add_keeper(s);
	if (cs_chance(10))
		cs_add_pair(s);
	if (!s->direct && cs_chance(s->leaf_only ? 30 : 92))
		cs_add_cover(s, &s->inter);
	if (cs_chance(92))
		cs_add_cover(s, &s->leaf);
	for (int more = cs_below(5); more > 0; more--) {
		if (s->n > 0 && cs_chance(60))
			cs_add_kin(s);
		else
			cs_add_any(s);
	}
	for (int i = 0; i < s->n; i++)
		cs_no_issuer(&s->crl[i]);
}

#endif
