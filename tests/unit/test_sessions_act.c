/*
 * Who may be ended, locked or signalled: each rule of src/sessions/act.c alone.  The
 * process, logind and /proc are what a test wants; tests/sessions.bats has real ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>

#include "sessions/sessionsint.h"

#define START 77
#define UID 2001
#define OTHER_UID 2002
#define PID 4242
#define SIGNALS (1u << SIGHUP | 1u << SIGTERM | 1u << SIGCONT)

static struct {
	/* what is there */
	bool absent;
	int ends[2]; /* of a pipe: the process, and what keeps it running */
	enum ca_err stat_rc;
	struct ca_session_stat stat;
	bool expected, known, order_fails;
	struct ca_logind_one logind; /* id "": it has no session */
	/* what was done */
	int opened;
	unsigned signals;
	int orders;
	int told;
	char verb[32], session[64];
} world;

static char end_service[] = "su";
static char *end_services[] = {end_service};
static struct ca_config config;
static struct ca_sessions all;
static struct ca_sessions_one one;
static struct ca_sessions_acts acts;

/* ---- in place of libc, session/process.c and sessions/logind.c ---- */

long
syscall(long number, ...)
{
	va_list ap;
	long what;
	int sig;

	va_start(ap, number);
	what = va_arg(ap, int);
	sig = va_arg(ap, int);
	va_end(ap);
	switch (number) {
	case SYS_pidfd_open:
		assert_int_equal(what, PID);
		if (!world.absent)
			return world.opened = dup(world.ends[0]);
		errno = ESRCH;
		return -1;
	case SYS_pidfd_send_signal:
		assert_int_equal(what, world.opened);
		world.signals |= 1u << sig;
		return 0;
	default:
		fail_msg("system call %ld", number);
		return -1;
	}
}

enum ca_err
ca_session_stat(pid_t pid, struct ca_session_stat *out)
{
	assert_int_equal(pid, PID);
	/* a number that is looked at before the descriptor is open may be another's by
	 * then */
	assert_true(world.opened > 0);
	*out = world.stat;
	return world.stat_rc;
}

bool
ca_logind_expected(void)
{
	return world.expected;
}

bool
ca_logind_ask(struct ca_logind *l, const struct ca_log *log)
{
	(void)log;
	l->asked = true;
	l->known = world.known;
	return l->known;
}

const struct ca_logind_one *
ca_logind_of(const struct ca_logind *l, uint64_t leader)
{
	assert_true(l->known);
	return world.logind.id[0] != '\0' && world.logind.leader == leader
		   ? &world.logind
		   : NULL;
}

bool
ca_logind_order(const char *verb, const char *id)
{
	world.orders++;
	(void)snprintf(world.verb, sizeof world.verb, "%s", verb);
	(void)snprintf(world.session, sizeof world.session, "%s", id);
	return !world.order_fails;
}

void
ca_sessions_tell(
    const struct ca_sessions_one *o, const char *what, const char *why)
{
	(void)o, (void)what, (void)why;
	world.told++;
}

/* ---- a session ---- */

static int
begin(void **state)
{
	(void)state;
	memset(&world, 0, sizeof world);
	assert_int_equal(pipe(world.ends), 0);
	world.stat_rc = CA_OK;
	world.stat = (struct ca_session_stat){.state = 'S', .start = START};
	world.expected = world.known = true;
	config = (struct ca_config){.end_services = {end_services, 1}};
	one = (struct ca_sessions_one){
	    .s = {.service = "su",
		.user = "alice",
		.account = "bob",
		.rhost = "",
		.sha256 = "ab",
		.logind = "",
		.uid = UID,
		.process = {.pid = PID, .start = START}},
	    .verdict = {.cfg = &config},
	    .pidfd = -1};
	all = (struct ca_sessions){.v = &one, .n = 1, .folder = -1};
	acts = (struct ca_sessions_acts){.all = &all};
	return 0;
}

static int
end(void **state)
{
	(void)state;
	if (one.pidfd >= 0)
		(void)close(one.pidfd);
	(void)close(world.ends[0]);
	if (world.ends[1] >= 0)
		(void)close(world.ends[1]);
	return 0;
}

/* Neither logind nor the process got anything. */
static void
refused(const char *why)
{
	assert_false(ca_sessions_end(&acts, &one));
	if (strstr(acts.why, why) == NULL)
		fail_msg("%s is not in: %s", why, acts.why);
	assert_int_equal(world.signals, 0);
	assert_int_equal(one.pidfd, -1);
	/* but for an order that failed, nobody was told of an end */
	assert_int_equal(world.told, world.orders);
}

static void
refused_without_order(const char *why)
{
	refused(why);
	assert_int_equal(world.orders, 0);
}

static void
signalled(void)
{
	assert_true(ca_sessions_end(&acts, &one));
	assert_int_equal(world.signals, SIGNALS);
	assert_int_equal(world.orders, 0);
	assert_int_equal(world.told, 1);
	assert_true(one.pidfd >= 0);
}

static void
leads(const char *id, uint64_t uid)
{
	world.logind = (struct ca_logind_one){.uid = uid, .leader = PID};
	(void)snprintf(world.logind.id, sizeof world.logind.id, "%s", id);
}

/* ---- the process itself ---- */

static void
by_signals(void **state)
{
	(void)state;
	signalled();
}

static void
another_start_is_another_process(void **state)
{
	(void)state;
	leads("1", UID);
	world.stat.start = START + 1;
	refused_without_order("has ended");
	world.stat.start = START - 1;
	refused_without_order("has ended");
}

static void
a_zombie_has_ended(void **state)
{
	(void)state;
	leads("1", UID);
	world.stat.state = 'Z';
	refused_without_order("has ended");
}

static void
a_process_that_cannot_be_looked_at(void **state)
{
	(void)state;
	leads("1", UID);
	world.stat_rc = CA_ERR_IO;
	refused_without_order("has ended");
}

static void
another_namespace(void **state)
{
	(void)state;
	leads("1", UID);
	one.elsewhere = true;
	refused_without_order("another pid namespace");
	assert_false(ca_sessions_lock(&acts, &one));
	assert_int_equal(world.orders, 0);
}

static void
no_process(void **state)
{
	(void)state;
	leads("1", UID);
	world.absent = true;
	refused_without_order("No such process");
}

/* ---- logind ---- */

static void
its_own_session_of_logind(void **state)
{
	(void)state;
	leads("c7", UID);
	/* it leads a terminal, and its service is in no list: logind decides */
	world.stat.session = PID;
	world.stat.tty = 34817;
	config.end_services.n = 0;
	assert_true(ca_sessions_end(&acts, &one));
	assert_int_equal(world.orders, 1);
	assert_string_equal(world.verb, "terminate-session");
	assert_string_equal(world.session, "c7");
	assert_int_equal(world.signals, 0);
	assert_true(one.pidfd >= 0);
}

static void
of_another_user(void **state)
{
	(void)state;
	leads("c7", OTHER_UID);
	refused_without_order("of another user");
	leads("c7", (uint64_t)-1);
	refused_without_order("of another user");
	acts.any_service = true;
	refused_without_order("of another user");
	assert_false(ca_sessions_lock(&acts, &one));
	assert_int_equal(world.orders, 0);
}

static void
logind_refuses(void **state)
{
	(void)state;
	leads("c7", UID);
	world.order_fails = true;
	refused("terminate-session c7 failed");
	assert_int_equal(world.orders, 1);
}

/* It might lead a session of somebody else. */
static void
logind_does_not_answer(void **state)
{
	(void)state;
	world.known = false;
	refused_without_order("does not answer");
	acts.any_service = true;
	refused_without_order("does not answer");
}

/* A user can write XDG_SESSION_ID, too. */
static void
a_host_without_logind_but_for_its_variable(void **state)
{
	(void)state;
	world.known = world.expected = false;
	one.s.logind = "3";
	signalled();
}

static void
a_host_without_logind(void **state)
{
	(void)state;
	world.known = world.expected = false;
	signalled();
}

/* ---- what may be signalled ---- */

static void
the_leader_of_a_terminal(void **state)
{
	(void)state;
	world.stat.session = PID;
	world.stat.tty = 34817;
	refused_without_order("leads the session of a terminal");
	acts.any_service = true;
	refused_without_order("leads the session of a terminal");
}

static void
a_leader_without_a_terminal(void **state)
{
	(void)state;
	world.stat.session = PID;
	signalled();
}

static void
a_terminal_of_another_leader(void **state)
{
	(void)state;
	world.stat.session = 1;
	world.stat.tty = 34817;
	signalled();
}

static void
end_services_names_it_not(void **state)
{
	(void)state;
	one.s.service = "su-l";
	refused_without_order("end_services");
	one.s.service = "s";
	refused_without_order("end_services");
	config.end_services.n = 0;
	one.s.service = "su";
	refused_without_order("end_services");
	one.verdict.cfg = NULL;
	refused_without_order("end_services");
	acts.any_service = true;
	signalled();
}

/* ---- lock ---- */

static void
lock(void **state)
{
	(void)state;
	leads("c7", UID);
	assert_true(ca_sessions_lock(&acts, &one));
	assert_string_equal(world.verb, "lock-session");
	assert_string_equal(world.session, "c7");
	assert_int_equal(world.orders, 1);
	world.order_fails = true;
	assert_false(ca_sessions_lock(&acts, &one));
	/* what cannot be locked is not ended */
	world.logind.id[0] = '\0';
	assert_false(ca_sessions_lock(&acts, &one));
	leads("c7", UID);
	world.stat.start++;
	assert_false(ca_sessions_lock(&acts, &one));
	assert_int_equal(world.orders, 2);
	assert_int_equal(world.signals, 0);
	assert_int_equal(one.pidfd, -1);
}

/* ---- wait ---- */

static void
one_that_does_not_end_is_counted(void **state)
{
	(void)state;
	assert_int_equal(ca_sessions_wait(&all), 0); /* it was not told to */
	signalled();
	assert_int_equal(ca_sessions_wait(&all), 1);
}

static void
one_that_ends_is_not_counted(void **state)
{
	(void)state;
	signalled();
	assert_int_equal(close(world.ends[1]), 0);
	world.ends[1] = -1;
	assert_int_equal(ca_sessions_wait(&all), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(by_signals),
	    TEST(another_start_is_another_process),
	    TEST(a_zombie_has_ended),
	    TEST(a_process_that_cannot_be_looked_at),
	    TEST(another_namespace),
	    TEST(no_process),
	    TEST(its_own_session_of_logind),
	    TEST(of_another_user),
	    TEST(logind_refuses),
	    TEST(logind_does_not_answer),
	    TEST(a_host_without_logind),
	    TEST(a_host_without_logind_but_for_its_variable),
	    TEST(the_leader_of_a_terminal),
	    TEST(a_leader_without_a_terminal),
	    TEST(a_terminal_of_another_leader),
	    TEST(end_services_names_it_not),
	    TEST(lock),
	    TEST(one_that_does_not_end_is_counted),
	    TEST(one_that_ends_is_not_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
