/* Name constraints: each form of name and of base. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ncmake.h"

#define OK CA_R_OK
#define NO CA_R_CHAIN_NAMES
#define PR CA_R_CHAIN_PROFILE

/* A leaf with one name under a CA with one subtree, which is not the anchor. */
static enum ca_reason
one(const struct nc_value *tree, const struct nc_value *name,
    enum ca_profile profile)
{
	X509 *leaf = nc_cert("CN=leaf", "CN=Sub"),
	     *sub = nc_cert("CN=Sub", "CN=Root");
	STACK_OF(X509) *chain = sk_X509_new_null();

	nc_put_names(leaf, name, 1);
	nc_put_trees(sub, tree, 1);
	sk_X509_push(chain, leaf);
	sk_X509_push(chain, sub);
	sk_X509_push(chain, nc_cert("CN=Root", "CN=Root"));
	enum ca_reason reason = nc_judge(chain, profile);
	sk_X509_pop_free(chain, X509_free);
	return reason;
}

struct row {
	const char *base, *name;
	/* with basic, for a permitted and for an excluded subtree; loose:
	 * strict refuses what basic accepts (PR) */
	enum ca_reason permitted, excluded;
	bool loose;
};

static void
check(const struct row *row, int base_type, int name_type, bool excluded)
{
	struct nc_value tree = {base_type, excluded, row->base, 0};
	struct nc_value name = {name_type, false, row->name, 0};
	enum ca_reason want = excluded ? row->excluded : row->permitted;
	enum ca_reason got = one(&tree, &name, CA_PROFILE_BASIC);

	if (got != want)
		fail_msg("basic, %s \"%s\", name \"%s\": %s, not %s (%s)",
		    excluded ? "excluded" : "permitted", row->base, row->name,
		    ca_reason_code(got), ca_reason_code(want), nc_detail);
	if (want == OK && row->loose)
		want = PR;
	got = one(&tree, &name, CA_PROFILE_STRICT);
	if (got != want)
		fail_msg("strict, %s \"%s\", name \"%s\": %s, not %s (%s)",
		    excluded ? "excluded" : "permitted", row->base, row->name,
		    ca_reason_code(got), ca_reason_code(want), nc_detail);
}

static void
check_rows(const struct row *row, size_t n, int base_type, int name_type)
{
	for (size_t i = 0; i < n; i++) {
		check(&row[i], base_type, name_type, false);
		check(&row[i], base_type, name_type, true);
	}
}

#define CHECK(rows, type)                                                      \
	check_rows(rows, sizeof(rows) / sizeof(rows)[0], type, type)

/* ---- URIs ---- */

static void
uris(void **state)
{
	static const struct row rows[] = {
	    {"example.com", "https://example.com/p", OK, NO, false},
	    {"example.com", "HTTPS://EXAMPLE.com", OK, NO, false},
	    {"EXAMPLE.com", "https://example.COM?q", OK, NO, false},
	    {"example.com", "https://example.com#f", OK, NO, false},
	    {"example.com", "https://u@example.com/p", OK, NO, false},
	    {"example.com", "https://u:p@example.com:443/p", OK, NO, false},
	    {"example.com", "https://u:@example.com:/", OK, NO, false},
	    {"example.com", "ldap+x.1-2://example.com/%41%ff?a/?#/?", OK, NO,
		false},
	    /* another host */
	    {"example.com", "https://www.example.com/", NO, OK, false},
	    {"example.com", "https://notexample.com/", NO, OK, false},
	    {"example.com", "https://example.com:443@evil.org/p", NO, OK,
		false},
	    {".example.com", "https://www.example.com/", OK, NO, false},
	    {".example.com", "https://a.b.example.com/", OK, NO, false},
	    {".example.com", "https://example.com/", NO, OK, false},
	    {".example.com", "https://aexample.com/", NO, OK, false},
	    {".com", "https://example.com/", OK, NO, false},
	    {"", "https://example.com/", OK, NO, false},
	    /* names that are not parsed */
	    {"", "urn:uuid:1", NO, NO, false},
	    {"", "tag:example.com,2026:a", NO, NO, false},
	    {"", "mailto:a@example.com", NO, NO, false},
	    {"", "https:/example.com/", NO, NO, false},
	    {"", "https://", NO, NO, false},
	    {"", "https:///p", NO, NO, false},
	    {"", "file:///etc", NO, NO, false},
	    {"", "//example.com/", NO, NO, false},
	    {"", "://example.com/", NO, NO, false},
	    {"", "1a://example.com/", NO, NO, false},
	    {"", "a_b://example.com/", NO, NO, false},
	    {"", "example.com", NO, NO, false},
	    {"", " https://example.com/", NO, NO, false},
	    {"", "https://u%40@example.com/", NO, NO, false},
	    {"", "https://example%2ecom/", NO, NO, false},
	    {"", "https://example.com%00.evil.org/", NO, NO, false},
	    {"", "https://u@v@example.com/", NO, NO, false},
	    {"", "https://example.com\\@evil.org/", NO, NO, false},
	    {"", "https://example.com\\.evil.org/", NO, NO, false},
	    {"", "https://u^@example.com/", NO, NO, false},
	    {"", "https://example.com:80:80/", NO, NO, false},
	    {"", "https://example.com:8x/", NO, NO, false},
	    {"", "https://example.com/ p", NO, NO, false},
	    {"", "https://example.com/%4", NO, NO, false},
	    {"", "https://example.com/%4g", NO, NO, false},
	    {"", "https://example.com/%", NO, NO, false},
	    {"", "https://example.com/[", NO, NO, false},
	    {"", "https://example.com/#a#b", NO, NO, false},
	    {"", "https://example.com/\"", NO, NO, false},
	    {"", "https://192.0.2.1/", NO, NO, false},
	    {"", "https://u@192.0.2.1:80/", NO, NO, false},
	    {"", "https://127.1/", NO, NO, false},
	    {"", "https://[::1]/", NO, NO, false},
	    {"", "https://[v1.a]/", NO, NO, false},
	    {"", "https://localhost/", NO, NO, false},
	    {"", "https://example.com./", NO, NO, false},
	    {"", "https://.example.com/", NO, NO, false},
	    {"", "https://a..example.com/", NO, NO, false},
	    {"", "https://*.example.com/", NO, NO, false},
	    {"", "https://a!b.example.com/", NO, NO, false},
	    {"", "https://-a.example.com/", NO, NO, false},
	    /* bases that are not valid */
	    {"*.example.com", "https://a.example.com/", NO, NO, false},
	    {".", "https://a.example.com/", NO, NO, false},
	    {"..example.com", "https://a.example.com/", NO, NO, false},
	    {"example.com.", "https://example.com/", NO, NO, false},
	    {" example.com", "https://example.com/", NO, NO, false},
	    {" ", "https://example.com/", NO, NO, false},
	    {"192.0.2.1", "https://example.com/", NO, NO, false},
	    {"https://example.com", "https://example.com/", NO, NO, false},
	    {"example.com:443", "https://example.com/", NO, NO, false},
	    {"@example.com", "https://example.com/", NO, NO, false},
	    /* strict accepts no underscore */
	    {"example.com", "https://a_b.example.com/", NO, OK, true},
	    {".example.com", "https://a_b.example.com/", OK, NO, true},
	    {"a_b.example.com", "https://example.com/", NO, OK, true},
	};

	(void)state;
	CHECK(rows, GEN_URI);
}

/* ---- mailboxes ---- */

static const struct row mailboxes[] = {
    {"example.com", "a@example.com", OK, NO, false},
    {"Example.com", "a.b+c@EXAMPLE.com", OK, NO, false},
    {"example.com", "a@www.example.com", NO, OK, false},
    {".example.com", "a@www.example.com", OK, NO, false},
    {".example.com", "a@example.com", NO, OK, false},
    {".example.com", "a@xexample.com", NO, OK, false},
    {"a@example.com", "a@example.com", OK, NO, false},
    {"a@EXAMPLE.com", "a@example.COM", OK, NO, false},
    {"a@example.com", "A@example.com", NO, OK, false},
    {"a@example.com", "aa@example.com", NO, OK, false},
    {"a@example.com", "a@example.org", NO, OK, false},
    {"*@example.com", "a@example.com", NO, OK, false},
    {"*@example.com", "*@example.com", OK, NO, false},
    {"example", "a@example", OK, NO, false},
    {"", "a@example.com", OK, NO, false},
    {"example.org", "!#$%&'*+-/=?^_`{|}~@example.org", OK, NO, false},
    /* names that are not parsed */
    {"", "@example.com", NO, NO, false},
    {"", "a@", NO, NO, false},
    {"", "a", NO, NO, false},
    {"", "a@b@example.com", NO, NO, false},
    {"", "a@example.com@", NO, NO, false},
    {"", "\"a\"@example.com", NO, NO, false},
    {"", "\"a@evil.org\"@example.com", NO, NO, false},
    {"", "a(c)@example.com", NO, NO, false},
    {"", "a@example.com(c)", NO, NO, false},
    {"", "<a@example.com>", NO, NO, false},
    {"", "a@[192.0.2.1]", NO, NO, false},
    {"", "a @example.com", NO, NO, false},
    {"", " a@example.com", NO, NO, false},
    {"", "a@example.com ", NO, NO, false},
    {"", ".a@example.com", NO, NO, false},
    {"", "a.@example.com", NO, NO, false},
    {"", "a..b@example.com", NO, NO, false},
    {"", "a@example.com.", NO, NO, false},
    {"", "a@.example.com", NO, NO, false},
    {"", "a@*.example.com", NO, NO, false},
    {"", "a@-example.com", NO, NO, false},
    {"", "a,b@example.com", NO, NO, false},
    /* bases that are not valid */
    {"*.example.com", "a@b.example.com", NO, NO, false},
    {".", "a@example.com", NO, NO, false},
    {"@", "a@example.com", NO, NO, false},
    {"@.example.com", "a@example.com", NO, NO, false},
    {"a@.example.com", "a@example.com", NO, NO, false},
    {"\"a\"@example.com", "a@example.com", NO, NO, false},
    {"a@b@example.com", "a@example.com", NO, NO, false},
    {" example.com", "a@example.com", NO, NO, false},
    {"example.com.", "a@example.com", NO, NO, false},
    /* what strict refuses */
    {"@example.com", "a@example.com", OK, NO, true},
    {"@example.com", "a@www.example.com", NO, OK, true},
    {"example.com", "a@x_y.example.com", NO, OK, true},
    {"a_b@example.com", "a_b@example.com", OK, NO, false},
};

static void
mail(void **state)
{
	(void)state;
	CHECK(mailboxes, GEN_EMAIL);
}

/* The same in the subject, whatever string type that is, and as an
 * SmtpUTF8Mailbox. */
static void
mail_elsewhere(void **state)
{
	static const struct row utf8[] = {
	    {"example.com", "\xc3\xa9@example.com", OK, NO, false},
	    {"example.com", "\xc3\xa9.a@EXAMPLE.com", OK, NO, false},
	    {"a@example.com", "\xc3\xa9@example.com", NO, OK, false},
	    {"example.com", "a@xn--bcher-kva.example", NO, OK, false},
	    {"xn--bcher-kva.example", "a@xn--bcher-kva.example", OK, NO, false},
	    {"",
		"a@b\xc3\xbc"
		"cher.example",
		NO, NO, false},
	    {"", "\xc3@example.com", NO, NO, false},
	    {"", "\xed\xa0\x80@example.com", NO, NO, false},
	    {"", "\xc3\xa9 @example.com", NO, NO, false},
	};
	const size_t n = sizeof mailboxes / sizeof mailboxes[0];

	(void)state;
	check_rows(mailboxes, n, GEN_EMAIL, NC_SUBJECT_MAIL);
	check_rows(mailboxes, n, GEN_EMAIL, NC_UTF8MAIL);
	check_rows(utf8, sizeof utf8 / sizeof utf8[0], GEN_EMAIL, NC_UTF8MAIL);
	/* an emailAddress is ASCII */
	check(&(struct row){"", "\xc3\xa9@example.com", NO, NO, false},
	    GEN_EMAIL, NC_SUBJECT_MAIL, false);
}

/* `email:' reads an address of the subject in any string type, in any place of
 * an RDN: so the constraint holds each of them. */
static void
mail_of_subjects(void **state)
{
	static const struct {
		int type;
		const char *p;
		int len;
	} row[] = {
	    {V_ASN1_IA5STRING, "a@b.c", 5},
	    {V_ASN1_UTF8STRING, "a@b.c", 5},
	    {V_ASN1_PRINTABLESTRING, "a@b.c", 5},
	    {V_ASN1_T61STRING, "a@b.c", 5},
	    {V_ASN1_NUMERICSTRING, "a@b.c", 5},
	    {V_ASN1_BMPSTRING, "\0a\0@\0b\0.\0c", 10},
	    {V_ASN1_UNIVERSALSTRING, "\0\0\0a\0\0\0@\0\0\0b\0\0\0.\0\0\0c", 20},
	    /* not UTF-8 */
	    {V_ASN1_UTF8STRING, "a@b.c\xff", 6},
	};
	static const struct nc_value tree[] = {
	    {GEN_EMAIL, false, "x.y", 0}, {GEN_EMAIL, true, "b.c", 0}};
	/* alone; in the RDN before; before all others */
	static const int set[] = {0, -1, 1}, at[] = {-1, -1, 0};

	(void)state;
	for (size_t i = 0; i < 6 * (sizeof row / sizeof row[0]); i++) {
		size_t k = i / 6, where = i % 6 / 2;
		X509 *leaf = nc_cert("O=A/CN=leaf", "CN=Root"),
		     *root = nc_cert("CN=Root", "CN=Root");
		STACK_OF(X509) *chain = sk_X509_new_null();
		const struct nc_value san = {GEN_EMAIL, false, "a@x.y", 0};

		assert_int_equal(X509_NAME_add_entry_by_NID(
				     (X509_NAME *)X509_get_subject_name(leaf),
				     NID_pkcs9_emailAddress, row[k].type,
				     (const unsigned char *)row[k].p,
				     row[k].len, at[where], set[where]),
		    1);
		/* a SAN beside it excuses nothing */
		nc_put_names(leaf, &san, 1);
		nc_put_trees(root, &tree[i % 2], 1);
		sk_X509_push(chain, leaf);
		sk_X509_push(chain, root);
		if (nc_judge(chain, CA_PROFILE_BASIC) != NO)
			fail_msg("row %zu, place %zu: accepted", k, where);
		sk_X509_pop_free(chain, X509_free);
	}
}

/* ---- DNS names ---- */

static void
dns(void **state)
{
	static const struct row rows[] = {
	    {"example.com", "example.com", OK, NO, false},
	    {"example.com", "www.EXAMPLE.com", OK, NO, false},
	    {"Example.com", "a.b.c.example.com", OK, NO, false},
	    {"example.com", "xexample.com", NO, OK, false},
	    {"example.com", "com", NO, OK, false},
	    {"com", "example.com", OK, NO, false},
	    {"", "example.com", OK, NO, false},
	    {"", "*.example.com", OK, NO, false},
	    /* a wildcard stands for one label */
	    {"example.com", "*.example.com", OK, NO, false},
	    {"example.com", "*.www.example.com", OK, NO, false},
	    {"foo.example.com", "*.example.com", NO, NO, false},
	    {"a.foo.example.com", "*.example.com", NO, OK, false},
	    {"foo.example.com", "*.bar.com", NO, OK, false},
	    {"example.com", "*.com", NO, NO, false},
	    {"xexample.com", "*.example.com", NO, OK, false},
	    /* names that are not parsed */
	    {"", "*", NO, NO, false},
	    {"", "f*.example.com", NO, NO, false},
	    {"", "*f.example.com", NO, NO, false},
	    {"", "*.*.example.com", NO, NO, false},
	    {"", "a.*.example.com", NO, NO, false},
	    {"", "example.com.", NO, NO, false},
	    {"", ".example.com", NO, NO, false},
	    {"", "a..example.com", NO, NO, false},
	    {"", " example.com", NO, NO, false},
	    {"", "example.com ", NO, NO, false},
	    {"", "a b.example.com", NO, NO, false},
	    {"", "-a.example.com", NO, NO, false},
	    {"", "a-.example.com", NO, NO, false},
	    {"",
		"b\xc3\xbc"
		"cher.example",
		NO, NO, false},
	    {"", "https://example.com", NO, NO, false},
	    /* bases that are not valid */
	    {"*.example.com", "a.example.com", NO, NO, false},
	    {"*.example.com", "evil.org", NO, NO, false},
	    {".", "a.example.com", NO, NO, false},
	    {"..example.com", "a.example.com", NO, NO, false},
	    {"example.com.", "example.com", NO, NO, false},
	    {" ", "example.com", NO, NO, false},
	    {"example com", "example.com", NO, NO, false},
	    /* what strict refuses */
	    {".example.com", "a.example.com", OK, NO, true},
	    {".example.com", "a.b.example.com", OK, NO, true},
	    {".example.com", "example.com", NO, NO, true},
	    {".example.com", "*.example.com", OK, NO, true},
	    {".foo.example.com", "*.example.com", NO, NO, true},
	    {".example.com", "example.org", NO, OK, true},
	    {"example.com", "a_b.example.com", OK, NO, true},
	    {"example.com", "_a.example.org", NO, OK, true},
	    {"a_b.example.com", "c.a_b.example.com", OK, NO, true},
	};

	(void)state;
	CHECK(rows, GEN_DNS);
}

/* A NUL does not end a name. */
static void
nul(void **state)
{
	const struct nc_value trees[] = {{GEN_DNS, false, "example.com", 0},
	    {GEN_EMAIL, false, "example.com", 0},
	    {GEN_URI, false, "example.com", 0},
	    {GEN_EMAIL, false, "example.com", 0}, {GEN_DNS, true, "org\0", 4}};
	const struct nc_value names[] = {
	    {GEN_DNS, false, "a.example.com\0.evil.org", 23},
	    {GEN_EMAIL, false, "a@example.com\0", 14},
	    {GEN_URI, false, "https://example.com\0/", 21},
	    {NC_SUBJECT_MAIL, false, "a\0b@example.com", 15},
	    {GEN_DNS, false, "a.example.com", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++)
		assert_int_equal(
		    one(&trees[i], &names[i], CA_PROFILE_BASIC), NO);
}

/* ---- addresses ---- */

static void
addresses(void **state)
{
	static const struct {
		const char *base, *name;
		size_t base_len, len;
		enum ca_reason permitted, excluded;
	} row[] = {
	    {"\x0a\0\0\0\xff\0\0\0", "\x0a\1\2\3", 8, 4, OK, NO},
	    {"\x0a\0\0\0\xff\0\0\0", "\x0b\1\2\3", 8, 4, NO, OK},
	    {"\x0a\1\2\3\xff\xff\xff\xff", "\x0a\1\2\3", 8, 4, OK, NO},
	    {"\x0a\1\2\3\xff\xff\xff\xff", "\x0a\1\2\4", 8, 4, NO, OK},
	    {"\0\0\0\0\0\0\0\0", "\x0a\1\2\3", 8, 4, OK, NO},
	    /* bits outside the mask are ignored */
	    {"\x0a\1\2\3\xff\0\0\0", "\x0a\7\7\7", 8, 4, OK, NO},
	    /* another family */
	    {"\0\0\0\0\0\0\0\0", "\0\1\2\3\4\5\6\7\0\1\2\3\4\5\6\7", 8, 16, NO,
		OK},
	    {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	     "\0\0\0\0\0",
		"\x0a\1\2\3", 32, 4, NO, OK},
	    {"\0\1\2\3\4\5\6\7\0\1\2\3\4\5\6\7"
	     "\xff\xff\xff\xff\xff\xff\xff\xfe\0\0\0\0\0\0\0\0",
		"\0\1\2\3\4\5\6\6\7\7\7\7\7\7\7\7", 32, 16, OK, NO},
	    {"\0\1\2\3\4\5\6\7\0\1\2\3\4\5\6\7"
	     "\xff\xff\xff\xff\xff\xff\xff\xfe\0\0\0\0\0\0\0\0",
		"\0\1\2\3\4\5\6\4\7\7\7\7\7\7\7\7", 32, 16, NO, OK},
	    /* neither */
	    {"\0\0\0\0\0\0\0\0", "\x0a\1\2", 8, 3, NO, NO},
	    {"\0\0\0\0\0\0\0\0", "\x0a\1\2\3\4", 8, 5, NO, NO},
	    {"\x0a\0\0\0", "\x0a\1\2\3", 4, 4, NO, NO},
	    {"\x0a\0\0\0\xff\0\0\0\0", "\x0b\1\2\3", 9, 4, NO, NO},
	    /* masks with a gap */
	    {"\x0a\0\0\0\xff\0\xff\0", "\x0b\1\2\3", 8, 4, NO, NO},
	    {"\x0a\0\0\0\xfd\0\0\0", "\x0b\1\2\3", 8, 4, NO, NO},
	    {"\x0a\0\0\0\0\0\0\1", "\x0b\1\2\3", 8, 4, NO, NO},
	};

	(void)state;
	for (size_t i = 0; i < 2 * (sizeof row / sizeof row[0]); i++) {
		size_t k = i / 2;
		struct nc_value tree = {
		    GEN_IPADD, i % 2 == 1, row[k].base, row[k].base_len};
		struct nc_value name = {
		    GEN_IPADD, false, row[k].name, row[k].len};
		enum ca_reason got = one(&tree, &name, CA_PROFILE_STRICT);

		if (got != (tree.excluded ? row[k].excluded : row[k].permitted))
			fail_msg("row %zu, %s: %s (%s)", k,
			    tree.excluded ? "excluded" : "permitted",
			    ca_reason_code(got), nc_detail);
	}
}

/* ---- directory names ---- */

static void
directory_names(void **state)
{
	static const struct row rows[] = {
	    {"C=DE/O=A", "C=DE/O=A", OK, NO, false},
	    {"C=DE/O=A", "C=DE/O=A/CN=x", OK, NO, false},
	    {"C=DE/O=A", "C=DE/O= a ", OK, NO, false},
	    {"C=DE/O=A", "C=DE", NO, OK, false},
	    {"C=DE/O=A", "C=DE/O=B", NO, OK, false},
	    {"C=DE/O=A", "C=DE/O=AB", NO, OK, false},
	    {"C=DE/O=A", "O=A/C=DE", NO, OK, false},
	    {"C=DE/O=A", "C=DE/CN=x/O=A", NO, OK, false},
	    {"C=DE/O=A", "C=DE/O=A/+OU=B/CN=x", NO, OK, false},
	    {"C=DE/O=A/+OU=B", "C=DE/OU=B/+O=A/CN=x", OK, NO, false},
	    {"C=DE/O=A/+OU=B", "C=DE/O=A/OU=B", NO, OK, false},
	    {"O=12", "#O=12/CN=x", OK, NO, false},
	    {"#O=12", "O=12/CN=x", OK, NO, false},
	    {"", "C=DE", OK, NO, false},
	};

	(void)state;
	/* the leaf has a subject too: it is the name */
	for (size_t i = 0; i < 2 * (sizeof rows / sizeof rows[0]); i++) {
		const struct row *row = &rows[i / 2];
		struct nc_value tree = {GEN_DIRNAME, i % 2 == 1, row->base, 0};
		X509 *leaf = nc_cert(row->name, "CN=Root"),
		     *root = nc_cert("CN=Root", "CN=Root");
		STACK_OF(X509) *chain = sk_X509_new_null();

		nc_put_trees(root, &tree, 1);
		sk_X509_push(chain, leaf);
		sk_X509_push(chain, root);
		enum ca_reason got = nc_judge(chain, CA_PROFILE_STRICT);
		if (got != (tree.excluded ? row->excluded : row->permitted))
			fail_msg("%s, %s, %s: %s (%s)",
			    tree.excluded ? "excluded" : "permitted", row->base,
			    row->name, ca_reason_code(got), nc_detail);
		sk_X509_pop_free(chain, X509_free);
	}
	/* one in the subjectAltName, with a subject that is permitted */
	struct nc_value all[] = {{GEN_DIRNAME, false, "C=DE", 0},
	    {GEN_DIRNAME, false, "CN=leaf", 0}};
	struct nc_value name = {GEN_DIRNAME, false, "C=FR", 0};
	assert_int_equal(one(&all[1], &name, CA_PROFILE_STRICT), NO);
	assert_non_null(strstr(nc_detail, "\"C=FR\""));
	assert_int_equal(one(&all[1], &all[1], CA_PROFILE_STRICT), OK);
}

/* The attributes of an RDN are a set, whatever order a CA writes them in. */
static void
unsorted_rdn(void **state)
{
	/* OU=B, then O=A, which DER would put first */
	static const unsigned char der[] = {0x30, 0x16, 0x31, 0x14, 0x30, 0x08,
	    0x06, 0x03, 0x55, 0x04, 0x0b, 0x13, 0x01, 'B', 0x30, 0x08, 0x06,
	    0x03, 0x55, 0x04, 0x0a, 0x13, 0x01, 'A'};
	const unsigned char *p = der;
	X509_NAME *name = d2i_X509_NAME(NULL, &p, sizeof der);

	(void)state;
	assert_non_null(name);
	for (int i = 0; i < 2; i++) {
		struct nc_value tree = {GEN_DIRNAME, i == 1, "O=A/+OU=B", 0};
		X509 *leaf = nc_cert("CN=leaf", "CN=Root"),
		     *root = nc_cert("CN=Root", "CN=Root");
		STACK_OF(X509) *chain = sk_X509_new_null();

		assert_int_equal(X509_set_subject_name(leaf, name), 1);
		nc_put_trees(root, &tree, 1);
		sk_X509_push(chain, leaf);
		sk_X509_push(chain, root);
		assert_int_equal(
		    nc_judge(chain, CA_PROFILE_BASIC), i == 1 ? NO : OK);
		sk_X509_pop_free(chain, X509_free);
	}
	X509_NAME_free(name);
}

/* ---- forms that are not supported, and other forms ---- */

static void
other_forms(void **state)
{
	static const struct nc_value upn = {NC_UPN, false, "a@corp", 0},
				     utf8 = {NC_UTF8MAIL, false, "a@corp", 0},
				     rid = {GEN_RID, false, "1.2.3", 0},
				     dnsname = {GEN_DNS, false, "corp", 0},
				     mailbox = {GEN_EMAIL, false, "corp", 0},
				     not_mail = {GEN_EMAIL, true, "corp", 0},
				     *others[] = {&upn, &utf8, &rid};

	(void)state;
	/* its own type-id, and no other */
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 3; j++) {
			struct nc_value tree = *others[i];

			assert_int_equal(
			    one(&tree, others[j], CA_PROFILE_BASIC),
			    i == j ? NO : OK);
			tree.excluded = true;
			assert_int_equal(
			    one(&tree, others[j], CA_PROFILE_BASIC),
			    i == j ? NO : OK);
		}
	/* a UPN is no mailbox; an SmtpUTF8Mailbox is one */
	assert_int_equal(one(&mailbox, &upn, CA_PROFILE_STRICT), OK);
	assert_int_equal(one(&not_mail, &upn, CA_PROFILE_STRICT), OK);
	assert_int_equal(one(&not_mail, &utf8, CA_PROFILE_STRICT), NO);
	assert_int_equal(one(&mailbox, &utf8, CA_PROFILE_STRICT), OK);
	/* a constraint of one form does not apply to another form */
	assert_int_equal(one(&dnsname, &upn, CA_PROFILE_STRICT), OK);
	assert_int_equal(one(&dnsname, &rid, CA_PROFILE_STRICT), OK);
	struct nc_value bad = {GEN_URI, false, "urn:x", 0};
	assert_int_equal(one(&dnsname, &bad, CA_PROFILE_STRICT), OK);
	bad.type = GEN_EMAIL;
	assert_int_equal(one(&dnsname, &bad, CA_PROFILE_STRICT), OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(uris),
	    cmocka_unit_test(mail),
	    cmocka_unit_test(mail_elsewhere),
	    cmocka_unit_test(mail_of_subjects),
	    cmocka_unit_test(dns),
	    cmocka_unit_test(nul),
	    cmocka_unit_test(addresses),
	    cmocka_unit_test(directory_names),
	    cmocka_unit_test(unsorted_rdn),
	    cmocka_unit_test(other_forms),
	};

	return cmocka_run_group_tests_name(
	    "nameconstraints", tests, NULL, NULL);
}
