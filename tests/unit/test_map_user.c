/* The user whom PAM names, the login of a line, and the name of the account: names
 * that a name service spells otherwise, names with a domain, names that no line
 * can have; and what the log says if a line matches but for an option. */
#include "mapcert.h"

#include <errno.h>
#include <openssl/pem.h>
#include <pwd.h>

#include "map/account.h"
#include "map/rule.h"

#define RUNS 1000

/* ---- the name service ---- */

struct fake {
	const char *asked, *name; /* name NULL: no entry */
	uid_t uid;
	int rc;
};

static const struct fake *fakes; /* ends with asked NULL */
static size_t asked;             /* how often */

__attribute__((visibility("hidden"))) int
getpwnam_r(const char *name, struct passwd *pw, char *p, size_t size,
    struct passwd **out)
{
	*out = NULL;
	asked++;
	for (const struct fake *f = fakes; f != NULL && f->asked != NULL; f++) {
		if (strcmp(f->asked, name) != 0)
			continue;
		if (f->name == NULL)
			return f->rc;
		snprintf(p, size, "%s", f->name);
		static char home[] = "/nonexistent";
		*pw = (struct passwd){
		    .pw_name = p, .pw_dir = home, .pw_uid = f->uid};
		*out = pw;
		return 0;
	}
	return 0;
}

static uint64_t seed = 88172645463325252U;

static unsigned
below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 11) % n;
}

static X509 *
upn(const char *name)
{
	struct made m = {.subject = {UTF8("CN", "x"), {0}},
	    .issuer = {UTF8("CN", "CA"), {0}}};

	m.san[0] = (struct san){GEN_OTHERNAME, "1.3.6.1.4.1.311.20.2.3",
	    V_ASN1_UTF8STRING, name, (int)strlen(name)};
	return make_cert(&m);
}

static X509 *
email(const char *name)
{
	struct made m = {.subject = {UTF8("CN", "x"), {0}},
	    .issuer = {UTF8("CN", "CA"), {0}}};

	m.san[0] = (struct san){
	    GEN_EMAIL, NULL, V_ASN1_IA5STRING, name, (int)strlen(name)};
	return make_cert(&m);
}

static void
expect(struct world *w, X509 *x, const char *lines, enum ca_reason want,
    const char *text)
{
	enum ca_reason got = decide(w, x, lines);

	if (got != want || strstr(w->detail, text) == NULL)
		fail_msg("%s for %s: %s, not %s with \"%s\"\n%s%s",
		    lines != NULL ? lines : "", w->user != NULL ? w->user : "-",
		    ca_reason_code(got), ca_reason_code(want), text, w->detail,
		    w->logged);
}

/* ---- another spelling ---- */

static void
another_spelling(void **state)
{
	struct world *w = *state;
	static const struct fake list[] = {{"Alice", "alice", 5000, 0},
	    {"CORP\\alice", "alice", 5000, 0}, {"alice", "alice", 5000, 0},
	    {"alice@corp.example", "alice", 5000, 0}, {"Bob", "bob", 5001, 0},
	    {"bob", "bob", 5001, 0}, {"carol", "carol@corp.example", 5002, 0},
	    {"carol@corp.example", "carol@corp.example", 5002, 0}, {0}};
	X509 *x = upn("alice@corp.example"), *c = upn("carol@corp.example");
	static const char *const names[] = {
	    "Alice", "CORP\\alice", "alice@corp.example"};

	fakes = list;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		w->user = names[i];
		expect(w, x, "alice upn:alice@corp.example\n", CA_R_OK,
		    "(the account alice)");
		/* the application goes on with the name that it has */
		assert_string_equal(w->login, names[i]);
		expect(w, x, "* upn:*@corp.example\n", CA_R_OK, "alice");
		/* nobody else's line */
		expect(w, x, "bob upn:alice@corp.example\n", CA_R_OTHER_USER,
		    "it maps to bob");
		expect(w, x, "ALICE upn:alice@corp.example\n", CA_R_OTHER_USER,
		    "it maps to ALICE");
	}
	/* nor for a name that the service knows as another's */
	w->user = "Bob";
	expect(w, x, "alice upn:alice@corp.example\n", CA_R_OTHER_USER, "");
	expect(w, x, "* upn:*@corp.example\n", CA_R_OTHER_USER, "");
	w->user = "dave";
	expect(w, x, "alice upn:alice@corp.example\n", CA_R_OTHER_USER, "");
	/* the domain is in the account's name */
	w->user = "carol";
	expect(w, c, "* upn:*@corp.example keep-domain\n", CA_R_OK,
	    "(the account carol@corp.example)");
	assert_string_equal(w->login, "carol");
	/* a name as the line has it needs no account, and asks nobody */
	asked = 0;
	w->user = "Alice";
	expect(w, x, "Alice upn:alice@corp.example\n", CA_R_OK, "");
	assert_int_equal(asked, 0);
	/* one question for each name, however many lines there are */
	expect(w, x,
	    "b upn:alice@corp.example\nc upn:alice@corp.example\n"
	    "d upn:alice@corp.example\n",
	    CA_R_OTHER_USER, "");
	assert_int_equal(asked, 2);
	fakes = NULL;
	X509_free(x);
	X509_free(c);
}

/* A local account and one of a domain have the same pw_name, and are two. */
static void
same_name_other_account(void **state)
{
	struct world *w = *state;
	static const struct fake list[] = {{"alice", "alice", 1000, 0},
	    {"alice@corp.example", "alice", 500000, 0},
	    {"CORP\\bob", "bob", 500001, 0}, {0}};
	X509 *x = upn("alice@corp.example");

	fakes = list;
	w->user = "alice@corp.example";
	expect(w, x, "alice upn:alice@corp.example\n", CA_R_OTHER_USER, "");
	expect(
	    w, x, "alice@corp.example upn:alice@corp.example\n", CA_R_OK, "");
	/* nobody is known by the name that the service gives */
	w->user = "CORP\\bob";
	expect(w, x, "bob upn:alice@corp.example\n", CA_R_OTHER_USER, "");
	fakes = NULL;
	X509_free(x);
}

/* Without an answer, only the name itself is the user. */
static void
no_answer(void **state)
{
	struct world *w = *state;
	static const struct fake list[] = {
	    {"Alice", NULL, 0, EIO}, {"alice", "alice", 5000, 0}, {0}};
	X509 *x = upn("alice@corp.example");

	fakes = list;
	w->user = "Alice";
	expect(w, x, "alice upn:alice@corp.example\n", CA_R_OTHER_USER, "");
	assert_non_null(
	    strstr(w->logged, "cannot look up the account Alice: "));
	expect(w, x,
	    "alice upn:alice@corp.example\nAlice upn:alice@corp.example\n",
	    CA_R_OK, "");
	fakes = NULL;
	X509_free(x);
}

/* Of users_dir, the account's directory is used too. */
static void
registered_spelling(void **state)
{
	struct world *w = *state;
	static const struct fake list[] = {{"Alice", "alice", 5000, 0},
	    {"Eve", "../alice", 5000, 0}, {"alice", "alice", 5000, 0},
	    {"Bob", "bob", 5001, 0}, {0}};
	X509 *x = upn("alice@corp.example");
	char path[600];
	FILE *f;

	put_file(w, "users", "");
	snprintf(path, sizeof path, "%s/users.d", w->dir);
	assert_int_equal(mkdir(path, 0755), 0);
	/* the second must not be reached */
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/%s", w->dir,
		    i == 0 ? "users.d/alice" : "alice");
		assert_int_equal(mkdir(path, 0755), 0);
		strcat(path, "/1.pem");
		assert_non_null(f = fopen(path, "w"));
		PEM_write_X509(f, x);
		fclose(f);
	}
	fakes = list;
	w->user = "Alice";
	expect(w, x, NULL, CA_R_OK, "users.d/alice/1.pem");
	w->user = "Bob";
	expect(w, x, NULL, CA_R_UNMAPPED, "");
	w->user = "Eve";
	expect(w, x, NULL, CA_R_UNMAPPED, "");
	assert_null(strstr(w->logged, "alice"));
	fakes = NULL;
	X509_free(x);
}

static const struct fake *
find_fake(const struct fake *list, const char *name)
{
	while (list->asked != NULL && strcmp(list->asked, name) != 0)
		list++;
	return list->asked != NULL && list->name != NULL ? list : NULL;
}

/* Random names and name services, and an oracle: the certificate of a login is for
 * that name itself, and for the account that the name service takes for this
 * login, if it is the account of its own name. */
static void
random_spellings(void **state)
{
	struct world *w = *state;
	static const char *const names[] = {
	    "alice", "Alice", "ALICE", "alice@corp", "bob", "Bob", "root"};
	const unsigned n = sizeof names / sizeof names[0];

	for (int run = 0; run < RUNS; run++) {
		struct fake list[8] = {{0}};
		const char *user = names[below(n)], *line = names[below(n)];
		char text[256];
		X509 *x = upn("x@corp.example");

		for (unsigned i = 0; i < n; i++) {
			unsigned k = below(n + 1);

			list[i] = (struct fake){names[i],
			    k == n          ? NULL
			    : below(2) == 0 ? names[i]
					    : names[k],
			    below(2) == 0 ? 5000 : 5001,
			    below(2) == 0 ? 0 : EIO};
		}
		const struct fake *f = find_fake(list, user), *own = NULL;
		if (f != NULL)
			own = find_fake(list, f->name);
		bool same = own != NULL && strcmp(own->name, f->name) == 0 &&
			    own->uid == f->uid;
		fakes = list;
		w->user = user;
		snprintf(text, sizeof text, "%s upn:x@corp.example\n", line);
		bool want = strcmp(line, user) == 0 ||
			    (same && strcmp(line, f->name) == 0);
		expect(w, x, text, want ? CA_R_OK : CA_R_OTHER_USER, "");
		X509_free(x);
	}
	fakes = NULL;
}

/* ---- keep-domain ---- */

static void
form_of_keep_domain(void **state)
{
	static const struct {
		const char *line;
		bool good;
	} t[] = {
	    {"* upn:*@corp.example keep-domain", true},
	    {"* upn:*@corp.example keep-domain issuer=CN=CA", true},
	    {"* email:*@Corp.Example keep-domain ignorecase", true},
	    {"* krb:*@CORP.EXAMPLE keep-domain", true},
	    {"* uid:*@c keep-domain", true},
	    {"* upn:*@corp.example keep-domain keep-domain", false},
	    {"* upn:*@corp.example keep-domain=yes", false},
	    {"alice upn:alice@corp.example keep-domain", false},
	    {"* upn:a*@corp.example keep-domain", false},
	    {"* upn:*x@corp.example keep-domain", false},
	    {"* upn:alice@* keep-domain", false},
	    {"* upn:@*corp.example keep-domain", false},
	    {"* upn:*@ keep-domain", false},
	    {"* upn:*@.corp keep-domain", false},
	    {"* upn:*@-corp keep-domain", false},
	    {"* upn:*@corp@corp keep-domain", false},
	    {"* upn:*@co/rp keep-domain", false},
	    {"* \"upn:*@co rp\" keep-domain", false},
	    {"* upn:*@c\xc3\xb6rp keep-domain", false},
	    {"* cn:*Staff keep-domain", false},
	    {"alice sha256:00 keep-domain", false},
	};
	struct ca_rule *r = malloc(sizeof *r);

	(void)state;
	ca_rule_init(r);
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		enum ca_err rc = ca_rule_parse(r, t[i].line, strlen(t[i].line));

		if (rc != (t[i].good ? CA_OK : CA_ERR_FORMAT) ||
		    (t[i].good && !r->keep_domain))
			fail_msg("%s: %d %s", t[i].line, (int)rc, r->why);
	}
	assert_int_equal(ca_rule_parse(r, "* upn:*@a", 9), CA_OK);
	assert_false(r->keep_domain); /* of the line before */
	ca_rule_free(r);
	free(r);
}

static void
logins_with_a_domain(void **state)
{
	struct world *w = *state;
	static const char line[] = "* upn:*@corp.example keep-domain\n";
	static const struct fake list[] = {
	    {"alice@corp.example", "alice@corp.example", 5000, 0},
	    {"root@corp.example", "root@corp.example", 5000, 0},
	    {"daemon@corp.example", "daemon@corp.example", 2, 0},
	    {"zero@corp.example", "zero@corp.example", 0, 0},
	    {"nobody@corp.example", "nobody@corp.example", 65534, 0},
	    {"1000@corp.example", "1000@corp.example", 5000, 0},
	    {"short@corp.example", "short", 5000, 0},
	    {"alice", "alice", 5001, 0}, {0}};
	static const struct {
		const char *upn, *user;
		enum ca_reason reason;
		const char *text;
	} t[] = {
	    {"alice@corp.example", "alice@corp.example", CA_R_OK, ""},
	    {"alice@corp.example", NULL, CA_R_OK, ""},
	    {"ALICE@CORP.EXAMPLE", "alice@corp.example", CA_R_OK, ""},
	    /* an account of another domain, or of none */
	    {"alice@corp.example", "alice", CA_R_OTHER_USER, ""},
	    {"alice@corp.example", "alice@other.example", CA_R_OTHER_USER, ""},
	    {"alice@other.example", "alice@corp.example", CA_R_UNMAPPED, ""},
	    {"a@b@corp.example", "a@b@corp.example", CA_R_LOGIN_INVALID,
		"A-Z a-z 0-9"},
	    {"root@corp.example", "root@corp.example", CA_R_LOGIN_INVALID,
		"never gives root"},
	    {"daemon@corp.example", NULL, CA_R_LOGIN_INVALID, "below min_uid"},
	    {"zero@corp.example", NULL, CA_R_LOGIN_INVALID, "below min_uid"},
	    {"nobody@corp.example", NULL, CA_R_LOGIN_INVALID, "reserved"},
	    {"1000@corp.example", NULL, CA_R_LOGIN_INVALID, "only digits"},
	    {"absent@corp.example", NULL, CA_R_LOGIN_INVALID,
		"is not an account"},
	    {"short@corp.example", NULL, CA_R_LOGIN_INVALID,
		"another spelling"},
	};
	char path[600];

	fakes = list;
	snprintf(path, sizeof path, "%s/users", w->dir);
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		X509 *x = upn(t[i].upn);

		w->user = t[i].user;
		expect(w, x, line, t[i].reason, t[i].text);
		if (t[i].reason == CA_R_OK)
			assert_string_equal(w->login, "alice@corp.example");
		if (t[i].reason == CA_R_LOGIN_INVALID)
			assert_non_null(strstr(w->detail, "users:1 upn:*@"));
		/* the same with the index */
		assert_int_equal(
		    ca_map_compile(w->crypto, path, &w->log, NULL), CA_OK);
		expect(w, x, NULL, t[i].reason, t[i].text);
		assert_null(strstr(w->logged, "in full"));
		X509_free(x);
	}
	/* with and without: two logins */
	X509 *x = upn("alice@corp.example");
	w->user = NULL;
	expect(w, x, "* upn:*@corp.example keep-domain\n* upn:*@corp.example\n",
	    CA_R_AMBIGUOUS, "alice");
	X509_free(x);
	fakes = NULL;
}

/* Random addresses: the login is the address of the certificate if it is a plain
 * name at the domain of the line, and nothing else. */
static void
random_domains(void **state)
{
	struct world *w = *state;
	static const char *const locals[] = {"alice", "al.ice", "7of9", "42",
	    "root", "-x", ".x", "a@b", "a b", "a/b", ""};
	static const char *const domains[] = {"corp.example", "evil.example",
	    "corp.example.evil", "xcorp.example", "corp", "a.corp.example"};

	for (int run = 0; run < RUNS; run++) {
		const char *local = locals[below(11)];
		const char *domain = domains[below(6)];
		const char *mine = domains[below(6)];
		char address[128], line[128];

		snprintf(address, sizeof address, "%s@%s", local, domain);
		snprintf(line, sizeof line, "* email:*@%s keep-domain\n", mine);
		struct fake list[] = {{address, address, 5000, 0}, {0}};
		X509 *x = email(address);
		bool plain = ca_login_underivable(local, strlen(local)) == NULL;

		fakes = list;
		w->user = below(2) == 0 ? address : NULL;
		enum ca_reason got = decide(w, x, line);
		if (strcmp(domain, mine) == 0 && plain &&
		    strcmp(local, "root") != 0) {
			assert_int_equal(got, CA_R_OK);
			assert_string_equal(w->login, address);
		} else if (got != CA_R_UNMAPPED && got != CA_R_LOGIN_INVALID &&
			   got != CA_R_NAME_MALFORMED) {
			fail_msg(
			    "%s by %s: %s", address, line, ca_reason_code(got));
		}
		X509_free(x);
	}
	fakes = NULL;
}

/* ---- what the log says ---- */

static void
options_are_named(void **state)
{
	struct world *w = *state;
	static const struct fake list[] = {{"alice", "alice", 5000, 0}, {0}};
	X509 *x = upn("alice@corp.example");

	fakes = list;
	w->user = "alice";
	w->service = "sshd";
	w->rhost = "192.0.2.7";
	expect(w, x, "# x\nalice upn:alice@corp.example until=2026-01-31\n",
	    CA_R_UNMAPPED,
	    "users:2 upn:alice@corp.example: the date of until= has passed "
	    "(2026-01-31T23:59:59Z)");
	expect(w, x, "* upn:*@corp.example until=2026-01-31T10:00:00Z\n",
	    CA_R_UNMAPPED, "users:1 upn:*@corp.example: the date of until=");
	expect(w, x, "alice upn:alice@corp.example from=10.0.0.0/8\n",
	    CA_R_UNMAPPED, "users:1 upn:alice@corp.example: the remote host");
	expect(w, x, "alice upn:alice@corp.example service=su\n", CA_R_UNMAPPED,
	    "users:1 upn:alice@corp.example: the service is");
	expect(w, x, "alice upn:alice@corp.example issuer=CN=Other\n",
	    CA_R_UNMAPPED, "users:1 upn:alice@corp.example: the issuer");
	/* the first of several, and behind another user's */
	expect(w, x,
	    "alice upn:alice@corp.example service=su\n"
	    "alice upn:alice@corp.example until=2026-01-31\n",
	    CA_R_UNMAPPED, "users:1 ");
	expect(w, x,
	    "bob upn:alice@corp.example\n"
	    "alice upn:alice@corp.example until=2026-01-31\n",
	    CA_R_OTHER_USER, "it maps to bob; ");
	/* not a line of another user, nor one for another certificate */
	expect(w, x, "bob upn:alice@corp.example until=2026-01-31\n",
	    CA_R_UNMAPPED, "");
	assert_null(strstr(w->detail, "users:"));
	expect(w, x, "alice upn:other@corp.example until=2026-01-31\n",
	    CA_R_UNMAPPED, "");
	assert_null(strstr(w->detail, "users:"));
	/* if PAM names nobody, any line may have been meant */
	w->user = NULL;
	expect(w, x, "bob upn:alice@corp.example until=2026-01-31\n",
	    CA_R_UNMAPPED, "users:1 ");
	/* another line grants */
	w->user = "alice";
	expect(w, x,
	    "alice upn:alice@corp.example until=2026-01-31\n"
	    "alice upn:alice@corp.example\n",
	    CA_R_OK, "");
	fakes = NULL;
	X509_free(x);
}

/* Random lines: the first that matches but for an option is named, if no line of
 * the user grants. */
static void
random_options(void **state)
{
	struct world *w = *state;
	static const char *const logins[] = {"alice", "bob"};
	static const char *const values[] = {
	    "upn:alice@corp.example", "upn:other@corp.example"};
	static const char *const options[] = {"", "until=2026-01-31",
	    "from=10.0.0.0/8", "service=su", "issuer=CN=Other",
	    "until=2099-01-01 from=192.0.2.0/24 service=sshd"};
	X509 *x = upn("alice@corp.example");

	w->user = "alice";
	w->service = "sshd";
	w->rhost = "192.0.2.7";
	for (int run = 0; run < RUNS / 4; run++) {
		char text[1024] = "", want[64] = "";
		bool granted = false, other = false;
		unsigned n = 1 + below(6);

		for (unsigned i = 1; i <= n; i++) {
			unsigned l = below(2), v = below(2), o = below(6);
			bool good = o == 0 || o == 5;

			sprintf(text + strlen(text), "%s %s %s\n", logins[l],
			    values[v], options[o]);
			if (v != 0)
				continue;
			granted = granted || (good && l == 0);
			other = other || (good && l == 1);
			if (!good && l == 0 && want[0] == '\0')
				sprintf(want, "users:%u upn:", i);
		}
		expect(w, x, text,
		    granted ? CA_R_OK
		    : other ? CA_R_OTHER_USER
			    : CA_R_UNMAPPED,
		    granted ? "" : want);
	}
	X509_free(x);
}

static void
names_that_are_none(void **state)
{
	static const struct {
		const char *name, *why;
	} t[] = {{"1000", "only digits"}, {"0", "only digits"},
	    {"", "empty or longer"}, {"a b", "A-Z a-z 0-9"},
	    {"-rf", "begin with neither"}, {".x", "begin with neither"},
	    {"a@b", "A-Z a-z 0-9"}, {"\xc3\xb6", "A-Z a-z 0-9"}, {"7of9", NULL},
	    {"1.0", NULL}, {"_", NULL}};
	struct world *w = *state;
	static const struct fake list[] = {{"123456", "123456", 5000, 0}, {0}};

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		const char *why =
		    ca_login_underivable(t[i].name, strlen(t[i].name));

		if ((why == NULL) != (t[i].why == NULL) ||
		    (why != NULL && strstr(why, t[i].why) == NULL))
			fail_msg("%s: %s", t[i].name, why);
	}
	/* a personnel number: said, and possible in a line of its own */
	X509 *x = upn("123456@corp.example");
	fakes = list;
	for (int named = 0; named < 2; named++) {
		w->user = named ? "123456" : NULL;
		expect(w, x, "* upn:*@corp.example\n", CA_R_LOGIN_INVALID,
		    "users:1 upn:*@corp.example: what the * matched has only "
		    "digits");
		expect(w, x, "123456 upn:123456@corp.example\n", CA_R_OK, "");
	}
	fakes = NULL;
	X509_free(x);
}

static void
logins_with_a_blank(void **state)
{
	struct world *w = *state;
	static const struct fake list[] = {{"alice", "alice", 5000, 0},
	    {"jane doe", "jane doe", 5001, 0}, {0}};
	static const char *const ignored[] = {
	    "\"jane doe\" upn:jane@corp.example",
	    "jane\\ doe upn:jane@corp.example",
	    "jane doe upn:jane@corp.example",
	    "jane van doe upn:jane@corp.example issuer=CN=CA",
	    "\"jane\tdoe\" upn:jane@corp.example"};
	/* these stay mistakes, which refuse the file */
	static const char *const mistakes[] = {"jane doe",
	    "jane doe jane@corp.example", "jane upn: doe",
	    "jane: upn:jane@corp.example", "jane doe: upn:jane@corp.example",
	    "\"jane doe upn:jane@corp.example"};
	X509 *x = upn("alice@corp.example"), *j = upn("jane@corp.example");
	char text[512], path[600];

	fakes = list;
	snprintf(path, sizeof path, "%s/users", w->dir);
	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
		snprintf(text, sizeof text,
		    "# x\n%s\nalice upn:alice@corp.example\n", ignored[i]);
		w->user = "alice";
		expect(w, x, text, CA_R_OK, "");
		assert_non_null(strstr(w->logged, "users:2: a login name with "
						  "a blank is not supported"));
		w->user = "jane doe";
		expect(w, j, text, CA_R_UNMAPPED, "");
		w->user = NULL;
		expect(w, j, text, CA_R_UNMAPPED, "");
		/* an index can be made, and has the other line */
		size_t n = 0;
		assert_int_equal(
		    ca_map_compile(w->crypto, path, &w->log, &n), CA_OK);
		assert_int_equal(n, 1);
		w->user = "alice";
		expect(w, x, NULL, CA_R_OK, "");
		assert_int_equal(ca_map_check(path, &w->log), CA_OK);
	}
	for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
		snprintf(text, sizeof text,
		    "alice upn:alice@corp.example\n%s\n", mistakes[i]);
		w->user = "alice";
		expect(w, x, text, CA_R_USERS_FILE, "");
	}
	/* many of them do not fill the log */
	text[0] = '\0';
	for (int i = 0; i < 9; i++)
		strcat(text, "\"jane doe\" upn:jane@corp.example\n");
	strcat(text, "alice upn:alice@corp.example\n");
	expect(w, x, text, CA_R_OK, "");
	assert_null(strstr(w->logged, "users:2: "));
	fakes = NULL;
	X509_free(x);
	X509_free(j);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(another_spelling),
	    T(same_name_other_account),
	    T(no_answer),
	    T(registered_spelling),
	    T(random_spellings),
	    cmocka_unit_test(form_of_keep_domain),
	    T(logins_with_a_domain),
	    T(random_domains),
	    T(options_are_named),
	    T(random_options),
	    T(names_that_are_none),
	    T(logins_with_a_blank),
	};

	return cmocka_run_group_tests_name("map_user", tests, NULL, NULL);
}
