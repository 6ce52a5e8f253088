/* Distinguished names on their own: each form that is refused, with the phrase
 * that says why; each bound; the hints; principals of PKINIT. */
#include "mapcert.h"

#include <openssl/err.h>
#include <sys/mman.h>

#include "map/dn.h"
#include "map/dnhint.h"
#include "map/krb.h"

/* The len bytes at p, with a page behind them that nobody may read. */
struct guarded {
	uint8_t *page, *p;
	size_t size;
};

static struct guarded
guard(const void *p, size_t len)
{
	size_t one = (size_t)sysconf(_SC_PAGESIZE);
	struct guarded g = {.size = (len / one + 2) * one};

	g.page = mmap(NULL, g.size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(g.page, MAP_FAILED);
	assert_int_equal(mprotect(g.page + g.size - one, one, PROT_NONE), 0);
	g.p = g.page + g.size - one - len;
	memcpy(g.p, p, len);
	return g;
}

static void
unguard(const struct guarded *g)
{
	assert_int_equal(munmap(g->page, g->size), 0);
}

/* Parse the first len characters at text; nothing behind them is read. */
static enum ca_err
parse(const char *text, size_t len, struct ca_buf *out, const char **why)
{
	struct guarded g = guard(text, len);
	struct ca_buf again = CA_BUF_INIT(65536);
	const char *other;

	*out = CA_BUF_INIT(65536);
	enum ca_err rc = ca_dn_parse((char *)g.p, len, false, out, why);
	/* whatever stands behind */
	assert_int_equal(ca_dn_parse(text, len, false, &again, &other), rc);
	assert_string_equal(*why, other);
	ca_buf_free(&again);
	unguard(&g);
	return rc;
}

static void
refused_names(void **state)
{
	static const struct {
		const char *name, *why;
	} t[] = {
	    {"", "an attribute has no = after its type"},
	    {"CN", "an attribute has no = after its type"},
	    {"CN x", "an attribute has no = after its type"},
	    {"CN,O=x", "an attribute has no = after its type"},
	    {"CN=a,", "an attribute has no = after its type"},
	    {"CN=a+", "an attribute has no = after its type"},
	    {"CN=a,,O=x", "an attribute has no = after its type"},
	    {"=x", "an attribute type is missing or too long"},
	    {"CN=a,=x", "an attribute type is missing or too long"},
	    {"FOO=x",
		"the name has an unknown attribute type; write the OID of the type"},
	    {"C N=x", "an attribute has no = after its type"},
	    {"2.5.4.x=x",
		"the name has an unknown attribute type; write the OID of the type"},
	    {"OID.CNx=x",
		"the name has an unknown attribute type; write the OID of the type"},
	    {"3.1=x", "an attribute type is not an OID"},
	    {".=x", "an attribute type is not an OID"},
	    {"2=x", "an attribute type is not an OID"},
	    {"2..5=x", "an attribute type is not an OID"},
	    {"2.5.4.3.=x", "an attribute type is not an OID"},
	    {".2.5.4.3=x", "an attribute type is not an OID"},
	    {"2.5.04.3=x", "an attribute type is not an OID"},
	    {"1.40.3=x", "an attribute type is not an OID"},
	    {"CN=#zz", "the value after # is not hexadecimal, or is too long"},
	    {"CN=#g0", "the value after # is not hexadecimal, or is too long"},
	    {"CN=#0g", "the value after # is not hexadecimal, or is too long"},
	    {"CN=#0c016",
		"the value after # is not hexadecimal, or is too long"},
	    {"CN=#0c016,O=x",
		"the value after # is not hexadecimal, or is too long"},
	    {"CN=#", "the value after # is not DER"},
	    {"CN=#0c", "the value after # is not DER"},
	    {"CN=#0c0261", "the value after # is not DER"},
	    {"CN=#0c016100", "the value after # is not DER"},
	    {"CN=#0c01610c0162", "the value after # is not DER"},
	    {"CN=#0c02c328", "the value after # cannot be decoded"},
	    {"CN=#0c0100", "the value after # cannot be decoded"},
	    {"CN=#0c0161 O=x", "after a value, a comma or + is required"},
	    {"CN=#0c0161 x,O=x", "after a value, a comma or + is required"},
	    {"CN=a\\",
		"a backslash at the end of the name escapes no character"},
	    {"CN=\\zb",
		"after a backslash, a special character or two hexadecimal digits are required"},
	    {"CN=\\4g",
		"after a backslash, a special character or two hexadecimal digits are required"},
	    {"CN=\\4",
		"after a backslash, a special character or two hexadecimal digits are required"},
	    {"CN=a;b", "the characters \" ; < > need a backslash before them"},
	    {"CN=a\"b", "the characters \" ; < > need a backslash before them"},
	    {"CN=a<b", "the characters \" ; < > need a backslash before them"},
	    {"CN=a>b", "the characters \" ; < > need a backslash before them"},
	    {"CN=a\\00", "the name has a NUL character, and can never match"},
	    {"CN=\\ff", "the name is not UTF-8"},
	    {"CN=\\c3", "the name is not UTF-8"},
	    {"CN=\\c3\\28", "the name is not UTF-8"},
	    {"CN=\xc3", "the name is not UTF-8"},
	    {"CN=\\ed\\a0\\80", "the name is not UTF-8"},
	};
	struct ca_buf out;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		enum ca_err rc =
		    parse(t[i].name, strlen(t[i].name), &out, &why);

		if (rc != CA_ERR_FORMAT || strcmp(why, t[i].why) != 0)
			fail_msg("%s: %d, %s", t[i].name, rc, why);
		assert_int_equal(out.len, 0);
		ca_buf_free(&out);
	}
	ERR_clear_error();
}

/* A name that is cut says something else, or nothing. */
static void
each_truncation(void **state)
{
	static const char name[] =
	    "UID=al\\,ice + CN=A\\41\\c3\\ab,2.5.4.11=#0c027878 , O=x";
	struct ca_buf all, part;
	const char *why;

	(void)state;
	assert_int_equal(parse(name, sizeof name - 1, &all, &why), CA_OK);
	for (size_t len = 0; len < sizeof name - 1; len++) {
		if (parse(name, len, &part, &why) == CA_OK)
			assert_false(part.len == all.len &&
				     memcmp(part.p, all.p, all.len) == 0);
		ca_buf_free(&part);
	}
	ca_buf_free(&all);
	/* the = stands behind the end, the , behind the backslash */
	assert_int_equal(parse("CN=x", 2, &part, &why), CA_ERR_FORMAT);
	assert_int_equal(parse("CN=x\\,", 5, &part, &why), CA_ERR_FORMAT);
	assert_string_equal(
	    why, "a backslash at the end of the name escapes no character");
	assert_int_equal(parse("CN=x\\41", 6, &part, &why), CA_ERR_FORMAT);
	assert_int_equal(parse("CN=#0c0161", 9, &part, &why), CA_ERR_FORMAT);
	ERR_clear_error();
}

/* OID. and a dotted OID of n characters, which no bound of its own refuses. */
static enum ca_err
long_oid(size_t n, const char **why)
{
	char text[600];
	struct ca_buf out;

	strcpy(text, "2.5");
	for (size_t i = 3; i < n; i++)
		text[i] = i % 2 == 1 ? '.' : '4';
	text[n - 1] = '4';
	strcpy(text + n, "=x");
	enum ca_err rc = parse(text, n + 2, &out, why);
	ca_buf_free(&out);
	return rc;
}

/* ca_dn_parse of prefix, and n characters c. */
static enum ca_err
filled(const char *prefix, char c, size_t n, const char **why)
{
	size_t front = strlen(prefix);
	char *text = malloc(front + n);
	struct ca_buf out;

	memcpy(text, prefix, front);
	memset(text + front, c, n);
	enum ca_err rc = parse(text, front + n, &out, why);
	if (rc == CA_OK && front == 3)
		/* , length of OID, OID, S, length of value */
		assert_int_equal(out.len, 1 + 1 + 3 + 1 + 4 + n);
	ca_buf_free(&out);
	free(text);
	return rc;
}

static void
bounds_of_text(void **state)
{
	const char *why;
	char prefix[64], text[600] = "";
	struct ca_buf out;

	(void)state;
	assert_int_equal(long_oid(125, &why), CA_OK);
	assert_int_equal(long_oid(127, &why), CA_OK);
	for (size_t n = 129; n < 500; n += 74) {
		assert_int_equal(long_oid(n, &why), CA_ERR_FORMAT);
		assert_string_equal(
		    why, "an attribute type is missing or too long");
	}
	assert_int_equal(filled("CN=", 'a', 4096, &why), CA_OK);
	assert_int_equal(filled("CN=", 'a', 4097, &why), CA_ERR_LIMIT);
	assert_int_equal(filled("CN=", 'a', 30000, &why), CA_ERR_LIMIT);
	assert_string_equal(
	    why, "the name is too long or has too many attributes");
	/* an OCTET STRING, 4 bytes of head: 4,096 bytes, and more */
	sprintf(prefix, "CN=#0482%04x", 4092);
	assert_int_equal(filled(prefix, '6', (size_t)2 * 4092, &why), CA_OK);
	sprintf(prefix, "CN=#0482%04x", 4093);
	assert_int_equal(
	    filled(prefix, '6', (size_t)2 * 4093, &why), CA_ERR_FORMAT);
	assert_string_equal(
	    why, "the value after # is not hexadecimal, or is too long");
	assert_int_equal(filled(prefix, '6', 60000, &why), CA_ERR_FORMAT);
	/* 64 pairs, in as many RDNs or in one */
	for (int i = 0; i < 65; i++) {
		size_t n = strlen(text);

		sprintf(text + n, "%sL=%c",
		    i == 0       ? ""
		    : i % 3 != 0 ? "+"
				 : ",",
		    'a' + i % 26);
		assert_int_equal(parse(text, strlen(text), &out, &why),
		    i < 64 ? CA_OK : CA_ERR_LIMIT);
		ca_buf_free(&out);
	}
	ERR_clear_error();
}

/* ---- names of certificates ---- */

static void
add_entry(X509_NAME *name, ASN1_OBJECT *type, int asn1, const void *p, int len)
{
	X509_NAME_ENTRY *e = X509_NAME_ENTRY_create_by_NID(
	    NULL, NID_commonName, V_ASN1_UTF8STRING, (unsigned char *)"", 0);
	ASN1_STRING *s = ASN1_STRING_type_new(asn1);

	assert_int_equal(ASN1_STRING_set(s, p, len), 1);
	assert_int_equal(
	    ASN1_STRING_copy((ASN1_STRING *)X509_NAME_ENTRY_get_data(e), s), 1);
	if (type != NULL)
		assert_int_equal(X509_NAME_ENTRY_set_object(e, type), 1);
	assert_int_equal(X509_NAME_add_entry(name, e, -1, 0), 1);
	ASN1_STRING_free(s);
	X509_NAME_ENTRY_free(e);
}

static enum ca_err
canonical(const X509_NAME *name, size_t *len)
{
	struct ca_buf out = CA_BUF_INIT(100000);
	enum ca_err rc = ca_dn_from_name(name, false, &out);

	*len = out.len;
	ca_buf_free(&out);
	return rc;
}

/* A name whose pairs take pool bytes of the 16 KiB. */
static enum ca_err
big_name(size_t pool, size_t *len)
{
	static const char text[16384] = {0};
	char *a = malloc(sizeof text);
	X509_NAME *name = X509_NAME_new();

	memset(a, 'a', sizeof text);
	/* each pair: 1 + 3 for the OID, 5, and the value */
	for (size_t used = 0; used < pool;) {
		size_t n = pool - used < 4000 ? pool - used : 2000;

		add_entry(name, NULL, V_ASN1_UTF8STRING, a, (int)n - 9);
		used += n;
	}
	enum ca_err rc = canonical(name, len);
	X509_NAME_free(name);
	free(a);
	return rc;
}

static enum ca_err
name_with_oid(size_t n, size_t *len)
{
	unsigned char oid[400];
	X509_NAME *name = X509_NAME_new();

	memset(oid, 0x55, sizeof oid);
	ASN1_OBJECT *o = ASN1_OBJECT_create(0, oid, (int)n, NULL, NULL);
	assert_non_null(o);
	add_entry(name, o, V_ASN1_UTF8STRING, "x", 1);
	ASN1_OBJECT_free(o);
	enum ca_err rc = canonical(name, len);
	X509_NAME_free(name);
	return rc;
}

static void
bounds_of_certificates(void **state)
{
	X509_NAME *name = X509_NAME_new();
	size_t len;

	(void)state;
	for (int i = 0; i < 65; i++) {
		add_entry(name, NULL, V_ASN1_UTF8STRING, "a", 1);
		assert_int_equal(
		    canonical(name, &len), i < 64 ? CA_OK : CA_ERR_LIMIT);
	}
	X509_NAME_free(name);
	assert_int_equal(big_name(16383, &len), CA_OK);
	assert_int_equal(big_name(16384, &len), CA_OK);
	assert_int_equal(len, 16384 + 8); /* a mark for each of 8 pairs */
	assert_int_equal(big_name(16385, &len), CA_ERR_LIMIT);
	assert_int_equal(big_name(40000, &len), CA_ERR_LIMIT);
	assert_int_equal(name_with_oid(255, &len), CA_OK);
	assert_int_equal(len, 1 + 1 + 255 + 5 + 1);
	assert_int_equal(name_with_oid(256, &len), CA_ERR_LIMIT);
	assert_int_equal(name_with_oid(300, &len), CA_ERR_LIMIT);
}

/* What is no text is compared by its DER, and never as the text in it. */
static void
other_types(void **state)
{
	static const int asn1[] = {V_ASN1_BIT_STRING, V_ASN1_SEQUENCE};
	const char *why;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		X509_NAME *name = X509_NAME_new();
		/* a SEQUENCE holds its whole DER */
		bool seq = asn1[i] == V_ASN1_SEQUENCE;
		struct ca_buf a = CA_BUF_INIT(1000), b;

		add_entry(name, NULL, asn1[i],
		    seq ? "\x30\x01"
			  "a"
			: "a",
		    seq ? 3 : 1);
		assert_int_equal(ca_dn_from_name(name, true, &a), CA_OK);
		assert_int_equal(a.p[5], 'D');
		assert_int_equal(parse("CN=a", 4, &b, &why), CA_OK);
		assert_false(a.len == b.len && memcmp(a.p, b.p, a.len) == 0);
		ca_buf_free(&b);
		const char *hex = seq ? "CN=#300161" : "CN=#03020061";
		assert_int_equal(parse(hex, strlen(hex), &b, &why), CA_OK);
		assert_int_equal(a.len, b.len);
		assert_memory_equal(a.p, b.p, a.len);
		ca_buf_free(&a);
		ca_buf_free(&b);
		X509_NAME_free(name);
	}
}

/* ---- hints ---- */

static void
slashes(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {
	    {"/C=DE/O=Corp/CN=Alice", "CN=Alice,O=Corp,C=DE"},
	    {"/CN=Alice", "CN=Alice"},
	    {"/O=a/b/CN=x", "CN=x,O=a/b"},
	    {"/O=a//CN=x/", "CN=x/,O=a/"},
	    {"/O=a, b+c\"\\<d>;e/CN=x", "CN=x,O=a\\, b\\+c\\\"\\\\\\<d\\>\\;e"},
	    {"/2.5.4.3=x/UID=7", "UID=7,2.5.4.3=x"},
	    {"/O=/CN=", "CN=,O="},
	    {"/=x/O=a", "O=a"},
	    {"/", ""},
	    {"//", ""},
	    {"/CN", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct ca_buf out = CA_BUF_INIT(1000);
		struct guarded g = guard(t[i].in, strlen(t[i].in));

		ca_dnhint_slashes((char *)g.p, strlen(t[i].in), &out);
		assert_string_equal(ca_buf_text(&out), t[i].out);
		ca_buf_free(&out);
		unguard(&g);
	}
}

static const char *
near(const char *a, const char *b)
{
	struct ca_buf x, y;
	const char *why;

	assert_int_equal(parse(a, strlen(a), &x, &why), CA_OK);
	assert_int_equal(parse(b, strlen(b), &y, &why), CA_OK);
	const char *hint = ca_dnhint_near(x.p, x.len, y.p, y.len);
	ca_buf_free(&x);
	ca_buf_free(&y);
	return hint;
}

static void
nearly_the_same(void **state)
{
	static const char upper[] = "differ only in upper and lower case";
	static const char way[] = "in reverse order";
	static const struct {
		const char *a, *b, *hint;
	} t[] = {
	    {"CN=Alice,O=x", "CN=alice,O=X", upper},
	    {"CN=Alice,O=x", "O=x,CN=Alice", way},
	    {"CN=Alice,O=x", "O=X,CN=alice", way},
	    {"CN=a+UID=b,O=x,C=DE", "C=DE,O=x,UID=b+CN=a", way},
	    {"CN=a,O=x,C=DE", "C=DE,CN=a,O=x", NULL},
	    {"CN=Alice,O=x", "CN=Alicf,O=x", NULL},
	    {"CN=Alice,O=x", "O=x,CN=Alicf", NULL},
	    {"CN=Alice,O=x", "CN=Alice,O=xy", NULL},
	    {"CN=a+UID=b,O=x", "CN=a,UID=b,O=x", NULL},
	    {"O=x", "CN=a,O=X", NULL},
	    {"CN=a,O=X", "O=x", NULL},
	    {"O=x,CN=a", "CN=a", NULL},
	    {"CN=a", "O=x,CN=a", NULL},
	};
	struct ca_buf a, b;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		const char *hint = near(t[i].a, t[i].b);

		if ((hint == NULL) != (t[i].hint == NULL) ||
		    (hint != NULL && strstr(hint, t[i].hint) == NULL))
			fail_msg("%s %s: %s", t[i].a, t[i].b,
			    hint != NULL ? hint : "NULL");
	}
	/* nothing is near nothing, and cut names are near nothing */
	assert_null(ca_dnhint_near((uint8_t *)"", 0, (uint8_t *)"", 0));
	static const char one[] = "O=x,UID=b+CN=a", two[] = "UID=b+CN=a,O=x";
	assert_int_equal(parse(one, strlen(one), &a, &why), CA_OK);
	assert_int_equal(parse(two, strlen(two), &b, &why), CA_OK);
	assert_int_equal(a.len, b.len);
	assert_non_null(ca_dnhint_near(a.p, a.len, b.p, b.len));
	for (size_t len = 1; len < a.len; len++)
		for (size_t tail = 0; tail < 2; tail++) {
			struct guarded x = guard(a.p, len);
			struct guarded y =
			    guard(b.p + (tail ? b.len - len : 0), len);

			if (memcmp(x.p, y.p, len) != 0)
				(void)ca_dnhint_near(x.p, len, y.p, len);
			unguard(&x);
			unguard(&y);
		}
	ca_buf_free(&a);
	ca_buf_free(&b);
	/* other bytes than a name has: lengths that lead outside */
	for (int n = 0; n < 256; n++) {
		uint8_t x[16] = {',', (uint8_t)n, 1, 'S', 0, 0, 0, (uint8_t)n},
			y[16] = {1};
		struct guarded g = guard(x, sizeof x);

		assert_null(ca_dnhint_near(g.p, sizeof x, y, sizeof y));
		unguard(&g);
	}
}

/* ---- KRB5PrincipalName ---- */

struct part {
	const char *p;
	size_t len;
};

static size_t
tlv(uint8_t *out, uint8_t tag, const uint8_t *p, size_t len)
{
	assert_true(len < 128);
	uint8_t content[128];

	memcpy(content, p, len);
	out[0] = tag;
	out[1] = (uint8_t)len;
	memcpy(out + 2, content, len);
	return len + 2;
}

/* The principal of the parts; extra: bytes behind it. */
static enum ca_err
principal(int type, struct part realm, const struct part *parts, size_t n,
    size_t extra, char *out)
{
	uint8_t names[128], name[128], all[140] = {0};
	size_t used = 0, len;
	struct ca_buf text = CA_BUF_INIT(1000);

	for (size_t i = 0; i < n; i++)
		used += tlv(
		    names + used, 0x1b, (uint8_t *)parts[i].p, parts[i].len);
	len = tlv(names, 0x30, names, used);
	len = tlv(names, 0xa1, names, len);
	memcpy(name, "\xa0\x03\x02\x01\x01", 5);
	memcpy(name + 5, names, len);
	len = tlv(name, 0x30, name, len + 5);
	len = tlv(name, 0xa1, name, len);
	used = tlv(all, 0x1b, (uint8_t *)realm.p, realm.len);
	used = tlv(all, 0xa0, all, used);
	memcpy(all + used, name, len);
	len = tlv(all, 0x30, all, used + len) + extra;

	ASN1_TYPE *t = ASN1_TYPE_new();
	ASN1_STRING *s = ASN1_STRING_type_new(type);
	assert_int_equal(ASN1_STRING_set(s, all, (int)len), 1);
	ASN1_TYPE_set(t, type, s);
	enum ca_err rc = ca_krb_principal(t, &text);
	const char *got = ca_buf_text(&text);
	strcpy(out, rc == CA_OK && got != NULL ? got : "");
	ca_buf_free(&text);
	ASN1_TYPE_free(t);
	return rc;
}

static void
principals(void **state)
{
	static const struct part r = {"R.X", 3};
	static const struct part ab[] = {{"a", 1}, {"b", 1}, {"", 0}};
	char out[300], one[2] = "";

	(void)state;
	const int seq = V_ASN1_SEQUENCE;
	assert_int_equal(principal(seq, r, ab, 1, 0, out), CA_OK);
	assert_string_equal(out, "a@R.X");
	assert_int_equal(principal(seq, r, ab, 2, 0, out), CA_OK);
	assert_string_equal(out, "a/b@R.X");
	/* of no parts, of empty ones */
	assert_int_equal(principal(seq, r, ab, 0, 0, out), CA_ERR_UNSUPPORTED);
	assert_int_equal(principal(seq, r, ab, 3, 0, out), CA_ERR_UNSUPPORTED);
	assert_int_equal(
	    principal(seq, ab[2], ab, 1, 0, out), CA_ERR_UNSUPPORTED);
	/* in another wrapping, or with something behind */
	assert_int_equal(
	    principal(V_ASN1_OCTET_STRING, r, ab, 1, 0, out), CA_ERR_FORMAT);
	assert_int_equal(
	    principal(V_ASN1_UTF8STRING, r, ab, 1, 0, out), CA_ERR_FORMAT);
	assert_int_equal(
	    principal(V_ASN1_SET, r, ab, 1, 0, out), CA_ERR_FORMAT);
	assert_int_equal(principal(seq, r, ab, 1, 1, out), CA_ERR_FORMAT);
	/* each byte, in a part and in the realm */
	for (int c = 0; c < 256; c++) {
		struct part p = {one, 1};
		bool good =
		    c > ' ' && c < 0x7f && c != '/' && c != '@' && c != '\\';
		enum ca_err want = good     ? CA_OK
				   : c == 0 ? CA_ERR_FORMAT
					    : CA_ERR_UNSUPPORTED;

		one[0] = (char)c;
		assert_int_equal(principal(seq, r, &p, 1, 0, out), want);
		assert_int_equal(principal(seq, p, ab, 1, 0, out), want);
	}
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refused_names),
	    cmocka_unit_test(each_truncation),
	    cmocka_unit_test(bounds_of_text),
	    cmocka_unit_test(bounds_of_certificates),
	    cmocka_unit_test(other_types),
	    cmocka_unit_test(slashes),
	    cmocka_unit_test(nearly_the_same),
	    cmocka_unit_test(principals),
	};

	return cmocka_run_group_tests_name("map_dn", tests, NULL, NULL);
}
