/* What ssh gives to its askpass: whose text is believed, against the grammar
 * as regular expressions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/client.h"
#include "client/rules.h"
#include "client/sshway.h"
#include "client/prompt.h"

#define PROMPT "certauth1 DQAA next=0 max=500:"
#define NAME "[^()\x01-\x1f\x7f]"

static regex_t whole, other, blank;

static int
compile(void **state)
{
	(void)state;
	/* (user@host), a blank, whole lines */
	assert_int_equal(regcomp(&whole,
			     "^\\((" NAME "+)@([^()@\x01-\x1f\x7f]+)\\) "
			     "(([^\n]*\n)*)$",
			     REG_EXTENDED),
	    0);
	assert_int_equal(regcomp(&other, "@[^\n]*\\) ", REG_EXTENDED), 0);
	assert_int_equal(regcomp(&blank, "^[ \t\r\n]*$", REG_EXTENDED), 0);
	return 0;
}

static int
release(void **state)
{
	(void)state;
	regfree(&whole);
	regfree(&other);
	regfree(&blank);
	return 0;
}

static bool
same(const char *text, const regmatch_t *m, const char *got)
{
	size_t len = (size_t)(m->rm_eo - m->rm_so);

	return got != NULL && strlen(got) == len &&
	       memcmp(text + m->rm_so, got, len) == 0;
}

/* 1: believed, and for the right one; 0: not, rightly */
static int
judge(const char *before, const char *after)
{
	char text[1024];
	struct ca_prompt prompt;
	char *user = NULL, *host = NULL;
	regmatch_t m[5];

	(void)snprintf(text, sizeof text, "%s" PROMPT "%s", before, after);
	if (ca_prompt_find(text, &prompt) != CA_OK)
		return 0;
	assert_int_equal(prompt.start, strlen(before));
	enum ca_err rc =
	    ca_rules_ssh_text(text, prompt.start, prompt.end, &user, &host);
	bool good = regexec(&whole, before, 5, m, 0) == 0 &&
		    regexec(&other, before + m[3].rm_so, 0, NULL, 0) != 0 &&
		    regexec(&blank, after, 0, NULL, 0) == 0;
	if ((rc == CA_OK) != good)
		fail_msg("%s: %s", rc == CA_OK ? "believed" : "refused", text);
	if (good)
		assert_true(
		    same(before, &m[1], user) && same(before, &m[2], host));
	free(prompt.request);
	free(user);
	free(host);
	return good;
}

static uint32_t
random32(void)
{
	static uint32_t x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	return x ^= x << 5;
}

/* Random texts: RUNS of them, if the environment says so. */
static void
random_texts(void **state)
{
	static const char *const word[] = {"(", ")", "@", " ", "\n", ") ",
	    "@evil) ", "alice", "web1 ", "x.", "\t", "\x01", "(alice@web1) ",
	    "Hello\n", "(you) ", "\n", "\r\n", "\x7f"};
	const size_t words = sizeof word / sizeof word[0];
	const char *runs = getenv("RUNS");
	long n = runs != NULL ? atol(runs) : 50000, good = 0;

	(void)state;
	for (long i = 0; i < n; i++) {
		char before[256] = "", after[64] = "";

		if (random32() % 4 != 0)
			(void)strcat(before, "(alice@web1) ");
		for (uint32_t k = random32() % 6; k > 0; k--)
			(void)strcat(before, word[random32() % words]);
		if (random32() % 2 == 0)
			(void)strcat(before, "\n");
		for (uint32_t k = random32() % 3; k > 0; k--)
			(void)strcat(after, word[random32() % words]);
		good += judge(before, after);
	}
	/* it says both */
	assert_true(good > n / 20 && good < n / 2);
}

/* What ssh writes for a login and a host, whatever these hold, is believed for
 * that host or not at all: it ends what it wrote by `) ' and the server can
 * but add to it. */
static void
hostile_logins(void **state)
{
	static const char *const login[] = {"alice", "alice@web1) x",
	    "alice@web1) \nx", "alice@web1) " PROMPT, "alice@web1) \n" PROMPT,
	    "alice@web1) Hello\n", "(alice", "alice@realm", "alice@web1)\n"};
	static const char *const server[] = {
	    PROMPT " ", "\n" PROMPT " ", "Hello\n" PROMPT " ", ""};
	int good = 0;

	(void)state;
	for (size_t i = 0; i < sizeof login / sizeof login[0]; i++)
		for (size_t k = 0; k < sizeof server / sizeof server[0]; k++) {
			char text[512];
			struct ca_prompt p;
			char *user = NULL, *host = NULL;

			(void)snprintf(text, sizeof text, "(%s@evil) %s",
			    login[i], server[k]);
			if (ca_prompt_find(text, &p) == CA_OK &&
			    ca_rules_ssh_text(
				text, p.start, p.end, &user, &host) == CA_OK) {
				assert_string_equal(host, "evil");
				assert_string_equal(user, login[i]);
				good++;
			}
			free(p.request);
			free(user);
			free(host);
		}
	/* alice and alice@realm, with each text that has a prompt */
	assert_int_equal(good, 6);
}

/* The name that is shown and stored is the one that was meant. */
static void
meant_name(void **state)
{
	char bank[] = "bank.example", web1[] = "WEB1", dns[] = "web1.example";
	char trusted[] = "*.example", *pattern[] = {trusted};
	const char *const meant[] = {"web1", "web1.example"};
	const struct ca_request req = {
	    .host_name = {bank, web1, dns}, .nhost_names = 3};
	struct ca_client_conf conf = {.cert = NULL};
	struct ca_intent intent = {.host = meant, .nhosts = 2};

	(void)state;
	/* as the user has it */
	assert_string_equal(ca_rules_host(&conf, &intent, &req), "web1");
	conf.trusted_hosts = (struct ca_list){pattern, 1};
	assert_string_equal(ca_rules_host(&conf, &intent, &req), "web1");
	intent.nhosts = 0;
	assert_string_equal(
	    ca_rules_host(&conf, &intent, &req), "bank.example");
	conf.trusted_hosts.n = 0;
	assert_null(ca_rules_host(&conf, &intent, &req));
	intent.any_host = true;
	assert_string_equal(
	    ca_rules_host(&conf, &intent, &req), "bank.example");
}

static void
logins_in_the_environment(void **state)
{
	struct ca_buf b = CA_BUF_INIT(64);

	(void)state;
	assert_int_equal(ca_ssh_login_put(&b, "a;b%3B@c"), CA_OK);
	assert_string_equal(ca_buf_text(&b), "a%3Bb%253B@c");
	ca_buf_free(&b);
}

static void
test_prefix(void **state)
{
	static const struct {
		const char *text, *user, *host; /* user NULL: none */
	} t[] = {
	    {"(alice@web1) certauth1 x", "alice", "web1"},
	    {"(alice@web1) ", "alice", "web1"},
	    {"(alice@corp@web1) x", "alice@corp", "web1"},
	    {"(alice@2001:db8::1) x", "alice", "2001:db8::1"},
	    /* the server writes what follows: the first one counts */
	    {"(alice@web1) (bob@bank) x", "alice", "web1"},
	    {"(alice@web1) \n(bob@bank) x", "alice", "web1"},
	    {"(alice@web1) @bank) x", "alice", "web1"},
	    /* only at the very start */
	    {" (bob@bank) x", NULL, NULL},
	    {"\n(bob@bank) x", NULL, NULL},
	    {"x\n(bob@bank) x", NULL, NULL},
	    {"Password: (bob@bank) x", NULL, NULL},
	    {"certauth1 (bob@bank) x", NULL, NULL},
	    {"\x1b[2K(bob@bank) x", NULL, NULL},
	    /* whole */
	    {"(bob@bank)x", NULL, NULL},
	    {"(bob@bank", NULL, NULL},
	    {"(bob) x", NULL, NULL},
	    {"(@bank) x", NULL, NULL},
	    {"(bob@) x", NULL, NULL},
	    {"() x", NULL, NULL},
	    {"(bob\n@bank) x", NULL, NULL},
	    {"(bob@ba\tnk) x", NULL, NULL},
	    {"", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		char *user = NULL, *host = NULL;
		enum ca_err rc = ca_rules_prefix(t[i].text, &user, &host);

		if (t[i].user == NULL) {
			assert_int_equal(rc, CA_ERR_NOT_FOUND);
			assert_null(user);
		} else {
			assert_int_equal(rc, CA_OK);
			assert_string_equal(user, t[i].user);
			assert_string_equal(host, t[i].host);
		}
		free(user);
		free(host);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_prefix),
	    cmocka_unit_test(random_texts),
	    cmocka_unit_test(hostile_logins),
	    cmocka_unit_test(meant_name),
	    cmocka_unit_test(logins_in_the_environment),
	};

	return cmocka_run_group_tests(tests, compile, release);
}
