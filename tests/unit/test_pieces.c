/* The text form: every bound of docs/protocol.md, and input of hostile peers. */
#include "vectors.h"

#include "channel/pieces.h"
#include "client/prompt.h"

#include <ctype.h>

static enum ca_err
add(struct ca_pieces *ps, const char *answer)
{
	bool done = true;
	enum ca_err rc = ca_pieces_add(ps, answer, &done);

	if (rc != CA_OK)
		assert_false(done);
	return rc;
}

/* Give the answers; each but the last must be taken. The result is of the
 * last. */
static enum ca_err
feed(const char *const *answer, size_t n)
{
	struct ca_pieces *ps = ca_pieces_new("AAAA", 500);
	bool done;
	enum ca_err rc = CA_OK;

	for (size_t i = 0; i < n; i++) {
		rc = ca_pieces_add(ps, answer[i], &done);
		if (i + 1 < n) {
			assert_int_equal(rc, CA_OK);
			assert_false(done);
		}
	}
	if (rc != CA_OK) { /* no second try */
		assert_int_equal(add(ps, "AA."), CA_ERR_USAGE);
		struct ca_buf out = CA_BUF_INIT(100);
		assert_int_equal(ca_pieces_response(ps, &out), CA_ERR_USAGE);
		ca_buf_free(&out);
	}
	ca_pieces_free(ps);
	return rc;
}

#define FEED(...)                                                              \
	feed((const char *const[]){__VA_ARGS__},                               \
	    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void
bad_answers(void **state)
{
	(void)state;
	assert_int_equal(FEED(NULL), CA_ERR_CONV);
	assert_int_equal(FEED(""), CA_ERR_CONV);
	assert_int_equal(FEED("AAAA+", NULL), CA_ERR_CONV);
	assert_int_equal(FEED("AAAA+", ""), CA_ERR_CONV);
	/* no mark */
	assert_int_equal(FEED("AAAA"), CA_ERR_TRUNCATED);
	assert_int_equal(FEED("AAAA+", "BBBB"), CA_ERR_TRUNCATED);
	/* foreign */
	assert_int_equal(FEED("my password"), CA_ERR_FORMAT);
	assert_int_equal(FEED("\b\n\r\177INCORRECT"), CA_ERR_FORMAT);
	assert_int_equal(FEED("AAAA ."), CA_ERR_FORMAT);
	assert_int_equal(FEED("AAAA. "), CA_ERR_FORMAT);
	assert_int_equal(FEED("AAAA.\n"), CA_ERR_FORMAT);
	assert_int_equal(FEED("AA=="), CA_ERR_FORMAT);
	assert_int_equal(FEED("AA/A."), CA_ERR_FORMAT);
	assert_int_equal(FEED("AA+A."), CA_ERR_FORMAT);
	assert_int_equal(FEED("AAAA+."), CA_ERR_FORMAT);
	assert_int_equal(FEED("AAAA.+"), CA_ERR_FORMAT);
	assert_int_equal(FEED(".."), CA_ERR_FORMAT);
	assert_int_equal(FEED("\xc3\xa4."), CA_ERR_FORMAT);
	/* no step forward */
	assert_int_equal(FEED("+"), CA_ERR_FORMAT);
	assert_int_equal(FEED("AAAA+", "+"), CA_ERR_FORMAT);
	/* nothing else is a mark */
	for (int c = 1; c < 256; c++) {
		char text[] = {'A', 'A', 'A', 'A', (char)c, '\0'};
		bool base64url =
		    c < 0x80 && (isalnum(c) || c == '-' || c == '_');

		if (c == '.' || c == '+')
			continue;
		assert_int_equal(
		    FEED(text), base64url ? CA_ERR_TRUNCATED : CA_ERR_FORMAT);
	}
}

static void
good_answers(void **state)
{
	(void)state;
	assert_int_equal(FEED("AAAA."), CA_OK);
	assert_int_equal(FEED("AAAA+", "BBBB."), CA_OK);
	/* the end may come by itself */
	assert_int_equal(FEED("AAAA+", "."), CA_OK);
	/* only the last mark differs: this is not the same answer */
	assert_int_equal(FEED("AAAA+", "AAAA."), CA_OK);
	/* the same again later is no repetition */
	assert_int_equal(FEED("AAAA+", "BBBB+", "AAAA+", "C."), CA_OK);
	assert_int_equal(FEED("AAAA+", "AAA+", "AAAA."), CA_OK);
}

static void
same_twice(void **state)
{
	(void)state;
	assert_int_equal(FEED("AAAA+", "AAAA+"), CA_DENIED);
	assert_int_equal(FEED("AAAA+", "BB+", "BB+"), CA_DENIED);
	assert_int_equal(FEED("A+", "A+"), CA_DENIED);
}

/* A run of n characters that never says the same twice: a counter. */
static char *
unlike(char *out, size_t n, size_t seed)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++)
		out[i] = digit[(seed >> (4 * (i % 4))) & 15];
	return out;
}

static void
bound_of_answers(void **state)
{
	struct ca_pieces *ps = ca_pieces_new("AAAA", 500);
	char piece[8];
	bool done;

	(void)state;
	for (size_t i = 0; i < CA_ANSWERS_MAX - 1; i++) {
		unlike(piece, 4, i);
		strcpy(piece + 4, "+");
		assert_int_equal(ca_pieces_add(ps, piece, &done), CA_OK);
	}
	/* the 128th may only be the last */
	assert_int_equal(ca_pieces_add(ps, "zz.", &done), CA_OK);
	assert_true(done);
	ca_pieces_free(ps);

	ps = ca_pieces_new("AAAA", 500);
	for (size_t i = 0; i < CA_ANSWERS_MAX - 1; i++) {
		unlike(piece, 4, i);
		strcpy(piece + 4, "+");
		assert_int_equal(ca_pieces_add(ps, piece, &done), CA_OK);
	}
	assert_int_equal(ca_pieces_add(ps, "zz+", &done), CA_ERR_LIMIT);
	ca_pieces_free(ps);
}

static void
bound_of_characters(void **state)
{
	static char text[1 << 20];
	struct ca_buf out = CA_BUF_INIT(1 << 20);
	bool done;

	(void)state;
	/* in one answer, longer than max: fine where it arrives whole */
	memset(text, 'A', sizeof text);
	strcpy(text + CA_RESPONSE_CHARS_MAX, ".");
	struct ca_pieces *ps = ca_pieces_new("AAAA", 500);
	assert_int_equal(ca_pieces_add(ps, text, &done), CA_OK);
	assert_true(done);
	assert_int_equal(ca_pieces_response(ps, &out), CA_OK);
	assert_int_equal(out.len, CA_RESPONSE_CHARS_MAX / 4 * 3);
	ca_buf_free(&out);
	ca_pieces_free(ps);
	/* one more */
	strcpy(text + CA_RESPONSE_CHARS_MAX, "A.");
	assert_int_equal(FEED(text), CA_ERR_LIMIT);
	/* one more, in two answers */
	strcpy(text + CA_RESPONSE_CHARS_MAX, "+");
	assert_int_equal(FEED(text, "."), CA_OK);
	assert_int_equal(FEED(text, "A."), CA_ERR_LIMIT);
	/* a mebibyte */
	memset(text, 'A', sizeof text);
	text[sizeof text - 1] = '\0';
	assert_int_equal(FEED(text), CA_ERR_LIMIT);
	memset(text, ' ', sizeof text - 1);
	assert_int_equal(FEED(text), CA_ERR_LIMIT);
}

static void
not_base64url(void **state)
{
	static const char *const bad[] = {"A.", "AAAAA.", "AB.", "AAB.", "__."};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct ca_pieces *ps = ca_pieces_new("AAAA", 500);
		struct ca_buf out = CA_BUF_INIT(100);

		assert_int_equal(add(ps, bad[i]), CA_OK);
		assert_int_equal(ca_pieces_response(ps, &out), CA_ERR_FORMAT);
		ca_buf_free(&out);
		ca_pieces_free(ps);
	}
}

static void
prompts(void **state)
{
	struct ca_pieces *ps = ca_pieces_new("AbC_-9", 511);

	(void)state;
	assert_string_equal(
	    ca_pieces_prompt(ps), "certauth1 AbC_-9 next=0 max=511: ");
	assert_int_equal(add(ps, "AAAAA+"), CA_OK);
	assert_string_equal(
	    ca_pieces_prompt(ps), "certauth1 AbC_-9 next=5 max=511: ");
	ca_pieces_free(ps);
	ca_pieces_free(NULL);
}

static void
finder(void **state)
{
	static const struct {
		const char *text;
		enum ca_err want;
		size_t next, max, start, end;
	} cases[] = {
	    {"certauth1 AAAA next=0 max=500: ", CA_OK, 0, 500, 0, 30},
	    {"certauth1 AAAA next=0 max=500:", CA_OK, 0, 500, 0, 30},
	    {"(a@b) certauth1 AAAA next=32768 max=2: ", CA_OK, 32768, 2, 6, 38},
	    {"Please:\ncertauth1 AAAA next=499 max=999999: \nthanks", CA_OK,
		499, 999999, 8, 43},
	    /* a request may end like a prompt begins */
	    {"certauth1 AAAcertauth1 next=0 max=500: ", CA_OK, 0, 500, 0, 38},
	    {"", CA_ERR_NOT_FOUND},
	    {"Password: ", CA_ERR_NOT_FOUND},
	    {"certauth1", CA_ERR_NOT_FOUND},
	    {"certauth2 AAAA next=0 max=500: ", CA_ERR_NOT_FOUND},
	    {"CERTAUTH1 AAAA next=0 max=500: ", CA_ERR_NOT_FOUND},
	    {"xcertauth1 AAAA next=0 max=500: ", CA_ERR_NOT_FOUND},
	    /* begins like one */
	    {"certauth1 ", CA_ERR_FORMAT},
	    {"certauth1 is off", CA_ERR_FORMAT},
	    {"certauth1  AAAA next=0 max=500: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA\nnext=0 max=500: ", CA_ERR_FORMAT},
	    {"certauth1 AA=A next=0 max=500: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=0 max=500", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=0  max=500: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA max=500 next=0: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA 0 max=500: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=0 500: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA0 max=500: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=0500: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=: max=500: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=0 max=:: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=0 max=<00: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=0 max=/00: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=/ max=500: ", CA_ERR_FORMAT},
	    {"certauth1  next=0 max=500: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next= max=500: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=00 max=500: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=01 max=500: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=-1 max=500: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=+1 max=500: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=0x1 max=500: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=32769 max=500: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=18446744073709551616 max=500: ",
		CA_ERR_FORMAT},
	    {"certauth1 AAAA next=0 max=0: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=0 max=1: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=0 max=1000000: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=0 max=0500: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=0 max=500 : ", CA_ERR_FORMAT},
	    /* more than one */
	    {"certauth1 AAAA next=0 max=500: certauth1 AAAA next=0 max=500: ",
		CA_ERR_FORMAT},
	    {"certauth1 AAAA next=0 max=500: certauth1 BBBB next=0 max=500: ",
		CA_ERR_FORMAT},
	    {"certauth1 AAAA next=0 max=500: (certauth1 ", CA_ERR_FORMAT},
	    {"certauth1 certauth1 next=0 max=500: ", CA_ERR_FORMAT},
	    {"certauth1 no\ncertauth1 AAAA next=0 max=500: ", CA_ERR_FORMAT},
	    {"certauth1 AAAA next=0 max=500:certauth1 AA next=0 max=500: ",
		CA_ERR_FORMAT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ca_prompt p;
		enum ca_err rc = ca_prompt_find(cases[i].text, &p);

		if (rc != cases[i].want)
			fail_msg("%s: %s", cases[i].text, ca_err_text(rc));
		if (rc != CA_OK) {
			assert_null(p.request);
			continue;
		}
		assert_int_equal(p.next, cases[i].next);
		assert_int_equal(p.max, cases[i].max);
		assert_int_equal(p.start, cases[i].start);
		assert_int_equal(p.end, cases[i].end);
		free(p.request);
	}
}

static void
finder_bounds(void **state)
{
	static char text[CA_REQUEST_CHARS_MAX + 100];
	struct ca_prompt p;

	(void)state;
	for (size_t extra = 0; extra < 2; extra++) {
		strcpy(text, "certauth1 ");
		memset(text + 10, 'A', CA_REQUEST_CHARS_MAX + extra);
		strcpy(text + 10 + CA_REQUEST_CHARS_MAX + extra,
		    " next=0 max=500: ");
		assert_int_equal(
		    ca_prompt_find(text, &p), extra ? CA_ERR_FORMAT : CA_OK);
		free(p.request);
	}
}

static const char *
cut(const char *response, size_t next, size_t max)
{
	static char text[64];
	struct ca_buf out = CA_BUF_INIT(sizeof text - 1);
	enum ca_err rc = ca_answer_cut(response, next, max, &out);

	(void)snprintf(text, sizeof text, "%s",
	    rc == CA_OK ? ca_buf_text(&out) : ca_err_text(rc));
	ca_buf_free(&out);
	return text;
}

static void
answers(void **state)
{
	(void)state;
	assert_string_equal(cut("abcdef", 0, 4), "abc+");
	assert_string_equal(cut("abcdef", 3, 4), "def.");
	assert_string_equal(cut("abcdef", 0, 7), "abcdef.");
	assert_string_equal(cut("abcdef", 0, 999999), "abcdef.");
	assert_string_equal(cut("abcdef", 0, 2), "a+");
	assert_string_equal(cut("abcdef", 5, 2), "f.");
	assert_string_equal(cut("abcdef", 6, 500), ".");
	/* from wherever the host says it is */
	assert_string_equal(cut("abcdef", 1, 4), "bcd+");
	assert_string_equal(cut("abcdef", 7, 4), "malformed");
	assert_string_equal(cut("abcdef", 0, 1), "malformed");
	assert_string_equal(cut("abcdef", 0, 0), "malformed");
	assert_string_equal(cut("", 0, 500), "malformed");
	/* the second answer would say what the first did */
	assert_string_equal(cut("abcabcabcabc", 0, 4), "abc+");
	assert_string_equal(cut("abcabcabcabc", 3, 4), "ab+");
	assert_string_equal(cut("abcabcabcabc", 5, 4), "cab+");
	assert_string_equal(cut("AAAAAAAAAAAA", 0, 4), "AAA+");
	assert_string_equal(cut("AAAAAAAAAAAA", 3, 4), "AA+");
	assert_string_equal(cut("AAAAAAAAAAAA", 5, 4), "AAA+");
	assert_string_equal(cut("AAAAAAAAAAAA", 8, 4), "AA+");
	assert_string_equal(cut("AAAAAAAAAAAA", 10, 4), "AA.");
}

static void
answer_bound(void **state)
{
	static char text[CA_RESPONSE_CHARS_MAX + 2];
	struct ca_buf out = CA_BUF_INIT(SIZE_MAX / 2);

	(void)state;
	memset(text, 'A', CA_RESPONSE_CHARS_MAX);
	assert_int_equal(ca_answer_cut(text, 0, 999999, &out), CA_OK);
	assert_int_equal(out.len, CA_RESPONSE_CHARS_MAX + 1);
	ca_buf_reset(&out);
	text[CA_RESPONSE_CHARS_MAX] = 'A';
	assert_int_equal(ca_answer_cut(text, 0, 999999, &out), CA_ERR_LIMIT);
	ca_buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bad_answers),
	    cmocka_unit_test(good_answers),
	    cmocka_unit_test(same_twice),
	    cmocka_unit_test(bound_of_answers),
	    cmocka_unit_test(bound_of_characters),
	    cmocka_unit_test(not_base64url),
	    cmocka_unit_test(prompts),
	    cmocka_unit_test(finder),
	    cmocka_unit_test(finder_bounds),
	    cmocka_unit_test(answers),
	    cmocka_unit_test(answer_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
