/*
 * What the streaming reader takes for a CRL, structure by structure.  OpenSSL
 * reads the same bytes, and where it writes what it has read in the same
 * bytes again, they are DER; what is not DER is no CRL.
 */
#include "crlmake.h"
#include "crl/crlint.h"
#include "data/der.h"
#include "crlwhole.h"

#include <openssl/err.h>
#include <stdio.h>

static struct {
	struct ca_crypto *crypto;
	EVP_PKEY *key;
	X509 *ca;
} t;

static int
set_up(void **state)
{
	(void)state;
	assert_int_equal(ca_crypto_new(&t.crypto), CA_OK);
	t.key = EVP_EC_gen("P-256");
	t.ca = make_ca(t.crypto, "The CA", t.key);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	X509_free(t.ca);
	EVP_PKEY_free(t.key);
	ca_crypto_free(t.crypto);
	return 0;
}

#define ALG "30{06{2a8648ce3d040302}}"
#define NAME(cn) "<30{31{30{06{550403} 0c{'" cn "'}}}}>"
#define THIS "17{'261124000000Z'}"
#define NEXT "17{'361124000000Z'}"
#define SIGNED(tbs) "30{30{" tbs "}" ALG "03{00 $}}"
#define V2(entries, exts) "<02{01}>" ALG NAME("The CA") THIS NEXT entries exts
#define AT "17{'250101000000Z'}"
#define SIMPLE "30{02{05}" AT "}"
#define WITH_REASON "30{02{0080}" AT "30{30{06{551d15} 04{0a{01}}}}}"
#define GENERALIZED "30{02{ff7f} 18{'20500101000000Z'}}"
#define OF_ANOTHER                                                             \
	"30{02{07}" AT                                                         \
	"30{30{06{551d1d} 01{ff} 04{<30{a4{" NAME("Another CA") "}}>}}}}"
#define TWO_EXTS                                                               \
	"30{02{08}" AT "30{30{06{551d15} 04{0a{04}}}"                          \
	"30{06{551d18} 04{18{'20250101000000Z'}}}}}"
#define NUMBER "a0{<30{30{06{551d14} 04{02{05}}}}>}"

/* OpenSSL 4 reads a certificateIssuer in an indirect CRL only. */
#define INDIRECT "30{06{551d1c} 01{ff} 04{30{84{ff}}}}"
#define INDIRECT_NUMBER "a0{<30{30{06{551d14} 04{02{05}}}" INDIRECT "}>}"

/* The serial numbers above, and one that is nowhere. */
static const struct ca_bytes serials[] = {{(const uint8_t *)"\x05", 1},
    {(const uint8_t *)"\x00\x80", 2}, {(const uint8_t *)"\xff\x7f", 2},
    {(const uint8_t *)"\x07", 1}, {(const uint8_t *)"\x08", 1},
    {(const uint8_t *)"\x09", 1}};
#define SERIALS (sizeof serials / sizeof serials[0])

/* What one engine makes of a CRL. */
struct verdict {
	enum ca_reason trouble;
	enum ca_err is_signed, found[SERIALS];
	struct ca_crl_entry entry[SERIALS];
};

static X509 *
holder(size_t i)
{
	X509 *x = X509_new();
	ASN1_INTEGER *n = NULL;
	uint8_t der[8] = {2, (uint8_t)serials[i].len};
	const uint8_t *p = der;

	memcpy(der + 2, serials[i].p, serials[i].len);
	assert_non_null(d2i_ASN1_INTEGER(&n, &p, 2 + (long)serials[i].len));
	X509_set_serialNumber(x, n);
	X509_set_issuer_name(x, X509_get_subject_name(t.ca));
	ASN1_INTEGER_free(n);
	return x;
}

static struct verdict
judge(const struct ca_crl_way *engine, const struct ca_buf *b)
{
	struct ca_crl_file src = {
	    t.crypto, NULL, engine, -1, "a.crl", file_of(b->p, b->len)};
	struct ca_crl_wanted wanted = {serials, SERIALS - 1};
	struct ca_crls list = {NULL, 0};
	struct verdict v = {.trouble = CA_R_OK};

	assert_int_equal(ca_crl_load(&src, &wanted, &list), CA_OK);
	assert_int_equal(list.n, 1);
	v.trouble = ca_crl_trouble(list.v[0]);
	v.is_signed = ca_crl_verify(list.v[0], t.ca);
	for (size_t i = 0; i < SERIALS; i++) {
		X509 *x = holder(i);

		v.found[i] = ca_crl_lookup(list.v[0], x, &v.entry[i]);
		X509_free(x);
	}
	ca_crls_clear(&list);
	return v;
}

/* Is it written as OpenSSL writes what it has read? */
static bool
same_again(const uint8_t *p, size_t len, const ASN1_ITEM *type)
{
	const uint8_t *at = p;
	ASN1_VALUE *v = ASN1_item_d2i(NULL, &at, (long)len, type);
	uint8_t *der = NULL;
	int n = v != NULL ? ASN1_item_i2d(v, &der, type) : -1;
	bool same = n == (int)len && memcmp(der, p, len) == 0;

	OPENSSL_free(der);
	ASN1_item_free(v, type);
	return same;
}

static bool
extensions_are_der(const X509_REVOKED *rev)
{
	const STACK_OF(X509_EXTENSION) *exts =
	    X509_REVOKED_get0_extensions(rev);

	for (int i = 0; i < sk_X509_EXTENSION_num(exts); i++) {
		X509_EXTENSION *e = sk_X509_EXTENSION_value(exts, i);
		const ASN1_OCTET_STRING *v = X509_EXTENSION_get_data(e);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));

		if ((nid == NID_crl_reason &&
			!same_again(ASN1_STRING_get0_data(v),
			    (size_t)ASN1_STRING_length(v),
			    ASN1_ITEM_rptr(ASN1_ENUMERATED))) ||
		    (nid == NID_certificate_issuer &&
			!same_again(ASN1_STRING_get0_data(v),
			    (size_t)ASN1_STRING_length(v),
			    ASN1_ITEM_rptr(GENERAL_NAMES))))
			return false;
	}
	return true;
}

/* OpenSSL keeps the bytes of the signed part, and is made to forget them. */
static bool
is_der(const struct ca_buf *b)
{
	const uint8_t *p = b->p;
	X509_CRL *x = d2i_X509_CRL(NULL, &p, (long)b->len);
	uint8_t *der = NULL;
	bool good = x != NULL;

	if (x != NULL) {
		(void)i2d_re_X509_CRL_tbs(x, &der);
		OPENSSL_free(der);
		der = NULL;
		int n = i2d_X509_CRL(x, &der);
		good = n == (int)b->len && memcmp(der, b->p, b->len) == 0;
		STACK_OF(X509_REVOKED) *revs = X509_CRL_get_REVOKED(x);
		for (int i = 0; i < sk_X509_REVOKED_num(revs); i++)
			good = good && extensions_are_der(
					   sk_X509_REVOKED_value(revs, i));
	}
	OPENSSL_free(der);
	X509_CRL_free(x);
	ERR_clear_error();
	return good;
}

static bool
same_entry(const struct ca_crl_entry *a, const struct ca_crl_entry *b)
{
	return a->reason == b->reason && a->date == b->date;
}

static bool
same_verdict(const struct verdict *openssl, const struct verdict *v)
{
	bool same = v->trouble == openssl->trouble &&
		    v->is_signed == openssl->is_signed;

	for (size_t i = 0; i < SERIALS && v->trouble == CA_R_OK; i++)
		same = same && v->found[i] == openssl->found[i] &&
		       (v->found[i] != CA_OK ||
			   same_entry(&openssl->entry[i], &v->entry[i]));
	return same;
}

static const char *const whole[] = {
    SIGNED(V2("30{" SIMPLE WITH_REASON GENERALIZED OF_ANOTHER TWO_EXTS "}",
	INDIRECT_NUMBER)),
    SIGNED(V2("30{" WITH_REASON SIMPLE "}", "")),
    SIGNED(V2("", NUMBER)),
    SIGNED("<02{01}>" ALG NAME("The CA") THIS "30{" SIMPLE "}" NUMBER),
    SIGNED("<02{01}>" ALG NAME("The CA") "18{'20261124000000Z'}"),
    SIGNED(ALG NAME("The CA") THIS NEXT),
    SIGNED(ALG NAME("The CA") THIS "30{" SIMPLE "}"),
};

static void
compare(size_t i, enum flaw flaw, int at, int *n)
{
	struct ca_buf b = CA_BUF_INIT(1 << 16);
	bool inside, good = true;

	*n = der_flawed(whole[i], t.key, flaw, at, &b, &inside);
	struct verdict o = judge(&ca_crl_as_whole, &b);
	struct verdict s = judge(&ca_crl_by_stream, &b);
	/* what is inside names and extensions is OpenSSL's to decode */
	if (!inside && !is_der(&b))
		good = s.trouble == CA_R_CRL_MALFORMED;
	if (!good || !same_verdict(&o, &s) ||
	    (flaw == NO_FLAW && s.is_signed != CA_OK))
		fail_msg("CRL %zu, structure %d, flaw %d: DER %d, OpenSSL: %s, "
			 "stream: %s",
		    i, at, (int)flaw, is_der(&b), ca_reason_code(o.trouble),
		    ca_reason_code(s.trouble));
	ca_buf_free(&b);
}

static void
every_structure(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
		int n = 1;

		for (int at = 0; at < n; at++)
			for (enum flaw f = NO_FLAW; f < FLAWS; f++)
				compare(i, f, at, &n);
		assert_true(n > 12);
	}
}

/* Others must not read what we read in another way, so every way of reading is
 * stricter than OpenSSL here. */
static void
each_with_its_reason(void **state)
{
#define OK CA_R_OK
#define BAD CA_R_CRL_MALFORMED
#define ENTRY(exts) SIGNED(V2("30{30{02{05}" AT exts "}}", NUMBER))
#define EXTS(exts) SIGNED(V2("", "a0{30{" exts "}}"))
#define REVOKED_AT(time) SIGNED(V2("30{30{02{05}" time "}}", NUMBER))
	static const struct {
		const char *text;
		enum ca_reason want;
	} cases[] = {
	    {SIGNED("02{00}" ALG NAME("The CA") THIS NEXT), BAD},
	    {SIGNED("02{02}" ALG NAME("The CA") THIS NEXT), BAD},
	    {SIGNED("02{0101}" ALG NAME("The CA") THIS NEXT), BAD},
	    {SIGNED("02{01} 02{01}" ALG NAME("The CA") THIS), BAD},
	    {SIGNED("02{01}" ALG "30{}" THIS NEXT), OK},
	    {SIGNED("02{01}" ALG "31{}" THIS NEXT), BAD},
	    {SIGNED(V2(NUMBER, "30{" SIMPLE "}")), BAD},
	    {SIGNED(V2("a1{30{30{06{551d14} 04{02{05}}}}}", "")), BAD},
	    {SIGNED(V2("", NUMBER NUMBER)), BAD},
	    {SIGNED(V2("30{}", "")), OK},
	    {SIGNED(V2(NEXT, "")), BAD},
	    /* unknown and critical, of the CRL and of an entry */
	    {SIGNED(V2("", "a0{30{30{06{2a0304} 01{ff} 04{00}}}}")),
		CA_R_CRL_EXTENSION},
	    {SIGNED(V2("", "a0{30{30{06{2a0304} 04{00}}}}")), OK},
	    {ENTRY("30{30{06{2a0304} 01{ff} 04{00}}}"), CA_R_CRL_EXTENSION},
	    {ENTRY("30{30{06{551d15} 01{ff} 04{0a{01}}}}"), CA_R_CRL_EXTENSION},
	    {ENTRY("30{30{06{2a0304} 04{00}}}"), OK},
	    /* what OpenSSL 3.5 reads no more: a time that is too short */
	    {SIGNED("02{01}" ALG NAME("The CA") "17{'2611240000Z'}"), BAD},
	    {SIGNED("02{01}" ALG NAME("The CA") "17{'261124000000'}"), BAD},
	    {SIGNED("02{01}" ALG NAME("The CA") "17{}"), BAD},
	    {SIGNED("02{01}" ALG NAME("The CA") "18{'202611240000Z'}"), BAD},
	    {SIGNED("02{01}" ALG NAME("The CA") "18{'20261124000000'}"), BAD},
	    {SIGNED("02{01}" ALG NAME("The CA") "18{'261124000000Z'}"), BAD},
	    {SIGNED("02{01}" ALG NAME("The CA") THIS "17{'3611240000Z'}"), BAD},
	    {SIGNED("02{01}" ALG NAME("The CA") THIS "18{'junk'}"), BAD},
	    {REVOKED_AT("17{'2501010000Z'}"), BAD},
	    {REVOKED_AT("18{'202501010000Z'}"), BAD},
	    {REVOKED_AT("17{'250101000000+0100'}"), OK},
	    {REVOKED_AT("17{'2501010000Z'} 30{30{06{551d15} 04{0a{01}}}}"),
		BAD},
	    /* what OpenSSL reads, and no login uses */
	    {SIGNED("02{01}" ALG NAME("The CA") "17{'261324000000Z'}"), BAD},
	    {SIGNED("02{01}" ALG NAME("The CA") "17{'260230000000Z'}"), BAD},
	    {SIGNED("02{01}" ALG NAME("The CA") "17{'261124000000+0000'}"),
		BAD},
	    {SIGNED("02{01}" ALG NAME("The CA") "18{'20261124000000.0Z'}"),
		BAD},
	    {SIGNED("02{01}" ALG NAME("The CA") THIS "17{'361124000000+0000'}"),
		BAD},
	    {SIGNED("02{01}" ALG NAME("The CA") THIS "18{'20361124000060Z'}"),
		BAD},
	    {EXTS("30{06{551d1c} 01{ff} 04{30{81{ff}}}}"), OK},
	    {EXTS("30{06{551d1c} 01{ff} 04{30{81{ff} 82{ff}}}}"), BAD},
	    {EXTS("30{06{551d1c} 01{ff} 04{30{82{ff} 85{ff}}}}"), BAD},
	    /* what OpenSSL 4 reads no more */
	    {ENTRY("30{30{06{551d18} 04{18{'20250101000000Z'}}}}"), OK},
	    {ENTRY("30{30{06{551d18} 04{18{'20251301000000Z'}}}}"), OK},
	    {ENTRY("30{30{06{551d18} 04{18{'202501010000Z'}}}}"), BAD},
	    {ENTRY("30{30{06{551d18} 04{17{'250101000000Z'}}}}"), BAD},
	    {ENTRY("30{30{06{551d18} 04{0500}}}"), BAD},
	    {EXTS("30{06{551d14} 04{0500}}"), BAD},
	    {EXTS("30{06{551d14} 04{02{05}}} 30{06{551d14} 04{02{05}}}"), BAD},
	    {EXTS("30{06{551d1b} 01{ff} 04{0500}}"), BAD},
	    {EXTS("30{06{551d1b} 01{ff} 04{02{05}}}"), OK},
	    {EXTS("30{06{551d1c} 01{ff} 04{0500}}"), BAD},
	    {EXTS(INDIRECT), OK},
	    {EXTS(INDIRECT INDIRECT), BAD},
	    {SIGNED(V2("30{" OF_ANOTHER "}", "")), BAD},
	    {SIGNED(V2("30{" OF_ANOTHER "}", NUMBER)), BAD},
	    {SIGNED(V2("30{" OF_ANOTHER "}",
		 "a0{30{30{06{551d1c} 01{ff} 04{30{81{ff}}}}}}")),
		BAD},
	    {SIGNED(V2("30{" OF_ANOTHER "}", "a0{30{" INDIRECT "}}")), OK},
	    /* FALSE in so many words is not DER, and seen */
	    {ENTRY("30{30{06{551d15} 01{00} 04{0a{01}}}}"), OK},
	    {SIGNED(V2("", "a0{30{30{06{551d14} 01{00} 04{02{05}}}}}")), OK},
	    {ENTRY("30{30{06{551d15} 01{01} 04{0a{01}}}}"), BAD},
	    /* the signature: bits that count, and an algorithm of its own */
	    {"30{30{" V2("", "") "}" ALG "03{01 $}}", BAD},
	    {"30{30{" V2("", "") "}" ALG "03{}}", BAD},
	    {"30{30{" V2("", "") "} 30{06{2a8648ce3d040303}} 03{00 $}}", BAD},
	    {"30{30{" V2("", "") "} 30{06{2a8648ce3d040302} 05{}} 03{00 $}}",
		BAD},
	    {"30{30{02{01} 30{06{2a8648ce3d0401}}" NAME("The CA") THIS
		"}"
		"30{06{2a8648ce3d0401}} 03{00 $}}",
		CA_R_CHAIN_WEAK},
	    {SIGNED(V2("", "")) "00", BAD},
	    {SIGNED(V2("", "")) SIGNED(V2("", "")), BAD},
	    {"30{}", BAD},
	    {"30{30{}}", BAD},
	    {"30", BAD},
	    {"31{00}", BAD},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ca_buf b = CA_BUF_INIT(1 << 16);

		der_make(cases[i].text, t.key, &b);
		struct verdict o = judge(&ca_crl_as_whole, &b);
		struct verdict s = judge(&ca_crl_by_stream, &b);
		if (s.trouble != cases[i].want || !same_verdict(&o, &s))
			fail_msg("%zu OpenSSL: %s, stream: %s: %s", i,
			    ca_reason_code(o.trouble),
			    ca_reason_code(s.trouble), cases[i].text);
		ca_buf_free(&b);
	}
}

static struct verdict
judge_text(const struct ca_crl_way *engine, const char *text)
{
	struct ca_buf b = CA_BUF_INIT(1 << 22);

	der_make(text, t.key, &b);
	struct verdict v = judge(engine, &b);
	ca_buf_free(&b);
	return v;
}

/* text, with n bytes for each %s */
static char *
stuffed(const char *text, size_t n)
{
	char *bytes = calloc(2, n + 1), *out = malloc(strlen(text) + 2 * n + 1);

	assert_non_null(bytes);
	assert_non_null(out);
	memset(bytes, '4', 2 * n);
	const char *at = strstr(text, "%s");
	memcpy(out, text, (size_t)(at - text));
	strcpy(out + (at - text), bytes);
	strcat(out, at + 2);
	free(bytes);
	return out;
}

/* The CRL without its entries is written anew: with each form of length. */
static void
sizes(void **state)
{
	static const size_t n[] = {0, 1, 20, 60, 100, 126, 127, 128, 129, 160,
	    200, 254, 255, 256, 257, 1000, 30000, 65000, 65300, 65400};
	static const char *const text[] = {
	    SIGNED(V2("30{" SIMPLE "}", "a0{30{30{06{2a0304} 04{%s}}}}")),
	    SIGNED("02{01}" ALG "30{31{30{06{550403} 0c{'The CA'}}}"
		   "31{30{06{550403} 0c{%s}}}}" THIS "30{" SIMPLE "}"
		   "a0{30{30{06{2a0304} 04{'1234567890'}}}}")};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof n / sizeof n[0]; i++) {
		char *p = stuffed(text[i % 2], n[i / 2]);
		struct verdict o = judge_text(&ca_crl_as_whole, p);
		struct verdict s = judge_text(&ca_crl_by_stream, p);

		if (s.trouble != CA_R_OK || s.is_signed != CA_OK ||
		    s.found[0] != (i % 2 ? CA_ERR_NOT_FOUND : CA_OK) ||
		    !same_verdict(&o, &s))
			fail_msg("text %zu, %zu bytes: OpenSSL: %s, %s", i % 2,
			    n[i / 2], ca_reason_code(o.trouble),
			    ca_reason_code(s.trouble));
		free(p);
	}
}

/* Beyond the bounds of crlread.h it is no CRL, and no memory either. */
static void
too_large(void **state)
{
	static const struct {
		const char *text;
		size_t most;
	} cases[] = {
	    /* all fields of the head together; an element with its header */
	    {SIGNED("02{01}" ALG "30{%s}" THIS), CA_CRL_HEAD_MAX - 34},
	    {SIGNED(V2("", "a0{30{30{06{2a0304} 04{%s}}}}")),
		CA_CRL_EXTS_MAX - 21},
	    {"30{30{" V2("", "") "}" ALG "03{00 %s}}", CA_CRL_SIG_MAX - 5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (size_t more = 0; more < 2; more++) {
			char *p = stuffed(cases[i].text, cases[i].most + more);
			struct ca_buf b = CA_BUF_INIT(1 << 22);
			struct ca_crl_source *src = malloc(sizeof *src);
			struct ca_crlread r;

			der_make(p, t.key, &b);
			int fd = file_of(b.p, b.len);
			assert_int_equal(ca_crl_source_open(src, fd), CA_OK);
			enum ca_err rc =
			    ca_crlread(t.crypto, src, NULL, NULL, &r);
			if (rc != (more ? CA_ERR_LIMIT : CA_OK))
				fail_msg(
				    "%zu, %zu: %s", i, more, ca_err_text(rc));
			ca_crlread_clear(&r);
			close(fd);
			free(src);
			ca_buf_free(&b);
			free(p);
		}
}

/* The date of an entry, as RFC 5280 section 5.1.2.6 has it. */
#define NONE INT64_MIN

static void
times(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} cases[] = {
	    {"700101000000Z", 0},
	    {"700101000001Z", 1},
	    {"500101000000Z", -631152000},
	    {"491231235959Z", 2524607999},
	    {"261124120305Z", 1795521785},
	    {"20261124120305Z", 1795521785},
	    {"20500101000000Z", 2524608000},
	    {"19991231235959Z", 946684799},
	    {"20280229000000Z", 1835395200},
	    /* no such day or hour */
	    {"20270229000000Z", NONE},
	    {"20261301000000Z", NONE},
	    {"20260001000000Z", NONE},
	    {"20260100000000Z", NONE},
	    {"20260132000000Z", NONE},
	    {"20260101240000Z", NONE},
	    {"20260101006000Z", NONE},
	    {"20260101000060Z", NONE},
	    {"", NONE},
	    {"Z", NONE},
	    {"2611241203Z", NONE},
	    {"261124120305", NONE},
	    {"2611241203050", NONE},
	    {"261124120305z", NONE},
	    {"261124120305+", NONE},
	    {"202611241203Z", NONE},
	    {"2026112412030Z", NONE},
	    {"202611241203050", NONE},
	    {"20261124120305.1Z", NONE},
	    {"2611241203051Z", NONE},
	    {"26112412+305Z", NONE},
	    {"261124120 05Z", NONE},
	    {"2611241203/5Z", NONE},
	    {"2611241203:5Z", NONE},
	    {"26112412030/Z", NONE},
	    {"26112412030:Z", NONE},
	    {":61124120305Z", NONE},
	    {"/61124120305Z", NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t len = strlen(cases[i].text);
		int64_t got;

		if (!ca_der_time(guarded(cases[i].text, len), len, &got))
			got = NONE;

		if (got != cases[i].want)
			fail_msg("%s: %lld", cases[i].text, (long long)got);
	}
}

#define WITH(reason) "30{02{05}" AT "30{30{06{551d15} 04{0a{" reason "}}}}}"

/* One serial number several times: the first of those entries that say most.
 * One that takes back never outweighs a hold, nor a hold another reason,
 * however often it stands there. */
static void
the_same_serial(void **state)
{
	static const struct {
		const char *text;
		int reason;
	} cases[] = {
	    {SIGNED(V2("30{" WITH("01") WITH("04") "}", "")), 1},
	    {SIGNED(V2("30{" WITH("04") WITH("01") "}", "")), 4},
	    {SIGNED(V2("30{" WITH("01") WITH("08") "}", "")), 1},
	    {SIGNED(V2("30{" WITH("08") WITH("01") "}", "")), 1},
	    {SIGNED(V2("30{" WITH("08") WITH("08") "}", "")), 8},
	    {SIGNED(V2("30{" WITH("08") SIMPLE WITH("01") "}", "")), -1},
	    {SIGNED(V2("30{" WITH("06") WITH("01") "}", "")), 1},
	    {SIGNED(V2("30{" WITH("01") WITH("06") "}", "")), 1},
	    {SIGNED(V2("30{" WITH("06") WITH("08") "}", "")), 6},
	    {SIGNED(V2("30{" WITH("08") WITH("06") "}", "")), 6},
	    {SIGNED(V2("30{" WITH("06") WITH("06") SIMPLE "}", "")), -1},
	};
	static const struct ca_crl_way *const engines[] = {
	    &ca_crl_by_stream, &ca_crl_as_whole};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
		struct verdict s =
		    judge_text(engines[i % 2], cases[i / 2].text);

		assert_int_equal(s.found[0], CA_OK);
		assert_int_equal(s.entry[0].reason, cases[i / 2].reason);
	}
	for (size_t k = 0; k < 2; k++) {
		struct ca_buf text = CA_BUF_INIT(4 << 20);

		ca_buf_str(
		    &text, "30{30{<02{01}>" ALG NAME("The CA") THIS "30{");
		for (size_t i = 0; i < 5000; i++)
			ca_buf_str(&text, WITH("08"));
		ca_buf_str(&text, WITH("01") "}}" ALG "03{00 $}}");
		struct verdict s = judge_text(engines[k], ca_buf_text(&text));
		assert_int_equal(s.trouble, CA_R_OK);
		assert_int_equal(s.found[0], CA_OK);
		assert_int_equal(s.entry[0].reason, 1);
		ca_buf_free(&text);
	}
}

/* One serial number for more issuers than are looked at: no answer, unless it
 * is seen to be revoked. */
static void
too_many_issuers(void **state)
{
	static const struct ca_crl_way *const engines[] = {
	    &ca_crl_by_stream, &ca_crl_as_whole};

	(void)state;
	for (int i = 0; i < 8; i++) {
		struct ca_buf text = CA_BUF_INIT(4 << 20);
		enum ca_err want = (i & 2) != 0   ? CA_OK
				   : (i & 4) != 0 ? CA_ERR_LIMIT
						  : CA_ERR_NOT_FOUND;

		ca_buf_str(
		    &text, "30{30{<02{01}>" ALG NAME("The CA") THIS "30{");
		if ((i & 2) != 0)
			ca_buf_str(&text, SIMPLE);
		for (int k = 0; k < CA_CRL_HITS_MAX - 1 + (i & 4) / 2; k++)
			ca_buf_str(&text,
			    "30{02{05}" AT "30{30{06{551d1d} 01{ff} "
			    "04{30{a4{" NAME("Another CA") "}}}}}}");
		ca_buf_str(&text, "} a0{30{" INDIRECT "}}}" ALG "03{00 $}}");
		struct verdict s =
		    judge_text(engines[i & 1], ca_buf_text(&text));
		assert_int_equal(s.trouble, CA_R_OK);
		assert_int_equal(s.found[0], want);
		assert_int_equal(s.found[1], CA_ERR_NOT_FOUND);
		ca_buf_free(&text);
	}
}

/* The trouble in words: what stands behind the file's name. */
static void
words(void **state)
{
#define BY(alg) "30{30{02{01}" alg NAME("The CA") THIS "}" alg "03{00 $}}"
#define REFUSED(name) "is signed with " name ", which is refused"
#define OF_ANOTHERS "30{" OF_ANOTHER "}"
#define ONE(oid, value) "30{06{" oid "} 04{" value "}}"

	static const struct {
		const char *text, *want;
	} cases[] = {
	    {SIGNED(V2("", "")), ""},
	    {BY("30{06{2a8648ce3d0401}}"), REFUSED("SHA-1")},
	    {BY("30{06{2a864886f70d010105} 05{}}"), REFUSED("SHA-1")},
	    {BY("30{06{2a864886f70d010104} 05{}}"), REFUSED("MD5")},
	    /* RSASSA-PSS: SHA-1 where nothing is said */
	    {BY("30{06{2a864886f70d01010a} 30{}}"), REFUSED("SHA-1")},
	    {BY("30{06{2a864886f70d01010a}}"), REFUSED("rsassaPss")},
	    {BY("30{06{608648016503040302}}"), REFUSED("dsa_with_SHA256")},
	    {BY("30{06{2a0304}}"),
		"is signed with 1.2.3.4, which certauth does not support"},
	    {SIGNED(V2("", "a0{30{30{06{2a0304} 01{ff} 04{00}}}}")),
		"has the unknown critical extension 1.2.3.4"},
	    {ENTRY("30{30{06{2a0304} 01{ff} 04{00}}}"),
		"has an entry with an unknown critical extension"},
	    {SIGNED(V2(OF_ANOTHERS, NUMBER)),
		"contains a CRL with a certificateIssuer in an entry, but without indirectCRL (RFC 5280 section 5.3.3)"},
	    {SIGNED(V2(OF_ANOTHERS, "")),
		"contains a CRL with a certificateIssuer in an entry, but without indirectCRL (RFC 5280 section 5.3.3)"},
	    {SIGNED(V2(OF_ANOTHERS, INDIRECT_NUMBER)), ""},
	    {EXTS(ONE("551d14", "02{05}") ONE("551d14", "02{05}")),
		"contains a CRL with two cRLNumber extensions (RFC 5280 section 5.2.3)"},
	    {EXTS(ONE("551d14", "04{05}")),
		"contains a CRL with a cRLNumber that cannot be decoded (RFC 5280 section 5.2.3)"},
	    {EXTS(ONE("551d1b", "04{05}")),
		"contains a CRL with a deltaCRLIndicator that cannot be decoded (RFC 5280 section 5.2.4)"},
	    {EXTS(ONE("551d1c", "04{05}")),
		"contains a CRL with an issuingDistributionPoint that cannot be decoded (RFC 5280 section 5.2.5)"},
	    {EXTS("30{}"),
		"contains a CRL with extensions that cannot be decoded"},
	    {SIGNED(V2("", "")) "00",
		"contains a CRL that is truncated or not valid DER (RFC 5280 section 5)"},
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
		struct ca_buf b = CA_BUF_INIT(1 << 16);
		struct ca_crl_wanted wanted = {NULL, 0};
		struct ca_crls list = {NULL, 0};

		der_make(cases[i / 2].text, t.key, &b);
		struct ca_crl_file src = {t.crypto, NULL,
		    i % 2 == 0 ? &ca_crl_by_stream : &ca_crl_as_whole, -1,
		    "a.crl", file_of(b.p, b.len)};
		assert_int_equal(ca_crl_load(&src, &wanted, &list), CA_OK);
		assert_string_equal(
		    ca_crl_get0_trouble_text(list.v[0]), cases[i / 2].want);
		ca_crls_clear(&list);
		ca_buf_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_structure),
	    cmocka_unit_test(each_with_its_reason),
	    cmocka_unit_test(sizes),
	    cmocka_unit_test(too_large),
	    cmocka_unit_test(times),
	    cmocka_unit_test(the_same_serial),
	    cmocka_unit_test(too_many_issuers),
	    cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
