/*
 * Name constraints against an oracle: random names under random constraints are
 * accepted exactly where the grammars of the RFCs, written here as regular
 * expressions, and a comparison label by label accept them.
 *
 * CERTAUTH_PROPERTY_RUNS: how many paths (default 4,000);
 * CERTAUTH_PROPERTY_SEED: the seed, which is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <cmocka.h>
#include <regex.h>
#include "ncmake.h"

/* ---- the grammars ---- */

/* RFC 1034 section 3.5 as RFC 1123 section 2.1 has it, and underscores */
#define LABEL "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
#define DOMAIN LABEL "(\\." LABEL ")*"
/* RFC 5322 section 3.2.3 */
#define ATOM "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
#define DOT_ATOM ATOM "(\\." ATOM ")*"
/* RFC 3986 appendix A */
#define UNRESERVED "A-Za-z0-9._~-"
#define SUB_DELIMS "!$&'()*+,;="
#define PCT "%[0-9A-Fa-f]{2}"
#define PCHAR "([A-Za-z0-9._~" SUB_DELIMS ":@-]|" PCT ")"
#define QUERY "([A-Za-z0-9._~" SUB_DELIMS ":@/?-]|" PCT ")*"
/* without pct-encoded, which no authority may have here */
#define USERINFO "[A-Za-z0-9._~" SUB_DELIMS ":-]*"
#define REG_NAME "[A-Za-z0-9._~" SUB_DELIMS "-]*"

enum grammar { G_DOMAIN, G_DNS, G_MAILBOX, G_URI, G_NUMBER_LAST, GRAMMARS };

static regex_t grammar[GRAMMARS];

static const char *const source[GRAMMARS] = {
    [G_DOMAIN] = "^" DOMAIN "$",
    [G_DNS] = "^(\\*\\.)?" DOMAIN "$",
    [G_MAILBOX] = "^" DOT_ATOM "@" DOMAIN "$",
    /* 3: the host */
    [G_URI] = "^[A-Za-z][A-Za-z0-9+.-]*://"
	      "((" USERINFO ")@)?(" REG_NAME ")(:[0-9]*)?"
	      "(/" PCHAR "*)*(\\?" QUERY ")?(#" QUERY ")?$",
    [G_NUMBER_LAST] = "(^|\\.)[0-9]+$",
};

static bool
is(enum grammar g, const char *text)
{
	return regexec(&grammar[g], text, 0, NULL, 0) == 0;
}

/* ---- hosts as lists of labels ---- */

#define LABELS 12

struct host {
	char label[LABELS][64]; /* the last one first */
	size_t n;
};

static void
split(struct host *h, const char *text)
{
	size_t end = strlen(text);

	for (h->n = 0; h->n < LABELS; h->n++) {
		size_t begin = end;

		while (begin > 0 && text[begin - 1] != '.')
			begin--;
		(void)snprintf(h->label[h->n], 64, "%.*s", (int)(end - begin),
		    text + begin);
		if (begin == 0)
			break;
		end = begin - 1;
	}
	h->n++;
}

/* Do both have the same first n labels? */
static bool
common(const struct host *a, const struct host *b, size_t n)
{
	if (a->n < n || b->n < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(a->label[i], b->label[i]) != 0)
			return false;
	return true;
}

/* ---- what one value means ---- */

enum kind { NONSENSE, EVERYTHING, AT, UNDER, AT_OR_UNDER, ADDRESS, STAR };

struct meaning {
	enum kind kind;
	char local[64];
	struct host host;
	bool loose;
};

static void
host_of(struct meaning *m, enum kind kind, const char *text)
{
	m->kind = is(G_DOMAIN, text) ? kind : NONSENSE;
	m->loose = m->loose || strchr(text, '_') != NULL;
	if (m->kind != NONSENSE)
		split(&m->host, text);
}

static void
address_of(struct meaning *m, const char *text)
{
	const char *at = strrchr(text, '@');

	if (!is(G_MAILBOX, text))
		return;
	(void)snprintf(
	    m->local, sizeof m->local, "%.*s", (int)(at - text), text);
	host_of(m, ADDRESS, at + 1);
}

static void
uri_of(struct meaning *m, const char *text)
{
	regmatch_t part[4];
	char host[256];

	if (regexec(&grammar[G_URI], text, 4, part, 0) != 0)
		return;
	(void)snprintf(host, sizeof host, "%.*s",
	    (int)(part[3].rm_eo - part[3].rm_so), text + part[3].rm_so);
	if (strchr(host, '.') != NULL && !is(G_NUMBER_LAST, host))
		host_of(m, AT, host);
}

static struct meaning
mean_name(int type, const char *text)
{
	struct meaning m = {.kind = NONSENSE};

	if (type == GEN_URI)
		uri_of(&m, text);
	else if (type != GEN_DNS)
		address_of(&m, text);
	else if (is(G_DNS, text))
		host_of(&m, text[0] == '*' ? STAR : AT,
		    text[0] == '*' ? text + 2 : text);
	return m;
}

static struct meaning
mean_base(int type, const char *text, bool excluded)
{
	struct meaning m = {.kind = NONSENSE};

	if (*text == '\0')
		m.kind = EVERYTHING;
	else if (type == GEN_DNS && *text == '.') {
		m.loose = true;
		host_of(&m, excluded ? AT_OR_UNDER : UNDER, text + 1);
	} else if (type == GEN_DNS)
		host_of(&m, AT_OR_UNDER, text);
	else if (type == GEN_URI && is(G_NUMBER_LAST, text))
		;
	else if (*text == '.')
		host_of(&m, UNDER, text + 1);
	else if (type == GEN_EMAIL && *text == '@') {
		m.loose = true;
		host_of(&m, AT, text + 1);
	} else if (type == GEN_EMAIL && strchr(text, '@') != NULL)
		address_of(&m, text);
	else
		host_of(&m, AT, text);
	return m;
}

/* Does base cover this one host (or mailbox)? */
static bool
covers_one(const struct meaning *base, const struct meaning *name)
{
	const struct host *b = &base->host, *n = &name->host;

	switch (base->kind) {
	case EVERYTHING:
		return true;
	case AT:
		return n->n == b->n && common(b, n, b->n);
	case UNDER:
		return n->n > b->n && common(b, n, b->n);
	case AT_OR_UNDER:
		return n->n >= b->n && common(b, n, b->n);
	case ADDRESS:
		return n->n == b->n && common(b, n, b->n) &&
		       strcmp(base->local, name->local) == 0;
	default:
		return false;
	}
}

/*
 * A wildcard stands for its domain with one label more; of all those, two
 * matter: one that no base has, and the one that base has in that place.
 */
static bool
covers(const struct meaning *base, const struct meaning *name, bool any)
{
	struct meaning fresh = *name, same = *name;
	size_t n = name->host.n;

	if (name->kind != STAR)
		return covers_one(base, name);
	fresh.host.n = same.host.n = n + 1;
	(void)strcpy(fresh.host.label[n], "unheard-of");
	if (covers_one(base, &fresh))
		return true;
	if (!any || base->host.n <= n)
		return false;
	(void)strcpy(same.host.label[n], base->host.label[n]);
	return covers_one(base, &same);
}

/* ---- random text ---- */

static uint64_t state;

static unsigned
roll(unsigned n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % n;
}

#define PICK(v) ((v)[roll(sizeof(v) / sizeof(v)[0])])

static void
add_host(char *out)
{
	static const char *const labels[] = {
	    "a", "a", "A", "b", "b", "B", "c-d", "1", "xn--p1ai", "e_f"};
	unsigned n = 1 + roll(3);

	for (unsigned i = 0; i < n; i++) {
		strcat(out, PICK(labels));
		strcat(out, ".");
	}
	strcat(out, roll(8) == 0 ? PICK(labels) : roll(2) ? "com" : "org");
}

static void
add_local(char *out)
{
	static const char *const locals[] = {
	    "x", "x", "X", "y.z", "*", "a+b", "\"x\"", "x(c)", "x@y", ""};

	strcat(out, locals[roll(4) != 0 ? roll(4) : roll(10)]);
}

static void
add_uri(char *out)
{
	static const char *const begins[] = {"https://", "https://", "ldap://",
	    "spiffe://", "a+b.c-1://", "urn:", "https:/", "//", ""};
	static const char *const users[] = {"u@", "u:p@", "a.com@",
	    "a.com:443@", "u%40@", "u@v@", "a.com/@", "a.com?@", "a.com#@",
	    "a.com\\@", ":@"};
	static const char *const hosts[] = {
	    "1.2.3.4", "[::1]", "localhost", "a%2ecom", "1.2", "", "256.1.1.1"};
	static const char *const ends[] = {"/", "/p/q", "?q=/?", "#f/?", "/%41",
	    "/%4", ":443/p", ":/", ":", ":x/", "/a b", "/[x]", "/#a#b", "//x@y",
	    "@", ":1@b.org", "."};

	strcat(out, begins[roll(5) != 0 ? roll(5) : roll(9)]);
	if (roll(3) == 0)
		strcat(out, PICK(users));
	if (roll(8) == 0)
		strcat(out, PICK(hosts));
	else
		add_host(out);
	if (roll(2) == 0)
		strcat(out, PICK(ends));
}

/* Change, add or remove a character. */
static void
mutate(char *text)
{
	static const char any[] = "ab.-_@*%: /[]\"()\\1~#?,\x7f";
	size_t n = strlen(text), at = roll((unsigned)n + 1);
	char c = any[roll(sizeof any - 1)];

	switch (roll(3)) {
	case 0:
		memmove(text + at + 1, text + at, n - at + 1);
		text[at] = c;
		break;
	case 1:
		if (at < n)
			text[at] = c;
		break;
	default:
		if (at < n)
			memmove(text + at, text + at + 1, n - at);
	}
}

static void
make_name(int type, char *out)
{
	*out = '\0';
	if (type == GEN_URI)
		add_uri(out);
	else if (type != GEN_DNS) {
		add_local(out);
		strcat(out, "@");
		add_host(out);
	} else {
		strcat(out, roll(4) == 0 ? "*." : "");
		add_host(out);
	}
	if (roll(6) == 0)
		mutate(out);
}

static void
make_base(int type, char *out)
{
	*out = '\0';
	if (roll(12) == 0)
		return;
	switch (roll(type == GEN_EMAIL ? 6 : 3)) {
	case 1:
		strcat(out, ".");
		break;
	case 3:
	case 4:
		add_local(out);
		/* fall through */
	case 5:
		strcat(out, "@");
		break;
	default:
		break;
	}
	if (roll(3) == 0)
		strcat(out, roll(2) == 0 ? "com" : "org");
	else
		add_host(out);
	if (roll(10) == 0)
		mutate(out);
	/* strcat'ed into a list of one */
	if (roll(40) == 0)
		(void)strcpy(out, roll(2) ? "." : " ");
}

/* ---- one path ---- */

#define MAX 4

struct set {
	struct nc_value v[MAX];
	char text[MAX][512];
	size_t n;
};

static const int types[] = {GEN_DNS, GEN_EMAIL, GEN_URI};

static void
make_trees(struct set *s)
{
	s->n = roll(MAX);
	for (size_t i = 0; i < s->n; i++) {
		s->v[i].type = PICK(types);
		s->v[i].excluded = roll(3) == 0;
		make_base(s->v[i].type, s->text[i]);
		s->v[i].text = s->text[i];
		s->v[i].len = 0;
	}
}

static void
make_names(struct set *s)
{
	s->n = 1 + roll(2);
	for (size_t i = 0; i < s->n; i++) {
		int type = PICK(types);

		make_name(type, s->text[i]);
		if (type == GEN_EMAIL && roll(3) == 0)
			type = roll(2) == 0 ? NC_UTF8MAIL : NC_SUBJECT_MAIL;
		/* an empty entry would be left out */
		if (type == NC_SUBJECT_MAIL && s->text[i][0] == '\0')
			type = GEN_EMAIL;
		s->v[i].type = type;
		s->v[i].excluded = false;
		s->v[i].text = s->text[i];
		s->v[i].len = 0;
	}
}

/* What one set of constraints says of one name; *loose: in no form of the
 * RFC's. */
static bool
oracle(const struct set *trees, const struct nc_value *name, bool *loose,
    bool anchor)
{
	int type = name->type == GEN_DNS || name->type == GEN_URI ? name->type
								  : GEN_EMAIL;
	struct meaning n = mean_name(type, name->text);
	bool permitted = true, within = false;

	for (size_t i = 0; i < trees->n; i++) {
		const struct nc_value *t = &trees->v[i];
		struct meaning b;

		if (t->type != type)
			continue;
		b = mean_base(type, t->text, t->excluded);
		if (n.kind == NONSENSE || b.kind == NONSENSE)
			return false;
		/* the form of an anchor's own constraints does not matter */
		*loose = *loose || n.loose || (b.loose && !anchor);
		if (t->excluded) {
			if (covers(&b, &n, true))
				return false;
			continue;
		}
		permitted = false;
		within = within || covers(&b, &n, false);
	}
	return permitted || within;
}

static void
say(const char *what, const struct set *s)
{
	for (size_t i = 0; i < s->n; i++)
		print_error("  %s %d%s \"%s\"\n", what, s->v[i].type,
		    s->v[i].excluded ? " excluded" : "", s->v[i].text);
}

static unsigned accepted, refused, strict_only;

static void
one_path(void)
{
	X509 *leaf = nc_cert("CN=leaf", "CN=Sub"),
	     *sub = nc_cert("CN=Sub", "CN=Root"),
	     *root = nc_cert("CN=Root", "CN=Root");
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct set high, low, names;
	bool good = true, loose = false;

	make_trees(&high);
	make_trees(&low);
	make_names(&names);
	nc_put_trees(root, high.v, high.n);
	nc_put_trees(sub, low.v, low.n);
	nc_put_names(leaf, names.v, names.n);
	sk_X509_push(chain, leaf);
	sk_X509_push(chain, sub);
	sk_X509_push(chain, root);
	for (size_t i = 0; i < names.n; i++)
		good = oracle(&high, &names.v[i], &loose, true) &&
		       oracle(&low, &names.v[i], &loose, false) && good;
	enum ca_reason basic = nc_judge(chain, CA_PROFILE_BASIC);
	enum ca_reason strict = nc_judge(chain, CA_PROFILE_STRICT);
	if (basic != (good ? CA_R_OK : CA_R_CHAIN_NAMES) ||
	    (strict == CA_R_OK) != (good && !loose)) {
		say("root", &high);
		say("sub", &low);
		say("name", &names);
		fail_msg("oracle %s%s; basic %s, strict %s (%s)",
		    good ? "accepts" : "refuses", loose ? ", loose" : "",
		    ca_reason_code(basic), ca_reason_code(strict), nc_detail);
	}
	accepted += good;
	refused += !good;
	strict_only += good && loose;
	sk_X509_pop_free(chain, X509_free);
}

static unsigned long
number(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoul(text, NULL, 10) : otherwise;
}

static void
agrees(void **unused)
{
	unsigned long n = number("CERTAUTH_PROPERTY_RUNS", 4000);
	unsigned long seed =
	    number("CERTAUTH_PROPERTY_SEED", (unsigned long)time(NULL));

	(void)unused;
	print_message("# seed %lu, %lu paths\n", seed, n);
	state = seed;
	for (unsigned long i = 0; i < n; i++)
		one_path();
	print_message("# %u accepted, %u of them not by strict, %u refused\n",
	    accepted, strict_only, refused);
	/* both results must occur, or the test compared only one */
	assert_true(accepted > n / 10);
	assert_true(refused > n / 10);
	assert_true(strict_only > n / 100);
}

static int
start(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < GRAMMARS; i++)
		if (regcomp(&grammar[i], source[i], REG_EXTENDED) != 0)
			return -1;
	return 0;
}

static int
finish(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < GRAMMARS; i++)
		regfree(&grammar[i]);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(agrees),
	};

	return cmocka_run_group_tests_name("names", tests, start, finish);
}
