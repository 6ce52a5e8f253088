/*
 * PEM as people have it, and what a file is by its content.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "data/pem.h"
#include "crypto/filekind.h"

#define B(label) "-----BEGIN " label "-----"
#define E(label) "-----END " label "-----"

/* Describe the blocks of text: "LABEL=BYTES ", in hexadecimal, and how they
 * end. */
static const char *
blocks(const char *text)
{
	static char out[1024];
	struct ca_reader r = ca_reader_of(text, strlen(text));
	struct ca_pem pem;
	enum ca_err rc;
	int n = 0;

	while ((rc = ca_pem_next(&r, &pem)) == CA_OK) {
		struct ca_buf der = CA_BUF_INIT(100);

		n += snprintf(out + n, sizeof out - (size_t)n,
		    "%.*s=", (int)pem.label.left, (const char *)pem.label.p);
		enum ca_err bad = ca_pem_decode(&pem, &der);
		for (size_t i = 0; bad == CA_OK && i < der.len; i++)
			n += snprintf(
			    out + n, sizeof out - (size_t)n, "%02x", der.p[i]);
		n += snprintf(out + n, sizeof out - (size_t)n, "%s ",
		    bad != CA_OK ? "?" : "");
		ca_buf_free(&der);
	}
	(void)snprintf(out + n, sizeof out - (size_t)n, "%s",
	    rc == CA_ERR_NOT_FOUND ? "." : "cut");
	return out;
}

static void
shapes(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"", "."},
	    {"no block", "."},
	    {B("A") "\nAQID\n" E("A") "\n", "A=010203 ."},
	    /* no line end at the end, CRLF, CR alone */
	    {B("A") "\nAQID\n" E("A"), "A=010203 ."},
	    {B("A") "\r\nAQ\r\nID\r\n" E("A") "\r\n", "A=010203 ."},
	    {B("A") "\rAQID\r" E("A") "\r", "A=010203 ."},
	    /* glued */
	    {B("A") "\nAQID\n" E("A") B("B") "\nAQ==\n" E("B") "\n",
		"A=010203 B=01 ."},
	    {B("A") "\nAQID\n" E("A") " " B("B") "\nAQI=\n" E("B") "\n",
		"A=010203 B=0102 ."},
	    /* one line, blanks before and behind */
	    {B("A") "AQID" E("A"), "A=010203 ."},
	    {"  " B("A") " \n  AQ ID  \n\t" E("A") "  \n", "A=010203 ."},
	    /* a byte order mark, text, bag attributes */
	    {"\xef\xbb\xbf" B("A") "\nAQID\n" E("A"), "A=010203 ."},
	    {"Bag Attributes\n    localKeyID: 01\nsubject=CN = a\n" B(
		 "A") "\nAQID\n" E("A") "\ntext\n" B("B") "\nAQ==\n" E("B") "\nend",
		"A=010203 B=01 ."},
	    /* a marker within a line is text */
	    {"copy from " B("A") " to " E("A") "\n", "."},
	    {"copy from " B("A") "\n" B("B") "\nAQ==\n" E("B"), "B=01 ."},
	    {"-----BEGIN A----\n" B("B") "\nAQ==\n" E("B"), "B=01 ."},
	    {"-----BEGIN -----\n" B("B") "\nAQ==\n" E("B"), "B=01 ."},
	    /* headers */
	    {B("A") "\nProc-Type: 4,ENCRYPTED\nDEK-Info: X,00\n\nAQID\n" E("A"),
		"A=010203 ."},
	    {B("A") "\r\nX: y\r\n\r\nAQID\r\n" E("A"), "A=010203 ."},
	    {B("A") "\nX: y\n" E("A"), "A= ."},
	    /* cut, or closed by another label */
	    {B("A") "\nAQID\n", "cut"},
	    {B("A") "\nAQID\n" E("B"), "cut"},
	    {B("A") "\nAQID\n-----END A---", "cut"},
	    {B("A") "\nAQID\n" B("B") "\nAQ==\n" E("B"), "cut"},
	    {B("A") "\nAQID\n" E("A") "\n" B("A") "\nAQ", "A=010203 cut"},
	    /* not base64 */
	    {B("A") "\nAQI\n" E("A"), "A=? ."},
	    {B("A") "\nAQ=D\n" E("A"), "A=? ."},
	    {B("A") "\nA===\n" E("A"), "A=? ."},
	    {B("A") "\nAQ==AQ==\n" E("A"), "A=? ."},
	    {B("A") "\nAQ==\n====\n" E("A"), "A=? ."},
	    {B("A") "\nAQ-D\n" E("A"), "A=? ."},
	    {B("A") "\n\n" E("A"), "A= ."},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (strcmp(blocks(cases[i].text), cases[i].want) != 0)
			fail_msg("%s: %s, not %s", cases[i].text,
			    blocks(cases[i].text), cases[i].want);
}

/* What libcrypto gets has lines of 64 characters, and its headers. */
static void
written_again(void **state)
{
	static const char text[] = "x " B("A") "\n\xef\xbb\xbf" B(
	    "A") " X: y \r\n\r\nAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQID"
		 "AQIDAQIDAQID  AQ== " E("A");
	static const char want[] = B(
	    "A") "\n X: y \n\n"
		 "AQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQID\n"
		 "AQ==\n" E("A") "\n";
	struct ca_reader r = ca_reader_of(text, sizeof text - 1);
	struct ca_buf out = CA_BUF_INIT(1000);
	struct ca_pem pem;

	(void)state;
	assert_int_equal(ca_pem_next(&r, &pem), CA_OK);
	assert_true(ca_pem_has_headers(&pem));
	assert_true(ca_pem_label(&pem, "A"));
	assert_false(ca_pem_label(&pem, "AB"));
	ca_pem_put(&pem, &out);
	assert_string_equal(ca_buf_text(&out), want);
	ca_buf_free(&out);
}

/* A long file costs its length, not the square of it. */
static void
long_files(void **state)
{
	static char text[4 << 20];
	struct ca_reader r;
	struct ca_pem pem;
	struct ca_buf der = CA_BUF_INIT(sizeof text);

	(void)state;
	memset(text, ':', sizeof text);
	memcpy(text, B("A"), strlen(B("A")));
	memcpy(text + sizeof text - strlen(E("A")), E("A"), strlen(E("A")));
	r = ca_reader_of(text, sizeof text);
	assert_int_equal(ca_pem_next(&r, &pem), CA_OK);
	assert_int_equal(ca_pem_decode(&pem, &der), CA_OK);
	assert_int_equal(der.len, 0);
	for (size_t i = 0; i + 11 <= sizeof text; i += 11)
		memcpy(text + i, "-----BEGIN ", 11);
	r = ca_reader_of(text, sizeof text);
	assert_int_equal(ca_pem_next(&r, &pem), CA_ERR_NOT_FOUND);
	ca_buf_free(&der);
}

/* ---- kinds ---- */

#define DER(bytes) bytes, sizeof(bytes) - 1
#define TEXT(text) text, sizeof(text) - 1

static void
kinds(void **state)
{
	static const struct {
		const char *p;
		size_t len;
		enum ca_file_kind kind;
	} cases[] = {
	    {TEXT(""), CA_FILE_EMPTY},
	    {TEXT("\r\n\t "), CA_FILE_EMPTY},
	    {TEXT("text"), CA_FILE_UNKNOWN},
	    {DER("\x30\x80"), CA_FILE_UNKNOWN},
	    {DER("\x30\x84\xff\xff\xff\xff\x02"), CA_FILE_UNKNOWN},
	    /* PKCS#12 and PKCS#7, in DER and in indefinite lengths */
	    {DER("\x30\x09\x02\x01\x03\x30\x04\x06\x02\x2a\x03"), CA_FILE_P12},
	    {DER("\x30\x80\x02\x01\x03\x30\x80\x06\x02\x2a\x03"), CA_FILE_P12},
	    {DER("\x30\x09\x02\x01\x04\x30\x04\x06\x02\x2a\x03"),
		CA_FILE_UNKNOWN},
	    {DER("\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"),
		CA_FILE_PKCS7},
	    {DER("\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"),
		CA_FILE_PKCS7},
	    {DER("\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x08\x02"),
		CA_FILE_UNKNOWN},
	    /* RSAPrivateKey, ECPrivateKey, PrivateKeyInfo, encrypted */
	    {DER("\x30\x06\x02\x01\x00\x02\x01\x05"), CA_FILE_KEY},
	    {DER("\x30\x05\x02\x01\x01\x04\x00"), CA_FILE_KEY},
	    {DER("\x30\x07\x02\x01\x00\x30\x00\x04\x00"), CA_FILE_KEY},
	    {DER("\x30\x04\x30\x00\x04\x00"), CA_FILE_SEALED},
	    /* SubjectPublicKeyInfo */
	    {DER("\x30\x08\x30\x03\x06\x01\x2a\x03\x01\x00"), CA_FILE_PUBLIC},
	    /* signed: certificates of version 3 and 1, request, CRLs */
	    {DER("\x30\x0b\x30\x05\xa0\x03\x02\x01\x02\x30\x00\x03\x00"),
		CA_FILE_CERT},
	    {DER("\x30\x10\x30\x0a\x02\x00\x30\x00\x30\x00\x30\x00\x30\x00"
		 "\x30\x00\x03\x00"),
		CA_FILE_CERT},
	    {DER("\x30\x0f\x30\x09\x02\x01\x00\x30\x00\x30\x00\xa0\x00"
		 "\x30\x00\x03\x00"),
		CA_FILE_CSR},
	    {DER("\x30\x0d\x30\x07\x02\x01\x00\x30\x00\x30\x00\x30\x00\x03"
		 "\x00"),
		CA_FILE_CSR},
	    {DER("\x30\x0e\x30\x09\x02\x01\x01\x30\x00\x30\x00\x17\x00\x30"
		 "\x00"),
		CA_FILE_CRL},
	    {DER("\x30\x0a\x30\x06\x30\x00\x30\x00\x18\x00\x30\x00"),
		CA_FILE_CRL},
	    /* text */
	    {TEXT("ssh-ed25519 AAAA"), CA_FILE_SSH},
	    {TEXT("ecdsa-sha2-nistp256-cert-v01@openssh.com AAAA"),
		CA_FILE_SSH},
	    {TEXT("sk-ssh-ed25519@openssh.com AAAA"), CA_FILE_SSH},
	    {TEXT("---- BEGIN SSH2 PUBLIC KEY ----"), CA_FILE_SSH},
	    {TEXT("PuTTY-User-Key-File-3: ssh-rsa"), CA_FILE_PUTTY},
	    {TEXT("\xfe\xed\xfe\xed\0\0\0\2"), CA_FILE_JAVA},
	    /* PEM, also cut, also several */
	    {TEXT(B("PKCS12") "\nAQID\n" E("PKCS12")), CA_FILE_P12},
	    {TEXT(B("PKCS7") "\nAQID\n"), CA_FILE_PKCS7},
	    {TEXT(B("SOMETHING") "\nAQID\n" E("SOMETHING")), CA_FILE_UNKNOWN},
	    {TEXT(B("RSA PRIVATE KEY") "\nAQID\n" E("RSA PRIVATE KEY")),
		CA_FILE_KEY},
	    {TEXT(B("RSA PRIVATE KEY") "\nProc-Type: 4,ENCRYPTED\n\nAQID\n" E(
		 "RSA PRIVATE KEY")),
		CA_FILE_SEALED},
	    {TEXT(B("EC PARAMETERS") "\nAQ==\n" E("EC PARAMETERS") "\n" B(
		 "EC PRIVATE KEY") "\nAQ==\n" E("EC PRIVATE KEY")),
		CA_FILE_KEY},
	    {TEXT(B("PRIVATE KEY") "\nAQ==\n" E("PRIVATE KEY") "\n" B(
		 "CERTIFICATE") "\nAQ==\n" E("CERTIFICATE")),
		CA_FILE_CERT},
	    {TEXT(B("TSS2 PRIVATE KEY") "\nAQ==\n" E("TSS2 PRIVATE KEY")),
		CA_FILE_TPM},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum ca_file_kind kind = ca_file_kind(cases[i].p, cases[i].len);

		if (kind != cases[i].kind)
			fail_msg("case %zu: %s", i, ca_file_kind_name(kind));
	}
}

/* Every kind has a name, and, where a command takes another kind, a next
 * command. */
static void
hints(void **state)
{
	(void)state;
	for (int kind = 0; kind < CA_FILE_KINDS; kind++) {
		assert_non_null(ca_file_kind_name(kind));
		for (int want = 0; want < CA_WANTS; want++) {
			bool taken =
			    kind == CA_FILE_UNKNOWN || kind == CA_FILE_EMPTY ||
			    (kind == CA_FILE_CERT &&
				(want == CA_WANT_CERT ||
				    want == CA_WANT_SHOW)) ||
			    (kind == CA_FILE_KEY && want == CA_WANT_KEY) ||
			    (kind == CA_FILE_P12 && want == CA_WANT_P12);

			for (int pem = 0; pem < 2; pem++)
				assert_int_equal(taken,
				    ca_file_kind_next(kind, want, pem != 0) ==
					NULL);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shapes),
	    cmocka_unit_test(written_again),
	    cmocka_unit_test(long_files),
	    cmocka_unit_test(kinds),
	    cmocka_unit_test(hints),
	};

	return cmocka_run_group_tests_name("pem", tests, NULL, NULL);
}
