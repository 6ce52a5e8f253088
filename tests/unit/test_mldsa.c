/*
 * ML-DSA (FIPS 204, RFC 9881), and the other algorithms that libcrypto may not
 * know: CRLs in two passes, and what is said of an algorithm that is not
 * supported.  Where libcrypto has no ML-DSA, the refusals are tested.
 */
#include "crlmake.h"
#include "base/file.h"
#include "crl/crlint.h"
#include "crypto/certgate.h"
#include "crypto/sigalg.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static struct {
	char path[64];
	int dir;
	struct ca_crypto *crypto;
	EVP_PKEY *key;
	X509 *ca;
	char lack[128]; /* behind the name; "": libcrypto has ML-DSA */
} t;

static int
set_up(void **state)
{
	(void)state;
	strcpy(t.path, "/tmp/certauth-test-mldsa.XXXXXX");
	assert_non_null(mkdtemp(t.path));
	t.dir = open(t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(ca_crypto_new(&t.crypto), CA_OK);
	t.key = EVP_EC_gen("P-256");
	t.ca = make_ca(t.crypto, "The CA", t.key);
	if (!has_mldsa())
		(void)snprintf(t.lack, sizeof t.lack,
		    ", which this libcrypto (OpenSSL %s) does not have; "
		    "OpenSSL 3.5 or later is needed",
		    OpenSSL_version(OPENSSL_VERSION_STRING));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlinkat(t.dir, "a.crl", 0);
	close(t.dir);
	rmdir(t.path);
	X509_free(t.ca);
	EVP_PKEY_free(t.key);
	ca_crypto_free(t.crypto);
	return 0;
}

#define NIST_SIG(n) "6086480165030403" n
#define OTHER ", which certauth does not support"

/* Algorithms, and what is said of them; NULL: they are supported. */
static const struct {
	const char *oid, *name;
	enum { LIBCRYPTO, MLDSA_ONLY, NEVER } by;
} algorithms[] = {
    {"2a864886f70d01010b", NULL, LIBCRYPTO}, /* RSA with SHA-256 */
    {"2a864886f70d010105", NULL, LIBCRYPTO}, /* and SHA-1 */
    {"2a8648ce3d040302", NULL, LIBCRYPTO},
    {"2b6570", NULL, LIBCRYPTO},
    {NIST_SIG("11"), "ML-DSA-44", MLDSA_ONLY},
    {NIST_SIG("12"), "ML-DSA-65", MLDSA_ONLY},
    {NIST_SIG("13"), "ML-DSA-87", MLDSA_ONLY},
    {NIST_SIG("14"), "SLH-DSA", NEVER},
    {NIST_SIG("1f"), "SLH-DSA", NEVER},
    {NIST_SIG("20"), "HashML-DSA", NEVER},
    {NIST_SIG("22"), "HashML-DSA", NEVER},
    {NIST_SIG("23"), "HashSLH-DSA", NEVER},
    {NIST_SIG("2e"), "HashSLH-DSA", NEVER},
    {NIST_SIG("2f"), "2.16.840.1.101.3.4.3.47", NEVER},
    {NIST_SIG("1101"), "2.16.840.1.101.3.4.3.17.1", NEVER},
    {"2a864886f70d0109100311", "HSS/LMS", NEVER},
    {"2b0601050507"
     "0622",
	"XMSS", NEVER},
    {"2b0601050507"
     "0623",
	"XMSS^MT", NEVER},
    {"2b0601050507"
     "0625",
	"composite ML-DSA", NEVER},
    {"2b0601050507"
     "0636",
	"composite ML-DSA", NEVER},
    {"2b0601050507"
     "0637",
	"1.3.6.1.5.5.7.6.55", NEVER},
    {"6086480186fa6b50080105", "composite ML-DSA (a draft)", NEVER},
    {"2b0601040102820b0c0404", "Dilithium (a draft of ML-DSA)", NEVER},
    {"2a0304", "1.2.3.4", NEVER},
};
#define N_ALGORITHMS (sizeof algorithms / sizeof algorithms[0])

static const char *
behind(size_t i)
{
	return algorithms[i].by == NEVER ? OTHER : t.lack;
}

static bool
supported(size_t i)
{
	return algorithms[i].by == LIBCRYPTO ||
	       (algorithms[i].by == MLDSA_ONLY && has_mldsa());
}

static void
words(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ALGORITHMS; i++) {
		struct ca_buf der = CA_BUF_INIT(256), got = CA_BUF_INIT(256);
		char text[256], want[256] = "";
		const uint8_t *p;

		(void)snprintf(text, sizeof text, "06{%s}", algorithms[i].oid);
		der_make(text, NULL, &der);
		p = der.p;
		ASN1_OBJECT *oid = d2i_ASN1_OBJECT(NULL, &p, (long)der.len);
		assert_non_null(oid);
		if (!supported(i))
			(void)snprintf(want, sizeof want, "%s%s",
			    algorithms[i].name, behind(i));
		bool lack =
		    ca_sigalg_lack(ca_crypto_get0_libctx(t.crypto), oid, &got);
		assert_int_equal(lack, !supported(i));
		assert_string_equal(got.len > 0 ? ca_buf_text(&got) : "", want);
		assert_int_equal(ca_sigalg_mldsa(oid) != NULL,
		    algorithms[i].by == MLDSA_ONLY);
		ASN1_OBJECT_free(oid);
		ca_buf_free(&der);
		ca_buf_free(&got);
	}
}

#define ALG "30{06{2a8648ce3d040302}}"
#define NAME "30{31{30{06{550403} 0c{'The CA'}}}}"
#define HEAD "02{01}" ALG NAME "17{'261124000000Z'}"
#define AT "17{'250101000000Z'}"
#define FIVE "30{02{05}" AT "}"
#define SIX "30{02{06}" AT "}"
#define CRL(head, entries) "30{30{" head "30{" entries "}}" ALG "03{00 $}}"

/* ---- certificates ---- */

/* A key of an algorithm that nobody supports is refused before decoding: by its
 * name, and not as a weak one. */
static void
keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ALGORITHMS; i++) {
		struct ca_buf der = CA_BUF_INIT(4096);
		char text[1024], want[256], refusal[CA_CERT_REFUSAL];
		const char *why;

		if (algorithms[i].by != NEVER)
			continue;
		(void)snprintf(text, sizeof text,
		    "30{30{a0{02{02}} 02{05} " ALG NAME
		    "30{17{'250101000000Z'} 17{'350101000000Z'}}" NAME
		    "30{30{06{%s}} 03{00 0102}}} " ALG "03{00 $}}",
		    algorithms[i].oid);
		der_make(text, t.key, &der);
		(void)snprintf(want, sizeof want, "its key is for %s" OTHER,
		    algorithms[i].name);
		assert_int_equal(
		    ca_cert_gate(der.p, der.len, &why), CA_ERR_UNSUPPORTED);
		assert_string_equal(
		    why, "its key has a type that certauth does not support");
		assert_string_equal(
		    ca_cert_refusal(der.p, der.len, refusal), want);
		assert_true(ca_cert_unsupported(der.p, der.len));
		ca_buf_free(&der);
	}
}

/* OIDs that are malformed or very long have no figures; any other one has. */
static void
figures(void **state)
{
	static const struct {
		const char *oid, *is;
		size_t len;
	} cases[] = {{"\x00", "0.0", 1}, {"\x27\x01", "0.39.1", 2},
	    {"\x28", "1.0", 1}, {"\x4f\x7f", "1.39.127", 2}, {"\x50", "2.0", 1},
	    {"\x88\x37\x03", "2.999.3", 3}, {"\x2a\x81\x00", "1.2.128", 3},
	    {"\x2a\x00\x00", "1.2.0.0", 3},
	    {"\x2a\x81\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
		"1.2.18446744073709551615", 11},
	    {"\x2a\x82\x80\x80\x80\x80\x80\x80\x80\x80\x00", NULL, 11},
	    {"\x2a\x80\x01", NULL, 3}, {"\x2a\x81", NULL, 2}, {"\x81", NULL, 1},
	    {"", NULL, 0}};
	char text[CA_SIGALG_REFUSAL], want[256];
	uint8_t many[64] = {0x2a};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		(void)snprintf(want, sizeof want, "its key is for %s" OTHER,
		    cases[i].is != NULL ? cases[i].is : "");
		assert_string_equal(
		    ca_sigalg_key_refusal(
			ca_reader_of(cases[i].oid, cases[i].len), text),
		    cases[i].is != NULL ? want
					: "its key has a type that certauth "
					  "does not support");
	}
	/* 3 + 2 * 30 characters, the most; one more figure is too long */
	assert_true(
	    ca_sigalg_key_refusal(ca_reader_of(many, 31), text) == text);
	assert_int_equal(strlen(text), strlen("its key is for " OTHER) + 63);
	many[1] = 10;
	assert_true(
	    ca_sigalg_key_refusal(ca_reader_of(many, 31), text) != text);
	assert_true(
	    ca_sigalg_key_refusal(ca_reader_of(many, 64), text) != text);
}

/* What is refused for another reason is not called unsupported. */
static void
refused_keys(void **state)
{
	static const char *const oid[] = {
	    "2a8648ce380401", "2b656e", "2a8648ce3d0201", NIST_SIG("12")};

	(void)state;
	for (size_t i = 0; i < sizeof oid / sizeof oid[0]; i++) {
		struct ca_buf der = CA_BUF_INIT(4096);
		char text[1024];

		(void)snprintf(text, sizeof text,
		    "30{30{a0{02{02}} 02{05} " ALG NAME
		    "30{17{'250101000000Z'} 17{'350101000000Z'}}" NAME
		    "30{30{06{%s}} 03{00 0102}}} " ALG "03{00 $}}",
		    oid[i]);
		der_make(text, t.key, &der);
		assert_false(ca_cert_unsupported(der.p, der.len));
		ca_buf_free(&der);
	}
	assert_false(ca_cert_unsupported("\x30\x00", 2));
}

/* ---- CRLs ---- */

static void
write_bytes(const uint8_t *p, size_t len)
{
	int fd = openat(t.dir, "a.crl", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, len), (ssize_t)len);
	close(fd);
}

static void
write_crl(const char *text, EVP_PKEY *key)
{
	struct ca_buf b = CA_BUF_INIT(1 << 20);

	der_make(text, key, &b);
	write_bytes(b.p, b.len);
	ca_buf_free(&b);
}

/* The only CRL of a.crl. */
static struct ca_crl *
load(struct ca_crls *list)
{
	struct ca_crl_wanted nothing = {NULL, 0};
	struct ca_crl_file src = {
	    t.crypto, NULL, &ca_crl_by_stream, t.dir, "a.crl", -1};

	*list = (struct ca_crls){NULL, 0};
	assert_int_equal(ca_file_open(t.dir, "a.crl", &src.fd, NULL), CA_OK);
	assert_int_equal(ca_crl_load(&src, &nothing, list), CA_OK);
	assert_int_equal(list->n, 1);
	return list->v[0];
}

static void
crl_is(enum ca_reason reason, const char *name, const char *rest)
{
	struct ca_crls list;
	const struct ca_crl *crl = load(&list);
	char want[256];

	(void)snprintf(want, sizeof want, "is signed with %s%s", name, rest);
	assert_string_equal(ca_crl_get0_trouble_text(crl), want);
	assert_int_equal(ca_crl_trouble(crl), reason);
	ca_crls_clear(&list);
}

static void
crl_algorithms(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ALGORITHMS; i++) {
		char text[1024];

		if (algorithms[i].by == LIBCRYPTO || supported(i))
			continue;
		(void)snprintf(text, sizeof text,
		    "30{30{02{01} 30{06{%s}}" NAME "17{'261124000000Z'}}"
		    "30{06{%s}} 03{00 $}}",
		    algorithms[i].oid, algorithms[i].oid);
		write_crl(text, t.key);
		crl_is(CA_R_UNSUPPORTED, algorithms[i].name, behind(i));
	}
	write_crl("30{30{02{01} 30{06{2a864886f70d010105} 05{}}" NAME
		  "17{'261124000000Z'}} 30{06{2a864886f70d010105} 05{}}"
		  "03{00 $}}",
	    t.key);
	crl_is(CA_R_CHAIN_WEAK, "SHA-1", ", which is refused");
}

/* RFC 9881 section 2: the parameters must be absent. */
static void
crl_parameters(void **state)
{
	static const char *const param[] = {"05{}", "30{}", "04{00}"};

	(void)state;
	need_mldsa();
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ML-DSA-44");
	X509 *ca = make_ca(t.crypto, "The CA", key);
	for (size_t i = 0; i < sizeof param / sizeof param[0]; i++) {
		struct ca_crls list;
		char text[512];

		(void)snprintf(text, sizeof text,
		    "30{30{02{01} 30{06{" NIST_SIG(
			"11") "} %s}" NAME
			      "17{'261124000000Z'}} 30{06{" NIST_SIG(
				  "11") "} %s}"
					"03{00 $}}",
		    param[i], param[i]);
		write_crl(text, key);
		crl_is(CA_R_UNSUPPORTED, "ML-DSA",
		    " and has parameters of the algorithm, which must be "
		    "absent (RFC 9881 section 2)");
		assert_int_not_equal(ca_crl_verify(load(&list), ca), CA_OK);
		ca_crls_clear(&list);
	}
	X509_free(ca);
	EVP_PKEY_free(key);
}

/* CRLs of OpenSSL 3.5, also where libcrypto is older. */
static void
crl_files(void **state)
{
	static const struct {
		const char *file, *name;
		bool never;
	} cases[] = {{"mldsa65-ca.crl", "ML-DSA-65", false},
	    {"slhdsa-ca.crl", "SLH-DSA", true}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint8_t *p = malloc(65536);
		char path[64];

		(void)snprintf(
		    path, sizeof path, "tests/data/pq/%s", cases[i].file);
		FILE *f = fopen(path, "rb");
		assert_non_null(f);
		size_t n = fread(p, 1, 65536, f);
		fclose(f);
		write_bytes(p, n);
		free(p);
		if (cases[i].never || !has_mldsa()) {
			crl_is(CA_R_UNSUPPORTED, cases[i].name,
			    cases[i].never ? OTHER : t.lack);
			continue;
		}
		struct ca_crls list;
		assert_int_equal(ca_crl_trouble(load(&list)), CA_R_OK);
		ca_crls_clear(&list);
	}
}

/* A signature of any length is not read if nobody can verify it. */
static void
long_signatures(void **state)
{
	static const struct {
		const char *oid, *name;
		size_t len;
	} cases[] = {{NIST_SIG("15"), "SLH-DSA", 17088},
	    {NIST_SIG("17"), "SLH-DSA", 35664},
	    {NIST_SIG("19"), "SLH-DSA", 49856},
	    {NIST_SIG("1e"), "SLH-DSA", 300000},
	    {"2a864886f70d0109100311", "HSS/LMS", 131072},
	    {"2b06010505070623", "XMSS^MT", 104520}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *text = malloc(700000);
		int n = snprintf(text, 700000,
		    "30{30{02{01} 30{06{%s}}" NAME
		    "17{'261124000000Z'}} 30{06{%s}} 03{00 ",
		    cases[i].oid, cases[i].oid);

		memset(text + n, 'a', 2 * cases[i].len);
		strcpy(text + n + 2 * cases[i].len, "}}");
		write_crl(text, t.key);
		crl_is(CA_R_UNSUPPORTED, cases[i].name, OTHER);
		free(text);
	}
}

/* But it must be one. */
static void
malformed_signatures(void **state)
{
	static const char *const cases[] = {"03{00 aa}}05{}", "03{00 aa} 05{}}",
	    "03{}}", "04{00 aa}}", "03{01 aa}}", "}", "03{00 aa} 03{00 aa}}"};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ca_crls list;
		char text[512];

		(void)snprintf(text, sizeof text,
		    "30{30{02{01} 30{06{" NIST_SIG(
			"15") "}}" NAME "17{'261124000000Z'}} "
			      "30{06{" NIST_SIG("15") "}}"
						      "%s",
		    cases[i]);
		write_crl(text, t.key);
		assert_int_equal(
		    ca_crl_trouble(load(&list)), CA_R_CRL_MALFORMED);
		ca_crls_clear(&list);
	}
}

#define MLDSA(n) "30{06{6086480165030403" n "}}"
#define MLDSA_CRL(n, entries)                                                  \
	"30{30{02{01}" MLDSA(n) NAME "17{'261124000000Z'} 30{" entries         \
				     "}}" MLDSA(n) "03{00 $}}"

/* ML-DSA's signature is verified in a second pass, which must find what the
 * first one found. */
static void
changed_before_the_second_pass(void **state)
{
	need_mldsa();
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ML-DSA-65");
	EVP_PKEY *key44 = EVP_PKEY_Q_keygen(NULL, NULL, "ML-DSA-44");
	X509 *ca = make_ca(t.crypto, "The CA", key);
	X509 *ca44 = make_ca(t.crypto, "The CA", key44);
	const struct {
		const char *was, *is;
		EVP_PKEY *first, *then;
		enum ca_err rc, rc44;
	} cases[] = {
	    {MLDSA_CRL("12", FIVE), NULL, key, key, CA_OK, CA_DENIED},
	    {MLDSA_CRL("12", FIVE), NULL, key44, key44, CA_DENIED, CA_DENIED},
	    {MLDSA_CRL("11", FIVE), NULL, key44, key44, CA_DENIED, CA_OK},
	    {MLDSA_CRL("11", FIVE), NULL, key, key, CA_DENIED, CA_DENIED},
	    {MLDSA_CRL("12", FIVE), NULL, t.key, t.key, CA_DENIED, CA_DENIED},
	    /* another content, signed by the CA too, or by another key */
	    {MLDSA_CRL("12", FIVE), MLDSA_CRL("12", SIX), key, key,
		CA_ERR_STALE, CA_DENIED},
	    {MLDSA_CRL("12", FIVE), MLDSA_CRL("12", ""), key, key, CA_ERR_STALE,
		CA_DENIED},
	    {MLDSA_CRL("12", SIX), MLDSA_CRL("12", FIVE), key44, key,
		CA_ERR_STALE, CA_DENIED},
	    {MLDSA_CRL("12", FIVE), CRL(HEAD, FIVE), key, t.key, CA_ERR_STALE,
		CA_DENIED},
	    {MLDSA_CRL("12", FIVE), "30{}", key, t.key, CA_ERR_FORMAT,
		CA_DENIED},
	    /* the signature is the one that was read first */
	    {MLDSA_CRL("12", FIVE), MLDSA_CRL("12", FIVE), key44, key,
		CA_DENIED, CA_DENIED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ca_crl_wanted nothing = {NULL, 0};
		struct ca_crl_file src = {
		    t.crypto, NULL, &ca_crl_by_stream, t.dir, "a.crl", -1};
		struct ca_crls list = {NULL, 0};

		write_crl(cases[i].was, cases[i].first);
		assert_int_equal(
		    ca_file_open(t.dir, "a.crl", &src.fd, NULL), CA_OK);
		assert_int_equal(ca_crl_load(&src, &nothing, &list), CA_OK);
		assert_int_equal(ca_crl_trouble(list.v[0]), CA_R_OK);
		if (cases[i].is != NULL)
			write_crl(cases[i].is, cases[i].then);
		enum ca_err rc = ca_crl_verify(list.v[0], ca);
		enum ca_err rc44 = ca_crl_verify(list.v[0], ca44);
		if (rc != cases[i].rc || rc44 != cases[i].rc44)
			fail_msg("%zu: %s, %s", i, ca_err_text(rc),
			    ca_err_text(rc44));
		assert_int_not_equal(ca_crl_verify(list.v[0], t.ca), CA_OK);
		ca_crls_clear(&list);
	}
	X509_free(ca);
	X509_free(ca44);
	EVP_PKEY_free(key);
	EVP_PKEY_free(key44);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words),
	    cmocka_unit_test(keys),
	    cmocka_unit_test(figures),
	    cmocka_unit_test(refused_keys),
	    cmocka_unit_test(crl_algorithms),
	    cmocka_unit_test(crl_parameters),
	    cmocka_unit_test(crl_files),
	    cmocka_unit_test(long_signatures),
	    cmocka_unit_test(malformed_signatures),
	    cmocka_unit_test(changed_before_the_second_pass),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
