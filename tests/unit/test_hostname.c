/* Names of hosts as clients compare them. */
#include "vectors.h"

#include "client/hostname.h"

static void
text_of(char *out, size_t n, const char *end)
{
	memset(out, 'a', n);
	strcpy(out + n, end);
}

static void
in_letters(void **state)
{
	static const struct {
		const char *name, *want; /* NULL: it is none */
	} t[] = {
	    {"web1", "web1"},
	    {"Web1.Example", "Web1.Example"},
	    {"web1.", "web1"},
	    {".", "."},
	    {"..", "."},
	    {"192.0.2.7", "192.0.2.7"},
	    {"2001:db8::1", "2001:db8::1"},
	    {"", NULL},
	    {" ", NULL},
	    {"a b", NULL},
	    {"a\tb", NULL},
	    {"a\nb", NULL},
	    {"a\x1b[2J", NULL},
	    {"a\x7f", NULL},
	    {"\x01", NULL},
	    {"web1 ", NULL},
	    {" web1", NULL},
	    {"a\xff", NULL},
	    {"a\xc3", NULL},
#ifdef HAVE_IDN2
	    {"b\xc3\xbc"
	     "cher.example",
		"xn--bcher-kva.example"},
	    /* full stops of other scripts are dots */
	    {"a\xe3\x80\x82"
	     "b",
		"a.b"},
	    /* and blanks of others are none of a name */
	    {"a\xe3\x80\x80"
	     "b",
		NULL},
	    {"a\xc2\xa0"
	     "b",
		NULL},
#endif
	};
	char out[CA_HOST_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		bool good = ca_host_ascii(t[i].name, out);

		if (good != (t[i].want != NULL))
			fail_msg("case %zu: %d", i, good);
		if (good)
			assert_string_equal(out, t[i].want);
	}
}

static void
lengths(void **state)
{
	char name[CA_HOST_NAME_MAX + 64], out[CA_HOST_NAME_MAX + 1];

	(void)state;
	text_of(name, CA_HOST_NAME_MAX, "");
	assert_true(ca_host_ascii(name, out));
	assert_true(ca_host_equal(name, name));
	assert_true(ca_host_match("a*", name));
	text_of(name, CA_HOST_NAME_MAX, ".");
	assert_true(ca_host_ascii(name, out));
	for (size_t n = CA_HOST_NAME_MAX + 1; n < sizeof name; n++) {
		text_of(name, n, "");
		assert_false(ca_host_ascii(name, out));
		assert_false(ca_host_equal(name, name));
		assert_false(ca_host_match("*", name));
	}
	/* short in one form, and too long in the other */
	text_of(name, CA_HOST_NAME_MAX - 2, "\xc3\xbc");
	assert_false(ca_host_ascii(name, out));
}

static void
comparisons(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal, match; /* a as a pattern */
	} t[] = {
	    {"web1", "WEB1", true, true},
	    {"web1.", "web1", true, true},
	    {"web1", "web10", false, false},
	    {"web10", "web1", false, false},
	    {"web?", "web1", false, true},
	    {"*.example", "web1.example.", false, true},
	    {"*.example", "example", false, false},
	    {"", "", false, false},
	    {"*", "", false, false},
	    {"*", "a b", false, false},
	    {"a b", "a b", false, false},
#ifdef HAVE_IDN2
	    {"b\xc3\xbc"
	     "cher.example",
		"XN--bcher-kva.example", true, true},
	    {"xn--bcher-kva.*",
		"b\xc3\xbc"
		"cher.example",
		false, true},
	    {"b\xc3\xbc"
	     "cher.*",
		"b\xc3\xbc"
		"cher.example",
		false, true},
#endif
	};

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		if (ca_host_equal(t[i].a, t[i].b) != t[i].equal ||
		    ca_host_match(t[i].a, t[i].b) != t[i].match)
			fail_msg("case %zu", i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_letters),
	    cmocka_unit_test(lengths),
	    cmocka_unit_test(comparisons),
	};

	return cmocka_run_group_tests_name("hostname", tests, NULL, NULL);
}
