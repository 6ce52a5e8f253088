/* Every selector and option: it matches what it must, and nothing else. */
#include "mapcert.h"

static const struct made plain = {
    .subject = {UTF8("C", "DE"), UTF8("O", "Corp"), UTF8("CN", "Alice Example"),
	UTF8("UID", "alice1"), {0}},
    .issuer = {UTF8("O", "Corp"), UTF8("CN", "Corp CA"), {0}},
    .serial = "0A1B2C",
    .ski = "\x01\x02\xab",
    .san = {{GEN_EMAIL, NULL, 0, "Alice@Corp.Example", -1},
	{GEN_EMAIL, NULL, 0, "alice@home.example", -1},
	{GEN_DNS, NULL, 0, "pc1.corp.example", -1},
	{GEN_URI, NULL, 0, "urn:uuid:1-2", -1},
	{0, "1.3.6.1.4.1.311.20.2.3", V_ASN1_UTF8STRING, "Alice@CORP.example",
	    -1},
	{0}},
};

static void
hash_selectors(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	unsigned char md[32], *spki = NULL;
	char good[256], bad[256];
	unsigned n = sizeof md;

	assert_int_equal(X509_digest(x, EVP_sha256(), md, &n), 1);
	for (int key = 0; key < 2; key++) {
		char *p = good + sprintf(good, key ? "key:" : "sha256:");

		for (int i = 0; i < 32; i++)
			p += sprintf(p, "%02x", md[i]);
		assert_true(alice(w, x, good));
		strcpy(bad, good);
		char *last = bad + strlen(bad) - 1;
		*last = *last == '0' ? '1' : '0';
		assert_false(alice(w, x, bad));
		/* upper case and colons, as openssl prints them */
		p = bad + sprintf(bad, key ? "key:" : "sha256:");
		for (int i = 0; i < 32; i++)
			p += sprintf(p, i > 0 ? ":%02X" : "%02X", md[i]);
		assert_true(alice(w, x, bad));
		int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki);
		assert_int_equal(
		    EVP_Digest(spki, (size_t)len, md, &n, EVP_sha256(), NULL),
		    1);
		OPENSSL_free(spki);
		spki = NULL;
	}
	X509_free(x);
}

static void
each_selector(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	static const struct {
		const char *selector;
		bool matches;
	} t[] = {
	    {"issuer-serial:\"CN=Corp CA,O=Corp;0A1B2C\"", true},
	    {"issuer-serial:\"CN=Corp CA,O=Corp;a1b2c\"", true},
	    {"issuer-serial:\"CN=Corp CA,O=Corp;0a:1b:2c\"", true},
	    {"issuer-serial:\"CN=Corp CA,O=Corp;2C1B0A\"", false},
	    {"issuer-serial:\"CN=Corp CA,O=Corp;0A1B2D\"", false},
	    {"issuer-serial:\"CN=Other CA,O=Corp;0A1B2C\"", false},
	    {"issuer-serial:\"CN=Corp CA,O=Corp;-0A1B2C\"", false},
	    {"ski:0102ab", true},
	    {"ski:01:02:AB", true},
	    {"ski:0102ac", false},
	    {"ski:0102", false},
	    {"subject:\"UID=alice1,CN=Alice Example,O=Corp,C=DE\"", true},
	    {"subject:\"uid=alice1, cn=Alice Example, o=Corp, c=DE\"", true},
	    {"subject:\"UID=alice1,2.5.4.3=Alice Example,O=Corp,C=DE\"", true},
	    {"subject:\"UID=alice1,CN=Alice example,O=Corp,C=DE\"", false},
	    {"subject:\"UID=alice1,CN=Alice example,O=CORP,C=de\" ignorecase",
		true},
	    {"subject:\"C=DE,O=Corp,CN=Alice Example,UID=alice1\"", false},
	    {"subject:\"CN=Alice Example,O=Corp,C=DE\"", false},
	    {"subject:\"UID=alice1,CN=Alice Example+O=Corp,C=DE\"", false},
	    {"issuer-subject:\"CN=Corp CA,O=Corp;"
	     "UID=alice1,CN=Alice Example,O=Corp,C=DE\"",
		true},
	    {"issuer-subject:\"CN=Corp CA;"
	     "UID=alice1,CN=Alice Example,O=Corp,C=DE\"",
		false},
	    {"issuer-subject:\"CN=corp ca,O=CORP;"
	     "UID=alice1,CN=Alice Example,O=Corp,C=DE\" ignorecase",
		true},
	    /* the domain without case, the rest with it */
	    {"email:Alice@corp.example", true},
	    {"email:Alice@CORP.EXAMPLE", true},
	    {"email:alice@corp.example", false},
	    {"email:alice@corp.example ignorecase", true},
	    {"email:alice@home.example", true},
	    {"email:alice@home.example.", false},
	    {"email:bob@home.example", false},
	    {"upn:alice@corp.example", true},
	    {"upn:ALICE@CORP.EXAMPLE", true},
	    {"upn:alice@corp.exampl", false},
	    {"upn:alice@home.example", false},
	    {"cn:\"Alice Example\"", true},
	    {"cn:Alice\\ Example", true},
	    {"cn:Alice\\20Example", true},
	    {"cn:\"alice example\"", false},
	    {"cn:\"alice example\" ignorecase", true},
	    {"cn:Alice", false},
	    {"cn:alice1", false},
	    {"uid:alice1", true},
	    {"uid:Alice1", false},
	    {"uid:alice", false},
	    {"dns:pc1.corp.example", true},
	    {"dns:PC1.corp.example", false},
	    {"dns:PC1.corp.example ignorecase", true},
	    {"dns:corp.example", false},
	    {"uri:urn:uuid:1-2", true},
	    {"uri:urn:uuid:1-3", false},
	    {"krb:alice@CORP.EXAMPLE", false},
	    {"sid:S-1-5-21-1-2-3-1001", false},
	};

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		if (alice(w, x, t[i].selector) != t[i].matches)
			fail_msg("%s: expected %d: %s", t[i].selector,
			    t[i].matches, w->detail);
	X509_free(x);
}

static void
options_of_a_line(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);

	assert_true(alice(w, x, "uid:alice1 issuer=\"CN=Corp CA,O=Corp\""));
	assert_false(alice(w, x, "uid:alice1 issuer=\"CN=Corp CA 2,O=Corp\""));
	assert_false(alice(w, x, "uid:alice1 issuer=\"CN=corp ca,O=Corp\""));
	w->service = "sshd";
	assert_true(alice(w, x, "uid:alice1 service=sshd"));
	assert_true(alice(w, x, "uid:alice1 service=su,sshd"));
	assert_false(alice(w, x, "uid:alice1 service=su,sshd2,ssh"));
	assert_false(alice(w, x, "uid:alice1 service=sshe,ashd"));
	w->service = NULL;
	assert_false(alice(w, x, "uid:alice1 service=sshd"));
	w->now = 1798761599; /* 2026-12-31T23:59:59Z */
	assert_true(alice(w, x, "uid:alice1 until=2026-12-31"));
	assert_true(alice(w, x, "uid:alice1 until=2026-12-31T23:59:59Z"));
	assert_false(alice(w, x, "uid:alice1 until=2026-12-31T23:59:58Z"));
	w->now++;
	assert_false(alice(w, x, "uid:alice1 until=2026-12-31"));
	X509_free(x);
}

static void
remote_hosts(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	static const struct {
		const char *from, *rhost;
		bool matches;
	} t[] = {
	    {"10.0.0.0/8", "10.1.2.3", true},
	    {"10.0.0.0/8", "11.1.2.3", false},
	    {"10.0.0.0/8", "::ffff:10.1.2.3", true},
	    {"10.0.0.0/8", NULL, false},
	    {"10.0.0.0/8", "", false},
	    {"10.0.0.0/8", "10.evil.example", false},
	    {"10.0.0.0/8,192.0.2.7", "192.0.2.7", true},
	    {"192.0.2.7", "192.0.2.70", false},
	    {"0.0.0.0/0", "203.0.113.9", true},
	    {"0.0.0.0/0", "2001:db8::1", false},
	    {"::/0", "2001:db8::1", true},
	    {"::/0", "203.0.113.9", false},
	    {"2001:db8::/33", "2001:db8:7fff::1", true},
	    {"2001:db8::/33", "2001:db8:8000::1", false},
	    {"fe80::1", "fe80::1%eth0", true},
	    {"2001:db8::1", "2001:DB8:0::1", true},
	    {"*.corp.example", "pc1.corp.example", true},
	    {"*.corp.example", "PC1.CORP.EXAMPLE", true},
	    {"*.corp.example", "pc1.corp.example.evil", false},
	    {"*.corp.example", "corp.example", false},
	    {"pc?.corp.example", "pc12.corp.example", false},
	    {"pc?.*.example", "pc1.a.b.example", true},
	    {"10.*", "10.1.2.3", false},
	    {"*", "10.1.2.3", false},
	    {"*", "pc1", true},
	    {"local", NULL, true},
	    {"local", "", true},
	    {"10.0.0.0/8,local", "", true},
	    {"pc1", "", false},
	};

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		char line[256];

		sprintf(line, "uid:alice1 from=%s", t[i].from);
		w->rhost = t[i].rhost;
		if (alice(w, x, line) != t[i].matches)
			fail_msg("%s from %s", line, t[i].rhost);
	}
	X509_free(x);
}

/* A line that does not parse is named, and denies, also where another line
 * matches before or behind it. */
static void
mistakes(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	static const char *const bad[] = {
	    "alice",
	    "alice uid",
	    "alice foo:bar",
	    "alice UID:alice1",
	    "alice uid:",
	    "al/ice uid:alice1",
	    "-rf uid:alice1",
	    "../x uid:alice1",
	    ".x uid:alice1",
	    "a:b uid:alice1",
	    "\"\" uid:alice1",
	    "~a uid:alice1",
	    "alice uid:alice1 until=2026-02-30",
	    "alice uid:alice1 until=",
	    "alice uid:alice1 until=2026-1-1",
	    "alice uid:alice1 untl=1",
	    "alice uid:alice1 until=2026-01-01 until=2026-01-01",
	    "alice uid:alice1 ignorecase ignorecase",
	    "alice uid:alice1 ignorecase=yes",
	    "alice uid:alice1 from=",
	    "alice uid:alice1 from=10.0.0.0/33",
	    "alice uid:alice1 from=10.0.0.1/8",
	    "alice uid:alice1 from=a,,b",
	    "alice uid:alice1 from=fe80::/129",
	    "alice uid:alice1 from=10/8",
	    "alice uid:alice1 from=!a",
	    "alice uid:alice1 service=",
	    "alice uid:alice1 service=SSHD",
	    "alice uid:alice1 service=a,",
	    "alice uid:alice1 issuer=foo",
	    "alice uid:alice1 issuer=",
	    "alice uid:alice1 extra",
	    "alice uid:\"alice1",
	    "alice uid:a\\",
	    "alice uid:a\\zz",
	    "alice uid:a\\00b",
	    "alice uid:a*",
	    "* uid:alice1",
	    "* uid:*a*",
	    "* uid:*",
	    "* subject:CN=*",
	    "* sha256:*",
	    "* key:*",
	    "alice sha256:00",
	    "alice sha256:zz",
	    "alice key:0",
	    "alice ski:",
	    "alice ski:0",
	    "alice sid:S-2-1",
	    "alice sid:S-1-",
	    "alice email:alice",
	    "alice subject:",
	    "alice subject:/C=DE/CN=Alice",
	    "alice subject:CN",
	    "alice subject:FOO=x",
	    "alice subject:1.2.x=x",
	    "alice subject:CN=a;b",
	    "alice subject:CN=a<b",
	    "alice subject:CN=a\\zb",
	    "alice subject:CN=#zz",
	    "alice subject:CN=#0401",
	    "alice subject:CN=a,",
	    "alice subject:CN=a+",
	    "alice subject:CN=\\00",
	    "alice subject:CN=\\ff",
	    "alice issuer-serial:CN=a",
	    "alice issuer-serial:CN=a;",
	    "alice issuer-serial:CN=a;0x1",
	    "alice issuer-serial:CN=a;g",
	    "alice issuer-subject:CN=a",
	    "alice issuer-subject:CN=a;",
	    "alice issuer-subject:;CN=a",
	    "alice uid:alice1\r",
	    "alice uid:\x01",
	    "alice uid:\xff",
	    "al\xffice uid:a",
	    "alice uid:a\xe2\x80\xae",
	    "alice uid:a b c d e f g h",
	};
	char text[8192], want[128];

	w->user = "alice";
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		snprintf(
		    text, sizeof text, "# c\n\nalice uid:alice1\n%s\n", bad[i]);
		if (decide(w, x, text) != CA_R_USERS_FILE)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(w->err, CA_ERR_CONFIG);
		snprintf(want, sizeof want, "%s/users:4: ", w->dir);
		if (strncmp(w->logged, want, strlen(want)) != 0)
			fail_msg("%s: %s", bad[i], w->logged);
		snprintf(text, sizeof text, "%s\nalice uid:alice1\n", bad[i]);
		assert_int_equal(decide(w, x, text), CA_R_USERS_FILE);
	}
	X509_free(x);
}

static void
long_lines(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	char *text = calloc(1, 200000);
	static const size_t behind[] = {
	    4097, 65535, 65536, 65537, 131072, 180000};

	w->user = "alice";
	/* a comment may fill the line to its limit, and no further */
	strcpy(text, "alice uid:alice1 ");
	memset(text + 17, '#', 4096 - 17);
	strcpy(text + 4096, "\n");
	assert_int_equal(decide(w, x, text), CA_R_OK);
	for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
		memset(text, '#', behind[i]);
		strcpy(text + behind[i], "\nalice uid:alice1\n");
		assert_int_equal(decide(w, x, text), CA_R_USERS_FILE);
	}
	/* lines across the borders of what is read at once */
	text[0] = '\0';
	for (size_t n = 0; n < 150000; n += 101)
		strcat(text + n,
		    "# 3456789 123456789 123456789 123456789 "
		    "123456789 123456789 123456789 123456789 123456789 "
		    "1234567890\n");
	strcat(text, "alice uid:alice1");
	assert_int_equal(decide(w, x, text), CA_R_OK);
	free(text);
	X509_free(x);
}

static void
quotes_and_comments(void **state)
{
	struct world *w = *state;
	struct made m = plain;

	m.subject[3] = (struct attr)UTF8("CN", "a\"b #c,d");
	X509 *x = make_cert(&m);
	assert_true(alice(w, x, "cn:\"a\\\"b #c,d\" # a comment"));
	assert_true(alice(w, x, "\"cn:a\\\"b #c,d\"\t#x"));
	assert_true(alice(w, x, "cn:a\\\"b\\ #c,d"));
	assert_true(alice(w, x, "cn:a\\22b\\20\\23c\\2cd"));
	assert_true(alice(w, x,
	    "subject:\"CN=a\\\"b #c\\,d,CN=Alice Example,"
	    "O=Corp,C=DE\""));
	assert_false(alice(w, x, "cn:a\\\"b #c,d"));
	X509_free(x);
}

static void
who_is_it(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);

	/* no rule, no login */
	w->user = "alice";
	assert_int_equal(decide(w, x, ""), CA_R_UNMAPPED);
	assert_int_equal(decide(w, x, "# nothing\n"), CA_R_UNMAPPED);
	assert_int_equal(decide(w, x, "bob uid:bob\n"), CA_R_UNMAPPED);
	assert_int_equal(decide(w, x, "bob uid:alice1\n"), CA_R_OTHER_USER);
	assert_int_equal(
	    decide(w, x, "bob uid:alice1\nalice uid:alice1\n"), CA_R_OK);
	assert_int_equal(decide(w, x, "Alice uid:alice1\n"), CA_R_OTHER_USER);
	assert_int_equal(decide(w, x, "alice2 uid:alice1\n"), CA_R_OTHER_USER);
	/* a line that names a system account may */
	w->user = "root";
	assert_int_equal(decide(w, x, "root uid:alice1\n"), CA_R_OK);
	/* without a user: the one login, which must exist */
	w->user = NULL;
	assert_int_equal(decide(w, x, "root uid:alice1\n"), CA_R_OK);
	assert_string_equal(w->login, "root");
	w->user = "";
	assert_int_equal(decide(w, x,
			     "root uid:alice1\nroot email:"
			     "alice@home.example\n"),
	    CA_R_OK);
	assert_int_equal(decide(w, x, "root uid:alice1\ndaemon uid:alice1\n"),
	    CA_R_AMBIGUOUS);
	assert_non_null(strstr(w->detail, "root, daemon"));
	assert_int_equal(
	    decide(w, x, "no-such-account uid:alice1\n"), CA_R_LOGIN_INVALID);
	assert_int_equal(decide(w, x, "bob uid:bob\n"), CA_R_UNMAPPED);
	X509_free(x);
}

static void
the_file_itself(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	char path[128];

	w->user = "alice";
	snprintf(path, sizeof path, "%s/users", w->dir);
	assert_int_equal(decide(w, x, NULL), CA_R_USERS_FILE);
	assert_int_equal(w->err, CA_ERR_NOT_FOUND);
	assert_non_null(strstr(w->logged, "users does not exist"));
	put_file(w, "users", "alice uid:alice1\n");
	assert_int_equal(decide(w, x, NULL), CA_R_OK);
	assert_int_equal(chmod(path, 0664), 0);
	assert_int_equal(decide(w, x, NULL), CA_R_USERS_FILE);
	assert_int_equal(w->err, CA_ERR_UNTRUSTED);
	assert_non_null(strstr(w->logged, "users is writable by its group"));
	assert_int_equal(chmod(path, 0646), 0);
	assert_int_equal(decide(w, x, NULL), CA_R_USERS_FILE);
	unlink(path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(decide(w, x, NULL), CA_R_USERS_FILE);
	X509_free(x);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(hash_selectors),
	    T(each_selector),
	    T(options_of_a_line),
	    T(remote_hosts),
	    T(mistakes),
	    T(long_lines),
	    T(quotes_and_comments),
	    T(who_is_it),
	    T(the_file_itself),
	};

	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
