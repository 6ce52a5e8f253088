/*
 * What `certauth inspect' prints as selectors, against the users file: for random
 * names, each selector maps the certificate, a * in a value stands for itself
 * alone, and no value is left out.
 *
 * CERTAUTH_PROPERTY_RUNS: how many certificates (default 300);
 * CERTAUTH_PROPERTY_SEED: the seed, which is printed.
 */
#include "mapcert.h"

#include <time.h>

#define VALUES 16
#define VALUE_MAX 64
#define SELECTORS_MAX 64

/* ---- random certificates ---- */

static unsigned rnd;

static unsigned
pick(unsigned n)
{
	rnd = rnd * 1103515245u + 12345u;
	return (rnd >> 16) % n;
}

static const char *const ascii[] = {"a", "B", "7", " ", "\\", "*", "\"", "#",
    "+", ",", ";", "<", "=", ">", "'", ":", "/", "@", ".", "-", "(", "%",
    "\\2a", "*", "\\*", "  "};
static const char *const utf8[] = {
    "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x94\x91"};

struct values {
	char text[VALUES][VALUE_MAX];
	size_t n;
};

static const char *
value(struct values *v, bool unicode, const char *end)
{
	char *out = v->text[v->n++];
	unsigned parts = 1 + pick(6);

	assert_true(v->n <= VALUES);
	out[0] = '\0';
	for (unsigned i = 0; i < parts; i++)
		(void)strcat(
		    out, unicode && pick(6) == 0
			     ? utf8[pick(3)]
			     : ascii[pick(sizeof ascii / sizeof ascii[0])]);
	return strcat(out, end);
}

static void
random_made(struct made *m, struct values *v)
{
	*m = (struct made){.serial = pick(2) ? "00a1b2" : "0c", .ski = "k"};
	v->n = 0;
	m->subject[0] = (struct attr)UTF8("CN", value(v, true, ""));
	m->subject[1] = (struct attr)UTF8("UID", value(v, true, ""));
	m->subject[1].join = (int)pick(2);
	m->subject[2] = (struct attr)UTF8("O", value(v, true, ""));
	m->issuer[0] = (struct attr)UTF8("CN", value(v, true, ""));
	m->san[0] =
	    (struct san){GEN_EMAIL, NULL, 0, value(v, false, "@x.y"), -1};
	m->san[1] = (struct san){GEN_DNS, NULL, 0, value(v, false, ""), -1};
	m->san[2] = (struct san){GEN_URI, NULL, 0, value(v, false, ""), -1};
	m->san[3] = (struct san){0, "1.3.6.1.4.1.311.20.2.3", V_ASN1_UTF8STRING,
	    value(v, true, ""), -1};
}

/* The same with other text for each star. */
static void
without_stars(struct values *v)
{
	for (size_t i = 0; i < v->n; i++)
		for (char *c = v->text[i]; *c != '\0'; c++)
			if (*c == '*')
				*c = 'q';
}

/* ---- selectors ---- */

struct printed {
	char *text[SELECTORS_MAX];
	size_t n, names;
};

static void
keep(void *ctx, bool strong, const char *selector)
{
	struct printed *p = ctx;

	assert_true(p->n < SELECTORS_MAX);
	assert_non_null(p->text[p->n++] = strdup(selector));
	p->names += !strong;
}

static void
print_selectors(struct world *w, X509 *x, struct printed *p)
{
	const char *why = "";

	*p = (struct printed){.n = 0};
	assert_int_equal(ca_map_selectors(w->crypto, x, keep, p, &why), CA_OK);
	assert_null(why);
}

static void
forget(struct printed *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->text[i]);
}

static unsigned
number(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void
random_names(void **state)
{
	struct world *w = *state;
	unsigned runs = number("CERTAUTH_PROPERTY_RUNS", 300);
	unsigned stars = 0;

	rnd = number("CERTAUTH_PROPERTY_SEED", (unsigned)time(NULL));
	print_message("seed %u\n", rnd);
	for (unsigned i = 0; i < (runs < 2000 ? runs : 2000); i++) {
		struct made m;
		struct values v;
		struct printed p;

		random_made(&m, &v);
		X509 *x = make_cert(&m);
		without_stars(&v);
		X509 *y = make_cert(&m);
		print_selectors(w, x, &p);
		/* sha256, key, issuer-serial, ski; subject, issuer-subject,
		 * email, upn, cn, uid, dns, uri */
		assert_int_equal(p.n, 12);
		assert_int_equal(p.names, 8);
		for (size_t k = 0; k < p.n; k++) {
			if (!alice(w, x, p.text[k]))
				fail_msg("does not map: %s", p.text[k]);
			if (strchr(p.text[k], '*') == NULL)
				continue;
			stars++;
			if (alice(w, y, p.text[k]))
				fail_msg("maps another one: %s", p.text[k]);
		}
		forget(&p);
		X509_free(x);
		X509_free(y);
	}
	assert_true(stars > runs / 4);
}

/* ---- cases ---- */

static void
printed_as(struct world *w, const struct made *m, const char *want)
{
	X509 *x = make_cert(m);
	struct printed p;
	bool found = false;

	print_selectors(w, x, &p);
	for (size_t i = 0; i < p.n; i++)
		found = found || strcmp(p.text[i], want) == 0;
	if (!found)
		fail_msg("not printed: %s", want);
	forget(&p);
	X509_free(x);
}

static void
cases(void **state)
{
	struct world *w = *state;
	struct made m = {.subject = {UTF8("CN", "CORP\\alice*"), {0}},
	    .issuer = {UTF8("CN", "A \"B\""), {0}},
	    .serial = "00a1",
	    .san = {{GEN_EMAIL, NULL, 0, "Al*ce@CORP.example", -1}}};

	printed_as(w, &m, "cn:CORP\\\\alice\\*");
	printed_as(w, &m, "subject:CN=CORP\\\\alice*");
	printed_as(w, &m, "email:Al\\*ce@corp.example");
	printed_as(w, &m, "issuer-serial:\"CN=A \\\"B\\\";a1\"");
	m.subject[0] = (struct attr)UTF8("CN", "a \"b\"#\\");
	printed_as(w, &m, "cn:\"a \\\"b\\\"#\\\\\"");
}

/* emailAddress of the subject is not compared beside an rfc822Name, and what no
 * line can have is not printed. */
static void
what_cannot_map(void **state)
{
	struct world *w = *state;
	struct made m = {.subject = {UTF8("CN", "a\nb"),
			     UTF8("emailAddress", "old@x.y"), {0}},
	    .issuer = {UTF8("CN", "CA"), {0}},
	    .san = {{GEN_EMAIL, NULL, 0, "new@x.y", -1}}};
	X509 *x = make_cert(&m);
	struct printed p;
	const char *why = NULL;

	print_selectors(w, x, &p);
	for (size_t i = 0; i < p.n; i++) {
		assert_null(strstr(p.text[i], "email:old"));
		assert_int_not_equal(strncmp(p.text[i], "cn:", 3), 0);
		assert_true(alice(w, x, p.text[i]));
	}
	forget(&p);
	X509_free(x);
	m.subject[0] = (struct attr){"CN", V_ASN1_UTF8STRING, "a\0b", 3, 0};
	x = make_cert(&m);
	p = (struct printed){.n = 0};
	assert_int_equal(
	    ca_map_selectors(w->crypto, x, keep, &p, &why), CA_ERR_FORMAT);
	assert_int_equal(p.n, 0);
	assert_string_equal(
	    why, "the subject cannot be decoded, or holds a NUL");
	X509_free(x);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(random_names),
	    T(cases),
	    T(what_cannot_map),
	};

	return cmocka_run_group_tests_name("map_selectors", tests, NULL, NULL);
}
