#include "verify/verify.h"

#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

struct attribute {
	const char *type;
	int asn1; /* V_ASN1_... or MBSTRING_... */
	const char *value;
	int len; /* -1: strlen */
	int set; /* 0: an RDN of its own; -1: joins the one before */
};

static void
expect(const struct attribute *v, size_t n, const char *want)
{
	X509_NAME *name = X509_NAME_new();
	struct ca_buf out = CA_BUF_INIT(4096);

	assert_non_null(name);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(
		    X509_NAME_add_entry_by_txt(name, v[i].type, v[i].asn1,
			(const unsigned char *)v[i].value, v[i].len, -1,
			v[i].set),
		    1);
	ca_name_rfc4514(name, &out);
	assert_string_equal(ca_buf_text(&out), want);
	ca_buf_free(&out);
	X509_NAME_free(name);
}

#define EXPECT(want, ...)                                                      \
	do {                                                                   \
		const struct attribute v_[] = {__VA_ARGS__};                   \
		expect(v_, sizeof v_ / sizeof v_[0], want);                    \
	} while (0)
#define CN(text)                                                               \
	{                                                                      \
		"CN", MBSTRING_UTF8, text, -1, 0                               \
	}

static void
test_order(void **state)
{
	(void)state;
	expect(NULL, 0, "");
	EXPECT("CN=a", CN("a"));
	EXPECT("CN=a,OU=b,O=c,C=DE", {"C", MBSTRING_ASC, "DE", -1, 0},
	    {"O", MBSTRING_UTF8, "c", -1, 0}, {"OU", MBSTRING_UTF8, "b", -1, 0},
	    CN("a"));
	EXPECT("CN=a+UID=u,O=c", {"O", MBSTRING_UTF8, "c", -1, 0}, CN("a"),
	    {"UID", MBSTRING_UTF8, "u", -1, -1});
	EXPECT("emailAddress=a@b.example,DC=example",
	    {"DC", MBSTRING_ASC, "example", -1, 0},
	    {"emailAddress", MBSTRING_ASC, "a@b.example", -1, 0});
}

/* RFC 4514 section 2.4 */
static void
test_escapes(void **state)
{
	(void)state;
	EXPECT("CN=\\\"a\\+b\\,c\\;d\\<e\\>f\\\\", CN("\"a+b,c;d<e>f\\"));
	EXPECT("CN=\\ a b\\ ", CN(" a b "));
	EXPECT("CN=\\ ", CN(" "));
	EXPECT("CN=\\#a#\\3D", CN("#a#="));
	EXPECT("CN=x outcome\\3Dgranted", CN("x outcome=granted"));
	EXPECT("CN=J\xc3\xb6rg \xe4\xb8\xad", CN("J\xc3\xb6rg \xe4\xb8\xad"));
	EXPECT("CN=a\\00b", {"CN", V_ASN1_UTF8STRING, "a\0b", 3, 0});
	EXPECT("CN=a\\0A\\1B[2J", CN("a\n\x1b[2J"));
	/* an override of the writing direction */
	EXPECT("CN=\\E2\\80\\AEab", CN("\xe2\x80\xae"
				       "ab"));
}

static void
test_encodings(void **state)
{
	(void)state;
	EXPECT("CN=\xc3\xa9", {"CN", V_ASN1_BMPSTRING, "\0\xe9", 2, 0});
	EXPECT("CN=\xc3\xa9", {"CN", V_ASN1_T61STRING, "\xe9", 1, 0});
	/* not text: the DER in hex */
	EXPECT("CN=#0c02c328", {"CN", V_ASN1_UTF8STRING, "\xc3\x28", 2, 0});
	/* a type without a registered name */
	EXPECT("2.5.4.13=#0c0161", {"description", MBSTRING_UTF8, "a", -1, 0});
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_escapes),
	    cmocka_unit_test(test_encodings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
