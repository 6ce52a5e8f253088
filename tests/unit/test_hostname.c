/* Names of hosts as clients compare them. */
#include "vectors.h"

#include <openssl/x509v3.h>

#include "client/hostname.h"

#define BUECHER                                                                \
	"b\xc3\xbc"                                                            \
	"cher"

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

/* A certificate with that subjectAltName (NULL: none); its CN is
 * web1.example.com. */
static X509 *
cert_with(const char *san)
{
	X509 *cert = X509_new();

	assert_non_null(cert);
	assert_int_equal(X509_set_version(cert, 2), 1);
	assert_int_equal(
	    X509_NAME_add_entry_by_txt((X509_NAME *)X509_get_subject_name(cert),
		"CN", MBSTRING_ASC, (const unsigned char *)"web1.example.com",
		-1, -1, 0),
	    1);
	if (san != NULL) {
		X509_EXTENSION *e =
		    X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);

		assert_non_null(e);
		assert_int_equal(X509_add_ext(cert, e, -1), 1);
		X509_EXTENSION_free(e);
	}
	return cert;
}

static void
test_names_in_certificates(void **state)
{
	static const struct {
		const char *san, *name;
		bool match;
	} t[] = {
	    {"DNS:a.example", "a.example", true},
	    {"DNS:a.example", "A.EXAMPLE", true},
	    {"DNS:a.example", "a.example.", true},
	    {"DNS:a.example", "b.a.example", false},
	    {"DNS:a.example", "example", false},
	    {"DNS:a.example", ".example", false},
	    {"DNS:a.example", ".a.example", false},
	    {"DNS:a.example", "", false},
	    {"DNS:a.example", ".", false},
	    {"DNS:a.example", "a.example x", false},
	    {"DNS:*.b.example", "a.b.example", true},
	    {"DNS:*.b.example", "xn--a-0ga.b.example", true},
	    {"DNS:*.b.example", "b.example", false},
	    {"DNS:*.b.example", "c.a.b.example", false},
	    {"DNS:*.b.example", ".b.example", false},
	    {"DNS:a*.b.example", "ab.b.example", false},
	    {"DNS:*a.b.example", "aa.b.example", false},
	    {"DNS:a.*.example", "a.b.example", false},
	    {"DNS:*.*.example", "a.b.example", false},
	    {"DNS:*.com", "a.com", false},
	    {"DNS:*", "a", false},
	    {"DNS:xn--bcher-kva.example", "xn--bcher-kva.example", true},
	    {"DNS:xn--bcher-kva.example", "XN--BCHER-KVA.example", true},
#ifdef HAVE_IDN2
	    /* U-labels, composed or not, in any case, are the A-labels */
	    {"DNS:xn--bcher-kva.example", BUECHER ".example", true},
	    {"DNS:xn--bcher-kva.example",
		"B\xc3\x9c"
		"CHER.example.",
		true},
	    {"DNS:xn--bcher-kva.example",
		"bu\xcc\x88"
		"cher.example",
		true},
	    {"DNS:*.b.example", BUECHER ".b.example", true},
	    {"DNS:*.xn--bcher-kva.example", "a." BUECHER ".example", true},
	    {"DNS:xn--bcher-kva.example",
		"b\xd0\xb0"
		"cher.example",
		false},
	    /* a dot of another script does not make labels out of one */
	    {"DNS:*.b.example",
		"x\xe3\x80\x82"
		"y.b.example",
		false},
	    /* sharp s is a letter of its own, not ss */
	    {"DNS:strasse.example",
		"stra\xc3\x9f"
		"e.example",
		false},
	    {"DNS:xn--strae-oqa.example",
		"stra\xc3\x9f"
		"e.example",
		true},
	    /* not UTF-8, or no label can be made of it */
	    {"DNS:xn--bcher-kva.example",
		"b\xfc"
		"cher.example",
		false},
	    {"DNS:*.b.example", "\xe2\x80\x8b.b.example", false},
#else
	    {"DNS:xn--bcher-kva.example", BUECHER ".example", false},
#endif
	    {"IP:192.0.2.1", "192.0.2.1", true},
	    {"IP:192.0.2.1", "192.0.2.2", false},
	    {"DNS:192.0.2.1", "192.0.2.1", false},
	    {"IP:2001:db8::1", "2001:db8::1", true},
	    {"IP:2001:db8::1", "2001:0DB8:0::1", true},
	    {"email:a.example@x", "a.example", false},
	    {"URI:https://a.example", "a.example", false},
	    {NULL, "web1.example.com", false}, /* it is the CN */
	    {"email:a@x", "web1.example.com", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		X509 *cert = cert_with(t[i].san);

		if (ca_host_in_cert(cert, t[i].name) != t[i].match)
			fail_msg("%s in %s", t[i].name,
			    t[i].san != NULL ? t[i].san : "(none)");
		X509_free(cert);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_letters),
	    cmocka_unit_test(lengths),
	    cmocka_unit_test(comparisons),
	    cmocka_unit_test(test_names_in_certificates),
	};

	return cmocka_run_group_tests_name("hostname", tests, NULL, NULL);
}
