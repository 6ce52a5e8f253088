/*
 * Random sets of CRLs: what ca_verify says of each is what the oracle says,
 * however the files are read, and in whatever order they come.
 *
 * CERTAUTH_SETS=n   how many sets (default: 3000)
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

static uint64_t
setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

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

static void
batch(uint64_t seed, uint64_t first, uint64_t n, long *answers)
{
	for (uint64_t i = 0; i < n; i++) {
		struct cs_job *j = &job[i];

		j->no = first + i;
		cs_random_set(&j->s, seed, j->no);
		cs_plan(j, j->no % 32 == 0);
		cs_files(j);
	}
	for (uint64_t i = 0; i < n; i++)
		cs_indexes_of(&job[i]);
	for (uint64_t i = 0; i < n; i++) {
		struct cs_job *j = &job[i];
		struct cs_answer a = cs_oracle(&j->s);

		cs_runs(j);
		answers[a.must ? 0 : a.accepted ? 1 : 2]++;
		if (j->wrong != NULL &&
		    count(j->wrong) <= (long)setting("CERTAUTH_SHOW", 2)) {
			cs_shrink(j);
			cs_tell(stderr, j, seed);
		}
	}
	cs_remove_files();
}

static void
random_sets(void **state)
{
	uint64_t seed = setting("CERTAUTH_SEED", (uint64_t)time(NULL));
	uint64_t first = setting("CERTAUTH_FIRST", 0);
	uint64_t sets = setting("CERTAUTH_SETS", 3000);
	long answers[3] = {0}, wrong = 0;

	(void)state;
	fprintf(stderr, "# CERTAUTH_SEED=%" PRIu64 "\n", seed);
	for (uint64_t at = 0; at < sets; at += BATCH)
		batch(seed, first + at, sets - at < BATCH ? sets - at : BATCH,
		    answers);
	fprintf(stderr,
	    "# sets: %" PRIu64 "; revoked %ld, accepted %ld, too few CRLs %ld; "
	    "indexes %ld\n",
	    sets, answers[0], answers[1], answers[2], cs_indexes);
	for (struct tally *t = tally; t->what != NULL; t++) {
		fprintf(stderr, "# %ld: %s\n", t->n, t->what);
		wrong += t->n;
	}
	/* or it would have compared one answer only */
	for (int i = 0; i < 3 && sets >= 1000; i++)
		assert_true(answers[i] > (long)sets / 10);
	if (sets >= 1000)
		assert_true(cs_indexes_read > 10);
	assert_int_equal(wrong, 0);
}

static int
start(void **state)
{
	(void)state;
	if (pki_start("crlsets") != 0)
		return -1;
	cs_in_memory();
	cs_start();
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	cs_stop();
	return pki_stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_sets),
	};

	return cmocka_run_group_tests_name("crl_sets", tests, start, stop);
}
