/* What is kept for the next question of the helper, if the application is silent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "channel/kept.h"

static void
test_order(void **state)
{
	struct ca_kept k = CA_KEPT_INIT;

	(void)state;
	assert_string_equal(ca_kept_question(&k, "PIN: "), "PIN: ");
	ca_kept_clear(&k);
	/* the list stands before its question, wherever the error was */
	ca_kept_note(&k, "Two fit:");
	ca_kept_error(&k, "The first error");
	ca_kept_note(&k, "  1  A");
	ca_kept_error(&k, "Wrong PIN");
	ca_kept_note(&k, "  2  B");
	assert_string_equal(ca_kept_question(&k, "Which one? "),
	    "Wrong PIN\nTwo fit:\n  1  A\n  2  B\nWhich one? ");
	/* each question has what came before it alone */
	ca_kept_clear(&k);
	assert_string_equal(ca_kept_question(&k, "PIN: "), "PIN: ");
	ca_kept_clear(&k);
	ca_kept_clear(&k);
}

static void
test_bounds(void **state)
{
	struct ca_kept k = CA_KEPT_INIT;
	char line[CA_HELPER_TEXT_MAX + 1], question[CA_HELPER_TEXT_MAX + 1];
	const char *text;

	(void)state;
	memset(line, 'n', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	memset(question, 'q', sizeof question - 1);
	question[sizeof question - 1] = '\0';
	for (int i = 0; i < 256; i++) {
		ca_kept_note(&k, line);
		ca_kept_error(&k, line);
	}
	/* one that would still fit: nothing stands behind a hole */
	ca_kept_note(&k, "late");
	text = ca_kept_question(&k, question);
	assert_non_null(text);
	assert_int_equal(CA_KEPT_NOTES_MAX / sizeof line, 15);
	assert_int_equal(
	    strlen(text), (15 + 1) * sizeof line + CA_HELPER_TEXT_MAX);
	assert_null(strstr(text, "late"));
	/* and the next question has its own notes */
	ca_kept_clear(&k);
	ca_kept_note(&k, "next");
	assert_string_equal(ca_kept_question(&k, "? "), "next\n? ");
	ca_kept_clear(&k);
}

/* To the last byte: 16 lines of 1,024 bytes with their LF. */
static void
test_full(void **state)
{
	struct ca_kept k = CA_KEPT_INIT;
	char line[CA_HELPER_TEXT_MAX];

	(void)state;
	memset(line, 'n', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	for (int i = 0; i < 16; i++)
		ca_kept_note(&k, line);
	assert_int_equal(k.notes.len, CA_KEPT_NOTES_MAX);
	ca_kept_note(&k, "");
	assert_int_equal(k.notes.len, CA_KEPT_NOTES_MAX);
	assert_int_equal(
	    strlen(ca_kept_question(&k, "?")), CA_KEPT_NOTES_MAX + 1);
	ca_kept_clear(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
