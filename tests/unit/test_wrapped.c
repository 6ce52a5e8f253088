/* Prompts that a terminal program broke into lines are read as the prompts that
 * they were, and nothing else is read that was not before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/wrapped.h"

static uint32_t
random32(void)
{
	static uint32_t x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	return x ^= x << 5;
}

static long
runs(long usual)
{
	const char *set = getenv("RUNS");

	return set != NULL ? atol(set) : usual;
}

/* How a terminal program wraps, and what becomes of it when it is copied. */
struct style {
	const char *first, *more; /* before each line */
	const char *end;          /* after each line */
	bool trim;                /* blanks at the end of a line are lost */
	size_t pad;               /* or blanks are added */
};

static const struct style styles[] = {
    {"| ", "> ", "\r\n", false, 0},
    {"| ", "> ", "\n", true, 0},
    {"| ", "> ", "\r\n", true, 0},
    {"| ", "> ", "\n", false, 7},
    {"| ", "> ", "\r", true, 3},
    {"", "", "\n", false, 0},
    {"", "", "\n", true, 0},
    {"", "", "\r\n", true, 2},
    {"> ", "> ", "\n", true, 0},
    {"", "", "\n\n", false, 0},
};

static size_t
put(char *out, size_t at, const char *text)
{
	memcpy(out + at, text, strlen(text) + 1);
	return at + strlen(text);
}

/* text in lines of width characters; width 0: of random widths */
static void
wrap(const char *text, size_t width, const struct style *s, char *out)
{
	size_t at = put(out, 0, s->first), n = 0;

	for (const char *p = text; *p != '\0'; p++) {
		out[at++] = *p;
		out[at] = '\0';
		n++;
		if (width != 0 ? n < width : random32() % 9 != 0)
			continue;
		n = 0;
		while (s->trim && at > 0 && out[at - 1] == ' ')
			out[--at] = '\0';
		for (size_t i = 0; i < s->pad; i++)
			at = put(out, at, " ");
		at = put(out, at, s->end);
		if (p[1] != '\0')
			at = put(out, at, s->more);
	}
}

static const char *const requests[] = {"DQAA", "A", "next", "nextnext",
    "xcertauth1", "certauth1x", "certauth", "max", "DQABAAnext0max500cc-_",
    ("DQAAAAABBBBBCCCCCDDDDDEEEEEFFFFFGGGGGHHHHHIIIIIJJJJJKKKKKLLLLLMMMMMNNNNN"
     "nextOOOOOPPPPPQQQQQRRRRRSSSSSTTTTTUUUUUVVVVVWWWWWXXXXXYYYYYZZZZZcertauth1")};

static void
same_prompt(const char *text, const char *request, size_t next, size_t max)
{
	struct ca_prompt p = {0};
	enum ca_err rc = ca_wrapped_find(text, &p);

	if (rc != CA_OK || strcmp(p.request, request) != 0 || p.next != next ||
	    p.max != max)
		fail_msg("%d for:\n%s", rc, text);
	assert_false(ca_wrapped_open(text));
	free(p.request);
}

/* Every request, width and style; no part of the lines is enough, and each
 * asks for more. */
static void
any_width(void **state)
{
	char text[1024], out[16384];

	(void)state;
	for (size_t r = 0; r < sizeof requests / sizeof requests[0]; r++)
		for (size_t s = 0; s < sizeof styles / sizeof styles[0]; s++)
			for (size_t width = 1; width < 90; width++) {
				(void)snprintf(text, sizeof text,
				    "certauth1 %s next=%zu max=1000: ",
				    requests[r], width * 11);
				wrap(text, width, &styles[s], out);
				same_prompt(out, requests[r], width * 11, 1000);
			}
}

static void
any_part_is_open(void **state)
{
	char text[1024], out[16384];

	(void)state;
	for (long i = 0; i < runs(300); i++) {
		struct ca_prompt p = {0};
		const char *req = requests[random32() % 10];

		(void)snprintf(
		    text, sizeof text, "certauth1 %s next=0 max=500:", req);
		wrap(text, random32() % 80, &styles[random32() % 10], out);
		same_prompt(out, req, 0, 500);
		size_t begin = strcspn(out, "c") + 1;
		*strrchr(out, ':') = '\0';
		for (size_t len = strlen(out); len > begin; len--) {
			out[len] = '\0';
			if (!ca_wrapped_open(out))
				fail_msg("not open: %s", out);
			assert_int_not_equal(ca_wrapped_find(out, &p), CA_OK);
			assert_null(p.request);
		}
	}
}

/* Text before and after the prompt stays what it is. */
static void
other_text(void **state)
{
	static const char *const closed[] = {"", "DQAA", "Password: ", "x\ny",
	    "| Hello\n| you", "certauth", "certauth12 ", "DQAAc",
	    "Accertauth1 ",
	    "certauth1 DQAA next=0 max=500:", "certauth1 DQAA next=x",
	    "certauth1  DQAA next=0 max=500:", "certauth1 DQAA next=0 max=:"};
	(void)state;
	for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++)
		if (ca_wrapped_open(closed[i]) != (i == 5))
			fail_msg("open: %s", closed[i]);
	same_prompt("| Hello\r\n| you\r\n| certauth1 DQ\r\n> AA next=3 max=5"
		    "\r\n> 00: and\r\n> more",
	    "DQAA", 3, 500);
	same_prompt("a certauth2 x\n(b) certauth1 DQ\nAA next=3 max=50:",
	    "DQAA", 3, 50);
}

/* What is no line end of a copied prompt is not forgiven. */
static void
refused(void **state)
{
	static const char *const bad[] = {
	    "certauth1 DQ AA next=0 max=500:", /* a blank alone */
	    "certauth1 DQAAnext=0 max=500:",   /* none, and no line end */
	    "certauth1 DQAA next=0max=500:",
	    "certauth1DQAA next=0 max=500:",
	    "certauth1 DQ\n>> AA next=0 max=500:", /* two marks */
	    "certauth1 DQ\n>AA next=0 max=500:",   /* no blank after one */
	    "certauth1 DQ\n>  AA next=0 max=500:", /* two blanks */
	    "certauth1 DQ\n  AA next=0 max=500:",
	    "certauth1 DQ\n| > AA next=0 max=500:",
	    "certauth1 DQ> AA next=0 max=500:",   /* a mark in a line */
	    "certauth1 DQ\n# AA next=0 max=500:", /* another */
	    "certauth1 DQ\vAA next=0 max=500:",
	    "certauth1 DQ=\nAA next=0 max=500:",
	    "certauth1 DQAA next=0 max=5\n00", /* not ended */
	    "certauth1 DQAA next=0 max=5\n00 :",
	    "certauth1 DQAA next=0\n1x max=500:",
	    "certauth1 DQAA next=0\n1 max=500:",    /* a leading zero */
	    "certauth1 DQAA next=4\n0000 max=500:", /* too much */
	    "certauth1 DQAA max=5\n00 next=0:",
	    "certauth1 \nnext=0 max=500:", /* no request */
	    "certauth1\n> next=0 max=500:",
	    "xcertauth1 DQ\nAA next=0 max=500:",
	    "certauth1 DQ\nAA next=0 max=500: certauth1 DQAA next=0 max=500:",
	    "certauth1 DQ\nAA next=0 max=500: certauth1 x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct ca_prompt p = {0};

		if (ca_wrapped_find(bad[i], &p) == CA_OK)
			fail_msg("read: %s", bad[i]);
		assert_null(p.request);
	}
}

/* The prompt in text, if all line ends with their marks, and then all blanks,
 * are taken out of it: what any accepted text must agree with. */
static bool
squeezed(const char *text, const struct ca_prompt *p)
{
	char want[2048], got[16384];
	size_t n = 0;

	(void)snprintf(want, sizeof want,
	    "certauth1%snext=%zumax=%zu:", p->request, p->next, p->max);
	for (const char *s = text; *s != '\0'; s++) {
		if ((*s == '|' || *s == '>') && s > text &&
		    (s[-1] == '\n' || s[-1] == '\r'))
			continue;
		if (!isspace((unsigned char)*s))
			got[n++] = *s;
	}
	got[n] = '\0';
	return strstr(got, want) != NULL;
}

/* Random damage: a text of one line has the result that ca_prompt_find has; a
 * text of several lines, if it is read, is what it looks like. */
static void
damaged(void **state)
{
	static const char alphabet[] = "certauth1 nextmx=:0|>\n\r A-";
	char text[1024], out[16384];
	long several = 0, lines = 0;

	(void)state;
	for (long i = 0; i < runs(100000); i++) {
		struct ca_prompt p = {0}, plain = {0};

		(void)snprintf(text, sizeof text,
		    "certauth1 %s next=%u max=%u: ", requests[random32() % 9],
		    random32() % 200, random32() % 2000);
		if (random32() % 2 == 0)
			wrap(text, random32() % 20, &styles[random32() % 10],
			    out);
		else
			(void)strcpy(out, text);
		for (uint32_t k = random32() % 4; k > 0; k--)
			out[random32() % strlen(out)] =
			    alphabet[random32() % (sizeof alphabet - 1)];
		enum ca_err rc = ca_wrapped_find(out, &p);
		enum ca_err want = ca_prompt_find(out, &plain);

		if (strpbrk(out, "\r\n") == NULL || want == CA_OK) {
			lines++;
			if (rc != want ||
			    (rc == CA_OK &&
				strcmp(p.request, plain.request) != 0))
				fail_msg("%d, not %d: %s", rc, want, out);
		} else if (rc == CA_OK) {
			several++;
			if (!squeezed(out, &p))
				fail_msg("read wrongly: %s", out);
		}
		free(p.request);
		free(plain.request);
	}
	assert_true(several > 100 && lines > 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_width),
	    cmocka_unit_test(any_part_is_open),
	    cmocka_unit_test(other_text),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
