/*
 * Random sets of CRLs: what ca_verify says of each is what the oracle says,
 * however the files are read, and in whatever order they come.
 *
 * CERTAUTH_SETS=n   how many sets (default: 2000)
 * CERTAUTH_SEED=n   of which random sequence (default: another at each run)
 * CERTAUTH_FIRST=n  beginning with which of its sets
 * CERTAUTH_SHOW=n   how many sets that went wrong in one way are told whole
 *                   (default: 2)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "crlmake.h"
#include "pkimake.h"
#include "crlsets_judge.h"
#include "crlsets_examples.h"

static uint64_t
setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

/* ---- by hand ---- */

typedef enum cs_must example_fn(struct cs_set *s, int number);

/* What the oracle must say of it. */
static bool
answers_as(const struct cs_answer *a, enum cs_must must)
{
	switch (must) {
	case CS_REVOKED:
		return a->must && !a->accepted;
	case CS_TOO_FEW:
		return !a->may && !a->accepted;
	default:
		return a->accepted && a->passed == (must == CS_ACCEPTED);
	}
}

static void
examples(const char *name, example_fn *fn)
{
	static struct cs_job j;
	int wrong = 0;

	for (int i = 0;; i++) {
		j.s = cs_plain();
		enum cs_must must = fn(&j.s, i);
		struct cs_answer a = cs_oracle(&j.s);

		if (j.s.n == 0)
			break;
		if (!answers_as(&a, must)) {
			cs_say(stderr, &j.s);
			fail_msg("%s %d: the oracle is wrong", name, i);
		}
		if (cs_try(&j, true) == NULL)
			continue;
		fprintf(stderr, "\n# %s, number %d", name, i);
		cs_tell(stderr, &j, 0);
		wrong++;
	}
	cs_remove_files();
	assert_int_equal(wrong, 0);
}

#define EXAMPLE(name)                                                          \
	static void name(void **state)                                         \
	{                                                                      \
		(void)state;                                                   \
		examples(#name, cs_##name);                                    \
	}
EXAMPLE(scopes)
EXAMPLE(scopes_signers)
EXAMPLE(exempted)
EXAMPLE(short_lived)
EXAMPLE(enough)
EXAMPLE(enough_times)
EXAMPLE(later)
EXAMPLE(deltas)
EXAMPLE(removals)

/* ---- random sets ---- */

/* Files are written for this many at once, so that the time that an index
 * waits for its file to settle is waited once. */
#define BATCH 64

static struct cs_job job[BATCH];

/* How many of what kind went wrong. */
static struct tally {
	const char *what;
	long n;
} tally[16];

static long
count(const char *what)
{
	struct tally *t = tally;

	while (t->what != NULL && t->what != what)
		t++;
	assert_true(t < tally + 15);
	t->what = what;
	return ++t->n;
}

/* What is held of random sets. */
struct property {
	void (*make)(struct cs_set *s, uint64_t seed, uint64_t no);
	void (*check)(struct cs_job *j); /* may say what is wrong */
	long answers[3];
};

static void
batch(struct property *p, uint64_t seed, uint64_t first, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		struct cs_job *j = &job[i];

		j->no = first + i;
		p->make(&j->s, seed, j->no);
		cs_plan(j, j->no % 32 == 0);
		cs_files(j);
	}
	for (uint64_t i = 0; i < n; i++)
		cs_indexes_of(&job[i]);
	for (uint64_t i = 0; i < n; i++) {
		struct cs_job *j = &job[i];
		struct cs_answer a = cs_oracle(&j->s);

		cs_runs(j);
		p->check(j);
		p->answers[a.must ? 0 : a.accepted ? 1 : 2]++;
		if (j->wrong == NULL ||
		    count(j->wrong) > (long)setting("CERTAUTH_SHOW", 2))
			continue;
		cs_shrink(j);
		cs_tell(stderr, j, seed);
	}
	cs_remove_files();
}

static void
hold(struct property *p, uint64_t sets)
{
	uint64_t seed = setting("CERTAUTH_SEED", (uint64_t)time(NULL));
	uint64_t first = setting("CERTAUTH_FIRST", 0);
	long wrong = 0;

	memset(tally, 0, sizeof tally);
	fprintf(stderr, "# CERTAUTH_SEED=%" PRIu64 "\n", seed);
	for (uint64_t at = 0; at < sets; at += BATCH)
		batch(
		    p, seed, first + at, sets - at < BATCH ? sets - at : BATCH);
	fprintf(stderr,
	    "# sets: %" PRIu64 "; revoked %ld, accepted %ld, too few CRLs %ld; "
	    "indexes %ld\n",
	    sets, p->answers[0], p->answers[1], p->answers[2], cs_indexes);
	for (struct tally *t = tally; t->what != NULL; t++) {
		fprintf(stderr, "# %ld: %s\n", t->n, t->what);
		wrong += t->n;
	}
	assert_int_equal(wrong, 0);
}

static void
nothing_more(struct cs_job *j)
{
	(void)j;
}

static void
random_sets(void **state)
{
	uint64_t sets = setting("CERTAUTH_SETS", 2000);
	struct property p = {cs_random_set, nothing_more};

	(void)state;
	hold(&p, sets);
	/* or it would have compared one answer only */
	for (int i = 0; i < 3 && sets >= 1000; i++)
		assert_true(p.answers[i] > (long)sets / 10);
	assert_true(sets < 1000 || cs_indexes_read > 10);
}

/* ---- the rule that matters most ---- */

/*
 * To any set, add a CRL of this moment by the certificate's own CA, for all
 * of its certificates or for its kind, that lists it for good or, with a CRL
 * that has no number, as on hold: nothing is later, so that nothing replaces
 * it, and no delta can belong to it.  This asks no oracle.
 */
static void
add_listing(struct cs_set *s)
{
	static const int reasons[] = {-1, 1, 2, 3, 4, 5, 7, 9, 10};
	bool inter = !s->direct && !s->leaf_only && cs_chance(30);
	const struct cs_cert *c = inter ? &s->inter : &s->leaf;
	struct cs_crl x = {c->issuer, c->issuer == CS_ROOT ? CS_K_ROOT : s->sub,
	    .bare = cs_chance(30), .to = CS_HOUR, .forever = cs_chance(20),
	    .number = cs_below(9), .base = cs_chance(40) ? cs_below(9) : -1,
	    .user = !c->ca && cs_chance(20), .ca = c->ca && cs_chance(20),
	    .reasons = cs_chance(30) ? cs_random_reasons() : 0,
	    .indirect = cs_chance(20)};

	if (cs_chance(20))
		x.names = CS_DN(c->issuer);
	if (c->ndp > 0 && c->dp[0].issuers == 0 && cs_chance(50))
		x.names = c->dp[0].names;
	x.entry[0] = (struct cs_entry){c->serial, CS_REMOVE, -1};
	x.entry[1] = (struct cs_entry){c->serial, cs_pick(reasons), -1};
	x.n = 2;
	if (cs_chance(70)) {
		x.entry[0] = x.entry[1];
		x.n = 1;
	}
	if (cs_chance(30)) {
		x.number = -1;
		x.base = -1;
		x.entry[x.n - 1].reason = CS_HOLD;
	}
	if (s->n == CS_CRLS)
		s->n--;
	int at = cs_below(s->n + 1);
	memmove(&s->crl[at + 1], &s->crl[at],
	    (size_t)(s->n - at) * sizeof s->crl[0]);
	s->crl[at] = x;
	s->n++;
}

static void
listed_set(struct cs_set *s, uint64_t seed, uint64_t no)
{
	cs_random_set(s, ~seed, no);
	s->mute = false;
	add_listing(s);
}

/* Each of the ways in which the set was read says "revoked". */
static void
is_refused(struct cs_job *j)
{
	if (!cs_oracle(&j->s).must)
		j->wrong = "the oracle does not see what is listed";
	for (int i = 0; i < j->runs && j->wrong == NULL; i++)
		if (j->run[i].v.granted || j->run[i].v.reason != CA_R_REVOKED)
			j->wrong = "a certificate is listed, and not refused";
}

static void
a_listing_refuses(void **state)
{
	uint64_t sets = setting("CERTAUTH_SETS", 2000);
	struct property p = {listed_set, is_refused};

	(void)state;
	hold(&p, sets > 10 ? sets / 4 : sets);
}

static int
start_with(const char *const type[CS_KEYS])
{
	if (pki_start("crlsets") != 0)
		return -1;
	cs_in_memory();
	cs_start(type);
	return 0;
}

static int
start(void **state)
{
	(void)state;
	return start_with(cs_p256);
}

/* All but the root have ML-DSA keys: so do the issuers of deltas and of
 * indirect CRLs. */
static int
start_mldsa(void **state)
{
	(void)state;
	return start_with(cs_mldsa);
}

static int
finish(void **state)
{
	(void)state;
	cs_stop();
	return pki_stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(scopes),
	    cmocka_unit_test(scopes_signers),
	    cmocka_unit_test(exempted),
	    cmocka_unit_test(short_lived),
	    cmocka_unit_test(enough),
	    cmocka_unit_test(enough_times),
	    cmocka_unit_test(later),
	    cmocka_unit_test(deltas),
	    cmocka_unit_test(removals),
	    cmocka_unit_test(a_listing_refuses),
	    cmocka_unit_test(random_sets),
	};

	int failed =
	    cmocka_run_group_tests_name("crl_sets", tests, start, finish);
	if (!has_mldsa()) {
		print_message("not done: the same with ML-DSA keys (this "
			      "libcrypto, OpenSSL %s, has no ML-DSA)\n",
		    OpenSSL_version(OPENSSL_VERSION_STRING));
		return failed;
	}
	return failed + cmocka_run_group_tests_name(
			    "crl_sets by ML-DSA", tests, start_mldsa, finish);
}
