/*
 * What a check does to sessions: src/sessions/check.c alone.  The verdicts, what the
 * check before found, and what becomes of an order are what a test wants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sessions/sessionsint.h"

#define MAX 50
#define NOW 10000

static struct {
	/* what is there */
	uint64_t now;
	enum ca_reason reason[MAX];
	const struct ca_config *cfg[MAX];
	bool refuses;
	size_t left; /* told to end, and still running */
	/* the states: those before, then those after */
	struct ca_sessions_state state[MAX];
	/* what was done to each */
	int ends[MAX], locks[MAX], tickets[MAX], told[MAX], logged[MAX];
	int writes[MAX];
	char outcome[MAX][16], detail[MAX][128];
} world;

static struct ca_config config;
#define PIDFD 1000000 /* never used as one */

static struct ca_sessions_one one[MAX];
static struct ca_sessions all;

static size_t
number(const char *id)
{
	return (size_t)strtoul(id, NULL, 16);
}

/* ---- in place of the rest of the room ---- */

uint64_t
ca_session_uptime(void)
{
	return world.now;
}

void
ca_sessions_judge(struct ca_sessions *a)
{
	for (size_t i = 0; i < a->n; i++)
		a->v[i].verdict = (struct ca_sessions_verdict){
		    .reason = world.reason[i], .cfg = world.cfg[i]};
}

struct ca_sessions_state
ca_sessions_state_read(int folder, const char *id)
{
	assert_int_equal(folder, all.folder);
	return world.state[number(id)];
}

void
ca_sessions_state_write(const struct ca_sessions *a, const char *id,
    const struct ca_sessions_state *state)
{
	(void)a;
	world.writes[number(id)]++;
	world.state[number(id)] = *state;
}

bool
ca_sessions_end(struct ca_sessions_acts *acts, struct ca_sessions_one *o)
{
	world.ends[number(o->id)]++;
	(void)snprintf(acts->why, sizeof acts->why, "refused");
	if (!world.refuses)
		o->pidfd = PIDFD;
	return !world.refuses;
}

bool
ca_sessions_lock(struct ca_sessions_acts *acts, struct ca_sessions_one *o)
{
	world.locks[number(o->id)]++;
	(void)snprintf(acts->why, sizeof acts->why, "refused");
	return !world.refuses;
}

size_t
ca_sessions_wait(struct ca_sessions *a)
{
	for (size_t i = 0; i < a->n && world.left == 0; i++)
		a->v[i].pidfd = -1;
	return world.left;
}

void
ca_sessions_log(const struct ca_sessions_one *o, const char *outcome,
    const char *reason, const char *detail)
{
	size_t i = number(o->id);

	assert_string_equal(reason, ca_reason_code(o->verdict.reason));
	world.logged[i]++;
	(void)snprintf(
	    world.outcome[i], sizeof world.outcome[i], "%s", outcome);
	(void)snprintf(world.detail[i], sizeof world.detail[i], "%s",
	    detail != NULL ? detail : "");
}

void
ca_sessions_tell(
    const struct ca_sessions_one *o, const char *what, const char *why)
{
	(void)what;
	(void)why;
	world.told[number(o->id)]++;
}

void
ca_sessions_ticket(const struct ca_log *log, const struct ca_sessions_one *o)
{
	(void)log;
	world.tickets[number(o->id)]++;
}

void
ca_logind_clear(struct ca_logind *l)
{
	(void)l;
}

/* ---- sessions ---- */

/* n sessions that are in order, of a configuration that ends them for anything. */
static void
begin(size_t n)
{
	memset(&world, 0, sizeof world);
	config = (struct ca_config){.mode = CA_MODE_ENFORCE,
	    .on_revoked = CA_ON_END,
	    .on_expired = CA_ON_END,
	    .on_unmapped = CA_ON_END,
	    .end_max = 3};
	world.now = NOW;
	for (size_t i = 0; i < n; i++) {
		one[i] = (struct ca_sessions_one){.s = {.service = "sshd",
						      .user = "alice",
						      .account = "alice"},
		    .pidfd = -1};
		(void)snprintf(one[i].id, sizeof one[i].id, "%032zx", i);
		world.reason[i] = CA_R_OK;
		world.cfg[i] = &config;
		world.state[i].reason = CA_R_NONE;
	}
	all = (struct ca_sessions){.v = one, .n = n, .folder = 5};
}

/* The check before this one found it, so many seconds ago. */
static void
found_before(size_t i, enum ca_reason reason, unsigned done, uint64_t ago)
{
	world.state[i] = (struct ca_sessions_state){reason, done, NOW - ago};
}

static int
check(void)
{
	return ca_sessions_check(&all, false, true);
}

static int
sum(const int v[MAX])
{
	int n = 0;

	for (size_t i = 0; i < MAX; i++)
		n += v[i];
	return n;
}

static void
nothing_was_done(void)
{
	assert_int_equal(sum(world.ends), 0);
	assert_int_equal(sum(world.locks), 0);
	assert_int_equal(sum(world.tickets), 0);
	assert_int_equal(sum(world.told), 0);
	assert_int_equal(sum(world.logged), 0);
}

/* ---- which reason ends ---- */

static bool
may_end(enum ca_reason reason)
{
	return reason == CA_R_REVOKED || reason == CA_R_EXPIRED ||
	       reason == CA_R_UNMAPPED || reason == CA_R_OTHER_USER ||
	       reason == CA_R_REFUSED;
}

static void
of_all_reasons_five_end(void **state)
{
	(void)state;
	for (int r = 0; r < CA_REASON_COUNT; r++) {
		begin(1);
		found_before(0, CA_R_UNMAPPED, 0, 60);
		world.reason[0] = (enum ca_reason)r;
		assert_int_equal(check(), CA_EXIT_OK);
		if (world.ends[0] != may_end((enum ca_reason)r))
			fail_msg("%s: ended %d times",
			    ca_reason_code((enum ca_reason)r), world.ends[0]);
		if (!may_end((enum ca_reason)r))
			nothing_was_done();
		assert_int_equal(world.tickets[0], world.ends[0]);
	}
}

static void
each_has_its_own_key(void **state)
{
	static const struct {
		enum ca_reason reason;
		size_t key;
	} of[] = {{CA_R_REVOKED, offsetof(struct ca_config, on_revoked)},
	    {CA_R_EXPIRED, offsetof(struct ca_config, on_expired)},
	    {CA_R_UNMAPPED, offsetof(struct ca_config, on_unmapped)},
	    {CA_R_OTHER_USER, offsetof(struct ca_config, on_unmapped)},
	    {CA_R_REFUSED, offsetof(struct ca_config, on_unmapped)}};

	(void)state;
	for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
		begin(1);
		found_before(0, CA_R_REFUSED, 0, 60);
		config.on_revoked = config.on_expired = config.on_unmapped =
		    CA_ON_LOG;
		*(enum ca_on *)((char *)&config + of[i].key) = CA_ON_LOCK;
		world.reason[0] = of[i].reason;
		assert_int_equal(check(), CA_EXIT_OK);
		assert_int_equal(world.locks[0], 1);
		assert_int_equal(world.ends[0], 0);
		assert_string_equal(world.outcome[0], "locked");
	}
}

static void
an_audit_has_no_effect(void **state)
{
	(void)state;
	begin(1);
	config.mode = CA_MODE_AUDIT;
	world.reason[0] = CA_R_REVOKED;
	assert_int_equal(check(), CA_EXIT_OK);
	assert_int_equal(world.ends[0] + world.told[0], 0);
	assert_string_equal(world.outcome[0], "noted");
}

static void
without_a_configuration_nothing_is_done(void **state)
{
	(void)state;
	begin(1);
	world.cfg[0] = NULL;
	world.reason[0] = CA_R_REVOKED;
	assert_int_equal(check(), CA_EXIT_OK);
	nothing_was_done();
}

/* ---- the second look ---- */

static void
only_a_second_look_counts(void **state)
{
	static const enum ca_reason unmapped[] = {
	    CA_R_UNMAPPED, CA_R_OTHER_USER, CA_R_REFUSED};

	(void)state;
	for (size_t i = 0; i < sizeof unmapped / sizeof *unmapped; i++) {
		begin(1);
		world.reason[0] = unmapped[i];
		for (world.now = NOW; world.now < NOW + 60; world.now += 59)
			assert_int_equal(check(), CA_EXIT_OK);
		nothing_was_done();
		assert_int_equal(world.state[0].since, NOW);
		world.now = NOW + 60;
		assert_int_equal(check(), CA_EXIT_OK);
		assert_int_equal(world.ends[0], 1);
	}
}

static void
what_was_before_it_counts_not(void **state)
{
	(void)state;
	/* it had expired, for long */
	begin(1);
	found_before(0, CA_R_EXPIRED, 2, 5000);
	world.reason[0] = CA_R_UNMAPPED;
	assert_int_equal(check(), CA_EXIT_OK);
	nothing_was_done();
	assert_int_equal(world.state[0].since, NOW);
	assert_int_equal(world.state[0].done, 0);
	/* of another boot, in which more time had passed */
	begin(1);
	found_before(0, CA_R_UNMAPPED, 0, 0);
	world.state[0].since = NOW + 1;
	world.reason[0] = CA_R_UNMAPPED;
	assert_int_equal(check(), CA_EXIT_OK);
	nothing_was_done();
}

static void
in_order_again_begins_anew(void **state)
{
	(void)state;
	begin(1);
	found_before(0, CA_R_UNMAPPED, 0, 59);
	assert_int_equal(check(), CA_EXIT_OK);
	assert_int_equal(world.state[0].reason, CA_R_OK);
	world.reason[0] = CA_R_UNMAPPED;
	world.now = NOW + 1;
	assert_int_equal(check(), CA_EXIT_OK);
	nothing_was_done();
	assert_int_equal(world.state[0].since, NOW + 1);
}

/* What cannot be judged meanwhile makes the next look a first one; what was said stays
 * said. */
static void
unknown_keeps_what_was_said(void **state)
{
	(void)state;
	begin(1);
	found_before(0, CA_R_UNMAPPED, 0, 59);
	world.reason[0] = CA_R_CRL_STALE;
	assert_int_equal(check(), CA_EXIT_OK);
	nothing_was_done();
	assert_int_equal(world.state[0].reason, CA_R_NONE);
	begin(1);
	found_before(0, CA_R_REVOKED, 1 + CA_ON_WARN, 59);
	world.reason[0] = CA_R_CRL_STALE;
	assert_int_equal(check(), CA_EXIT_OK);
	assert_int_equal(world.writes[0], 0);
}

/* ---- many at once ---- */

static void
reasons(size_t from, size_t to, enum ca_reason reason)
{
	for (size_t i = from; i < to; i++) {
		world.reason[i] = reason;
		found_before(i, reason, 0, 60);
	}
}

static void
end_max_is_what_may_end(void **state)
{
	(void)state;
	begin(4);
	reasons(0, 3, CA_R_UNMAPPED);
	assert_int_equal(check(), CA_EXIT_OK);
	assert_int_equal(sum(world.ends), 3);
	begin(4);
	reasons(0, 2, CA_R_UNMAPPED);
	reasons(2, 4, CA_R_EXPIRED);
	assert_int_equal(check(), CA_EXIT_NO);
	assert_int_equal(sum(world.ends) + sum(world.tickets), 0);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(world.outcome[i], "warned");
		assert_non_null(strstr(world.detail[i], "end_max"));
	}
	/* the same again, and it is meant */
	assert_int_equal(ca_sessions_check(&all, true, true), CA_EXIT_OK);
	assert_int_equal(sum(world.ends), 4);
}

static void
a_tenth_of_all_may_end(void **state)
{
	(void)state;
	begin(50);
	reasons(0, 5, CA_R_UNMAPPED);
	assert_int_equal(check(), CA_EXIT_OK);
	assert_int_equal(sum(world.ends), 5);
	begin(50);
	reasons(0, 6, CA_R_UNMAPPED);
	assert_int_equal(check(), CA_EXIT_NO);
	assert_int_equal(sum(world.ends), 0);
	/* 49 have a tenth of 4 */
	begin(49);
	reasons(0, 5, CA_R_UNMAPPED);
	assert_int_equal(check(), CA_EXIT_NO);
	assert_int_equal(sum(world.ends), 0);
}

static void
the_revoked_have_no_limit(void **state)
{
	(void)state;
	begin(20);
	reasons(0, 20, CA_R_REVOKED);
	assert_int_equal(check(), CA_EXIT_OK);
	assert_int_equal(sum(world.ends), 20);
	/* nor do others make one for them, or they use one up */
	begin(20);
	reasons(0, 4, CA_R_UNMAPPED);
	reasons(4, 10, CA_R_REVOKED);
	assert_int_equal(check(), CA_EXIT_NO);
	assert_int_equal(sum(world.ends), 6);
	begin(20);
	reasons(0, 3, CA_R_UNMAPPED);
	reasons(3, 10, CA_R_REVOKED);
	assert_int_equal(check(), CA_EXIT_OK);
	assert_int_equal(sum(world.ends), 10);
}

static void
what_ends_nobody_counts_not(void **state)
{
	struct ca_config other;

	(void)state;
	begin(8);
	other = config;
	other.on_unmapped = CA_ON_WARN;
	other.end_max = 100;
	reasons(0, 8, CA_R_UNMAPPED);
	for (size_t i = 3; i < 8; i++)
		world.cfg[i] = &other;
	assert_int_equal(check(), CA_EXIT_OK);
	assert_int_equal(sum(world.ends), 3);
	/* and its end_max is none for others */
	world.cfg[3] = &config;
	reasons(0, 8, CA_R_UNMAPPED);
	assert_int_equal(check(), CA_EXIT_NO);
	assert_int_equal(sum(world.ends), 3);
	/* a first look ends nobody */
	begin(4);
	reasons(0, 4, CA_R_UNMAPPED);
	found_before(3, CA_R_UNMAPPED, 0, 59);
	assert_int_equal(check(), CA_EXIT_OK);
	assert_int_equal(sum(world.ends), 3);
}

/* ---- what is said, and what is known of it later ---- */

static void
it_is_said_once(void **state)
{
	(void)state;
	begin(1);
	config.on_revoked = config.on_expired = CA_ON_WARN;
	world.reason[0] = CA_R_EXPIRED;
	for (int i = 0; i < 3; i++)
		assert_int_equal(check(), CA_EXIT_OK);
	assert_int_equal(world.told[0], 1);
	assert_int_equal(world.logged[0], 1);
	/* for another reason, it is said again */
	world.reason[0] = CA_R_REVOKED;
	assert_int_equal(check(), CA_EXIT_OK);
	assert_int_equal(check(), CA_EXIT_OK);
	assert_int_equal(world.told[0], 2);
	assert_int_equal(world.logged[0], 2);
	/* and what is more than a warning */
	config.on_revoked = CA_ON_LOCK;
	assert_int_equal(check(), CA_EXIT_OK);
	assert_int_equal(check(), CA_EXIT_OK);
	assert_int_equal(world.locks[0], 1);
	assert_int_equal(world.logged[0], 3);
	assert_string_equal(world.outcome[0], "locked");
	config.on_revoked = CA_ON_END;
	assert_int_equal(check(), CA_EXIT_OK);
	assert_int_equal(world.ends[0], 1);
	assert_string_equal(world.outcome[0], "ended");
}

static void
a_note_tells_nobody(void **state)
{
	(void)state;
	begin(1);
	config.on_revoked = CA_ON_LOG;
	world.reason[0] = CA_R_REVOKED;
	assert_int_equal(check(), CA_EXIT_OK);
	assert_int_equal(check(), CA_EXIT_OK);
	assert_int_equal(world.told[0], 0);
	assert_int_equal(world.logged[0], 1);
	assert_string_equal(world.outcome[0], "noted");
}

static void
what_cannot_be_done_is_a_warning(void **state)
{
	static const enum ca_on action[] = {CA_ON_END, CA_ON_LOCK};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		begin(1);
		world.refuses = true;
		config.on_revoked = action[i];
		world.reason[0] = CA_R_REVOKED;
		assert_int_equal(check(), CA_EXIT_NO);
		assert_int_equal(world.tickets[0], 0);
		assert_string_equal(world.outcome[0], "warned");
		assert_string_equal(world.detail[0], "refused");
		/* it is tried again, and said no more */
		assert_int_equal(check(), CA_EXIT_NO);
		assert_int_equal(world.ends[0] + world.locks[0], 2);
		assert_int_equal(world.logged[0], 1);
		world.refuses = false;
		assert_int_equal(check(), CA_EXIT_OK);
		assert_int_equal(world.logged[0], 2);
	}
}

static void
one_that_does_not_end_is_no_success(void **state)
{
	(void)state;
	begin(1);
	world.reason[0] = CA_R_REVOKED;
	world.left = 1;
	assert_int_equal(check(), CA_EXIT_NO);
	assert_string_equal(world.outcome[0], "warned");
	assert_non_null(strstr(world.detail[0], "still runs"));
	assert_int_equal(world.state[0].done, 1 + CA_ON_WARN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(of_all_reasons_five_end),
	    cmocka_unit_test(each_has_its_own_key),
	    cmocka_unit_test(an_audit_has_no_effect),
	    cmocka_unit_test(without_a_configuration_nothing_is_done),
	    cmocka_unit_test(only_a_second_look_counts),
	    cmocka_unit_test(what_was_before_it_counts_not),
	    cmocka_unit_test(in_order_again_begins_anew),
	    cmocka_unit_test(unknown_keeps_what_was_said),
	    cmocka_unit_test(end_max_is_what_may_end),
	    cmocka_unit_test(a_tenth_of_all_may_end),
	    cmocka_unit_test(the_revoked_have_no_limit),
	    cmocka_unit_test(what_ends_nobody_counts_not),
	    cmocka_unit_test(it_is_said_once),
	    cmocka_unit_test(a_note_tells_nobody),
	    cmocka_unit_test(what_cannot_be_done_is_a_warning),
	    cmocka_unit_test(one_that_does_not_end_is_no_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
