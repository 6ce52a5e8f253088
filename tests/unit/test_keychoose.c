/* The choice of a certificate: by a list of the application, or by a numbered list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "key/key.h"
#include "sign/helpertalk.h"

#define LINES 3

static const char *const lines[LINES] = {"A", "B", "C"};

/* Who answers, and what was shown. */
struct person {
	const char *list, *number; /* to a list, to a question; NULL: nothing */
	enum ca_err rc;            /* what a list returns */
	unsigned lists, notes, questions, errors;
};

static enum ca_err
answer_by(const char *text, struct ca_secret **answer)
{
	*answer = text != NULL ? ca_secret_new(text, strlen(text)) : NULL;
	return text == NULL ? CA_ERR_CANCELLED : CA_OK;
}

static enum ca_err
ask(void *ctx, const char *prompt, bool echo, struct ca_secret **answer)
{
	struct person *p = ctx;

	assert_true(echo);
	assert_string_equal(prompt, "Which one, 1 to 3? ");
	p->questions++;
	return answer_by(p->number, answer);
}

static enum ca_err
choose(void *ctx, const char *title, const char *const *line, size_t n,
    struct ca_secret **answer)
{
	struct person *p = ctx;

	assert_string_equal(title, "Which?");
	assert_ptr_equal(line, lines);
	assert_int_equal(n, LINES);
	p->lists++;
	return p->rc == CA_OK ? answer_by(p->list, answer) : p->rc;
}

static void
note(void *ctx, const char *text)
{
	(void)text;
	((struct person *)ctx)->notes++;
}

static void
error(void *ctx, const char *text, const char *english)
{
	(void)text, (void)english;
	((struct person *)ctx)->errors++;
}

static enum ca_err
run(struct person *p, bool lists, size_t *index)
{
	const struct ca_key_ui ui = {
	    ask, note, note, error, p, lists ? choose : NULL};

	*index = 77;
	return ca_key_choose(&ui, "Which?", lines, LINES, index);
}

static void
test_list(void **state)
{
	static const struct {
		const char *answer;
		enum ca_err rc;
		size_t index;
	} c[] = {
	    {"1", CA_OK, 0},
	    {"3", CA_OK, 2},
	    {"0", CA_ERR_CANCELLED, 77},
	    {"4", CA_ERR_CANCELLED, 77},
	    {"18446744073709551617", CA_ERR_CANCELLED, 77},
	    {" 2", CA_ERR_CANCELLED, 77},
	    {"+2", CA_ERR_CANCELLED, 77},
	    {"2 ", CA_ERR_CANCELLED, 77},
	    {"", CA_ERR_CANCELLED, 77},
	    {NULL, CA_ERR_CANCELLED, 77},
	};

	(void)state;
	for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
		struct person p = {c[i].answer, "2", CA_OK, 0, 0, 0, 0};
		size_t index;

		assert_int_equal(run(&p, true, &index), c[i].rc);
		assert_int_equal(index, c[i].index);
		/* it is shown once, and nothing else is */
		assert_int_equal(p.lists, 1);
		assert_int_equal(p.notes + p.questions + p.errors, 0);
	}
}

static void
test_numbers(void **state)
{
	struct person p = {"1", "2", CA_OK, 0, 0, 0, 0};
	size_t index;

	(void)state;
	/* no list of the application */
	assert_int_equal(run(&p, false, &index), CA_OK);
	assert_int_equal(index, 1);
	assert_int_equal(p.lists, 0);
	assert_int_equal(p.notes, 1 + LINES);
	/* or the list is too long for it */
	p = (struct person){"1", "3", CA_ERR_UNSUPPORTED, 0, 0, 0, 0};
	assert_int_equal(run(&p, true, &index), CA_OK);
	assert_int_equal(index, 2);
	assert_int_equal(p.lists, 1);
	assert_int_equal(p.questions, 1);
	assert_int_equal(p.notes, 1 + LINES);
	/* nobody can be asked: said, and nothing more is tried */
	p = (struct person){"1", "3", CA_ERR_IO, 0, 0, 0, 0};
	assert_int_equal(run(&p, true, &index), CA_ERR_CANCELLED);
	assert_int_equal(p.questions, 0);
	assert_int_equal(p.errors, 1);
	p = (struct person){"1", "3", CA_ERR_MEMORY, 0, 0, 0, 0};
	assert_int_equal(run(&p, true, &index), CA_ERR_MEMORY);
	assert_int_equal(p.questions, 0);
}

/* The helper's own: only if the module said so, and not for more than 64. */
static void
test_helper(void **state)
{
	struct ca_helper_talk t = {.choices = false};
	const char *many[CA_HELPER_ITEMS_MAX + 1];
	struct ca_secret *answer = NULL;

	(void)state;
	assert_null(ca_helper_talk_ui(&t).choose);
	t.choices = true;
	struct ca_key_ui ui = ca_helper_talk_ui(&t);
	assert_non_null(ui.choose);
	for (size_t i = 0; i < CA_HELPER_ITEMS_MAX + 1; i++)
		many[i] = "A";
	assert_int_equal(
	    ui.choose(ui.ctx, "Which?", many, CA_HELPER_ITEMS_MAX + 1, &answer),
	    CA_ERR_UNSUPPORTED);
	assert_null(answer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_list),
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_helper),
	};

	return cmocka_run_group_tests_name("keychoose", tests, NULL, NULL);
}
