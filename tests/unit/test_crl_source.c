/*
 * The CRLs in a PEM file: what is one, what is passed over, and what is wrong.
 * OpenSSL may take more; what it takes of these is the same.
 */
#include "crlmake.h"
#include "crl/source.h"

#include <stdio.h>

#define BEGIN "-----BEGIN X509 CRL-----\n"
#define END "-----END X509 CRL-----\n"

/* Each CRL in hexadecimal and with a semicolon; one that is cut or wrong has
 * an exclamation mark instead.  step: bytes at a time. */
static const char *
read_all(const char *text, size_t len, size_t step)
{
	static char out[256];
	struct ca_crl_source *src = malloc(sizeof *src);
	int fd = file_of(text, len);
	uint8_t b[64];
	size_t n, used = 0;
	enum ca_err rc;

	out[0] = '\0';
	assert_non_null(src);
	assert_int_equal(ca_crl_source_open(src, fd), CA_OK);
	while ((rc = ca_crl_source_next(src)) == CA_OK) {
		size_t begin = used;

		while ((rc = ca_crl_source_read(src, b, step, &n)) == CA_OK &&
		       n > 0) {
			assert_true(n <= step);
			for (size_t i = 0; i < n && used < 200; i++)
				used +=
				    (size_t)sprintf(out + used, "%02x", b[i]);
		}
		if (rc != CA_OK) {
			assert_int_equal(rc, CA_ERR_FORMAT);
			used = begin;
		}
		used += (size_t)sprintf(out + used, rc == CA_OK ? ";" : "!");
	}
	assert_int_equal(rc, CA_ERR_NOT_FOUND);
	close(fd);
	free(src);
	return out;
}

#define MARK "\xef\xbb\xbf"
#define LONG                                                                   \
	"Issuer: O=Example, CN=The CA\n"                                       \
	"Last Update: Nov 24 00:00:00 2026 GMT\n"                              \
	"Next Update: Nov 24 00:00:00 2036 GMT\n"                              \
	"No Revoked Certificates.\n"

static void
armour(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {BEGIN "MAMCAQU=\n" END, "3003020105;"},
	    {BEGIN "MAMCAQUA\n" END, "300302010500;"},
	    {BEGIN "MAMCAQ==\n" END, "30030201;"},
	    {BEGIN "+/8=\n" END, "fbff;"},
	    {BEGIN END, ";"},
	    /* how lines end and are broken */
	    {"-----BEGIN X509 CRL-----\r\nMAMC\r\nAQU=\r\n"
	     "-----END X509 CRL-----\r\n",
		"3003020105;"},
	    {"-----BEGIN X509 CRL----- \t\nM\nAMC AQ\tU=\n"
	     "-----END X509 CRL-----",
		"3003020105;"},
	    {BEGIN "MAMCAQU=" END, "3003020105;"},
	    {"\n\nMAMC\n" BEGIN "MAMCAQU=\n" END, "3003020105;"},
	    /* several, and others */
	    {BEGIN "MAMCAQU=\n" END BEGIN "MAMCAQY=\n" END,
		"3003020105;3003020106;"},
	    {BEGIN "MAMCAQU=\n" END "text\n-----\n"
		   "-----BEGIN CERTIFICATE-----\nMAMCAQc=\n"
		   "-----END CERTIFICATE-----\n" BEGIN "MAMCAQY=\n" END,
		"3003020105;3003020106;"},
	    {"", ";"}, /* one that is no CRL, not none */
	    {"text", ""},
	    {"-----BEGIN CERTIFICATE-----\nMAMCAQU=\n"
	     "-----END CERTIFICATE-----\n",
		""},
	    /* no armour of ours */
	    {" " BEGIN "MAMCAQU=\n" END, ""},
	    {"-----BEGIN X509 CRL----\nMAMCAQU=\n" END, ""},
	    {"-----BEGIN X509 CRL-----x\nMAMCAQU=\n" END, ""},
	    {"-----BEGIN X509 CRL-----                                        "
	     "     x\nMAMCAQU=\n" END,
		""},
	    {"-----BEGIN CRL-----\nMAMCAQU=\n-----END CRL-----\n", ""},
	    /* cut */
	    {BEGIN "MAMCAQU=\n", "!"},
	    {BEGIN "MAMCAQU=\n-----END X509 CRL----\n", "!"},
	    {BEGIN "MAMCAQU=\n-----", "!"},
	    {BEGIN "MAM", "!"},
	    {BEGIN, "!"},
	    {"-----BEGIN X509 CRL-----", "!"},
	    /* the next one is read all the same: it may revoke */
	    {BEGIN BEGIN "MAMCAQUA\n" END, "!300302010500;"},
	    {BEGIN "MAMCAQU=\n" BEGIN "MAMCAQY=\n" END, "!3003020106;"},
	    {BEGIN "MAMCA\n" BEGIN "MAMCAQY=\n" END, "!3003020106;"},
	    {BEGIN BEGIN END BEGIN "MAMCAQUA\n" END, "!;300302010500;"},
	    /* a byte order mark, as editors put one first; two files in one */
	    {MARK BEGIN "MAMCAQU=\n" END, "3003020105;"},
	    {MARK "text\n" BEGIN "MAMCAQU=\n" END MARK BEGIN "MAMCAQY=\n" END,
		"3003020105;3003020106;"},
	    {"\xef\xbb" BEGIN "MAMCAQU=\n" END, ""},
	    {MARK " " BEGIN "MAMCAQU=\n" END, ""},
	    {MARK MARK BEGIN "MAMCAQU=\n" END, ""},
	    /* text that begins like DER: longer than DER of such a length */
	    {"0 s:/CN=The CA\n" LONG BEGIN "MAMCAQU=\n" END, "3003020105;"},
	    {"0\n" LONG BEGIN "MAMCAQU=\n" END, "3003020105;"},
	    {"0\x80" LONG BEGIN "MAMCAQU=\n" END, "3003020105;"},
	    {"0\xc3\xa4" LONG BEGIN "MAMCAQU=\n" END, "3003020105;"},
	    /* the wrong end */
	    {BEGIN "MAMCAQU=\n-----END CERTIFICATE-----\n", "!"},
	    {BEGIN "MAMCAQU=\n-----END X509 CRL-----x\n", "!"},
	    {BEGIN "MAMCAQU=\n-\n" END, "!"},
	    /* half a group */
	    {BEGIN "MAMCA\n" END, "!"},
	    {BEGIN "MAMCAQ\n" END, "!"},
	    {BEGIN "MAMCAQU\n" END, "!"},
	    {BEGIN "MAMCAQ=\n" END, "!"},
	    /* none of the alphabet */
	    {BEGIN "MAM*AQU=\n" END, "!"},
	    {BEGIN "MAMC_QU=\n" END, "!"},
	    {BEGIN "Proc-Type: 4,ENCRYPTED\n\nMAMCAQU=\n" END, "!"},
	    /* padding where it is none, and what it leaves over */
	    {BEGIN "====\n" END, "!"},
	    {BEGIN "M===\n" END, "!"},
	    {BEGIN "MA=C\n" END, "!"},
	    {BEGIN "MAMCAQU==\n" END, "!"},
	    {BEGIN "MAMCAQU=MAMC\n" END, "!"},
	    {BEGIN "MAMCAQU=\nMAMC\n" END, "!"},
	    {BEGIN "MAMCAQ==\nAA==\n" END, "!"},
	    {BEGIN "MAMCAQV=\n" END, "!"},
	    {BEGIN "MAMCAR==\n" END, "!"},
	    {BEGIN "MAMCAQ==\n=\n" END, "!"},
	    /* DER: as it is, to the end, whatever is in it */
	    {"0\x01\x02", "300102;"},
	    {"0" BEGIN,
		"302d2d2d2d2d424547494e20583530392043524c2d2d2d2d2d0a;"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (size_t step = 3; step < 8; step++) {
			const char *got = read_all(
			    cases[i].text, strlen(cases[i].text), step);
			if (strcmp(got, cases[i].want) != 0)
				fail_msg("%s%s, not %s", cases[i].text, got,
				    cases[i].want);
		}
	(void)state;
}

/* Wherever a line lies in the blocks that the file is read by. */
static void
armour_across_blocks(void **state)
{
	const char *crl = BEGIN "MAMC\r\nAQU=\r\n" END;
	size_t size = CA_CRL_SOURCE_RAW + strlen(crl) + 2;
	char *text = malloc(size);

	(void)state;
	for (size_t at = CA_CRL_SOURCE_RAW - strlen(crl);
	     at <= CA_CRL_SOURCE_RAW; at++) {
		memset(text, 'x', size);
		text[at - 1] = '\n';
		memcpy(text + at, crl, strlen(crl));
		if (strcmp(read_all(text, size, 16), "3003020105;") != 0)
			fail_msg("at %zu", at);
	}
	free(text);
}

/* Once more from its beginning: this CRL, not the first of the file. */
static void
rewound(void **state)
{
	const char *text = BEGIN "MAMCAQU=\n" END BEGIN "MAMCAQY=\n" END;
	struct ca_crl_source *src = malloc(sizeof *src);
	int fd = file_of(text, strlen(text));
	uint8_t b[64];
	size_t n;

	(void)state;
	assert_int_equal(ca_crl_source_open(src, fd), CA_OK);
	for (int i = 5; i <= 6; i++) {
		assert_int_equal(ca_crl_source_next(src), CA_OK);
		for (int k = 0; k < 3; k++) {
			ca_crl_source_rewind(src);
			assert_int_equal(
			    ca_crl_source_read(src, b, sizeof b, &n), CA_OK);
			assert_int_equal(n, 5);
			assert_int_equal(b[4], i);
		}
	}
	assert_int_equal(ca_crl_source_next(src), CA_ERR_NOT_FOUND);
	close(fd);
	free(src);
}

/* A file that cannot be read is not an empty one. */
static void
not_readable(void **state)
{
	struct ca_crl_source *src = malloc(sizeof *src);
	int fd = file_of("x", 1);
	uint8_t b[64];
	size_t n;

	(void)state;
	assert_int_equal(ca_crl_source_open(src, -1), CA_ERR_IO);
	assert_int_equal(ca_crl_source_open(src, fd), CA_OK);
	src->fd = -1;
	assert_int_equal(ca_crl_source_next(src), CA_ERR_IO);
	close(fd);
	fd = file_of("0", 1);
	assert_int_equal(ca_crl_source_open(src, fd), CA_OK);
	assert_int_equal(ca_crl_source_next(src), CA_OK);
	src->fd = -1;
	assert_int_equal(ca_crl_source_read(src, b, sizeof b, &n), CA_ERR_IO);
	close(fd);
	free(src);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(armour),
	    cmocka_unit_test(armour_across_blocks),
	    cmocka_unit_test(rewound),
	    cmocka_unit_test(not_readable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
