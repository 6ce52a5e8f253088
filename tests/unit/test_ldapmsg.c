/* What `certauth users update' accepts from certauth-ldap: ldapmsg.h. */
#include "mapcert.h"

#include "ldap/ldap.h"

static int
set_up(void **state)
{
	if (world_setup(state) != 0)
		return -1;
	struct world *w = *state;
	char path[128];

	(void)snprintf(path, sizeof path, "%s/users.cdb", w->dir);
	assert_int_equal(
	    ca_config_set(w->cfg, "directory_index", path, "t", NULL), CA_OK);
	assert_int_equal(
	    ca_config_set(w->cfg, "directory", "ldap", "t", NULL), CA_OK);
	assert_int_equal(
	    ca_config_set(w->cfg, "min_uid", "1", "t", NULL), CA_OK);
	return 0;
}

static struct ca_ldap_maker *
begin(struct world *w)
{
	struct ca_ldap_maker *m = NULL;

	assert_int_equal(
	    ca_ldap_maker_new(w->crypto, w->cfg, &w->log, &m), CA_OK);
	return m;
}

static struct ca_ldap_input in;

static enum ca_ldap_step at_step = CA_LDAP_STEP_SEARCH;

/* Give frames to a new reader, step bytes at a time. */
static enum ca_err
give(struct world *w, const struct ca_buf *b, size_t step)
{
	struct ca_ldap_maker *m = begin(w);
	enum ca_err rc = CA_OK;

	in =
	    (struct ca_ldap_input){.maker = m, .log = &w->log, .step = at_step};
	for (size_t at = 0; rc == CA_OK && at < b->len; at += step)
		rc = ca_ldap_input_take(
		    &in, b->p + at, b->len - at < step ? b->len - at : step);
	ca_ldap_maker_free(m);
	return rc;
}

static void
put_value(struct ca_buf *b, uint8_t kind, size_t len)
{
	uint8_t v[64] = {kind};

	ca_ldap_frame_put(b, CA_LDAP_VALUE, v, len);
}

static void
answers(void **state)
{
	struct world *w = *state;
	const struct ca_ldap_sum sum = {7, 2, 1, 3, 4};
	struct ca_buf b = CA_BUF_INIT(1 << 20), s = CA_BUF_INIT(64);

	ca_ldap_frame_put(&b, CA_LDAP_ACCOUNT, "alice", 5);
	for (int i = 0; i < CA_LDAP_VALUES_MAX; i++)
		put_value(&b, CA_LDAP_SKI, 33);
	ca_ldap_frame_put(&b, CA_LDAP_REFUSED, "a \x1b[31m b", 9);
	ca_ldap_sum_put(&s, &sum);
	ca_ldap_frame_put(&b, CA_LDAP_DONE, s.p, s.len);
	for (size_t step = 1; step < 2 * b.len; step = step * 3 + 1) {
		w->logged[0] = '\0';
		assert_int_equal(give(w, &b, step), CA_OK);
		assert_true(in.ended && in.complete);
		assert_int_equal(in.sum.entries, 7);
		assert_int_equal(in.sum.pages, 2);
		assert_int_equal(in.sum.nameless, 1);
		assert_int_equal(in.sum.referrals, 3);
		assert_int_equal(in.sum.weak, 4);
		assert_int_equal(in.refused, 1);
		assert_null(strchr(w->logged, '\x1b'));
	}
	/* nothing may follow */
	ca_ldap_frame_put(&b, CA_LDAP_ACCOUNT, "bob", 3);
	assert_int_equal(give(w, &b, b.len), CA_ERR_FORMAT);
	/* an error is the end, and no completeness */
	ca_buf_reset(&b);
	ca_ldap_frame_put(&b, CA_LDAP_ERROR, "\1no", 3);
	assert_int_equal(give(w, &b, b.len), CA_OK);
	assert_true(in.ended && !in.complete && !in.away);
	assert_int_equal(in.cause, 1);
	assert_int_equal(in.textn, 2);
	assert_memory_equal(in.text, "no", 2);
	/* what is cut is not complete either */
	ca_buf_reset(&b);
	ca_ldap_frame_put(&b, CA_LDAP_DONE, s.p, s.len);
	assert_int_equal(
	    give(w, &(struct ca_buf){b.p, b.len - 1, 0, 0, CA_OK}, 100), CA_OK);
	assert_false(in.ended);
	ca_buf_free(&b);
	ca_buf_free(&s);
}

static void
bad_answers(void **state)
{
	struct world *w = *state;
	static char big[CA_LDAP_ANSWER_MAX + 1];
	static const struct {
		char type;
		const char *p;
		size_t len;
	} t[] = {
	    {CA_LDAP_ACCOUNT, "", 0},
	    {CA_LDAP_ACCOUNT, "../x", 4},
	    {CA_LDAP_ACCOUNT, "a\0b", 3},
	    {CA_LDAP_DONE, "1234", 4},
	    {CA_LDAP_DONE, "123456789012345678901", 21},
	    {CA_LDAP_REFUSED, big, CA_LDAP_TEXT_MAX + 1},
	    {CA_LDAP_REFUSED, big, CA_LDAP_ANSWER_MAX + 1},
	    {'?', "", 0},
	    {CA_LDAP_ERROR, "", 0},
	    {CA_LDAP_ERROR, "\x63", 1},
	    {CA_LDAP_ERROR, big, CA_LDAP_TEXT_MAX + 2},
	    {CA_LDAP_AT, "\3", 1},
	    {CA_LDAP_AT, "\2", 1},
	    {CA_LDAP_AT, "", 0},
	    /* accounts of two servers are not mixed */
	    {CA_LDAP_AWAY, "\1no", 3},
	    {CA_LDAP_URI, "x", 1},
	};
	struct ca_buf b = CA_BUF_INIT(1 << 20);

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		ca_buf_reset(&b);
		ca_ldap_frame_put(&b, t[i].type, t[i].p, t[i].len);
		if (give(w, &b, b.len) != CA_ERR_FORMAT)
			fail_msg("%zu", i);
	}
	/* a value before any account */
	ca_buf_reset(&b);
	put_value(&b, CA_LDAP_SKI, 33);
	assert_int_equal(give(w, &b, b.len), CA_ERR_USAGE);
	for (int how = 0; how < 4; how++) {
		ca_buf_reset(&b);
		ca_ldap_frame_put(&b, CA_LDAP_ACCOUNT, "alice", 5);
		if (how == 0)
			put_value(&b, CA_LDAP_UPN, 33); /* weak */
		else if (how == 1)
			put_value(&b, CA_LDAP_SKI, 32);
		else if (how == 2)
			put_value(&b, CA_LDAP_SKI, 34);
		for (int i = 0; how == 3 && i <= CA_LDAP_VALUES_MAX; i++)
			put_value(&b, CA_LDAP_SKI, 33);
		assert_int_equal(give(w, &b, b.len), CA_ERR_FORMAT);
	}
	ca_buf_free(&b);
}

/* Nothing but steps and errors comes before the search. */
static void
steps(void **state)
{
	struct world *w = *state;
	struct ca_buf b = CA_BUF_INIT(1 << 16), s = CA_BUF_INIT(64);
	const struct ca_ldap_sum sum = {0};
	const struct {
		char type;
		const char *p;
		size_t len;
	} early[] = {{CA_LDAP_ACCOUNT, "alice", 5}, {CA_LDAP_REFUSED, "x", 1},
	    {CA_LDAP_AT, "\0", 1}, {CA_LDAP_AT, "\4", 1},
	    {CA_LDAP_AT, "\2x", 2}};

	ca_ldap_sum_put(&s, &sum);
	at_step = CA_LDAP_STEP_CONNECT;
	for (size_t i = 0; i < sizeof early / sizeof *early; i++) {
		ca_buf_reset(&b);
		ca_ldap_frame_put(&b, early[i].type, early[i].p, early[i].len);
		if (give(w, &b, b.len) != CA_ERR_FORMAT)
			fail_msg("%zu", i);
	}
	ca_buf_reset(&b);
	ca_ldap_frame_put(&b, CA_LDAP_DONE, s.p, s.len);
	assert_int_equal(give(w, &b, b.len), CA_ERR_FORMAT);
	assert_false(in.complete);
	/* the steps in their order, some left out; then another server */
	ca_buf_reset(&b);
	ca_ldap_frame_put(&b, CA_LDAP_AT, "\2", 1);
	ca_ldap_frame_put(&b, CA_LDAP_AWAY, "\2no", 3);
	assert_int_equal(give(w, &b, 1), CA_OK);
	assert_int_equal(in.step, CA_LDAP_STEP_BIND);
	assert_true(in.ended && in.away && !in.complete);
	ca_buf_reset(&b);
	ca_ldap_frame_put(&b, CA_LDAP_AT, "\2", 1);
	ca_ldap_frame_put(&b, CA_LDAP_AT, "\3", 1);
	ca_ldap_frame_put(&b, CA_LDAP_DONE, s.p, s.len);
	assert_int_equal(give(w, &b, 1), CA_OK);
	assert_true(in.complete);
	at_step = CA_LDAP_STEP_SEARCH;
	ca_buf_free(&b);
	ca_buf_free(&s);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(answers), T(bad_answers), T(steps)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
