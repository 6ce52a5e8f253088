/* The conversation: the answers that it accepts, and the lifetime of a request.
 * test_helper.c tests the other channel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "channel/channel.h"

struct person {
	const char *answer[4];
	unsigned n, seconds; /* prompts so far; how long each answer takes */
	enum ca_err code;
};

static enum ca_err
ask(void *ctx, const char *prompt, bool echo, struct ca_secret **answer)
{
	struct person *p = ctx;
	char *text;

	assert_non_null(strstr(prompt, "certauth1 "));
	assert_false(echo);
	*answer = NULL;
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

static enum ca_err
talk(
    struct person *p, uint16_t lifetime, char *response, enum ca_reason *reason)
{
	static uint8_t raw[] = {1, 2, 3};
	const struct ca_channel_settings set = {
	    .max_answer = 500, .lifetime = lifetime};
	const struct ca_bytes request = {raw, sizeof raw};
	const struct ca_prompter prompter = {ask, NULL, p};
	struct ca_buf out = CA_BUF_INIT(CA_RESPONSE_MAX);
	enum ca_err rc =
	    ca_channel_conversation(&(struct ca_channel){&set, NULL, &prompter},
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
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pieces),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_lifetime),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
