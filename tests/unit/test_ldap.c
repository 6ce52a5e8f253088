/* The directory: values of accounts, and the index. */
#include "ldapworld.h"

#include <fcntl.h>

#include "ldap/ldaplocal.h"
#include "ldap/ldapvalue.h"
#include "map/dn.h"
#include "map/ident.h"

/* Does this value of altSecurityIdentities map the certificate to daemon? */
static bool
maps(struct world *w, X509 *x, const char *text)
{
	struct ca_buf b = CA_BUF_INIT(65536);
	struct ca_ldap_maker *m = begin(w);
	enum ca_ldap_kind kind;
	struct ca_ldap_facts facts;
	const char *why = NULL;
	enum ca_err rc =
	    ca_ldap_value_mapping(text, strlen(text), &kind, &b, &why);

	if (rc != CA_OK)
		fail_msg("%s: %d %s", text, rc, why);
	account(m, "daemon");
	assert_int_equal(value(w, m, kind, b.p, b.len), CA_OK);
	assert_int_equal(finish(m, true, &facts), CA_OK);
	assert_int_equal(facts.accounts, 1);
	assert_int_equal(facts.values, 1);
	ca_buf_free(&b);
	enum ca_reason r = decide(w, x, NULL);
	assert_true(r == CA_R_OK || r == CA_R_UNMAPPED);
	return r == CA_R_OK;
}

/* ---- values ---- */

static void
mappings(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&person);
	static const struct {
		const char *text;
		bool yes, weak;
	} t[] = {
	    {"X509:<I>DC=com,DC=corp,CN=CA<SR>11ac0000000012", true, false},
	    {"x509:<i>DC=com, DC=corp, CN=CA<sr>11AC0000000012", true, false},
	    {"X509:<SR>11ac0000000012<I>DC=com,DC=corp,CN=CA", true, false},
	    {"X509:<I>DC=com,DC=corp,CN=CA<SR>11ac000000001200", true, false},
	    {"X509:<I>DC=com,DC=corp,CN=CA<SR>1200000000ac11", false, false},
	    {"X509:<I>CN=CA,DC=corp,DC=com<SR>11ac0000000012", false, false},
	    {"X509:<SKI>0102ab", true, false},
	    {"X509:<SKI>0102AB", true, false},
	    {"X509:<SKI>ab0201", false, false},
	    {"X509:<I>DC=com,DC=corp,CN=CA<SID>S-1-5-21-1-2-3-1001", true,
		false},
	    {"X509:<I>DC=com,DC=corp,CN=CB<SID>S-1-5-21-1-2-3-1001", false,
		false},
	    {"X509:<I>DC=com,DC=corp,CN=CA<SID>S-1-5-21-1-2-3-1002", false,
		false},
	    {"X509:<SHA1-PUKEY>0000000000000000000000000000000000000000", false,
		false},
	    {"X509:<I>DC=com,DC=corp,CN=CA<S>C=DE,O=Corp,CN=Alice", true, true},
	    {"X509:<I>DC=com,DC=corp,CN=CB<S>C=DE,O=Corp,CN=Alice", false,
		true},
	    {"X509:<S>C=DE,O=Corp,CN=Alice", true, true},
	    {"X509:<S>CN=Alice,O=Corp,C=DE", false, true},
	    {"X509:<RFC822>alice@corp.EXAMPLE", true, true},
	    {"X509:<RFC822>Alice@corp.example", false, true},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		weak(w, t[i].weak ? "yes" : "no");
		if (maps(w, x, t[i].text) != t[i].yes)
			fail_msg("%s", t[i].text);
	}
	X509_free(x);
}

/* SHA-1 of the certificate and of its key: either stands in directories. */
static void
sha1(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&person);
	const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(x);
	unsigned char hash[2][20], *der = NULL;
	int len = i2d_X509(x, &der);
	char text[64];

	assert_true(len > 0);
	assert_int_equal(
	    EVP_Digest(der, (size_t)len, hash[0], NULL, EVP_sha1(), NULL), 1);
	assert_int_equal(EVP_Digest(ASN1_STRING_get0_data(key),
			     (size_t)ASN1_STRING_length(key), hash[1], NULL,
			     EVP_sha1(), NULL),
	    1);
	for (size_t i = 0; i < 2; i++) {
		strcpy(text, "X509:<SHA1-PUKEY>");
		for (size_t k = 0; k < 20; k++)
			(void)snprintf(
			    text + 17 + 2 * k, 3, "%02X", hash[i][k]);
		assert_true(maps(w, x, text));
	}
	OPENSSL_free(der);
	X509_free(x);
}

static void
odd_mappings(void **state)
{
	static const struct {
		const char *text;
		enum ca_err err;
	} t[] = {
	    {"", CA_ERR_FORMAT},
	    {"Kerberos:alice@EXAMPLE.ORG", CA_ERR_UNSUPPORTED},
	    {"X509", CA_ERR_UNSUPPORTED},
	    {"X509:", CA_ERR_FORMAT},
	    {"X509:CN=a", CA_ERR_FORMAT},
	    {"X509:<SKI>", CA_ERR_FORMAT},
	    {"X509:<SKI>0", CA_ERR_FORMAT},
	    {"X509:<SKI>zz", CA_ERR_FORMAT},
	    {"X509:<SHA1-PUKEY>00", CA_ERR_FORMAT},
	    {"X509:<SR>00", CA_ERR_FORMAT},
	    {"X509:<I>CN=a", CA_ERR_FORMAT},
	    {"X509:<I>CN=a<SR>", CA_ERR_FORMAT},
	    {"X509:<I>CN=a<SR>0", CA_ERR_FORMAT},
	    {"X509:<I>a<SR>00", CA_ERR_FORMAT},
	    {"X509:<I>CN=a<SKI>00", CA_ERR_FORMAT},
	    {"X509:<I>CN=a<S>CN=b<SR>00", CA_ERR_FORMAT},
	    {"X509:<I>CN=a<I>CN=b", CA_ERR_FORMAT},
	    {"X509:<SKI>00<SKI>00", CA_ERR_FORMAT},
	    {"X509:<I>CN=a<SID>S-1", CA_ERR_FORMAT},
	    {"X509:<I>CN=a<SID>S-1-5-x", CA_ERR_FORMAT},
	    {"X509:<RFC822>alice", CA_ERR_FORMAT},
	    {"X509:<RFC822>", CA_ERR_FORMAT},
	    {"X509:<SKI>00\n", CA_ERR_FORMAT},
	    {"X509:<S>CN=\"a\"", CA_ERR_FORMAT},
	};
	static char big[4200];

	(void)state;
	for (size_t i = 0; i <= sizeof t / sizeof *t; i++) {
		struct ca_buf b = CA_BUF_INIT(65536);
		enum ca_ldap_kind kind;
		const char *why = NULL, *text = big;
		enum ca_err err = CA_ERR_FORMAT;

		memset(big, 'a', sizeof big - 1);
		memcpy(big, "X509:<SKI>", 10);
		if (i < sizeof t / sizeof *t) {
			text = t[i].text;
			err = t[i].err;
		}
		enum ca_err rc =
		    ca_ldap_value_mapping(text, strlen(text), &kind, &b, &why);
		if (rc != err || (rc == CA_ERR_FORMAT && why == NULL))
			fail_msg("%.40s: %d", text, rc);
		ca_buf_free(&b);
	}
}

static void
other_attributes(void **state)
{
	struct world *w = *state;
	static const uint8_t sid[] = {
	    1, 2, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 2, 0, 0};
	static const uint8_t cert[] = {0x30, 0x00};
	static uint8_t big[65537];
	struct ca_buf b = CA_BUF_INIT(65536);
	const char *why;

	assert_int_equal(ca_ldap_value_sid(sid, 16, &b, &why), CA_OK);
	assert_string_equal(ca_buf_text(&b), "S-1-5-21-513");
	for (size_t len = 0; len < 16; len++)
		assert_int_equal(
		    ca_ldap_value_sid(sid, len, &b, &why), CA_ERR_FORMAT);
	/* one part is announced, and two come */
	uint8_t more[16];
	memcpy(more, sid, 16);
	more[1] = 1;
	assert_int_equal(ca_ldap_value_sid(more, 16, &b, &why), CA_ERR_FORMAT);
	for (int at = 0; at < 2; at++) {
		uint8_t bad[16];

		memcpy(bad, sid, 16);
		bad[at] = 0;
		assert_int_equal(
		    ca_ldap_value_sid(bad, 16, &b, &why), CA_ERR_FORMAT);
	}
	ca_buf_reset(&b);
	assert_int_equal(
	    ca_ldap_value_upn("Alice@Corp.EXAMPLE", 18, &b, &why), CA_OK);
	assert_string_equal(ca_buf_text(&b), "alice@corp.example");
	assert_int_equal(
	    ca_ldap_value_upn("a@\0b", 4, &b, &why), CA_ERR_FORMAT);
	assert_int_equal(ca_ldap_value_upn("a", 1, &b, &why), CA_ERR_FORMAT);
	ca_buf_reset(&b);
	/* the bytes are compared, and not decoded */
	assert_int_equal(
	    ca_ldap_value_cert(w->crypto, cert, 2, &b, &why), CA_OK);
	assert_int_equal(b.len, 64);
	memset(big, 0x30, sizeof big);
	assert_int_equal(
	    ca_ldap_value_cert(w->crypto, big, 65537, &b, &why), CA_ERR_FORMAT);
	assert_int_equal(
	    ca_ldap_value_cert(w->crypto, "x", 1, &b, &why), CA_ERR_FORMAT);
	assert_int_equal(
	    ca_ldap_value_cert(w->crypto, "", 0, &b, &why), CA_ERR_FORMAT);
	ca_buf_free(&b);
}

static void
logins(void **state)
{
	static const char *const good[] = {"alice", "a-b_c.d", "HOST$",
	    "\xc3\xa9", "alice@corp.example", "1a"};
	static const char *const bad[] = {"", "a/b", "-a", ".a", "~a", "a b",
	    "a\n", "123", "a:b", "*", "\xff", "a,b"};
	char text[257];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_null(ca_ldap_login_refusal(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (ca_ldap_login_refusal(bad[i], strlen(bad[i])) == NULL)
			fail_msg("%s", bad[i]);
	memset(text, 'a', sizeof text);
	assert_null(ca_ldap_login_refusal(text, 255));
	assert_non_null(ca_ldap_login_refusal(text, 256));
	assert_non_null(ca_ldap_login_refusal("a\0b", 3));
}

static void
local(void **state)
{
	static const char *const yes[] = {"ldapi:///", "ldapi://%2Frun%2Fx",
	    "ldap://127.0.0.1", "ldap://127.0.0.1:389", "LDAP://[::1]",
	    "ldap://[::1]:1"};
	static const char *const no[] = {"ldap://127.0.0.1.evil.example",
	    "ldap://localhost.example", "ldap://ldap.example",
	    "ldap://10.0.0.1", "ldaps://localhost", "ldap://127.0.0.10",
	    /* who answers for names decides where it is */
	    "ldap://localhost", "ldap://LOCALHOST:389"};

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		assert_true(ca_ldap_is_local(yes[i]));
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		assert_false(ca_ldap_is_local(no[i]));
}

/* ---- the index ---- */

static void
many(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&person);
	struct ca_ldap_maker *m = begin(w);
	struct ca_ldap_facts facts, again;
	char login[16], ski[16];

	for (int i = 0; i < 5000; i++) {
		(void)snprintf(login, sizeof login, "user%d", i);
		(void)snprintf(ski, sizeof ski, "%08x", i);
		put_ski(w, m, login, ski);
		if (i == 2500)
			put_ski(w, m, "daemon", "0102ab");
	}
	assert_int_equal(finish(m, false, &facts), CA_OK);
	assert_int_equal(facts.accounts, 5001);
	assert_int_equal(ca_ldap_index_facts(w->crypto, w->cfg, &again), CA_OK);
	assert_int_equal(again.accounts, 5001);
	assert_int_equal(again.kinds, 1u << CA_LDAP_SKI);
	assert_int_equal(again.made, facts.made);
	assert_int_equal(decide(w, x, NULL), CA_R_OK);
	/* the certificate decides, if no user is named */
	w->user = NULL;
	assert_int_equal(decide(w, x, NULL), CA_R_OK);
	assert_string_equal(w->login, "daemon");
	w->user = "bin";
	assert_int_equal(decide(w, x, NULL), CA_R_OTHER_USER);
	/* rules of this host come first: another login of the directory is not
	 * looked for then */
	w->user = NULL;
	assert_int_equal(decide(w, x, "bin cn:Alice\n"), CA_R_OK);
	assert_string_equal(w->login, "bin");
	X509_free(x);
}

static void
two_owners(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&person);
	struct ca_ldap_maker *m = begin(w);
	struct ca_ldap_facts facts;

	put_ski(w, m, "daemon", "0102ab");
	put_ski(w, m, "bin", "0102ab");
	assert_int_equal(finish(m, false, &facts), CA_OK);
	w->user = NULL;
	assert_int_equal(decide(w, x, NULL), CA_R_AMBIGUOUS);
	w->user = "bin";
	assert_int_equal(decide(w, x, NULL), CA_R_OK);
	/* one login of two accounts is nobody's */
	m = begin(w);
	put_ski(w, m, "daemon", "0102ab");
	put_ski(w, m, "bin", "0102ab");
	account(m, "Daemon");
	assert_int_equal(finish(m, false, &facts), CA_OK);
	assert_int_equal(facts.accounts, 1);
	assert_non_null(strstr(w->logged, "two accounts of the directory"));
	w->user = "daemon";
	assert_int_equal(decide(w, x, NULL), CA_R_OTHER_USER);
	X509_free(x);
}

/* Accounts that no directory may give, whatever it says. */
static void
accounts(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&person);
	static const struct {
		const char *login, *min, *max, *why;
	} t[] = {
	    {"root", "1", "4294967295", "never gives root"},
	    {"daemon", "2", "4294967295", "below min_uid"},
	    {"sys", "1", "2", "above max_uid"},
	    {"nobody", "1", "4294967295", "uid is reserved"},
	    {"no-such-account", "1", "4294967295", "is not an account"},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct ca_ldap_maker *m = begin(w);
		struct ca_ldap_facts facts;

		put_ski(w, m, t[i].login, "0102ab");
		assert_int_equal(finish(m, false, &facts), CA_OK);
		assert_int_equal(
		    ca_config_set(w->cfg, "min_uid", t[i].min, "t", NULL),
		    CA_OK);
		assert_int_equal(
		    ca_config_set(w->cfg, "max_uid", t[i].max, "t", NULL),
		    CA_OK);
		for (int named = 0; named < 2; named++) {
			w->user = named ? t[i].login : NULL;
			if (decide(w, x, NULL) != CA_R_LOGIN_INVALID ||
			    strstr(w->detail, t[i].why) == NULL)
				fail_msg("%s: %s", t[i].login, w->detail);
		}
	}
	X509_free(x);
}

/* Values that are no altSecurityIdentities. */
static void
direct(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&person);
	static const struct {
		enum ca_ldap_kind kind;
		const char *text;
		bool yes;
	} t[] = {{CA_LDAP_SID, "S-1-5-21-1-2-3-1001", true},
	    {CA_LDAP_SID, "S-1-5-21-1-2-3-100", false},
	    {CA_LDAP_UPN, "alice@corp.example", true},
	    {CA_LDAP_UPN, "bob@corp.example", false}};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		weak(w, t[i].kind == CA_LDAP_UPN ? "yes" : "no");
		struct ca_ldap_maker *m = begin(w);
		struct ca_ldap_facts facts;

		account(m, "daemon");
		assert_int_equal(
		    value(w, m, t[i].kind, t[i].text, strlen(t[i].text)),
		    CA_OK);
		assert_int_equal(finish(m, true, &facts), CA_OK);
		assert_int_equal(
		    decide(w, x, NULL), t[i].yes ? CA_R_OK : CA_R_UNMAPPED);
	}
	X509_free(x);
}

/* Each key that names the source: with another value, the index is refused. */
static void
source(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&person);
	static const char *const keys[][2] = {
	    {"directory_uri", "ldaps://other"}, {"directory_base", "dc=x"},
	    {"directory_filter", "(a=b)"}, {"directory_login", "mail"},
	    {"directory_weak", "yes"}};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		struct ca_ldap_maker *m = begin(w);
		struct ca_ldap_facts facts;

		put_ski(w, m, "daemon", "0102ab");
		assert_int_equal(finish(m, false, &facts), CA_OK);
		assert_int_equal(decide(w, x, NULL), CA_R_OK);
		assert_int_equal(
		    ca_config_set(w->cfg, keys[i][0], keys[i][1], "t", NULL),
		    CA_OK);
		assert_int_equal(decide(w, x, NULL), CA_R_DIRECTORY);
		assert_int_equal(w->err, CA_ERR_STALE);
		assert_non_null(
		    strstr(w->detail, "run: certauth users update"));
		assert_int_equal(ca_ldap_index_facts(w->crypto, w->cfg, &facts),
		    CA_ERR_STALE);
	}
	/* a weak value that another configuration let in does not count */
	struct ca_ldap_maker *m = begin(w);
	uint8_t key[CA_LDAP_KEY];

	assert_int_equal(
	    ca_ldap_key(w->crypto, CA_LDAP_RFC822, "a@b", 3, key), CA_OK);
	account(m, "daemon");
	assert_int_equal(ca_ldap_maker_value(m, CA_LDAP_RFC822, key), CA_OK);
	assert_int_equal(
	    ca_ldap_maker_value(m, CA_LDAP_KINDS, key), CA_ERR_FORMAT);
	weak(w, "no");
	assert_int_equal(
	    ca_ldap_maker_value(m, CA_LDAP_RFC822, key), CA_ERR_FORMAT);
	assert_int_equal(
	    ca_ldap_maker_value(m, CA_LDAP_KINDS, key), CA_ERR_FORMAT);
	ca_ldap_maker_free(m);
	X509_free(x);
}

/* Any byte of the index that changes: denied or granted as before, never more. */
static void
damage(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&person);
	struct ca_ldap_maker *m = begin(w);
	struct ca_ldap_facts facts;
	struct ca_buf all = CA_BUF_INIT(1 << 20);
	FILE *f;

	put_ski(w, m, "bin", "0102ab");
	put_ski(w, m, "daemon", "aaaaaa");
	assert_int_equal(finish(m, false, &facts), CA_OK);
	assert_non_null(f = fopen(w->cfg->directory_index, "r+"));
	for (int c; (c = getc(f)) != EOF;)
		ca_buf_u8(&all, (uint8_t)c);
	size_t refused = 0;
	/* the first 2048 bytes are the table of cdb */
	for (size_t i = 2048; i < all.len; i++) {
		assert_int_equal(fseek(f, (long)i, SEEK_SET), 0);
		putc(all.p[i] ^ 1, f);
		fflush(f);
		enum ca_reason r = decide(w, x, NULL);
		assert_true(r == CA_R_OTHER_USER || r == CA_R_DIRECTORY);
		refused += r == CA_R_DIRECTORY;
		assert_int_equal(fseek(f, (long)i, SEEK_SET), 0);
		putc(all.p[i], f);
		fflush(f);
	}
	fclose(f);
	assert_true(refused > (all.len - 2048) / 2);
	assert_int_equal(decide(w, x, NULL), CA_R_OTHER_USER);
	assert_int_equal(unlink(w->cfg->directory_index), 0);
	assert_int_equal(decide(w, x, NULL), CA_R_DIRECTORY);
	assert_int_equal(w->err, CA_ERR_NOT_FOUND);
	ca_buf_free(&all);
	X509_free(x);
}

static size_t
index_of(struct world *w, int n, bool force, enum ca_err err)
{
	struct ca_ldap_maker *m = begin(w);
	struct ca_ldap_facts facts;
	char login[16];

	for (int i = 0; i < n; i++) {
		(void)snprintf(login, sizeof login, "user%d", i);
		put_ski(w, m, login, login);
	}
	assert_int_equal(finish(m, force, &facts), err);
	if (ca_ldap_index_facts(w->crypto, w->cfg, &facts) != CA_OK)
		return 0;
	return (size_t)facts.accounts;
}

static void
a_tenth(void **state)
{
	struct world *w = *state;

	assert_int_equal(index_of(w, 0, false, CA_DENIED), 0);
	assert_int_equal(index_of(w, 100, false, CA_OK), 100);
	assert_int_equal(index_of(w, 10, false, CA_DENIED), 100);
	assert_int_equal(index_of(w, 0, false, CA_DENIED), 100);
	assert_int_equal(index_of(w, 11, false, CA_OK), 11);
	assert_int_equal(index_of(w, 1, true, CA_OK), 1);
	assert_int_equal(index_of(w, 0, true, CA_OK), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {T(mappings), T(sha1),
	    T(odd_mappings), T(other_attributes), T(logins), T(local), T(many),
	    T(two_owners), T(accounts), T(direct), T(source), T(damage),
	    T(a_tenth)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
