/* Names: string types, NULs, several values, RFC 4514; PKINIT and SIDs. */
#include "mapcert.h"

#include <openssl/pem.h>

#include "map/rule.h"
#include "verify/verify.h"

#define CA                                                                     \
	{                                                                      \
		UTF8("CN", "CA"),                                              \
		{                                                              \
			0                                                      \
		}                                                              \
	}

static void
string_types(void **state)
{
	struct world *w = *state;
	static const struct {
		int asn1;
		const char *p;
		int len;
	} zoe[] = {
	    {V_ASN1_UTF8STRING, "Zo\xc3\xab", -1},
	    {V_ASN1_BMPSTRING, "\0Z\0o\0\xeb", 6},
	    {V_ASN1_UNIVERSALSTRING, "\0\0\0Z\0\0\0o\0\0\0\xeb", 12},
	    {V_ASN1_T61STRING, "Zo\xeb", -1},
	};

	for (size_t i = 0; i < sizeof zoe / sizeof zoe[0]; i++) {
		struct made m = {
		    .subject = {{"CN", zoe[i].asn1, zoe[i].p, zoe[i].len, 0},
			{0}},
		    .issuer = CA};
		X509 *x = make_cert(&m);

		assert_true(alice(w, x, "cn:Zo\xc3\xab"));
		assert_true(alice(w, x, "cn:Zo\\C3\\AB"));
		assert_true(alice(w, x, "subject:CN=Zo\xc3\xab"));
		assert_true(alice(w, x, "subject:CN=Zo\\c3\\ab"));
		assert_true(alice(w, x, "subject:CN=#0c045a6fc3ab"));
		assert_true(alice(w, x, "subject:CN=#1e06005a006f00eb"));
		assert_false(alice(w, x, "cn:Zoe"));
		assert_false(alice(w, x, "cn:Zo"));
		assert_false(alice(w, x, "cn:ZO\xc3\xab"));
		assert_true(alice(w, x, "cn:ZO\xc3\xab ignorecase"));
		X509_free(x);
	}
}

/* (In a subject or issuer, libcrypto itself does not decode a BMPString of odd
 * length, nor a UTF8String that is none.)
 *
 * A NUL, or what cannot be decoded, anywhere in a name: no rule matches, not
 * even one that does not look at names. */
static void
malformed_names(void **state)
{
	struct world *w = *state;
	static const char krb_nul[] =
	    "\x30\x1b\xa0\x03\x1b\x01R\xa1\x14\x30"
	    "\x12\xa0\x03\x02\x01\x01\xa1\x0b\x30\x09\x1b\x07"
	    "ali\0\0ce";
	static const struct made bad[] = {
	    {.subject = {{"CN", V_ASN1_UTF8STRING, "alice\0.evil", 11, 0}, {0}},
		.issuer = CA},
	    {.subject = {{"CN", V_ASN1_BMPSTRING, "\0a\0\0", 4, 0}, {0}},
		.issuer = CA},
	    {.subject = {{"O", V_ASN1_PRINTABLESTRING, "a\0b", 3, 0},
		 UTF8("CN", "alice"), {0}},
		.issuer = CA},
	    {.subject = {UTF8("CN", "alice"), {0}},
		.issuer = {{"CN", V_ASN1_UTF8STRING, "CA\0", 3, 0}, {0}}},
	    {.subject = {{"emailAddress", V_ASN1_IA5STRING, "a@b\0c", 5, 0},
		 {0}},
		.issuer = CA},
	    {.subject = {UTF8("CN", "alice"), {0}},
		.issuer = CA,
		.san = {{GEN_EMAIL, NULL, 0, "alice@corp.example\0.evil", 24}}},
	    {.subject = {UTF8("CN", "alice"), {0}},
		.issuer = CA,
		.san = {{GEN_EMAIL, NULL, 0, "alice@b\xc3\xbc", -1}}},
	    {.subject = {UTF8("CN", "alice"), {0}},
		.issuer = CA,
		.san = {{GEN_EMAIL, NULL, 0, "alice@corp.example", -1},
		    {GEN_DNS, NULL, 0, "a\0b", 3}}},
	    {.subject = {UTF8("CN", "alice"), {0}},
		.issuer = CA,
		.san = {{GEN_URI, NULL, 0, "urn:a\0", 6}}},
	    {.subject = {UTF8("CN", "alice"), {0}},
		.issuer = CA,
		.san = {{0, "1.3.6.1.4.1.311.20.2.3", V_ASN1_UTF8STRING,
		    "alice@corp.example\0", 19}}},
	    {.subject = {UTF8("CN", "alice"), {0}},
		.issuer = CA,
		.san = {{0, "1.3.6.1.4.1.311.20.2.3", V_ASN1_UTF8STRING,
		    "a\xff@x", 4}}},
	    {.subject = {UTF8("CN", "alice"), {0}},
		.issuer = CA,
		.san = {{0, "1.3.6.1.4.1.311.20.2.3", V_ASN1_IA5STRING,
		    "alice@corp.example", -1}}},
	    {.subject = {UTF8("CN", "alice"), {0}},
		.issuer = CA,
		.san = {{0, "1.3.6.1.5.2.2", V_ASN1_UTF8STRING, "x@Y", -1}}},
	    {.subject = {UTF8("CN", "alice"), {0}},
		.issuer = CA,
		.san = {{0, "1.3.6.1.5.2.2", V_ASN1_SEQUENCE, krb_nul,
		    sizeof krb_nul - 1}}},
	    {.subject = {UTF8("CN", "alice"), {0}},
		.issuer = CA,
		.sid_ext = "\x30\x03\x01\x01",
		.sid_len = 4},
	};

	w->user = "alice";
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		X509 *x = make_cert(&bad[i]);
		unsigned char md[32];
		unsigned n = sizeof md;
		char line[256];

		assert_int_equal(X509_digest(x, EVP_sha256(), md, &n), 1);
		char *p =
		    line + sprintf(line,
			       "alice cn:alice\n"
			       "alice email:alice@corp.example\nalice sha256:");
		for (int j = 0; j < 32; j++)
			p += sprintf(p, "%02x", md[j]);
		strcpy(p, "\n");
		if (decide(w, x, line) != CA_R_NAME_MALFORMED)
			fail_msg("number %zu: %s", i, w->detail);
		X509_free(x);
	}
}

static void
several_values(void **state)
{
	struct world *w = *state;
	struct made m = {.subject = {UTF8("OU", "a"), UTF8("CN", "first"),
			     UTF8("CN", "second"),
			     {"O", V_ASN1_PRINTABLESTRING, "x", -1, 0}, {0}},
	    .issuer = CA,
	    .san = {{GEN_EMAIL, NULL, 0, "a@x", -1},
		{GEN_EMAIL, NULL, 0, "b@x", -1}, {GEN_DNS, NULL, 0, "h1", -1},
		{GEN_DNS, NULL, 0, "h2", -1}, {GEN_URI, NULL, 0, "", 0}}};
	X509 *x = make_cert(&m);

	assert_true(alice(w, x, "cn:first"));
	assert_true(alice(w, x, "cn:second"));
	assert_true(alice(w, x, "email:b@X"));
	assert_true(alice(w, x, "dns:h2"));
	assert_false(alice(w, x, "dns:h3"));
	assert_true(alice(w, x, "subject:O=x,CN=second,CN=first,OU=a"));
	assert_false(alice(w, x, "subject:O=x,CN=first,CN=second,OU=a"));
	X509_free(x);
}

static void
old_place_of_an_address(void **state)
{
	struct world *w = *state;
	struct made m = {
	    .subject = {{"emailAddress", V_ASN1_IA5STRING, "old@x", -1, 0},
		{0}},
	    .issuer = CA};
	X509 *x = make_cert(&m);

	assert_true(alice(w, x, "email:old@X"));
	assert_true(alice(w, x, "subject:E=old@x"));
	assert_true(alice(w, x, "subject:emailAddress=old@x"));
	X509_free(x);
	/* only where the new place has none */
	m.san[0] = (struct san){GEN_EMAIL, NULL, 0, "new@x", -1};
	x = make_cert(&m);
	assert_false(alice(w, x, "email:old@x"));
	assert_true(alice(w, x, "email:new@x"));
	X509_free(x);
}

static void
multi_valued_rdn(void **state)
{
	struct world *w = *state;
	struct made m = {.subject = {UTF8("O", "x"), UTF8("CN", "alice"),
			     {"UID", V_ASN1_UTF8STRING, "7", -1, 1}, {0}},
	    .issuer = CA};
	X509 *x = make_cert(&m);

	assert_true(alice(w, x, "subject:CN=alice+UID=7,O=x"));
	assert_true(alice(w, x, "subject:\"UID=7 + CN=alice, O=x\""));
	assert_true(alice(w, x,
	    "subject:0.9.2342.19200300.100.1.1=7+"
	    "oid.2.5.4.3=alice,O=x"));
	assert_false(alice(w, x, "subject:CN=alice,UID=7,O=x"));
	assert_false(alice(w, x, "subject:UID=7,CN=alice,O=x"));
	assert_false(alice(w, x, "subject:CN=alice,O=x"));
	assert_false(alice(w, x, "subject:CN=alice+UID=7+UID=7,O=x"));
	X509_free(x);
}

static void
escapes(void **state)
{
	struct world *w = *state;
	struct made m = {
	    .subject = {UTF8("O", " #a, b+c\"\\<>;= "), {0}}, .issuer = CA};
	X509 *x = make_cert(&m);

	assert_true(
	    alice(w, x, "subject:\"O=\\ #a\\, b\\+c\\\"\\\\\\<\\>\\;=\\ \""));
	assert_true(alice(w, x,
	    "subject:\"O=\\20\\23a\\2C b\\2bc\\22\\5c\\3c"
	    "\\3e\\3b\\3d\\20\""));
	X509_free(x);
	/* the printer's text is the parser's */
	struct ca_buf text = CA_BUF_INIT(4096);
	static const char *const values[] = {"a", " a ", "#a", "a,b+c", "\\",
	    "\"x\"", "a=b;c", "<>", "Zo\xc3\xab", "a\tb", "\xe2\x80\xae", " ",
	    "  ", "a  b"};
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct made v = {
		    .subject = {UTF8("C", "DE"), UTF8("O", values[i]),
			{"CN", V_ASN1_UTF8STRING, values[i], -1, 1},
			UTF8("title", values[i]), UTF8("pseudonym", "p"), {0}},
		    .issuer = CA};
		char line[4096];

		x = make_cert(&v);
		ca_buf_reset(&text);
		ca_name_rfc4514(X509_get_subject_name(x), &text);
		snprintf(
		    line, sizeof line, "subject:\"%s\"", ca_buf_text(&text));
		if (!alice(w, x, line))
			fail_msg("%s", line);
		X509_free(x);
	}
	ca_buf_free(&text);
}

/* Microsoft's extension, and PKINIT, as their DER. */
static void
sid_and_krb(void **state)
{
	struct world *w = *state;
	/* SEQUENCE { [0] { OID 1.3.6.1.4.1.311.25.2.1, [0] { OCTET STRING } } }
	 */
	static const char sid[] = "\x30\x25\xa0\x23\x06\x0a\x2b\x06\x01\x04\x01"
				  "\x82\x37\x19\x02\x01\xa0\x15\x04\x13"
				  "S-1-5-21-1-2-3-1001";
	/* alice/admin@R */
	static const char krb[] = "\x30\x20\xa0\x03\x1b\x01"
				  "R\xa1\x19\x30\x17"
				  "\xa0\x03\x02\x01\x01\xa1\x10\x30\x0e\x1b\x05"
				  "alice\x1b\x05"
				  "admin";
	struct made m = {.subject = {UTF8("CN", "x"), {0}},
	    .issuer = CA,
	    .san = {{0, "1.3.6.1.5.2.2", V_ASN1_SEQUENCE, krb, sizeof krb - 1}},
	    .sid_ext = sid,
	    .sid_len = sizeof sid - 1};
	X509 *x = make_cert(&m);

	assert_true(alice(w, x, "sid:S-1-5-21-1-2-3-1001"));
	assert_false(alice(w, x, "sid:S-1-5-21-1-2-3-1002"));
	assert_true(alice(w, x, "krb:alice/admin@R"));
	assert_false(alice(w, x, "krb:alice@R"));
	assert_false(alice(w, x, "krb:alice/admin@r"));
	assert_true(alice(w, x, "krb:alice/admin@r ignorecase"));
	X509_free(x);
	/* a part that would make the text ambiguous matches nothing */
	char odd[sizeof krb];
	memcpy(odd, krb, sizeof krb);
	odd[24] = '/';
	m.san[0].p = odd;
	x = make_cert(&m);
	w->user = "alice";
	assert_int_equal(
	    decide(w, x, "alice krb:al/ce/admin@R\n"), CA_R_UNMAPPED);
	X509_free(x);
}

static void
patterns(void **state)
{
	struct world *w = *state;
	struct made m = {.subject = {UTF8("CN", "Staff daemon"), {0}},
	    .issuer = CA,
	    .san = {{GEN_EMAIL, NULL, 0, "daemon@Corp.Example", -1},
		{0, "1.3.6.1.4.1.311.20.2.3", V_ASN1_UTF8STRING,
		    "DAEMON@corp.example", -1}}};
	X509 *x = make_cert(&m);

	/* daemon has uid 1 everywhere; alice is no account here */
	assert_int_equal(
	    ca_config_set(w->cfg, "min_uid", "1", "t", NULL), CA_OK);
	w->user = "daemon";
	assert_int_equal(decide(w, x, "* email:*@corp.example\n"), CA_R_OK);
	assert_int_equal(decide(w, x, "* upn:*@CORP.example\n"), CA_R_OK);
	assert_int_equal(decide(w, x, "* cn:\"Staff *\"\n"), CA_R_OK);
	assert_int_equal(decide(w, x, "* cn:\"staff *\"\n"), CA_R_UNMAPPED);
	assert_int_equal(
	    decide(w, x, "* cn:\"staff *\" ignorecase\n"), CA_R_OK);
	assert_int_equal(decide(w, x, "* email:*@corp\n"), CA_R_UNMAPPED);
	/* as long as what stands there, before the star and behind it */
	assert_int_equal(
	    decide(w, x, "* email:*@corq.example\n"), CA_R_UNMAPPED);
	assert_int_equal(decide(w, x, "* cn:\"Stafg *\"\n"), CA_R_UNMAPPED);
	assert_int_equal(
	    decide(w, x, "* email:daemon*@corp.example\n"), CA_R_UNMAPPED);
	assert_int_equal(
	    decide(w, x, "* email:d*n@corp.example\n"), CA_R_OTHER_USER);
	assert_int_equal(decide(w, x,
			     "* email:*@corp.example "
			     "issuer=CN=Other\n"),
	    CA_R_UNMAPPED);
	w->user = "alice";
	assert_int_equal(
	    decide(w, x, "* email:*@corp.example\n"), CA_R_OTHER_USER);
	w->user = NULL;
	assert_int_equal(decide(w, x, "* email:*@corp.example\n"), CA_R_OK);
	assert_string_equal(w->login, "daemon");
	/* below min_uid */
	w->user = "daemon";
	assert_int_equal(
	    ca_config_set(w->cfg, "min_uid", "2", "t", NULL), CA_OK);
	assert_int_equal(
	    decide(w, x, "* email:*@corp.example\n"), CA_R_LOGIN_INVALID);
	/* a line that names it may, and beats the pattern */
	assert_int_equal(decide(w, x,
			     "* email:*@corp.example\n"
			     "daemon upn:daemon@corp.example\n"),
	    CA_R_OK);
	X509_free(x);
}

/* A certificate with several addresses: the order is its maker's. */
static void
patterns_of_several(void **state)
{
	struct world *w = *state;
	static const char line[] = "* email:*@corp.example\n";
	struct made m = {.subject = {UTF8("CN", "x"), {0}},
	    .issuer = CA,
	    .san = {{GEN_EMAIL, NULL, 0, "daemon@corp.example", -1},
		{GEN_EMAIL, NULL, 0, "x@home.example", -1},
		{GEN_EMAIL, NULL, 0, "bin@corp.example", -1}}};
	X509 *x = make_cert(&m);

	assert_int_equal(
	    ca_config_set(w->cfg, "min_uid", "1", "t", NULL), CA_OK);
	w->user = "bin";
	assert_int_equal(decide(w, x, line), CA_R_OK);
	w->user = "daemon";
	assert_int_equal(decide(w, x, line), CA_R_OK);
	w->user = "sys";
	assert_int_equal(decide(w, x, line), CA_R_OTHER_USER);
	w->user = NULL;
	assert_int_equal(decide(w, x, line), CA_R_AMBIGUOUS);
	X509_free(x);
	/* as many names as one likes cost no more than eight look-ups */
	for (int i = 0; i < 8; i++)
		m.san[i] = m.san[2];
	x = make_cert(&m);
	assert_int_equal(decide(w, x, line), CA_R_AMBIGUOUS);
	w->user = "bin";
	assert_int_equal(decide(w, x, line), CA_R_OK);
	X509_free(x);
}

static void
what_patterns_never_make(void **state)
{
	struct world *w = *state;

	/* by its form alone, whether or not there is such an account */
	assert_null(ca_login_underivable("al.i-ce_1", 9));
	assert_null(ca_login_underivable("7of9", 4));
	assert_non_null(ca_login_underivable("", 0));
	assert_non_null(ca_login_underivable("1000", 4));
	assert_non_null(ca_login_underivable("-rf", 3));
	assert_non_null(ca_login_underivable("a/b", 3));
	assert_non_null(ca_login_underivable("a b", 3));
	assert_non_null(ca_login_underivable("a\nb", 3));
	assert_non_null(ca_login_underivable("a\0b", 3));
	assert_non_null(ca_login_underivable("\xc3\xb6", 2));
	static const char *const bad[] = {"root", "daemon", "Root", "ROOT",
	    "no-such-account-x", "../x", "-rf", "..", ".", "a/b", "0", "1000",
	    "a b", "a\nb", "a:b", "alice\x7f", "r\xc3\xb6t", "+", "@", "~",
	    "$(id)", "%h"};
	char longest[301];

	memset(longest, 'a', 300);
	longest[300] = '\0';
	assert_int_equal(
	    ca_config_set(w->cfg, "min_uid", "1000", "t", NULL), CA_OK);
	for (size_t i = 0; i <= sizeof bad / sizeof bad[0]; i++) {
		const char *cn =
		    i < sizeof bad / sizeof bad[0] ? bad[i] : longest;
		char value[400];

		sprintf(value, "Staff %s", cn);
		struct made m = {
		    .subject = {UTF8("CN", value), {0}}, .issuer = CA};
		X509 *x = make_cert(&m);
		w->user = cn;
		if (decide(w, x, "* cn:\"Staff *\"\n") != CA_R_LOGIN_INVALID)
			fail_msg("%s: %s", cn, w->detail);
		w->user = NULL;
		assert_int_equal(
		    decide(w, x, "* cn:\"Staff *\"\n"), CA_R_LOGIN_INVALID);
		X509_free(x);
	}
	/* even where min_uid would allow it */
	assert_int_equal(
	    ca_config_set(w->cfg, "min_uid", "1", "t", NULL), CA_OK);
	struct made m = {
	    .subject = {UTF8("CN", "Staff root"), {0}}, .issuer = CA};
	X509 *x = make_cert(&m);
	w->user = "root";
	assert_int_equal(
	    decide(w, x, "* cn:\"Staff *\"\n"), CA_R_LOGIN_INVALID);
	X509_free(x);
}

static void
matching_rules(void **state)
{
	struct world *w = *state;
	struct made m = {.subject = {UTF8("O", "x"), UTF8("CN", "alice"), {0}},
	    .issuer = CA,
	    .san = {{GEN_EMAIL, NULL, 0, "alice@x.example", -1}}};
	X509 *x = make_cert(&m);

#ifdef HAVE_SSS_CERTMAP
	assert_true(alice(w, x, "match:<SUBJECT>^CN=alice,O=x$"));
	assert_true(alice(w, x, "match:<ISSUER>^CN=CA$<SUBJECT>^CN=al"));
	assert_false(alice(w, x, "match:<ISSUER>^CN=CB$<SUBJECT>^CN=al"));
	assert_false(alice(w, x, "match:<EKU>clientAuth"));
	w->user = "alice";
	assert_int_equal(
	    decide(w, x, "alice match:<FOO>bar\n"), CA_R_USERS_FILE);
#else
	w->user = "alice";
	assert_int_equal(
	    decide(w, x, "alice match:<SUBJECT>x\n"), CA_R_USERS_FILE);
#endif
	X509_free(x);
}

/* ---- registered certificates ---- */

static void
register_cert(struct world *w, const char *login, const char *name, X509 *x)
{
	char path[400];
	FILE *f;

	snprintf(path, sizeof path, "%s/users.d", w->dir);
	(void)mkdir(path, 0755);
	snprintf(path, sizeof path, "%s/users.d/%s", w->dir, login);
	(void)mkdir(path, 0755);
	snprintf(path, sizeof path, "%s/users.d/%s/%s", w->dir, login, name);
	assert_non_null(f = fopen(path, "w"));
	assert_int_equal(PEM_write_X509(f, x), 1);
	fclose(f);
	assert_int_equal(chmod(path, 0644), 0);
}

static void
registered(void **state)
{
	struct world *w = *state;
	const struct ca_context ctx = {w->crypto, w->cfg, &w->log, w->now};
	struct made m = {.subject = {UTF8("CN", "a"), {0}}, .issuer = CA};
	X509 *a = make_cert(&m), *b;
	STACK_OF(X509) *got;
	char path[400];

	m.subject[0].p = "b";
	b = make_cert(&m);
	w->user = "alice";
	assert_int_equal(decide(w, a, ""), CA_R_UNMAPPED);
	register_cert(w, "alice", "1.pem", a);
	register_cert(w, "nobody", "1.pem", b);
	register_cert(w, "alice", "2.crt", b);
	assert_int_equal(decide(w, a, ""), CA_R_OK);
	assert_int_equal(decide(w, b, ""), CA_R_UNMAPPED);
	w->user = "nobody";
	assert_int_equal(decide(w, b, ""), CA_R_OK);
	w->user = NULL;
	assert_int_equal(decide(w, b, ""), CA_R_OK);
	assert_string_equal(w->login, "nobody");
	w->user = "../users.d/alice";
	assert_int_equal(decide(w, a, ""), CA_R_UNMAPPED);

	assert_int_equal(ca_map_registered(&ctx, "alice",
			     &(struct ca_map_budget){8, 320}, &got),
	    CA_OK);
	assert_int_equal(sk_X509_num(got), 1);
	assert_int_equal(X509_cmp(sk_X509_value(got, 0), a), 0);
	sk_X509_pop_free(got, X509_free);
	register_cert(w, "alice", "0.pem", b);
	assert_int_equal(ca_map_registered(&ctx, "alice",
			     &(struct ca_map_budget){1, 320}, &got),
	    CA_OK);
	assert_int_equal(sk_X509_num(got), 1);
	assert_int_equal(X509_cmp(sk_X509_value(got, 0), b), 0);
	sk_X509_pop_free(got, X509_free);
	assert_int_equal(ca_map_registered(&ctx, "carol",
			     &(struct ca_map_budget){8, 320}, &got),
	    CA_OK);
	assert_int_equal(sk_X509_num(got), 0);
	sk_X509_pop_free(got, X509_free);

	/* what is wrong there denies */
	w->user = "alice";
	snprintf(path, sizeof path, "%s/users.d/alice/1.pem", w->dir);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(decide(w, a, "alice cn:a\n"), CA_R_USERS_FILE);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(truncate(path, 30), 0);
	assert_int_equal(decide(w, a, "alice cn:a\n"), CA_R_USERS_FILE);
	register_cert(w, "alice", "1.pem", a);
	assert_int_equal(decide(w, a, "alice cn:a\n"), CA_R_OK);
	snprintf(path, sizeof path, "%s/users.d/alice", w->dir);
	assert_int_equal(chmod(path, 0775), 0);
	assert_int_equal(decide(w, a, "alice cn:a\n"), CA_R_USERS_FILE);
	X509_free(a);
	X509_free(b);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(string_types),
	    T(malformed_names),
	    T(several_values),
	    T(old_place_of_an_address),
	    T(multi_valued_rdn),
	    T(escapes),
	    T(sid_and_krb),
	    T(patterns),
	    T(patterns_of_several),
	    T(what_patterns_never_make),
	    T(matching_rules),
	    T(registered),
	};

	return cmocka_run_group_tests_name("map_names", tests, NULL, NULL);
}
