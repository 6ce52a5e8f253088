/* The conversation: the answers that it accepts, and the lifetime of a request.
 * test_helper.c tests the other channel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "channel/channel.h"

struct person {
	const char *answer[8];
	unsigned n, seconds; /* answers so far; how long each takes */
	enum ca_err code;
	bool ignore; /* first_answer = ignore */
	/* result */
	unsigned prompts, again,
	    told; /* again: with the first prompt's bytes */
	char first[64], logged[4096];
};

static enum ca_err
ask(void *ctx, const char *prompt, bool echo, struct ca_secret **answer)
{
	struct person *p = ctx;
	char *text;

	assert_non_null(strstr(prompt, "certauth1 "));
	assert_false(echo);
	*answer = NULL;
	if (p->prompts++ == 0)
		(void)snprintf(p->first, sizeof p->first, "%s", prompt);
	else if (strcmp(p->first, prompt) == 0)
		p->again++;
	if (p->seconds > 0)
		(void)sleep(p->seconds);
	if (p->code != CA_OK)
		return p->code;
	if (p->answer[p->n] == NULL)
		return CA_OK;
	text = strdup(p->answer[p->n++]);
	assert_non_null(text);
	*answer = ca_secret_take(text);
	return CA_OK;
}

static void
info(void *ctx, const char *text, bool error)
{
	struct person *p = ctx;

	assert_non_null(strstr(text, "certauth sign"));
	assert_false(error);
	p->told++;
}

static void
put_line(void *ctx, enum ca_log_level level, const char *line)
{
	struct person *p = ctx;
	size_t len = strlen(p->logged);

	assert_int_equal(level, CA_LOG_DEBUG);
	(void)snprintf(p->logged + len, sizeof p->logged - len, "%s\n", line);
}

static enum ca_err
talk(
    struct person *p, uint16_t lifetime, char *response, enum ca_reason *reason)
{
	static uint8_t raw[] = {1, 2, 3};
	const struct ca_channel_settings set = {.max_answer = 500,
	    .lifetime = lifetime,
	    .ignore_first = p->ignore,
	    .ignored = "Use certauth sign."};
	const struct ca_log log = {put_line, p, true};
	const struct ca_bytes request = {raw, sizeof raw};
	const struct ca_prompter prompter = {ask, info, p};
	struct ca_buf out = CA_BUF_INIT(CA_RESPONSE_MAX);
	enum ca_err rc =
	    ca_channel_conversation(&(struct ca_channel){&set, &log, &prompter},
		&request, &out, reason);

	if (rc == CA_OK)
		strcpy(response, ca_buf_text(&out));
	ca_buf_free(&out);
	return rc;
}

static void
test_pieces(void **state)
{
	struct person p = {.answer = {"aGVs+", "bG8."}, .code = CA_OK};
	enum ca_reason reason;
	char response[32];

	(void)state;
	assert_int_equal(talk(&p, 120, response, &reason), CA_OK);
	assert_string_equal(response, "hello");
	assert_int_equal(reason, CA_R_OK);
	assert_int_equal(p.n, 2);
}

static void
test_refusals(void **state)
{
	static const struct {
		struct person p;
		enum ca_err rc;
		enum ca_reason reason;
	} c[] = {
	    {{.answer = {NULL}, .code = CA_OK}, CA_ERR_CONV, CA_R_ANSWER_EMPTY},
	    {{.answer = {""}, .code = CA_OK}, CA_ERR_CONV, CA_R_ANSWER_EMPTY},
	    {{.answer = {"aGVs+", NULL}, .code = CA_OK}, CA_ERR_CONV,
		CA_R_ANSWER_EMPTY},
	    {{.answer = {"aGVs"}, .code = CA_OK}, CA_ERR_TRUNCATED,
		CA_R_ANSWER_CUT},
	    {{.answer = {"a b."}, .code = CA_OK}, CA_ERR_FORMAT,
		CA_R_ANSWER_MALFORMED},
	    {{.answer = {"a."}, .code = CA_OK}, CA_ERR_FORMAT,
		CA_R_ANSWER_MALFORMED},
	    {{.answer = {"aGVs+", "aGVs+"}, .code = CA_OK}, CA_DENIED,
		CA_R_ANSWER_REPEATED},
	    {{.code = CA_ERR_CONV}, CA_ERR_CONV, CA_R_CONVERSATION},
	    {{.code = CA_ERR_LIMIT}, CA_ERR_LIMIT, CA_R_INTERNAL},
	};
	char response[32];

	(void)state;
	for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
		struct person p = c[i].p;
		enum ca_reason reason = CA_R_OK;

		assert_int_equal(talk(&p, 120, response, &reason), c[i].rc);
		assert_string_equal(
		    ca_reason_code(reason), ca_reason_code(c[i].reason));
	}
}

/* ---- first_answer = ignore ---- */

static void
test_foreign(void **state)
{
	static const char *const foreign[] = {"", "hunter2", "pass word", "+",
	    "..", "aGVs.\n", "a.b", "ca1.aGVs.", "p\xc3\xa4ss."};
	enum ca_reason reason;
	char response[32];

	(void)state;
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		struct person p = {
		    .answer = {foreign[i], "aGVs+", "bG8."}, .code = CA_OK};

		assert_int_not_equal(talk(&p, 120, response, &reason), CA_OK);
		assert_int_equal(p.prompts, 1);
		assert_int_equal(p.told, 0);
		p = (struct person){.answer = {foreign[i], "aGVs+", "bG8."},
		    .code = CA_OK,
		    .ignore = true};
		assert_int_equal(talk(&p, 120, response, &reason), CA_OK);
		assert_string_equal(response, "hello");
		assert_int_equal(reason, CA_R_OK);
		assert_int_equal(p.prompts, 3);
		assert_int_equal(p.again, 1);
		assert_int_equal(p.told, 1);
		/* a debug line, with nothing of the answer */
		assert_non_null(strstr(p.logged, "first_answer=ignore"));
		assert_non_null(strstr(p.logged, "came in 2 answers"));
		if (strlen(foreign[i]) > 3)
			assert_null(strstr(p.logged, foreign[i]));
	}
}

static void
test_foreign_refusals(void **state)
{
	static const struct {
		struct person p;
		unsigned prompts;
		enum ca_reason reason;
	} c[] = {
	    /* the second one */
	    {{.answer = {"hunter2", "hunter2"}}, 2, CA_R_ANSWER_CUT},
	    {{.answer = {"hunter2", "pass word", "aGVsbG8."}}, 2,
		CA_R_ANSWER_MALFORMED},
	    {{.answer = {"hunter2", "", "aGVsbG8."}}, 2, CA_R_ANSWER_EMPTY},
	    {{.answer = {"", "", "aGVsbG8."}}, 2, CA_R_ANSWER_EMPTY},
	    /* not the first one */
	    {{.answer = {"aGVs+", "hunter2", "bG8."}}, 2, CA_R_ANSWER_CUT},
	    {{.answer = {"hunter2", "aGVs+", "pass word"}}, 3,
		CA_R_ANSWER_MALFORMED},
	    /* none */
	    {{.answer = {NULL}}, 1, CA_R_ANSWER_EMPTY},
	    {{.answer = {"hunter2", NULL}}, 2, CA_R_ANSWER_EMPTY},
	    {{.code = CA_ERR_CONV}, 1, CA_R_CONVERSATION},
	    /* a password that looks like a piece is one */
	    {{.answer = {"a.", "aGVsbG8."}}, 1, CA_R_ANSWER_MALFORMED},
	};
	char response[32];

	(void)state;
	for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
		struct person p = c[i].p;
		enum ca_reason reason = CA_R_OK;

		p.ignore = true;
		if (p.code == CA_ERR_UNSET)
			p.code = CA_OK;
		assert_int_not_equal(talk(&p, 120, response, &reason), CA_OK);
		assert_int_equal(p.prompts, c[i].prompts);
		assert_string_equal(
		    ca_reason_code(reason), ca_reason_code(c[i].reason));
	}
}

/* What docs/protocol.md calls foreign, in other words than pieces.c. */
static bool
is_foreign(const char *answer)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t len;

	if (answer == NULL)
		return false;
	len = strspn(answer, set);
	return strlen(answer) <= 32769 && strcmp(answer + len, ".") != 0 &&
	       (len == 0 || strcmp(answer + len, "+") != 0);
}

/*
 * Every sequence of four answers out of these: with ignore the outcome is that of the
 * sequence without its first answer, if that is foreign, and else that of the sequence.
 * So at most one is discarded, and it decides nothing.
 */
static void
test_sequences(void **state)
{
	static char edge[32771], over[32772];
	const char *const pool[] = {NULL, "", "+", ".", "aGVs+", "bG8.",
	    "hunter2", "pass word", "aGVsbG8.", "A.", edge, over};
	enum { N = sizeof pool / sizeof *pool };
	unsigned discarded = 0, granted = 0;

	(void)state;
	memset(
	    edge, 'A', 32769); /* as long as a piece may be, without a mark */
	memset(over, 'A', 32770);
	for (size_t k = 0; k < (size_t)N * N * N * N; k++) {
		struct person with = {
		    .answer = {pool[k % N], pool[k / N % N],
			pool[k / N / N % N], pool[k / N / N / N]},
		    .code = CA_OK,
		    .ignore = true};
		unsigned skip = is_foreign(with.answer[0]);
		struct person without = {.code = CA_OK};
		enum ca_reason r1, r2;
		char response1[32] = "", response2[32] = "";

		for (unsigned i = skip; i < 4; i++)
			without.answer[i - skip] = with.answer[i];
		assert_int_equal(talk(&with, 120, response1, &r1),
		    talk(&without, 120, response2, &r2));
		assert_int_equal(r1, r2);
		assert_string_equal(response1, response2);
		assert_int_equal(with.prompts, without.prompts + skip);
		assert_int_equal(with.told, skip);
		discarded += skip;
		granted += r1 == CA_R_OK;
	}
	assert_true(discarded > 0 && granted > 0);
}

/* By the monotonic clock; ca_auth_check uses the time of day. */
static void
test_lifetime(void **state)
{
	struct person p = {
	    .answer = {"aGVs+", "bG8."}, .seconds = 2, .code = CA_OK};
	enum ca_reason reason;
	char response[32];

	(void)state;
	assert_int_equal(talk(&p, 1, response, &reason), CA_ERR_EXPIRED);
	assert_int_equal(reason, CA_R_REQUEST_EXPIRED);
	assert_int_equal(p.n, 1);
	/* it runs from the first prompt on, whatever is discarded */
	p = (struct person){.answer = {"hunter2", "aGVsbG8."},
	    .seconds = 2,
	    .code = CA_OK,
	    .ignore = true};
	assert_int_equal(talk(&p, 1, response, &reason), CA_ERR_EXPIRED);
	assert_int_equal(reason, CA_R_REQUEST_EXPIRED);
	assert_int_equal(p.n, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pieces),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_foreign),
	    cmocka_unit_test(test_foreign_refusals),
	    cmocka_unit_test(test_sequences),
	    cmocka_unit_test(test_lifetime),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
