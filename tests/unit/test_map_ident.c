/* What a certificate says: types and OIDs that are nearly right, extensions
 * that are malformed or stand there twice, bounds; and how it is shown. */
#include "mapcert.h"

#include "map/ident.h"

#define CA                                                                     \
	{                                                                      \
		UTF8("CN", "CA"),                                              \
		{                                                              \
			0                                                      \
		}                                                              \
	}

static const struct made plain = {
    .subject = {UTF8("O", "x"), UTF8("CN", "alice"), {0}}, .issuer = CA};

/* Sign again, and as it comes from a peer. */
static X509 *
again(X509 *x)
{
	unsigned char *der = NULL;

	sign_as(x, X509_VERSION_3, test_key(), EVP_sha256());
	int len = i2d_X509(x, &der);
	const unsigned char *p = der;
	X509_free(x);
	assert_non_null(x = d2i_X509(NULL, &p, len));
	OPENSSL_free(der);
	return x;
}

static X509 *
with_ext(X509 *x, const char *oid, const char *der, size_t len)
{
	add_raw_extension(x, oid, der, (int)len);
	return again(x);
}

/* DER of GeneralNames with one otherName: OID's octets, type, value. */
static size_t
other_name(uint8_t *out, const char *oid, size_t oidlen, uint8_t type,
    const char *value)
{
	size_t n = strlen(value);

	assert_true(oidlen + n < 100);
	const uint8_t head[] = {0x30, (uint8_t)(oidlen + n + 8), 0xa0,
	    (uint8_t)(oidlen + n + 6), 0x06, (uint8_t)oidlen};
	memcpy(out, head, sizeof head);
	memcpy(out + 6, oid, oidlen);
	const uint8_t middle[] = {0xa0, (uint8_t)(n + 2), type, (uint8_t)n};
	memcpy(out + 6 + oidlen, middle, sizeof middle);
	memcpy(out + 10 + oidlen, value, n);
	return 10 + oidlen + n;
}

#define SAN "2.5.29.17"
#define SID_EXT "1.3.6.1.4.1.311.25.2"
#define SID "S-1-5-21-1-2-3-1001"
#define OCTETS 0x04
#define UTF8S 0x0c
#define IA5 0x16

/* The certificate with this extension: its verdict on `alice cn:alice`, and on
 * the line. */
static void
expect(struct world *w, const char *oid, const void *der, size_t len,
    const char *line, enum ca_reason other, enum ca_reason reason)
{
	X509 *x = with_ext(make_cert(&plain), oid, der, len);
	char text[300];

	w->user = "alice";
	enum ca_reason r = decide(w, x, "alice cn:alice\n");
	if (r != other)
		fail_msg("%s: %d: %s", line, r, w->detail);
	snprintf(text, sizeof text, "alice %s\n", line);
	r = decide(w, x, text);
	if (r != reason)
		fail_msg("%s: %d: %s", line, r, w->detail);
	X509_free(x);
}

/* OIDs as long as the right one, or with one number more or less. */
static void
nearly_the_oid(void **state)
{
	struct world *w = *state;
	static const char upn[] = "\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03";
	static const char sid[] = "\x2b\x06\x01\x04\x01\x82\x37\x19\x02\x01";
	uint8_t der[128];
	char oid[16];

	for (int i = -1; i <= 11; i++) {
		/* -1: as it is; 10: a number more; 11: one less */
		size_t len = i == 10 ? 11 : i == 11 ? 9 : 10;
		bool right = i == -1;

		memset(oid, 1, sizeof oid);
		memcpy(oid, upn, 10);
		if (i >= 0 && i < 10)
			oid[i] ^= 1;
		size_t n = other_name(der, oid, len, UTF8S, "alice@corp");
		expect(w, SAN, der, n, "upn:alice@corp", CA_R_OK,
		    right ? CA_R_OK : CA_R_UNMAPPED);
		memcpy(oid, sid, 10);
		if (i >= 0 && i < 10)
			oid[i] ^= 1;
		n = other_name(der, oid, len, OCTETS, SID);
		expect(w, SID_EXT, der, n, "sid:" SID, CA_R_OK,
		    right ? CA_R_OK : CA_R_UNMAPPED);
	}
	/* the extension's own */
	size_t n = other_name(der, sid, 10, OCTETS, SID);
	static const char *const exts[] = {"1.3.6.1.4.1.311.25.1",
	    "1.3.6.1.4.1.311.25.3", "1.3.6.1.4.1.311.25",
	    "1.3.6.1.4.1.311.25.2.1", "1.3.6.1.4.1.311.24.2"};
	for (size_t i = 0; i < sizeof exts / sizeof exts[0]; i++)
		expect(w, exts[i], der, n, "sid:" SID, CA_R_OK, CA_R_UNMAPPED);
	/* a PKINIT principal under other numbers is none, and malformed under
	 * its own */
	for (int i = 0; i < 256; i++) {
		memcpy(oid, "\x2b\x06\x01\x05\x02", 5);
		oid[5] = (char)i;
		if (i >= 0x80)
			continue;
		n = other_name(der, oid, 6, UTF8S, "alice@R");
		expect(w, SAN, der, n, "krb:alice@R",
		    i == 2 ? CA_R_NAME_MALFORMED : CA_R_OK,
		    i == 2 ? CA_R_NAME_MALFORMED : CA_R_UNMAPPED);
	}
}

/* A SID is an OCTET STRING, a UPN a UTF8String, whatever is in it. */
static void
other_types(void **state)
{
	struct world *w = *state;
	uint8_t der[128];

	for (int type = 1; type < 31; type++) {
		enum ca_reason r =
		    type == OCTETS ? CA_R_OK : CA_R_NAME_MALFORMED;
		size_t n =
		    other_name(der, "\x2b\x06\x01\x04\x01\x82\x37\x19\x02\x01",
			10, (uint8_t)type, SID);

		expect(w, SID_EXT, der, n, "sid:" SID, r, r);
		r = type == UTF8S ? CA_R_OK : CA_R_NAME_MALFORMED;
		n = other_name(der, "\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03",
		    10, (uint8_t)type, "alice@corp");
		expect(w, SAN, der, n, "upn:alice@corp", r, r);
	}
}

static void
the_sid_extension(void **state)
{
	struct world *w = *state;
	static const char sid[] = "\x2b\x06\x01\x04\x01\x82\x37\x19\x02\x01";
	uint8_t der[256], two[256];
	size_t n = other_name(der, sid, 10, OCTETS, SID);
	const enum ca_reason bad = CA_R_NAME_MALFORMED;

	/* cut anywhere, and with anything behind */
	for (size_t len = 0; len < n; len++)
		expect(w, SID_EXT, der, len, "sid:" SID, bad, bad);
	memset(der + n, 0, 4);
	for (size_t more = 1; more < 4; more++)
		expect(w, SID_EXT, der, n + more, "sid:" SID, bad, bad);
	/* a name of another kind beside it */
	memcpy(two, der, n);
	memcpy(two + n,
	    "\x81\x03"
	    "a@b",
	    5);
	two[1] = (uint8_t)(two[1] + 5);
	expect(w, SID_EXT, two, n + 5, "sid:" SID, CA_R_OK, CA_R_OK);
	/* and before */
	memcpy(two + 2,
	    "\x82\x03"
	    "a.b",
	    5);
	memcpy(two + 7, der + 2, n - 2);
	expect(w, SID_EXT, two, n + 5, "sid:" SID, CA_R_OK, CA_R_OK);
	expect(w, SID_EXT, two, n + 5, "dns:a.b", CA_R_OK, CA_R_UNMAPPED);
	/* two of them */
	n = other_name(der, sid, 10, OCTETS, SID);
	X509 *x = with_ext(make_cert(&plain), SID_EXT, (char *)der, n);
	x = with_ext(x, SID_EXT, (char *)der, n);
	w->user = "alice";
	assert_int_equal(decide(w, x, "alice cn:alice\n"), bad);
	assert_non_null(
	    strstr(w->detail, "the certificate has two SID extensions"));
	X509_free(x);
	/* a NUL in it, or what is no ASCII */
	static const char *const odd[] = {"S-1-5-21-1-2-3-100\xff", "\x80"};
	for (size_t i = 0; i < 2; i++) {
		n = other_name(der, sid, 10, OCTETS, odd[i]);
		expect(w, SID_EXT, der, n, "sid:" SID, bad, bad);
	}
	n = other_name(der, sid, 10, OCTETS, SID "1");
	der[n - 1] = 0;
	expect(w, SID_EXT, der, n, "sid:" SID, bad, bad);
}

static void
malformed_extensions(void **state)
{
	struct world *w = *state;
	static const char san[] = "\x30\x06\x81\x04"
				  "al@b";
	static const char ski[] = "\x04\x02\x01\x02";
	static const struct {
		const char *oid, *der, *line;
		size_t len;
	} t[] = {
	    {SAN, san, "email:al@b", sizeof san - 1},
	    {"2.5.29.14", ski, "ski:0102", sizeof ski - 1},
	};

	for (size_t i = 0; i < 2; i++) {
		expect(w, t[i].oid, t[i].der, t[i].len, t[i].line, CA_R_OK,
		    CA_R_OK);
		for (size_t len = 0; len < t[i].len; len++)
			expect(w, t[i].oid, t[i].der, len, t[i].line,
			    CA_R_NAME_MALFORMED, CA_R_NAME_MALFORMED);
		/* twice: no telling which one is meant */
		X509 *x =
		    with_ext(make_cert(&plain), t[i].oid, t[i].der, t[i].len);
		x = with_ext(x, t[i].oid, t[i].der, t[i].len);
		assert_int_equal(
		    decide(w, x, "alice cn:alice\n"), CA_R_NAME_MALFORMED);
		X509_free(x);
	}
	/* an identifier that is empty, or longer than any line can have */
	expect(w, "2.5.29.14", "\x04\x00", 2, "ski:00", CA_R_OK, CA_R_UNMAPPED);
	char longest[67] = "\x04\x40", line[160] = "ski:";
	for (int i = 0; i < 64; i++)
		strcat(line, "00");
	expect(w, "2.5.29.14", longest, 66, line, CA_R_OK, CA_R_OK);
	longest[1] = 0x41;
	expect(w, "2.5.29.14", longest, 67, line, CA_R_OK, CA_R_UNMAPPED);
}

static void
serial_numbers(void **state)
{
	struct world *w = *state;
	static const char *const as[] = {
	    "0", "7", "0a", "7f", "80", "ff00", "-1", "-0a", "-80", "100"};
	char line[128];

	for (size_t i = 0; i < sizeof as / sizeof as[0]; i++) {
		struct made m = plain;

		m.serial = as[i];
		X509 *x = make_cert(&m);
		for (size_t j = 0; j < sizeof as / sizeof as[0]; j++) {
			sprintf(line, "issuer-serial:CN=CA;%s", as[j]);
			if (alice(w, x, line) != (i == j))
				fail_msg("%s: %s", as[i], line);
			strcat(line, " ignorecase");
			assert_int_equal(alice(w, x, line), i == j);
		}
		X509_free(x);
	}
	/* without case in the name; its types are no text */
	X509 *x = make_cert(&plain);
	assert_true(alice(w, x, "issuer-serial:CN=ca;01 ignorecase"));
	assert_false(alice(w, x, "issuer-serial:CN=ca;01"));
	assert_false(alice(w, x, "issuer-serial:CN=cb;01 ignorecase"));
	assert_false(alice(w, x, "issuer-serial:CN=ca;02 ignorecase"));
	X509_free(x);
	/* a semicolon in the issuer's name */
	struct made m = plain;
	m.issuer[0] = (struct attr)UTF8("CN", "a;b\\");
	x = make_cert(&m);
	assert_true(alice(w, x, "issuer-serial:CN=a\\;b\\\\;01"));
	assert_true(alice(w, x, "issuer-serial:CN=a\\3bb\\5c;01"));
	assert_false(alice(w, x, "issuer-serial:CN=a\\;b;01"));
	X509_free(x);
}

/* A certificate with n more DNS names, each of size bytes. */
static X509 *
many_names(int n, int size)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	X509 *x = make_cert(&plain);
	char *text = malloc((size_t)size);

	memset(text, 'h', (size_t)size);
	for (int i = 0; i < n; i++) {
		struct san san = {GEN_DNS, NULL, 0, text, size};

		sk_GENERAL_NAME_push(names, make_san(&san));
	}
	assert_int_equal(
	    X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, 0), 1);
	GENERAL_NAMES_free(names);
	free(text);
	return again(x);
}

static enum ca_err
ident(struct world *w, X509 *x, size_t *n, size_t *bytes)
{
	struct ca_ident *id = malloc(sizeof *id);
	enum ca_err rc = ca_ident_of(w->crypto, x, id);

	*n = id->n;
	*bytes = id->bytes.len;
	if (rc == CA_ERR_LIMIT)
		assert_string_equal(id->why,
		    "the certificate has too many names, or names that are too long");
	ca_ident_free(id);
	free(id);
	return rc;
}

static void
bounds(void **state)
{
	struct world *w = *state;
	size_t n, bytes, other, used;
	X509 *x = make_cert(&plain);

	assert_int_equal(ident(w, x, &n, &bytes), CA_OK);
	X509_free(x);
	w->user = "alice";
	for (int more = 0; more < 3; more++) {
		const size_t want = CA_IDENT_MAX + (size_t)more;

		x = many_names((int)(want - n), 1);
		assert_int_equal(ident(w, x, &other, &used),
		    more == 0 ? CA_OK : CA_ERR_LIMIT);
		assert_int_equal(other, CA_IDENT_MAX);
		assert_int_equal(decide(w, x, "alice cn:alice\n"),
		    more == 0 ? CA_R_OK : CA_R_NAME_MALFORMED);
		if (more > 0)
			assert_non_null(strstr(w->detail,
			    "the certificate has too many names, or names that are too long"));
		X509_free(x);
	}
	for (int more = 0; more < 2; more++) {
		x = many_names(1, CA_IDENT_VALUE_MAX - (int)bytes + more);
		assert_int_equal(ident(w, x, &other, &used),
		    more == 0 ? CA_OK : CA_ERR_LIMIT);
		assert_int_equal(decide(w, x, "alice cn:alice\n"),
		    more == 0 ? CA_R_OK : CA_R_NAME_MALFORMED);
		X509_free(x);
	}
	assert_non_null(strstr(w->detail,
	    "the certificate has too many names, or names that are too long"));
}

/* ---- what is shown ---- */

struct seen {
	char text[4096];
	unsigned n;
};

static void
trace(void *ctx, const struct ca_map_trial *t)
{
	struct seen *s = ctx;
	size_t n = strlen(s->text);

	s->n++;
	(void)snprintf(s->text + n, sizeof s->text - n, "%s:%u %s %s: %s\n",
	    t->file[0] == '/' ? strrchr(t->file, '/') + 1 : t->file, t->line,
	    t->selector, t->matched ? t->made : "-", t->why);
}

static void
explain(struct world *w, X509 *x, const char *lines, struct seen *s)
{
	struct ca_report *r = ca_report_new();
	struct ca_map_input in = {x, NULL, w->user, NULL, NULL};
	const struct ca_context ctx = {w->crypto, w->cfg, &w->log, w->now};
	char *login = NULL;

	memset(s, 0, sizeof *s);
	put_file(w, "users", lines);
	assert_int_equal(ca_map_explain(&ctx, &in, r, &login, trace, s), CA_OK);
	free(login);
	ca_report_free(r);
}

static void
why_not(void **state)
{
	struct world *w = *state;
	struct made m = {.subject = {UTF8("O", "x"), UTF8("CN", "Alice"),
			     UTF8("CN", "Second"), {0}},
	    .issuer = CA,
	    .serial = "0a0b"};
	X509 *x = make_cert(&m);
	static const struct {
		const char *line, *why;
	} t[] = {
	    {"alice cn:alice",
		"users:1 cn:alice -: the certificate has another value (its "
		"cn: Alice Second)\n"},
	    {"alice uid:alice",
		"users:1 uid:alice -: the certificate has no such value\n"},
	    {"alice subject:CN=Second,CN=Alice,O=X",
		"names differ only in upper and lower case; add ignorecase to accept the name of the certificate "
		"(its subject: CN=Second,CN=Alice,O=x)\n"},
	    {"alice subject:O=x,CN=Alice,CN=Second",
		"the same name in reverse order; write the most "
		"specific attribute first (its subject: "
		"CN=Second,CN=Alice,O=x)\n"},
	    {"alice issuer-subject:CN=CA;CN=Alice",
		"another value (its issuer-subject: "
		"CN=CA;CN=Second,CN=Alice,O=x)\n"},
	    {"alice issuer-serial:CN=CA;0a0c",
		"another value (its issuer-serial: CN=CA;0a0b)\n"},
	    {"alice cn:Alice issuer=CN=ca",
		"issuer= is not written as `certauth inspect' shows it"},
	    {"alice cn:Alice issuer=CN=CB", "is not the one of issuer="},
	    {"alice cn:Alice service=x", "is not one of service="},
	    {"alice cn:Alice from=x", "is not one of from="},
	    {"alice cn:Alice until=2001-01-01", "has passed"},
	    {"alice cn:Alice", "users:1 cn:Alice alice: matches\n"},
	    {"* cn:Al* issuer=CN=CA",
		"users:1 cn:Al* -: what the * matched is not an account\n"},
	    {"* uid:x*", "no such value\n"},
	};
	struct seen s;

	w->user = "alice";
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		explain(w, x, t[i].line, &s);
		if (strstr(s.text, t[i].why) == NULL)
			fail_msg("%s: %s", t[i].line, s.text);
		assert_int_equal(s.n, 1);
	}
	/* each rule once, a pattern for each value that it matches */
	explain(w, x,
	    "bob cn:Alice\nalice cn:x\n* cn:*e\n* cn:Q*\nalice cn:Second\n",
	    &s);
	assert_int_equal(s.n, 5);
	X509_free(x);
	/* no subject at all */
	m = (struct made){.subject = {{0}}, .issuer = CA};
	x = make_cert(&m);
	explain(
	    w, x, "alice subject:CN=a\nalice issuer-subject:CN=CA;CN=a\n", &s);
	assert_string_equal(s.text,
	    "users:1 subject:CN=a -: the certificate has no such value\n"
	    "users:2 issuer-subject:CN=CA;CN=a -: the certificate has no such "
	    "value\n");
	X509_free(x);
}

/* ---- several logins ---- */

static void
many_logins(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	char text[4096] = "";

	/* more lines of others than are remembered; the user's own counts */
	for (int i = 0; i < 40; i++)
		sprintf(text + strlen(text), "user%d cn:alice\n", i);
	w->user = "alice";
	assert_int_equal(decide(w, x, text), CA_R_OTHER_USER);
	assert_non_null(strstr(w->detail, "it maps to user0 and others"));
	strcat(text, "alice cn:alice\n");
	assert_int_equal(decide(w, x, text), CA_R_OK);
	assert_non_null(strstr(w->detail, "users:41 cn:alice"));
	assert_int_equal(
	    decide(w, x, "user0 cn:alice\nuser0 uid:x\n"), CA_R_OTHER_USER);
	assert_non_null(strstr(w->detail, "it maps to user0"));
	assert_null(strstr(w->detail, "others"));
	X509_free(x);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(nearly_the_oid),
	    T(other_types),
	    T(the_sid_extension),
	    T(malformed_extensions),
	    T(serial_numbers),
	    T(bounds),
	    T(why_not),
	    T(many_logins),
	};

	return cmocka_run_group_tests_name("map_ident", tests, NULL, NULL);
}
