/* The strict DER of a CRL's entries, byte by byte, and never a byte beyond. */
#include "crlmake.h"
#include "crl/crlder.h"

static void
headers(void **state)
{
	static const struct {
		const char *bytes;
		enum ca_err rc;
		size_t header, content;
	} cases[] = {
	    {"3000", CA_OK, 2, 0},
	    {"307f", CA_OK, 2, 127},
	    {"308180", CA_OK, 3, 128},
	    {"3081ff", CA_OK, 3, 255},
	    {"30820100", CA_OK, 4, 256},
	    {"3083010000", CA_OK, 5, 65536},
	    {"308401000000", CA_OK, 6, 1 << 24},
	    {"3084ffffffff", CA_OK, 6, 0xffffffff},
	    {"a000", CA_OK, 2, 0},
	    {"", CA_ERR_FORMAT, 0, 0},
	    {"30", CA_ERR_FORMAT, 0, 0},
	    /* a type that goes on in the next byte */
	    {"1f00", CA_ERR_FORMAT, 0, 0},
	    {"bf00", CA_ERR_FORMAT, 0, 0},
	    {"1f0100", CA_ERR_FORMAT, 0, 0},
	    /* indefinite, reserved, and more bytes than any CRL needs */
	    {"3080", CA_ERR_FORMAT, 0, 0},
	    {"30800000", CA_ERR_FORMAT, 0, 0},
	    {"30ff", CA_ERR_FORMAT, 0, 0},
	    {"30850100000000", CA_ERR_FORMAT, 0, 0},
	    {"3088ffffffffffffffff", CA_ERR_FORMAT, 0, 0},
	    /* cut */
	    {"3081", CA_ERR_FORMAT, 0, 0},
	    {"308201", CA_ERR_FORMAT, 0, 0},
	    {"3084010000", CA_ERR_FORMAT, 0, 0},
	    /* not the shortest */
	    {"308100", CA_ERR_FORMAT, 0, 0},
	    {"30817f", CA_ERR_FORMAT, 0, 0},
	    {"30820080", CA_ERR_FORMAT, 0, 0},
	    {"308200ff", CA_ERR_FORMAT, 0, 0},
	    {"308300ffff", CA_ERR_FORMAT, 0, 0},
	    {"308400ffffff", CA_ERR_FORMAT, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ca_buf b = CA_BUF_INIT(64);
		size_t header = 0, content = 0;
		uint8_t tag = 0;

		der_make(cases[i].bytes, NULL, &b);
		if (ca_der_header(guarded(b.p, b.len), b.len, &tag, &header,
			&content) != cases[i].rc)
			fail_msg("%s", cases[i].bytes);
		if (cases[i].rc == CA_OK) {
			assert_int_equal(tag, b.p[0]);
			assert_int_equal(header, cases[i].header);
			assert_int_equal(content, cases[i].content);
		}
		ca_buf_free(&b);
	}
}

static void
elements(void **state)
{
	static const struct {
		const char *bytes;
		bool good;
		size_t left; /* behind it */
	} cases[] = {
	    {"02{05}", true, 0},
	    {"02{05} 02{06}", true, 3},
	    {"02{}", true, 0},
	    {"04{05}", false, 0}, /* another type */
	    {"0202 05", false, 0},
	    {"0281", false, 0},
	    {"02", false, 0},
	    {"", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ca_buf b = CA_BUF_INIT(64);
		struct ca_reader content;

		der_make(cases[i].bytes, NULL, &b);
		const uint8_t *p = guarded(b.p, b.len);
		struct ca_reader r = ca_reader_of(p, b.len);
		enum ca_err rc = ca_der_expect(&r, CA_DER_INTEGER, &content);
		if ((rc == CA_OK) != cases[i].good)
			fail_msg("%s", cases[i].bytes);
		/* nothing is taken where nothing is found */
		assert_int_equal(r.left, cases[i].good ? cases[i].left : b.len);
		if (cases[i].good)
			assert_int_equal(content.left, p[1]);
		ca_buf_free(&b);
	}
}

static void
integers(void **state)
{
	static const struct {
		const char *bytes;
		bool good;
	} cases[] = {
	    {"", false},
	    {"00", true},
	    {"7f", true},
	    {"80", true},
	    {"ff", true},
	    {"0080", true},
	    {"00ff", true},
	    {"ff7f", true},
	    {"0100", true},
	    {"8000", true},
	    {"0000", false},
	    {"007f", false},
	    {"ff80", false},
	    {"ffff", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ca_buf b = CA_BUF_INIT(64);

		der_make(cases[i].bytes, NULL, &b);
		if (ca_der_integer_ok(guarded(b.p, b.len), b.len) !=
		    cases[i].good)
			fail_msg("%s", cases[i].bytes);
		ca_buf_free(&b);
	}
}

#define REASON(value) "30{06{551d15} 04{" value "}}"
#define ISSUER(value) "30{06{551d1d} 01{ff} 04{" value "}}"
#define A_NAME "a4{30{31{30{06{550403} 0c{'x'}}}}}"
#define OTHER "30{06{2a0304} 04{00}}"

static const struct exts {
	const char *text;
	bool good;
	int reason;
	bool critical, issuer;
} exts[] = {
    {"30{" REASON("0a{01}") "}", true, 1, false, false},
    {"30{" REASON("0a{00}") "}", true, 0, false, false},
    {"30{" REASON("0a{08}") "}", true, 8, false, false},
    {"30{" REASON("0a{7f}") "}", true, 127, false, false},
    /* beyond all reasons: as good as none, but still a revocation */
    {"30{" REASON("0a{80}") "}", true, -1, false, false},
    {"30{" REASON("0a{0080}") "}", true, -1, false, false},
    {"30{" REASON("0a{0100}") "}", true, -1, false, false},
    {"30{" REASON("0a{}") "}", false, 0, false, false},
    {"30{" REASON("0a{0001}") "}", false, 0, false, false},
    {"30{" REASON("0a{ff80}") "}", false, 0, false, false},
    {"30{" REASON("02{01}") "}", false, 0, false, false},
    {"30{" REASON("0a{01} 00") "}", false, 0, false, false},
    {"30{" REASON("0a02 01") "}", false, 0, false, false},
    {"30{" REASON("") "}", false, 0, false, false},
    {"30{" REASON("0a{01}") REASON("0a{01}") "}", false, 0, false, false},
    {"30{" REASON("0a{80}") REASON("0a{01}") "}", false, 0, false, false},
    {"30{" REASON("0a{01}") OTHER "}", true, 1, false, false},
    {"30{" OTHER REASON("0a{01}") "}", true, 1, false, false},
    /* critical, or not */
    {"30{30{06{551d15} 01{ff} 04{0a{01}}}}", true, 1, true, false},
    {"30{30{06{551d15} 01{00} 04{0a{01}}}}", true, 1, false, false},
    {"30{30{06{2a0304} 01{ff} 04{}}}", true, -1, true, false},
    {"30{30{06{2a0304} 01{00} 04{}}}", true, -1, false, false},
    {"30{30{06{2a0304} 01{01} 04{}}}", false, 0, false, false},
    {"30{30{06{2a0304} 01{7f} 04{}}}", false, 0, false, false},
    {"30{30{06{2a0304} 01{} 04{}}}", false, 0, false, false},
    {"30{30{06{2a0304} 01{ffff} 04{}}}", false, 0, false, false},
    {"30{30{06{2a0304} 01{ff} 01{ff} 04{}}}", false, 0, false, false},
    {"30{30{06{2a0304} 01{ff} 04{}}" OTHER "}", true, -1, true, false},
    {"30{" OTHER "30{06{2a0305} 01{ff} 04{}}}", true, -1, true, false},
    /* its parts */
    {"30{30{06{2a0304} 02{00}}}", false, 0, false, false},
    {"30{30{06{2a0304} 04{00} 00}}", false, 0, false, false},
    {"30{30{06{2a0304} 04{00} 04{00}}}", false, 0, false, false},
    {"30{30{06{2a0304}}}", false, 0, false, false},
    {"30{30{06{2a0304} 01{ff}}}", false, 0, false, false},
    {"30{30{04{00}}}", false, 0, false, false},
    {"30{30{0d{2a0304} 04{00}}}", false, 0, false, false},
    {"30{30{}}", false, 0, false, false},
    {"30{31{06{2a0304} 04{00}}}", false, 0, false, false},
    {"30{" OTHER "00}", false, 0, false, false},
    {"30{" OTHER "} 00", false, 0, false, false},
    {"31{" OTHER "}", false, 0, false, false},
    {"30{}", true, -1, false, false},
    /* object identifiers */
    {"30{30{06{} 04{00}}}", false, 0, false, false},
    {"30{30{06{2a8003} 04{00}}}", false, 0, false, false},
    {"30{30{06{8003} 04{00}}}", false, 0, false, false},
    {"30{30{06{2a03 84} 04{00}}}", false, 0, false, false},
    {"30{30{06{2a8180 03} 04{00}}}", true, -1, false, false},
    /* almost a reasonCode, almost a certificateIssuer */
    {"30{30{06{551d1501} 04{0a{01}}}}", true, -1, false, false},
    {"30{30{06{551d} 04{0a{01}}}}", true, -1, false, false},
    {"30{30{06{551d14} 04{0a{01}}}}", true, -1, false, false},
    {"30{30{06{551d1d01} 04{30{" A_NAME "}}}}", true, -1, false, false},
    /* who issued */
    {"30{" ISSUER("30{" A_NAME "}") "}", true, -1, false, true},
    {"30{30{06{551d1d} 04{30{" A_NAME "}}}}", true, -1, false, true},
    {"30{" REASON("0a{01}") ISSUER("30{" A_NAME "}") "}", true, 1, false, true},
    {"30{" ISSUER("30{}") "}", false, 0, false, false},
    {"30{" ISSUER("31{" A_NAME "}") "}", false, 0, false, false},
    {"30{" ISSUER("30{" A_NAME "} 00") "}", false, 0, false, false},
    {"30{" ISSUER("") "}", false, 0, false, false},
    {"30{" ISSUER("30{" A_NAME "}") ISSUER("30{" A_NAME "}") "}", false, 0,
	false, false},
};

static void
entry_extensions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof exts / sizeof exts[0]; i++) {
		struct ca_buf b = CA_BUF_INIT(1024);
		struct ca_der_entry_exts got;

		der_make(exts[i].text, NULL, &b);
		enum ca_err rc = ca_der_entry_exts(
		    ca_reader_of(guarded(b.p, b.len), b.len), &got);
		if ((rc == CA_OK) != exts[i].good)
			fail_msg("%s: %s", exts[i].text, ca_err_text(rc));
		if (rc == CA_OK &&
		    (got.reason != exts[i].reason ||
			got.critical != exts[i].critical ||
			(got.issuer.p != NULL) != exts[i].issuer))
			fail_msg("%s: reason %d, critical %d, issuer %d",
			    exts[i].text, got.reason, got.critical,
			    got.issuer.p != NULL);
		ca_buf_free(&b);
	}
}

/* Cut anywhere they are none, and nothing behind the cut is read. */
static void
entry_extensions_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof exts / sizeof exts[0]; i++) {
		struct ca_buf b = CA_BUF_INIT(1024);
		struct ca_der_entry_exts got;

		der_make(exts[i].text, NULL, &b);
		for (size_t n = 0; exts[i].good && n < b.len; n++)
			if (ca_der_entry_exts(ca_reader_of(guarded(b.p, n), n),
				&got) == CA_OK)
				fail_msg("%s: %zu bytes", exts[i].text, n);
		ca_buf_free(&b);
	}
}

/* Every day from year 0 to 9999, with each hour, minute and second of a day at least
 * once: as timegm(3) has it.  The day that timegm changes does not exist. */
static void
days(void **state)
{
	(void)state;
	for (int day = 0, year = 0; year <= 9999; year++)
		for (int month = 1; month <= 12; month++)
			for (int i = 1; i <= 31; i++, day++) {
				struct tm tm = {.tm_year = year - 1900,
				    .tm_mon = month - 1,
				    .tm_mday = i,
				    .tm_hour = day % 24,
				    .tm_min = day % 60,
				    .tm_sec = day / 60 % 60};
				char text[64];
				int64_t got = 0, want;

				(void)snprintf(text, sizeof text,
				    "%04d%02d%02d%02d%02d%02dZ", year, month, i,
				    day % 24, day % 60, day / 60 % 60);
				want = (int64_t)timegm(&tm);
				assert_int_equal(
				    ca_der_time((uint8_t *)text, 15, &got),
				    tm.tm_mday == i);
				if (tm.tm_mday == i)
					assert_true(got == want);
			}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(headers),
	    cmocka_unit_test(elements),
	    cmocka_unit_test(integers),
	    cmocka_unit_test(entry_extensions),
	    cmocka_unit_test(entry_extensions_cut),
	    cmocka_unit_test(days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
