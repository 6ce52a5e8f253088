/*
 * What the verifier says of the certificate of an open session, if several checks
 * failed: the operation session of src/verifier/judgeop.c alone.  The checks find what
 * a test wants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verifier/operationint.h"

#define CHECKS 5

struct found {
	enum ca_check check;
	enum ca_verdict verdict;
	enum ca_reason reason;
};

/* What the checks find; a check that is not here has passed. */
static struct found found[CHECKS];
static enum ca_err result;
static bool no_check; /* it ended before them */

/* ---- in place of auth/recheck.c ---- */

enum ca_err
ca_auth_keep(const struct ca_auth_result *from, struct ca_buf *out)
{
	(void)from;
	(void)out;
	return CA_ERR_UNSET;
}

enum ca_err
ca_auth_recheck(const struct ca_context *ctx, const struct ca_auth_peer *peer,
    const struct ca_bytes *from, struct ca_report *report)
{
	(void)ctx, (void)peer, (void)from, (void)report;
	return CA_ERR_UNSET;
}

enum ca_err
ca_auth_session(const struct ca_context *ctx, const struct ca_auth_peer *peer,
    const struct ca_bytes *from, struct ca_report *report)
{
	static const enum ca_check all[CHECKS] = {CA_CHECK_CHAIN,
	    CA_CHECK_VALIDITY, CA_CHECK_PURPOSE, CA_CHECK_REVOCATION,
	    CA_CHECK_MAPPING};

	(void)ctx, (void)peer, (void)from;
	for (size_t i = 0; !no_check && i < CHECKS; i++) {
		struct found is = {all[i], CA_PASS, CA_R_OK};

		for (size_t k = 0; k < CHECKS; k++)
			if (found[k].reason != CA_R_NONE &&
			    found[k].check == all[i])
				is = found[k];
		ca_report_set(report, is.check, is.verdict, is.reason, "%s",
		    ca_reason_code(is.reason));
	}
	ca_report_fact(report, CA_FACT_RULE, "the rule");
	return result;
}

/* ---- one operation ---- */

static void
says(enum ca_reason reason, const char *text)
{
	struct ca_operation o = {.text = CA_BUF_INIT(CA_OP_TEXT_MAX)};
	const struct ca_op_body body = {.user = "alice"};
	struct ca_report *report = ca_report_new();

	assert_non_null(report);
	assert_int_equal(ca_operation_session(&o, &body, report), result);
	ca_operation_finish(&o);
	if (o.answer.reason != reason)
		fail_msg("%s, not %s",
		    ca_reason_code((enum ca_reason)o.answer.reason),
		    ca_reason_code(reason));
	if (text != NULL)
		assert_string_equal(o.answer.notice, text);
	else
		assert_null(o.answer.notice);
	ca_report_free(report);
	ca_buf_free(&o.text);
}

static void
finds(enum ca_err rc, const struct found *what, size_t n)
{
	result = rc;
	no_check = false;
	memset(found, 0, sizeof found);
	for (size_t i = 0; i < n; i++)
		found[i] = what[i];
}

#define CHAIN                                                                  \
	{                                                                      \
		CA_CHECK_CHAIN, CA_FAIL, CA_R_CHAIN_UNKNOWN_CA                 \
	}
#define EXPIRED                                                                \
	{                                                                      \
		CA_CHECK_VALIDITY, CA_FAIL, CA_R_EXPIRED                       \
	}
#define EARLY                                                                  \
	{                                                                      \
		CA_CHECK_VALIDITY, CA_FAIL, CA_R_NOT_YET_VALID                 \
	}
#define PURPOSE                                                                \
	{                                                                      \
		CA_CHECK_PURPOSE, CA_FAIL, CA_R_PURPOSE                        \
	}
#define REVOKED                                                                \
	{                                                                      \
		CA_CHECK_REVOCATION, CA_FAIL, CA_R_REVOKED                     \
	}
#define NO_CRL                                                                 \
	{                                                                      \
		CA_CHECK_REVOCATION, CA_FAIL, CA_R_CRL_MISSING                 \
	}
#define WAIVED                                                                 \
	{                                                                      \
		CA_CHECK_REVOCATION, CA_WAIVED, CA_R_CRL_MISSING               \
	}
#define UNMAPPED                                                               \
	{                                                                      \
		CA_CHECK_MAPPING, CA_FAIL, CA_R_UNMAPPED                       \
	}

static void
several_checks_failed(void **state)
{
	static const struct {
		struct found of[3];
		size_t n;
		enum ca_reason says;
	} cases[] = {
	    {{REVOKED}, 1, CA_R_REVOKED},
	    {{EXPIRED}, 1, CA_R_EXPIRED},
	    {{UNMAPPED}, 1, CA_R_UNMAPPED},
	    {{NO_CRL}, 1, CA_R_CRL_MISSING},
	    /* a revocation is not taken back */
	    {{CHAIN, EXPIRED, REVOKED}, 3, CA_R_REVOKED},
	    {{REVOKED, UNMAPPED}, 2, CA_R_REVOKED},
	    {{PURPOSE, REVOKED}, 2, CA_R_REVOKED},
	    /* nor does time go back */
	    {{CHAIN, EXPIRED, UNMAPPED}, 3, CA_R_EXPIRED},
	    {{EXPIRED, NO_CRL}, 2, CA_R_EXPIRED},
	    /* what may be a mistake in a file goes before what would end it */
	    {{CHAIN, UNMAPPED}, 2, CA_R_CHAIN_UNKNOWN_CA},
	    {{NO_CRL, UNMAPPED}, 2, CA_R_CRL_MISSING},
	    {{EARLY, UNMAPPED}, 2, CA_R_NOT_YET_VALID},
	    {{PURPOSE, UNMAPPED}, 2, CA_R_PURPOSE},
	    /* crl = prefer */
	    {{WAIVED, UNMAPPED}, 2, CA_R_UNMAPPED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		finds(CA_DENIED, cases[i].of, cases[i].n);
		says(cases[i].says, ca_reason_code(cases[i].says));
	}
}

static void
nothing_is_wrong(void **state)
{
	static const struct found waived[] = {WAIVED};

	(void)state;
	finds(CA_OK, NULL, 0);
	says(CA_R_OK, "the rule");
	finds(CA_OK, waived, 1);
	says(CA_R_OK, "the rule");
}

/* An error is no finding, whatever the checks say. */
static void
an_error(void **state)
{
	(void)state;
	finds(CA_ERR_MEMORY, NULL, 0);
	says(CA_R_INTERNAL, NULL);
	/* all passed, and the login is another one */
	finds(CA_DENIED, NULL, 0);
	says(CA_R_INTERNAL, NULL);
	no_check = true;
	says(CA_R_INTERNAL, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(several_checks_failed),
	    cmocka_unit_test(nothing_is_wrong),
	    cmocka_unit_test(an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
