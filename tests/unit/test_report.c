#include "report/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct ca_report *
with(const enum ca_verdict v[CA_CHECKS])
{
	struct ca_report *r = ca_report_new();

	assert_non_null(r);
	for (int i = 0; i < CA_CHECKS; i++)
		if (v[i] != CA_NOT_RUN)
			ca_report_set(r, (enum ca_check)i, v[i],
			    v[i] == CA_PASS ? CA_R_OK : CA_R_CRL_OFF, NULL);
	return r;
}

static struct ca_report *
all_passed(void)
{
	static const enum ca_verdict pass[CA_CHECKS] = {
	    CA_PASS, CA_PASS, CA_PASS, CA_PASS, CA_PASS, CA_PASS};

	return with(pass);
}

/* Each of the 4^6 combinations of verdicts, under each of the 64 masks. */
static void
test_grant_exhaustively(void **state)
{
	int grants = 0;

	(void)state;
	for (int n = 0; n < 4096; n++) {
		enum ca_verdict v[CA_CHECKS];

		for (int i = 0; i < CA_CHECKS; i++)
			v[i] = (enum ca_verdict)(n >> (2 * i) & 3);
		struct ca_report *r = with(v);
		for (unsigned only = 0; only < 64; only++) {
			int want = only != 0;

			for (int i = 0; i < CA_CHECKS; i++)
				if ((only & 1u << i) && v[i] != CA_PASS &&
				    !(v[i] == CA_WAIVED &&
					i == CA_CHECK_REVOCATION))
					want = 0;
			assert_int_equal(ca_report_granted(r, only), want);
		}
		grants += ca_report_granted(r, CA_REPORT_ALL);
		ca_report_free(r);
	}
	assert_int_equal(grants, 2);
}

static void
test_zeroed_denies(void **state)
{
	struct ca_report *r = ca_report_new();

	(void)state;
	assert_false(ca_report_granted(r, CA_REPORT_ALL));
	assert_false(ca_report_granted(r, CA_REPORT_CERT));
	assert_false(ca_report_granted(NULL, CA_REPORT_ALL));
	assert_int_equal(ca_report_reason(r), CA_R_NONE);
	for (int i = 0; i < CA_CHECKS; i++)
		assert_int_equal(
		    ca_report_verdict(r, (enum ca_check)i), CA_NOT_RUN);
	ca_report_free(r);
}

static void
test_mask(void **state)
{
	struct ca_report *r = all_passed();

	(void)state;
	assert_true(ca_report_granted(r, CA_REPORT_ALL));
	assert_true(ca_report_granted(r, CA_REPORT_CERT));
	assert_false(ca_report_granted(r, 0));
	assert_false(ca_report_granted(r, CA_REPORT_ALL | 1u << CA_CHECKS));
	ca_report_free(r);
}

static void
test_failure_stays(void **state)
{
	(void)state;
	for (int i = 0; i < CA_CHECKS; i++) {
		struct ca_report *r = all_passed();
		enum ca_check c = (enum ca_check)i;

		ca_report_set(r, c, CA_FAIL, CA_R_EXPIRED, "one");
		ca_report_set(r, c, CA_PASS, CA_R_OK, NULL);
		ca_report_set(r, c, CA_WAIVED, CA_R_CRL_OFF, NULL);
		ca_report_set(r, c, CA_NOT_RUN, CA_R_NONE, NULL);
		ca_report_set(r, c, CA_FAIL, CA_R_REVOKED, "two");
		assert_int_equal(ca_report_verdict(r, c), CA_FAIL);
		assert_int_equal(ca_report_reason(r), CA_R_EXPIRED);
		assert_false(ca_report_granted(r, CA_REPORT_ALL));
		ca_report_free(r);
	}
}

static void
test_waiver_shows_after_pass(void **state)
{
	struct ca_report *r = all_passed();

	(void)state;
	ca_report_set(r, CA_CHECK_REVOCATION, CA_WAIVED, CA_R_CRL_STALE, NULL);
	ca_report_set(r, CA_CHECK_REVOCATION, CA_PASS, CA_R_OK, NULL);
	assert_int_equal(ca_report_verdict(r, CA_CHECK_REVOCATION), CA_WAIVED);
	assert_int_equal(ca_report_reason(r), CA_R_CRL_STALE);
	assert_true(ca_report_granted(r, CA_REPORT_ALL));
	ca_report_free(r);
}

static void
test_out_of_range(void **state)
{
	struct ca_report *r = all_passed();

	(void)state;
	ca_report_set(r, (enum ca_check)CA_CHECKS, CA_PASS, CA_R_OK, NULL);
	assert_false(ca_report_granted(r, CA_REPORT_ALL));
	assert_int_equal(ca_report_reason(r), CA_R_INTERNAL);
	ca_report_free(r);
	r = all_passed();
	ca_report_set(r, CA_CHECK_CHAIN, (enum ca_verdict)7, CA_R_OK, NULL);
	assert_int_equal(ca_report_verdict(r, CA_CHECK_CHAIN), CA_FAIL);
	assert_false(ca_report_granted(r, CA_REPORT_ALL));
	ca_report_free(r);
	assert_string_equal(ca_reason_code(CA_REASON_COUNT), "internal");
}

static void
test_abort(void **state)
{
	struct ca_report *r = all_passed();

	(void)state;
	ca_report_abort(r, CA_R_REQUEST_EXPIRED, "after %d s", 130);
	assert_false(ca_report_granted(r, CA_REPORT_ALL));
	assert_int_equal(ca_report_reason(r), CA_R_REQUEST_EXPIRED);
	for (int i = 0; i < CA_CHECKS; i++)
		ca_report_set(r, (enum ca_check)i, CA_PASS, CA_R_OK, NULL);
	assert_false(ca_report_granted(r, CA_REPORT_ALL));
	ca_report_free(r);
}

static void
test_reason_order(void **state)
{
	struct ca_report *r = ca_report_new();

	(void)state;
	ca_report_set(r, CA_CHECK_REVOCATION, CA_WAIVED, CA_R_CRL_OFF, NULL);
	assert_int_equal(ca_report_reason(r), CA_R_NONE);
	ca_report_set(r, CA_CHECK_PURPOSE, CA_FAIL, CA_R_PURPOSE, NULL);
	assert_int_equal(ca_report_reason(r), CA_R_PURPOSE);
	ca_report_set(r, CA_CHECK_VALIDITY, CA_FAIL, CA_R_EXPIRED, NULL);
	assert_int_equal(ca_report_reason(r), CA_R_EXPIRED);
	ca_report_free(r);
}

static void
test_codes_are_distinct(void **state)
{
	(void)state;
	for (int i = 0; i < CA_REASON_COUNT; i++) {
		const char *a = ca_reason_code((enum ca_reason)i);

		assert_int_equal(
		    strspn(a, "abcdefghijklmnopqrstuvwxyz-"), strlen(a));
		assert_true(strlen(ca_reason_text((enum ca_reason)i)) > 0);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(
			    a, ca_reason_code((enum ca_reason)j));
	}
}

static void
test_line(void **state)
{
	struct ca_report *r = all_passed();
	struct ca_buf out = CA_BUF_INIT(8192);

	(void)state;
	ca_report_fact(r, CA_FACT_USER, "alice\" reason=ok\n");
	ca_report_fact(r, CA_FACT_SERIAL, "0a1b");
	ca_report_line(r, CA_REPORT_ALL, &out);
	assert_string_equal(ca_buf_text(&out),
	    "outcome=granted reason=ok "
	    "user=\"alice\\\" reason\\=ok\\x0a\" serial=0a1b");
	ca_buf_reset(&out);
	ca_report_set(
	    r, CA_CHECK_VALIDITY, CA_FAIL, CA_R_EXPIRED, "in %d", 1999);
	ca_report_set(r, CA_CHECK_PURPOSE, CA_FAIL, CA_R_PURPOSE, NULL);
	ca_report_line(r, CA_REPORT_ALL, &out);
	assert_string_equal(ca_buf_text(&out),
	    "outcome=denied reason=expired "
	    "also=purpose user=\"alice\\\" reason\\=ok\\x0a\" serial=0a1b "
	    "detail=\"in 1999\"");
	ca_buf_free(&out);
	ca_report_free(r);
}

static void
test_line_waived(void **state)
{
	struct ca_report *r = all_passed();
	struct ca_buf out = CA_BUF_INIT(8192);

	(void)state;
	ca_report_set(r, CA_CHECK_REVOCATION, CA_WAIVED, CA_R_CRL_OFF, NULL);
	ca_report_line(r, CA_REPORT_ALL, &out);
	assert_string_equal(
	    ca_buf_text(&out), "outcome=granted reason=crl-off waived=crl-off");
	ca_buf_free(&out);
	ca_report_free(r);
}

static void
test_text_and_json(void **state)
{
	struct ca_report *r = ca_report_new();
	struct ca_buf out = CA_BUF_INIT(8192);

	(void)state;
	ca_report_set(r, CA_CHECK_CHAIN, CA_PASS, CA_R_OK, NULL);
	ca_report_set(
	    r, CA_CHECK_VALIDITY, CA_FAIL, CA_R_EXPIRED, "CN=\x1b[2J ended");
	ca_report_fact(r, CA_FACT_SUBJECT, "CN=a\nb");
	ca_report_text(r, 1u << CA_CHECK_CHAIN | 1u << CA_CHECK_VALIDITY, &out);
	assert_string_equal(ca_buf_text(&out),
	    "rejected: a certificate has expired (expired)\n"
	    "  chain       pass\n"
	    "  validity    fail, expired: a certificate has expired; "
	    "CN=\\x1b[2J ended\n"
	    "  subject     CN=a\\x0ab\n");
	ca_buf_reset(&out);
	ca_report_json(r, 1u << CA_CHECK_VALIDITY, &out);
	assert_string_equal(ca_buf_text(&out),
	    "{\"outcome\":\"rejected\",\"reason\":\"expired\","
	    "\"text\":\"a certificate has expired\",\"checks\":{"
	    "\"validity\":{\"verdict\":\"fail\",\"reason\":\"expired\","
	    "\"text\":\"a certificate has expired\","
	    "\"detail\":\"CN=\\u001b[2J ended\"}},"
	    "\"facts\":{\"subject\":\"CN=a\\u000ab\"}}");
	ca_buf_free(&out);
	ca_report_free(r);
}

static void
test_merge(void **state)
{
	struct ca_report *r = all_passed(), *src = ca_report_new();

	(void)state;
	/* checks that did not run or are not in the mask change nothing */
	ca_report_set(src, CA_CHECK_PURPOSE, CA_FAIL, CA_R_PURPOSE, "p");
	ca_report_merge(r, src, CA_REPORT_ALL & ~(1u << CA_CHECK_PURPOSE));
	assert_true(ca_report_granted(r, CA_REPORT_ALL));
	ca_report_merge(r, src, 1u << CA_CHECK_PURPOSE);
	assert_false(ca_report_granted(r, CA_REPORT_ALL));
	assert_int_equal(ca_report_reason(r), CA_R_PURPOSE);
	/* a pass adds no detail to a failure */
	ca_report_set(r, CA_CHECK_PURPOSE, CA_PASS, CA_R_OK, "fine");
	assert_string_equal(ca_report_get0_detail(r, CA_CHECK_PURPOSE), "p");
	ca_report_free(r);
	ca_report_free(src);
	/* an abort stays, whatever the mask */
	r = all_passed();
	src = all_passed();
	ca_report_abort(src, CA_R_INTERNAL, NULL);
	ca_report_merge(r, src, 1u << CA_CHECK_CHAIN);
	assert_false(ca_report_granted(r, CA_REPORT_ALL));
	assert_int_equal(ca_report_reason(r), CA_R_INTERNAL);
	ca_report_free(r);
	ca_report_free(src);
	/* only revocation can be waived */
	r = ca_report_new();
	ca_report_set(r, CA_CHECK_CHAIN, CA_WAIVED, CA_R_CRL_OFF, NULL);
	assert_int_equal(ca_report_verdict(r, CA_CHECK_CHAIN), CA_FAIL);
	assert_int_equal(
	    ca_report_check_reason(r, CA_CHECK_CHAIN), CA_R_INTERNAL);
	ca_report_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_grant_exhaustively),
	    cmocka_unit_test(test_zeroed_denies),
	    cmocka_unit_test(test_mask),
	    cmocka_unit_test(test_failure_stays),
	    cmocka_unit_test(test_waiver_shows_after_pass),
	    cmocka_unit_test(test_out_of_range),
	    cmocka_unit_test(test_abort),
	    cmocka_unit_test(test_reason_order),
	    cmocka_unit_test(test_codes_are_distinct),
	    cmocka_unit_test(test_line),
	    cmocka_unit_test(test_line_waived),
	    cmocka_unit_test(test_text_and_json),
	    cmocka_unit_test(test_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
