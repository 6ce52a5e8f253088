/* When certauth watch locks the session: src/watch/watchstate.c, which calls nothing;
 * and the lines of its child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "watch/watchint.h"

#define T0 100000LL

/* What comes of a look at a time after T0, a letter for each of p(resent), a(bsent),
 * u(nknown); 0: only the time has come. */
struct step {
	char look;
	long long at;
	enum ca_watch_do want;
};

static void
play(const struct step *s, size_t n)
{
	struct ca_watch w = {.begun = T0};

	for (size_t i = 0; i < n; i++) {
		enum ca_watch_do got =
		    s[i].look == 0 ? ca_watch_time(&w, T0 + s[i].at)
				   : ca_watch_saw(&w,
					 s[i].look == 'p'   ? CA_LOOK_PRESENT
					 : s[i].look == 'a' ? CA_LOOK_ABSENT
							    : CA_LOOK_UNKNOWN,
					 T0 + s[i].at);

		if (got != s[i].want)
			fail_msg("step %zu: %d, not %d", i, got, s[i].want);
	}
}
#define PLAY(steps) play(steps, sizeof(steps) / sizeof(steps)[0])

static void
pulled_and_inserted(void **state)
{
	static const struct step s[] = {
	    {'p', 100, CA_WATCH_FOUND},
	    {'p', 5000, CA_WATCH_NOTHING},
	    {'a', 6000, CA_WATCH_PULLED},
	    {'a', 7000, CA_WATCH_NOTHING},
	    {'u', 8000, CA_WATCH_NOTHING},
	    {0, 9000, CA_WATCH_NOTHING},
	    {'p', 10000, CA_WATCH_INSERTED},
	    {'p', 11000, CA_WATCH_NOTHING},
	    {'a', 12000, CA_WATCH_PULLED},
	};

	(void)state;
	PLAY(s);
}

static void
start(void **state)
{
	static const struct step missing[] = {
	    {0, 0, CA_WATCH_NOTHING},
	    /* no look has ended yet */
	    {0, 60000, CA_WATCH_NOTHING},
	    {'a', 60001, CA_WATCH_MISSING},
	};
	static const struct step late[] = {
	    {'a', 0, CA_WATCH_NOTHING},
	    {'a', 2999, CA_WATCH_NOTHING},
	    {0, 2999, CA_WATCH_NOTHING},
	    {'p', 2999, CA_WATCH_FOUND},
	    {0, 5000, CA_WATCH_NOTHING},
	};
	static const struct step by_time[] = {
	    {'a', 0, CA_WATCH_NOTHING},
	    {0, 3000, CA_WATCH_MISSING},
	    {0, 3001, CA_WATCH_NOTHING},
	    {'p', 4000, CA_WATCH_INSERTED},
	};
	static const struct step by_look[] = {
	    {'a', 0, CA_WATCH_NOTHING},
	    {'a', 3000, CA_WATCH_MISSING},
	};

	(void)state;
	PLAY(missing);
	PLAY(late);
	PLAY(by_time);
	PLAY(by_look);
}

static void
unknown(void **state)
{
	static const struct step at_start[] = {
	    {'u', 0, CA_WATCH_NOTHING},
	    {'u', 1, CA_WATCH_NOTHING},
	    {'u', 2, CA_WATCH_BLIND},
	    {'u', 3, CA_WATCH_NOTHING},
	    {'p', 4, CA_WATCH_INSERTED},
	};
	static const struct step in_a_row[] = {
	    {'p', 0, CA_WATCH_FOUND},
	    {'u', 1, CA_WATCH_NOTHING},
	    {'u', 2, CA_WATCH_NOTHING},
	    {'p', 3, CA_WATCH_NOTHING},
	    {'u', 4, CA_WATCH_NOTHING},
	    {'u', 5, CA_WATCH_NOTHING},
	    {'a', 6, CA_WATCH_PULLED},
	    {'p', 7, CA_WATCH_INSERTED},
	    {'u', 8, CA_WATCH_NOTHING},
	    {'u', 9, CA_WATCH_NOTHING},
	    {'u', 10, CA_WATCH_BLIND},
	};
	/* a look that tells nothing does not end the grace of the start */
	static const struct step grace[] = {
	    {'a', 0, CA_WATCH_NOTHING},
	    {'u', 1, CA_WATCH_NOTHING},
	    {'u', 2, CA_WATCH_NOTHING},
	    {0, 3000, CA_WATCH_MISSING},
	};

	(void)state;
	PLAY(at_start);
	PLAY(in_a_row);
	PLAY(grace);
}

static void
retries(void **state)
{
	static const long long wait[] = {1000, 1000, 1000, 1000, 1000, 2000,
	    4000, 8000, 16000, 32000, 60000, 60000, 60000};
	struct ca_watch w = {.begun = T0};
	long long now = T0;

	(void)state;
	assert_int_equal(ca_watch_due(&w), 0);
	assert_int_equal(
	    ca_watch_saw(&w, CA_LOOK_ABSENT, now), CA_WATCH_NOTHING);
	assert_int_equal(ca_watch_due(&w), T0 + CA_WATCH_START_MS);
	assert_int_equal(
	    ca_watch_saw(&w, CA_LOOK_PRESENT, now), CA_WATCH_FOUND);
	assert_int_equal(ca_watch_due(&w), 0);
	assert_int_equal(
	    ca_watch_saw(&w, CA_LOOK_ABSENT, now), CA_WATCH_PULLED);
	assert_int_equal(ca_watch_due(&w), 0);
	for (size_t i = 0; i < sizeof wait / sizeof wait[0]; i++) {
		ca_watch_locked(&w, false, now);
		assert_int_equal(ca_watch_due(&w), now + wait[i]);
		assert_int_equal(
		    ca_watch_time(&w, now + wait[i] - 1), CA_WATCH_NOTHING);
		now += wait[i];
		assert_int_equal(ca_watch_time(&w, now), CA_WATCH_RETRY);
		/* the command runs: one at a time */
		assert_int_equal(ca_watch_time(&w, now), CA_WATCH_NOTHING);
		assert_int_equal(ca_watch_due(&w), 0);
	}
	ca_watch_locked(&w, true, now);
	assert_int_equal(ca_watch_due(&w), 0);
	/* a locker that failed later is started anew, soon */
	ca_watch_locked(&w, false, now);
	assert_int_equal(ca_watch_due(&w), now + 1000);
	assert_int_equal(
	    ca_watch_saw(&w, CA_LOOK_PRESENT, now), CA_WATCH_INSERTED);
	assert_int_equal(ca_watch_due(&w), 0);
	/* with the token, nothing is to be locked */
	ca_watch_locked(&w, false, now);
	assert_int_equal(ca_watch_due(&w), 0);
	assert_int_equal(
	    ca_watch_saw(&w, CA_LOOK_ABSENT, now), CA_WATCH_PULLED);
}

/* ---- the lines ---- */

/* The looks that text says, a letter for each; the last letter says how it ended:
 * . more may come, ! it is no line of ours, $ the end. */
static void
lines_say(const char *text, bool ends, const char *want)
{
	struct ca_looker l = {.deadline = 1};
	enum ca_look_at at;
	enum ca_err rc;
	char got[32] = "";
	int end[2];

	assert_int_equal(pipe(end), 0);
	l.fd = end[0];
	assert_int_equal(
	    write(end[1], text, strlen(text)), (ssize_t)strlen(text));
	if (ends)
		(void)close(end[1]);
	while ((rc = ca_looker_line(&l, &at, T0)) == CA_OK) {
		assert_int_equal(l.deadline, T0 + 30000);
		assert_int_equal(l.last, at);
		assert_true(l.spoke);
		strcat(got, at == CA_LOOK_PRESENT  ? "p"
			    : at == CA_LOOK_ABSENT ? "a"
						   : "u");
	}
	strcat(got, rc == CA_ERR_FORMAT ? "!" : "$");
	assert_string_equal(got, want);
	(void)close(end[0]);
	if (!ends)
		(void)close(end[1]);
}

static void
lines(void **state)
{
	(void)state;
	lines_say("present\nabsent\nunknown\n", true, "pau$");
	lines_say("present\npres", true, "p$");
	lines_say("", true, "$");
	lines_say("present", true, "$");
	lines_say("absent\n\n", true, "a!");
	lines_say("presents\n", true, "!");
	lines_say(" present\n", true, "!");
	lines_say("here\n", true, "!");
	lines_say("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true, "!");
	lines_say("present\nabsent\nunknown\npresent\nabsent\nunknown\n\1\n",
	    true, "paupau!");
	lines_say("x\n", false, "!");
}

static void
ends(void **state)
{
	struct ca_looker l = {.pid = 1, .fd = -1, .spoke = true};

	(void)state;
	l.last = CA_LOOK_ABSENT;
	assert_true(ca_looker_ended(&l, 0));
	assert_int_equal(l.pid, 0);
	l.last = CA_LOOK_UNKNOWN;
	assert_true(ca_looker_ended(&l, 0));
	/* a module that calls exit(3) */
	l.last = CA_LOOK_PRESENT;
	assert_false(ca_looker_ended(&l, 0));
	l.last = CA_LOOK_ABSENT;
	assert_false(ca_looker_ended(&l, 1 << 8));
	assert_false(ca_looker_ended(&l, 9));
	l.spoke = false;
	assert_false(ca_looker_ended(&l, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pulled_and_inserted),
	    cmocka_unit_test(start),
	    cmocka_unit_test(unknown),
	    cmocka_unit_test(retries),
	    cmocka_unit_test(lines),
	    cmocka_unit_test(ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
