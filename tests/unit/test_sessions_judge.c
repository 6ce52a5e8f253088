/*
 * Which certificates of open sessions are asked about, and which answers count:
 * src/sessions/judge.c alone.  The verifier says what a test wants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "module/verifier.h"
#include "sessions/sessionsint.h"

#define MAX 8

static struct {
	/* what is there */
	struct ca_op_answer answer;
	enum ca_err rc[MAX]; /* of each question */
	bool no_config;
	/* what was done */
	int asked, configs;
	const char *user[MAX], *rhost[MAX], *service[MAX];
} world;

static struct ca_config config;
static struct ca_sessions_one one[MAX];
static struct ca_sessions all;

/* ---- in place of module/verifier.c and config/config.c ---- */

void
ca_verifier_init(struct ca_verifier *v, const struct ca_verifier_args *args,
    const struct ca_log *log, const char *service)
{
	(void)log;
	*v = (struct ca_verifier){.args = args, .service = service};
}

void
ca_verifier_clear(struct ca_verifier *v)
{
	(void)v;
}

enum ca_err
ca_verifier_ask(struct ca_verifier *v, enum ca_op op,
    const struct ca_op_body *body, struct ca_op_answer *answer)
{
	int i = world.asked++;

	assert_int_equal(op, CA_OP_SESSION);
	assert_true(i < MAX);
	world.user[i] = body->user;
	world.rhost[i] = body->rhost;
	world.service[i] = v->service;
	*answer = world.answer;
	return world.rc[i];
}

enum ca_err
ca_config_load(int argc, const char **argv, const char *service,
    const struct ca_log *log, struct ca_config **out)
{
	(void)argc, (void)argv, (void)service, (void)log;
	world.configs++;
	*out = world.no_config ? NULL : &config;
	return world.no_config ? CA_ERR_FORMAT : CA_OK;
}

/* ---- sessions ---- */

/* n sessions of the same question, which has that answer. */
static void
begin(size_t n, enum ca_err err, enum ca_reason reason)
{
	memset(&world, 0, sizeof world);
	world.answer = (struct ca_op_answer){.err = err, .reason = reason};
	for (size_t i = 0; i < MAX; i++)
		world.rc[i] = CA_OK;
	for (size_t i = 0; i < n; i++) {
		one[i] = (struct ca_sessions_one){.s = {.service = "sshd",
						      .user = "alice",
						      .account = "alice",
						      .rhost = "192.0.2.1",
						      .sha256 = "ab",
						      .argv = {"debug"},
						      .argc = 1},
		    .pidfd = -1};
		one[i].s.kept = (struct ca_bytes){(const uint8_t *)"chain", 5};
	}
	all = (struct ca_sessions){.v = one, .n = n, .folder = -1};
}

static void
judge(void)
{
	ca_sessions_judge(&all);
	free(all.config);
	all.config = NULL;
	for (size_t i = 0; i < all.n; i++)
		free(one[i].verdict.detail);
}

/* ---- the same question ---- */

static void
one_question_is_asked_once(void **state)
{
	(void)state;
	begin(3, CA_DENIED, CA_R_REVOKED);
	world.answer.notice = "since then";
	/* whose session it is, and which process, is no part of it */
	one[1].s.account = "root";
	one[2].s.process.pid = 7;
	ca_sessions_judge(&all);
	assert_int_equal(world.asked, 1);
	assert_int_equal(world.configs, 1);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(one[i].verdict.reason, CA_R_REVOKED);
		assert_string_equal(one[i].verdict.detail, "since then");
		assert_ptr_equal(one[i].verdict.cfg, &config);
		free(one[i].verdict.detail);
	}
	free(all.config);
}

/* A second session that differs in one thing. */
static struct ca_session *
two(void)
{
	begin(2, CA_OK, CA_R_OK);
	return &one[1].s;
}

static void
asked_twice(void)
{
	judge();
	assert_int_equal(world.asked, 2);
	assert_string_equal(world.user[1], one[1].s.user);
	assert_string_equal(world.rhost[1], one[1].s.rhost);
	assert_string_equal(world.service[1], one[1].s.service);
}

static void
another_question_is_asked(void **state)
{
	(void)state;
	two()->sha256 = "ac";
	asked_twice();
	two()->user = "bob";
	asked_twice();
	two()->rhost = "192.0.2.2";
	asked_twice();
	two()->service = "su";
	asked_twice();
	two()->argv[0] = "config=/x";
	asked_twice();
	two()->argc = 0;
	asked_twice();
	two()->kept.len = 4;
	asked_twice();
	/* a record may name a print that its chain has not */
	two()->kept.p = (const uint8_t *)"chaiN";
	asked_twice();
}

/* ---- answers ---- */

static void
answers_that_contradict_themselves(void **state)
{
	static const struct {
		enum ca_err err;
		uint64_t reason;
		enum ca_reason is;
	} of[] = {{CA_OK, CA_R_OK, CA_R_OK},
	    {CA_DENIED, CA_R_REVOKED, CA_R_REVOKED},
	    {CA_DENIED, CA_R_CRL_MISSING, CA_R_CRL_MISSING},
	    {CA_OK, CA_R_REVOKED, CA_R_INTERNAL},
	    {CA_DENIED, CA_R_OK, CA_R_INTERNAL},
	    {CA_DENIED, CA_R_NONE, CA_R_INTERNAL},
	    {CA_OK, CA_R_NONE, CA_R_INTERNAL},
	    {CA_DENIED, CA_REASON_COUNT, CA_R_INTERNAL},
	    {CA_DENIED, UINT64_MAX, CA_R_INTERNAL}};

	(void)state;
	for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
		begin(1, of[i].err, CA_R_NONE);
		world.answer.reason = of[i].reason;
		judge();
		assert_int_equal(one[0].verdict.reason, of[i].is);
	}
}

static void
each_asks_another(size_t n)
{
	static const char *const user[MAX] = {
	    "a", "b", "c", "d", "e", "f", "g", "h"};

	begin(n, CA_DENIED, CA_R_REVOKED);
	for (size_t i = 0; i < n; i++)
		one[i].s.user = user[i];
}

static void
no_answer_is_no_finding(void **state)
{
	(void)state;
	/* three in a row, and no other is asked for */
	each_asks_another(5);
	for (size_t i = 0; i < 5; i++)
		world.rc[i] = CA_ERR_TIMEOUT;
	judge();
	assert_int_equal(world.asked, 3);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(one[i].verdict.reason, CA_R_INTERNAL);
	/* they are not in a row */
	each_asks_another(6);
	for (size_t i = 0; i < 6; i++)
		world.rc[i] = i == 2 ? CA_OK : CA_ERR_TIMEOUT;
	judge();
	assert_int_equal(world.asked, 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(one[i].verdict.reason,
		    i == 2 ? CA_R_REVOKED : CA_R_INTERNAL);
}

static void
a_wrong_configuration_asks_nobody(void **state)
{
	(void)state;
	begin(2, CA_DENIED, CA_R_REVOKED);
	world.no_config = true;
	judge();
	assert_int_equal(world.asked, 0);
	assert_int_equal(world.configs, 1);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(one[i].verdict.reason, CA_R_CONFIG);
		assert_null(one[i].verdict.cfg);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_question_is_asked_once),
	    cmocka_unit_test(another_question_is_asked),
	    cmocka_unit_test(answers_that_contradict_themselves),
	    cmocka_unit_test(no_answer_is_no_finding),
	    cmocka_unit_test(a_wrong_configuration_asks_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
