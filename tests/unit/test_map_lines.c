/* Lines of the users file: each form that is refused, with the phrase that
 * says why; each bound at its last value and the next; from= and until=. */
#include "mapcert.h"

#include <fcntl.h>
#include <limits.h>

#include "map/rule.h"
#include "map/users_file.h"

static struct ca_rule *
new_rule(void)
{
	struct ca_rule *r = malloc(sizeof *r);

	assert_non_null(r);
	ca_rule_init(r);
	return r;
}

static void
free_rule(struct ca_rule *r)
{
	ca_rule_free(r);
	free(r);
}

/* The line, as one of its own length. */
static enum ca_err
parse(struct ca_rule *r, const char *line)
{
	size_t len = strlen(line);
	char *p = malloc(len > 0 ? len : 1);

	memcpy(p, line, len);
	enum ca_err rc = ca_rule_parse(r, p, len);
	free(p);
	return rc;
}

static void
what_is_wrong(void **state)
{
	static const struct {
		const char *line, *why;
	} t[] = {
	    {"alice", "a line must have the form LOGIN SELECTOR"},
	    {"\xef\xbb\xbf"
	     "alice uid:a",
		"a byte order mark"},
	    {"\xef\xbb\xbf", "a byte order mark"},
	    {"alice uid:a\r", "dos2unix"},
	    {"alice uid:a b c d e f g", "unknown or repeated option: b"},
	    {"alice uid:a b c d e f g h", "too many words"},
	    {"alice uid:a service=sshdX", "service= needs names"},
	    {"alice uid:a service=sshd;su", "service= needs names"},
	    {"alice uid:a service=sshd,,su", "service= needs names"},
	    {"alice uid:a service=,sshd", "service= needs names"},
	    {"alice uid:a from=a from=b",
		"unknown or repeated option: \"from\\=b\""},
	    {"alice uid:a service=a service=b",
		"repeated option: \"service\\=b\""},
	    {"alice uid:a issuer=CN=a issuer=CN=b",
		"repeated option: \"issuer\\=CN\\=b\""},
	    {"alice uid:a issuer=/CN=a/O=b", "\"O=b,CN=a\""},
	    {"alice ski:0g", "ski: needs pairs of hexadecimal digits"},
	    {"alice ski:g0", "ski: needs pairs of hexadecimal digits"},
	    {"alice ski:00:", "ski: needs pairs of hexadecimal digits"},
	    {"alice ski:00::00", "ski: needs pairs of hexadecimal digits"},
	    {"alice ski::00", "ski: needs pairs of hexadecimal digits"},
	    {"alice ski:0", "ski: needs pairs of hexadecimal digits"},
	    {"alice ski:", "ski: needs 1 to 64 bytes"},
	    {"alice sha256:00", "sha256: needs 64 hexadecimal digits"},
	    {"alice key:00", "key: needs 64 hexadecimal digits"},
	    {"alice subject:/C=DE/O=Corp/CN=Al,ice",
		"\"CN=Al\\,ice,O=Corp,C=DE\""},
	    {"alice subject:/x", "\"CN=Alice,O=Example,C=DE\""},
	    {"alice subject:FOO=x", "an unknown attribute type"},
	    {"alice issuer-serial:CN=a", "needs two parts"},
	    {"alice issuer-serial:CN=a\\;01", "needs two parts"},
	    {"alice issuer-serial:CN=a\\", "needs two parts"},
	    {"alice issuer-serial:CN=a;",
		"the serial number after ; is missing"},
	    {"alice issuer-serial:CN=a;-",
		"the serial number after ; is missing"},
	    {"alice issuer-serial:CN=a;:01", "only hexadecimal digits"},
	    {"alice issuer-serial:CN=a;01:", "only hexadecimal digits"},
	    {"alice issuer-serial:CN=a;1-1", "only hexadecimal digits"},
	    {"alice uid:a\\4g", "after a backslash"},
	    {"alice uid:a\\g4", "after a backslash"},
	    {"alice uid:a\\4", "after a backslash"},
	    {"alice uid:a\\", "after a backslash"},
	    {"alice uid:a\\00b",
		"the value has a NUL character, and can never match"},
	    {"alice uid:\\ff", "not plain text in UTF-8"},
	    {"alice uid:\\0a", "not plain text in UTF-8"},
	    {"alice uid:", "uid: has no value"},
	    {"alice uid:a*", "a * in a selector needs the login *"},
	    {"* uid:a", "exactly one *"},
	    {"* uid:a**", "exactly one *"},
	    {"* uid:*", "a * alone would match any certificate"},
	    {"* sid:S-1-*", "sid: this selector cannot be used with the login"},
	    {"* match:*", "match: this selector cannot be used with the login"},
	    {"alice email:a", "email: needs an address with @"},
	    {"alice sid:S-1-5x", "sid: needs a SID"},
	    {"alice sid:s-1-5", "sid: needs a SID"},
	    {"alice sid:S-1-", "sid: needs a SID"},
	    {"alice sid:XS-1-5", "sid: needs a SID"},
#ifdef HAVE_SSS_CERTMAP
	    {"alice match:", "match: has no value"},
#else
	    {"alice match:x", "match: needs libsss_certmap"},
#endif
	    {"alice upn=alice", "\"upn\\=alice\" (write upn:VALUE)"},
	    {"alice UPN:alice", "UPN:alice (write upn:VALUE)"},
	    {"alice CN=Alice", "\"CN\\=Alice\" (write cn:VALUE)"},
	    {"alice CN=Alice,O=x", "the whole subject is subject:NAME"},
	    {"alice /CN=Alice", "the whole subject is subject:NAME"},
	    {"alice Alice", "shows those of a certificate"},
	    {"alice Alice=x", "shows those of a certificate"},
	    {"alice CN:Alice,x", "CN:Alice,x (write cn:VALUE)"},
	    {"alice CNX:Alice", "shows those of a certificate"},
	    {"alice c:Alice", "shows those of a certificate"},
	};
	struct ca_rule *r = new_rule();

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		if (parse(r, t[i].line) != CA_ERR_FORMAT ||
		    strstr(r->why, t[i].why) == NULL)
			fail_msg("%s: %s", t[i].line, r->why);
	free_rule(r);
}

/* Everywhere in a line, the comment included. */
static void
control_bytes(void **state)
{
	struct ca_rule *r = new_rule();
	static const char line[] = "alice uid:a # b";
	char text[32], want[64];

	(void)state;
	for (int c = 0; c < 256; c++)
		for (size_t i = 0; i < sizeof line - 1; i++) {
			memcpy(text, line, sizeof line);
			text[i] = (char)c;
			enum ca_err rc =
			    ca_rule_parse(r, text, sizeof line - 1);
			sprintf(
			    want, "the line has a control byte (0x%02x)", c);
			bool control = (c < 0x20 && c != '\t') || c == 0x7f;

			if ((strstr(r->why, want) != NULL) != control ||
			    (control && rc != CA_ERR_FORMAT))
				fail_msg("%d at %zu: %s", c, i, r->why);
		}
	free_rule(r);
}

/* prefix, and n characters c: the line parses? */
static bool
fits(struct ca_rule *r, const char *prefix, char c, size_t n)
{
	char *line = calloc(1, strlen(prefix) + n + 1);

	strcpy(line, prefix);
	memset(line + strlen(prefix), c, n);
	enum ca_err rc = parse(r, line);
	free(line);
	assert_true(rc == CA_OK || rc == CA_ERR_FORMAT);
	return rc == CA_OK;
}

static void
bounds(void **state)
{
	struct ca_rule *r = new_rule();
	char login[300], line[600], *p;

	(void)state;
	memset(login, 'a', sizeof login);
	assert_true(ca_login_valid(login, 256));
	assert_false(ca_login_valid(login, 257));
	assert_false(ca_login_valid(login, 0));
	assert_null(ca_login_underivable(login, 256));
	assert_non_null(ca_login_underivable(login, 257));
	assert_non_null(ca_login_underivable(login, 0));

	assert_true(fits(r, "alice ski:", '0', 128));
	assert_false(fits(r, "alice ski:", '0', 130));
	assert_non_null(strstr(r->why, "ski: needs 1 to 64 bytes"));
	assert_false(fits(r, "alice key:", '0', 62));
	assert_true(fits(r, "alice key:", '0', 64));
	assert_false(fits(r, "alice key:", '0', 66));
	/* 184 characters with S-1- */
	assert_true(fits(r, "alice sid:S-1-", '1', 180));
	assert_false(fits(r, "alice sid:S-1-", '1', 181));
	assert_non_null(strstr(r->why, "sid: needs a SID"));
	assert_true(fits(r, "alice uid:", 'a', 4096 - 10));
	assert_false(fits(r, "alice uid:", 'a', 4097 - 10));
	assert_non_null(strstr(r->why, "more than 4096 bytes"));
	for (int n = 63; n < 67; n++) {
		p = line + sprintf(line, "alice subject:L=a");
		for (int i = 1; i < n; i++)
			p += sprintf(p, ",L=a");
		assert_int_equal(
		    parse(r, line), n <= 64 ? CA_OK : CA_ERR_FORMAT);
	}
	assert_string_equal(
	    r->why, "the name is too long or has too many attributes");
	free_rule(r);
}

/* Independent of the parser's calendar. */
static bool
is_date(const char *s)
{
	static const int days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int y = 0, m = 0, d = 0, h = 0, min = 0, sec = 0, end = 0;

	(void)sscanf(
	    s, "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &y, &m, &d, &h, &min, &sec, &end);
	if (m < 1 || m > 12 || d < 1)
		return false;
	bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
	return d <= days[m - 1] + (m == 2 && leap) && h < 24 && min < 60 &&
	       sec < 60;
}

/* Each character of each form in the place of each. */
static void
dates(void **state)
{
	static const char *const form[] = {"2027-01-31", "2028-02-29",
	    "2027-04-30T18:30:59Z", "2027-12-09T09:00:00Z"};
	struct ca_rule *r = new_rule();
	char line[64], *date = line + sprintf(line, "alice uid:a until=");
	size_t taken = 0;

	(void)state;
	for (size_t f = 0; f < 4; f++)
		for (size_t i = 0; form[f][i] != '\0'; i++)
			for (int c = '!'; c < 0x7f; c++) {
				bool want;

				if (c == '"' || c == '\\')
					continue; /* the line's own */
				strcpy(date, form[f]);
				date[i] = (char)c;
				if (form[f][i] < '0' || form[f][i] > '9')
					want = c == form[f][i];
				else
					want = c >= '0' && c <= '9' &&
					       is_date(date);
				if ((parse(r, line) == CA_OK) != want)
					fail_msg("%s: %s", line, r->why);
				taken += want;
			}
	assert_true(taken > 100);
	for (size_t f = 0; f < 4; f++) {
		strcpy(date, form[f]);
		strcat(date, "0");
		assert_int_equal(parse(r, line), CA_ERR_FORMAT);
		for (size_t n = strlen(form[f]); n-- > 0;) {
			if (n == 10)
				continue;
			strcpy(date, form[f]);
			date[n] = '\0';
			assert_int_equal(parse(r, line), CA_ERR_FORMAT);
			assert_non_null(strstr(r->why, "until= needs a date"));
		}
	}
	strcpy(date, "2027-01-31");
	assert_int_equal(parse(r, line), CA_OK);
	assert_int_equal(r->until, 1801439999);
	strcpy(date, "2027-01-31T18:00:01Z");
	assert_int_equal(parse(r, line), CA_OK);
	assert_int_equal(r->until, 1801418401);
	free_rule(r);
}

/* ---- from= ---- */

static void
networks(void **state)
{
	static const char *const bad[] = {"", ",", "a,", ",a", "a,,b", "!a",
	    "a b", "a\tb", "a\\b", "a\"b", "10.0.0.0/", "0.0.0.0/", "::/",
	    "0.0.0.0/0000", "::/0000", "::/4294967296", "0.0.0.0/33", "::/129",
	    "x/8", "x/128", "/8", "/", "/128", "10/8", "fe80::%eth0/64",
	    "10.0.0.1/8", "10.0.0.1/31", "2001:db8::1/64", "::ffff:10.0.0.0/8",
	    "::ffff:10.0.0.1/127", "0.0.0.0/0/0", "::/-1", "::/+1",
	    "10.0.0.0/255.0.0.0", "pc1,x/8"};
	static const char *const good[] = {"local", "a", "*", "?", "a,b",
	    "10.0.0.1", "10.0.0.1/32", "10.0.0.0/8", "0.0.0.0/0", "::/0",
	    "::1/128", "::ffff:10.0.0.0/104", "fe80::1%eth0",
	    "pc1,10.0.0.0/8,local"};
	static const char chars[] = "0189./:-+a";
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (ca_from_check(bad[i]) == NULL)
			fail_msg("taken: %s", bad[i]);
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		if (ca_from_check(good[i]) != NULL)
			fail_msg("%s: %s", good[i], ca_from_check(good[i]));
	/* what may stand behind the slash: one to three digits, and no more */
	const size_t n = sizeof chars - 1;
	for (size_t i = 0; i < n * n * n * 8; i++) {
		size_t len = 1 + i % 4, k = i / 8;
		unsigned bits = 0;
		bool number = len < 4;
		char *p = text + sprintf(text, i % 8 < 4 ? "::/" : "0.0.0.0/");

		for (size_t j = 0; j < len; j++, k /= n) {
			p[j] = chars[k % n];
			number = number && p[j] >= '0' && p[j] <= '9';
			bits = bits * 10 + (unsigned)(p[j] - '0');
		}
		p[len] = '\0';
		bool want = number && bits <= (i % 8 < 4 ? 128 : 32);
		if ((ca_from_check(text) == NULL) != want)
			fail_msg("%s: %d", text, !want);
	}
}

static void
remote_names(void **state)
{
	static const struct {
		const char *from, *rhost;
		bool matches;
	} t[] = {
	    {"localhost", "", false},
	    {"loca", "", false},
	    {"local", "local", true},
	    {"host1", "", false},
	    {"host1,local", NULL, true},
	    {"*", "", false},
	    {"*", NULL, false},
	    /* an address, and behind it a name on the same stack */
	    {"0.0.0.0/0", "10.1.2.3", true},
	    {"0.0.0.0/0", "pc1", false},
	    {"::/0", "2001:db8::1", true},
	    {"::/0", "pc1", false},
	    {"10.1.2.3", "10.1.2.3", true},
	    {"10.1.2.3", "10.1.2.3.evil.example", false},
	    {"10.1.2.3", "10.1.2.3%x", true},
	    {"10.0.0.0/9", "10.127.255.255", true},
	    {"10.0.0.0/9", "10.128.0.0", false},
	    {"10.1.2.2/31", "10.1.2.3", true},
	    {"10.1.2.2/31", "10.1.2.4", false},
	    {"10.1.2.3/32", "10.1.2.2", false},
	    {"::ffff:10.0.0.0/104", "10.1.2.3", true},
	    {"::ffff:10.0.0.0/104", "11.1.2.3", false},
	    {"a?c", "abc", true},
	    {"a?c", "ac", false},
	    {"a*", "a", true},
	    {"a**c", "abbc", true},
	    {"a*c", "acb", false},
	    {"*a*b", "xaab", true},
	    {"[a]", "a", false},
	};

	(void)state;
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
			if (ca_from_match(t[i].from, t[i].rhost) !=
			    t[i].matches)
				fail_msg("%s from %s", t[i].rhost, t[i].from);
	/* as long as anybody likes: the peer's name server answers */
	static const size_t lengths[] = {45, 46, 47, 48, 64, 300, 4000};
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		char *name = calloc(1, lengths[i] + 2);

		memset(name, '1', lengths[i]);
		assert_true(ca_from_match(name, name));
		assert_true(ca_from_match("1*", name));
		assert_false(ca_from_match("0.0.0.0/0", name));
		name[lengths[i]] = '2';
		assert_false(ca_from_match("1*1", name));
		free(name);
	}
}

/* Which selectors name one certificate or key by themselves. */
static void
strong_selectors(void **state)
{
	(void)state;
	for (int s = 0; s < CA_SELECTORS; s++) {
		assert_int_equal(ca_selector_strong((enum ca_selector)s),
		    s == CA_SEL_SHA256 || s == CA_SEL_KEY ||
			s == CA_SEL_ISSUER_SERIAL || s == CA_SEL_SKI ||
			s == CA_SEL_SID);
		assert_string_not_equal(
		    ca_selector_name((enum ca_selector)s), "?");
	}
	assert_false(ca_selector_strong(CA_SELECTORS));
	assert_string_equal(ca_selector_name(CA_SELECTORS), "?");
	assert_string_equal(ca_selector_name((enum ca_selector) - 1), "?");
}

/* ---- the file ---- */

static void
the_first_twenty(void **state)
{
	struct world *w = *state;
	char text[4096] = "", path[128];

	for (int i = 0; i < 25; i++)
		strcat(text, i == 3 ? "alice uid:a\n" : "foo\n");
	put_file(w, "users", text);
	snprintf(path, sizeof path, "%s/users", w->dir);
	assert_int_equal(ca_map_check(path, &w->log), CA_ERR_CONFIG);
	size_t lines = 0;
	for (const char *p = w->logged; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	assert_int_equal(lines, 20);
	assert_non_null(strstr(w->logged, "users:21: "));
	assert_null(strstr(w->logged, "users:4: "));
	assert_null(strstr(w->logged, "users:22: "));
	/* a login stops at the first */
	X509 *x = make_cert(&(struct made){
	    .subject = {UTF8("UID", "a"), {0}}, .issuer = {{0}}});
	w->user = "alice";
	assert_int_equal(decide(w, x, NULL), CA_R_USERS_FILE);
	assert_non_null(strstr(w->logged, "users:1: "));
	assert_null(strstr(w->logged, "users:2: "));
	X509_free(x);
}

static enum ca_err
nothing(void *ctx, const struct ca_rule *rule, const struct ca_users_line *line)
{
	(void)ctx;
	(void)rule;
	(void)line;
	return CA_OK;
}

static void
last_line(void *ctx, enum ca_log_level level, const char *line)
{
	(void)level;
	(void)snprintf(ctx, 256, "%s", line);
}

/* 256 MiB, all of it one hole: too long as lines, but not as a file. */
static void
size_of_the_file(void **state)
{
	struct world *w = *state;
	char path[128], last[256] = "";
	struct ca_log log = {last_line, last, false};

	put_file(w, "users", "");
	snprintf(path, sizeof path, "%s/users", w->dir);
	assert_int_equal(truncate(path, (off_t)CA_USERS_MAX), 0);
	assert_int_equal(
	    ca_users_scan(path, UINT_MAX, &log, nothing, NULL, NULL),
	    CA_ERR_CONFIG);
	assert_non_null(strstr(last, "more than 4096 bytes"));
	assert_int_equal(truncate(path, (off_t)CA_USERS_MAX + 1), 0);
	assert_int_equal(
	    ca_users_scan(path, UINT_MAX, &log, nothing, NULL, NULL),
	    CA_ERR_LIMIT);
	assert_non_null(strstr(last, ca_err_text(CA_ERR_LIMIT)));
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_wrong),
	    cmocka_unit_test(control_bytes),
	    cmocka_unit_test(bounds),
	    cmocka_unit_test(dates),
	    cmocka_unit_test(networks),
	    cmocka_unit_test(remote_names),
	    cmocka_unit_test(strong_selectors),
	    T(the_first_twenty),
	    T(size_of_the_file),
	};

	return cmocka_run_group_tests_name("map_lines", tests, NULL, NULL);
}
