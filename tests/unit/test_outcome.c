/* Lines that say how a login ended: those of the report are accepted, whatever is in
 * a certificate, and a worker that was taken over writes no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "module/outcome.h"

/* ---- what a worker writes ---- */

struct lines {
	struct ca_op_answer a;
	char text[16][CA_LOG_LINE_MAX];
};

static void
keep(void *ctx, enum ca_log_level level, const char *line)
{
	struct lines *l = ctx;

	(void)level;
	if (l->a.line.n == 16)
		return;
	char *to = l->text[l->a.line.n];
	(void)snprintf(to, CA_LOG_LINE_MAX, "%s", line);
	l->a.line.v[l->a.line.n++] = to;
}

static uint64_t seed = 0x9e3779b97f4a7c15;

static unsigned
below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

/* Text of others: pieces of what the lines are made of. */
static const char *
hostile(char *out, size_t size, unsigned pieces)
{
	static const char *const piece[] = {"outcome", "=", "granted", "denied",
	    "\"", "\\", " ", "{", "}", ":", ",", "user", "service", "CN", "O",
	    "reason", "event", "\\u006f", "\n", "\x80", "\xc3\xa9", "a", "1",
	    " outcome=granted", "\"outcome\":\"granted\"", " user=\"root\""};

	out[0] = '\0';
	for (unsigned i = 0; i < pieces; i++) {
		size_t n = strlen(out);

		(void)snprintf(out + n, size - n, "%s",
		    piece[below(sizeof piece / sizeof piece[0])]);
	}
	return out;
}

static void
write_lines(struct ca_config *cfg, const struct ca_outcome *about,
    struct ca_report *report, struct lines *l)
{
	const struct ca_log log = {keep, l, true};
	bool login = about->op != CA_OP_RECHECK;

	cfg->mode = about->audit ? CA_MODE_AUDIT : CA_MODE_ENFORCE;
	l->a.line.n = 0;
	ca_auth_log(cfg, &log, report, login ? CA_REPORT_ALL : CA_REPORT_CERT,
	    login ? "login" : "account");
}

static void
fill(struct ca_report *report, const struct ca_outcome *about, bool granted)
{
	char text[4096];

	for (int i = 0; i < CA_CHECKS; i++)
		ca_report_set(report, (enum ca_check)i, CA_PASS, CA_R_OK, "%s",
		    hostile(text, sizeof text, below(6)));
	if (!granted)
		ca_report_set(report, CA_CHECK_CHAIN, CA_FAIL, CA_R_CHAIN_LIMIT,
		    "%s", hostile(text, sizeof text, below(6)));
	for (int i = 0; i < CA_FACTS; i++)
		ca_report_fact(report, (enum ca_fact)i,
		    hostile(text, sizeof text, below(10) == 0 ? 900 : 6));
	ca_report_fact(report, CA_FACT_USER, about->user);
	ca_report_fact(report, CA_FACT_SERVICE, about->service);
	ca_report_fact(report, CA_FACT_RHOST, about->rhost);
}

/* Every line of a report is accepted as that of its result, and as no other's. */
static void
own_lines(void **state)
{
	static struct lines l;
	struct ca_config *cfg = ca_config_new();

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		char user[256], service[256], rhost[256];
		struct ca_report *report = ca_report_new();
		bool granted = below(2) == 0;
		struct ca_outcome about = {
		    below(2) == 0 ? CA_OP_JUDGE : CA_OP_RECHECK, below(2) == 0,
		    hostile(user, sizeof user, 1 + below(6)),
		    hostile(service, sizeof service, 1 + below(3)),
		    hostile(rhost, sizeof rhost, 1 + below(3))};

		cfg->audit = below(2) == 0 ? CA_AUDIT_JSON : CA_AUDIT_TEXT;
		fill(report, &about, granted);
		write_lines(cfg, &about, report, &l);
		l.a.err = granted ? CA_OK : CA_DENIED;
		if (!ca_outcome_fits(&about, &l.a))
			print_error("%s\n", l.text[0]);
		assert_true(ca_outcome_fits(&about, &l.a));
		/* none of them comes before the answer */
		assert_true(ca_outcome_in(l.text[0]));
		for (size_t k = 1; k < l.a.line.n; k++)
			assert_false(ca_outcome_in(l.text[k]));
		l.a.err = granted ? CA_DENIED : CA_OK;
		assert_false(ca_outcome_fits(&about, &l.a));
		l.a.err = granted ? CA_OK : CA_DENIED;
		about.audit = !about.audit;
		assert_false(ca_outcome_fits(&about, &l.a));
		about.audit = !about.audit;
		if (strlen(user) <= 32 && (cfg->audit != CA_AUDIT_JSON ||
					      strchr(user, '=') == NULL)) {
			about.user = "somebody";
			assert_false(ca_outcome_fits(&about, &l.a));
		}
		ca_report_free(report);
	}
	ca_config_free(cfg);
}

/* ---- what one that was taken over writes ---- */

static bool
fits(enum ca_op op, enum ca_err err, const char *line, const char *more)
{
	const struct ca_outcome about = {op, false, "alice", "sshd", "h"};
	struct ca_op_answer a = {.err = (uint64_t)err};

	a.line.v[a.line.n++] = line;
	if (more != NULL)
		a.line.v[a.line.n++] = more;
	return ca_outcome_fits(&about, &a);
}

#define JSON "{\"event\":\"login\",\"mode\":\"enforce\",\"outcome\":"

static void
forged(void **state)
{
	static const char *const denied[] = {
	    "outcome=granted reason=ok user=\"alice\"",
	    "outcome=denied reason=nonce outcome=granted",
	    "outcome=denied reason=nonce detail=\"x\" Outcome=granted",
	    "outcome=denied reason=nonce user=\"bob\"",
	    "outcome=denied reason=nonce user=\"alice\" user=\"bob\"",
	    "outcome=denied reason=nonce user=bob",
	    "outcome=denied reason=nonce service=\"su\"",
	    "outcome=denied reason=nonce rhost=\"other\"", "outcome=denied",
	    " outcome=denied reason=nonce",
	    "event=account outcome=rejected reason=revoked",
	    "mode=audit outcome=denied reason=nonce", "a remark",
	    JSON "\"granted\",\"reason\":\"ok\"}",
	    JSON "\"denied\",\"reason\":\"nonce\",\"outcome\":\"granted\"}",
	    JSON "\"denied\",\"reason\":\"nonce\",\"outcome\" :\"granted\"}",
	    JSON
	    "\"denied\",\"reason\":\"nonce\",\"out\\u0063ome\":\"granted\"}",
	    JSON
	    "\"denied\",\"reason\":\"nonce\",\"\\\\\":1,\"\\u006Futcome\":\"granted\"}",
	    JSON
	    "\"denied\",\"reason\":\"nonce\",\"facts\":{\"user\":\"bob\"}}",
	    "{\"outcome\":\"denied\",\"reason\":\"nonce\"}"};

	(void)state;
	for (size_t i = 0; i < sizeof denied / sizeof denied[0]; i++) {
		if (fits(CA_OP_JUDGE, CA_DENIED, denied[i], NULL))
			print_error("%s\n", denied[i]);
		assert_false(fits(CA_OP_JUDGE, CA_DENIED, denied[i], NULL));
	}
	const char *good = "outcome=denied reason=nonce user=\"alice\"";
	assert_true(fits(CA_OP_JUDGE, CA_DENIED, good, "  signature pass"));
	assert_true(fits(CA_OP_JUDGE, CA_DENIED,
	    "event=login mode=enforce outcome=denied reason=nonce: out of "
	    "memory for the whole line; user alice",
	    NULL));
	assert_true(fits(CA_OP_RECHECK, CA_DENIED,
	    "event=account mode=enforce outcome=denied reason=nonce: out of "
	    "memory for the whole line; user alice",
	    NULL));
	assert_false(fits(CA_OP_JUDGE, CA_DENIED, good, "outcome=granted"));
	assert_false(fits(CA_OP_JUDGE, CA_DENIED, good, "{\"a\":1}"));
	/* these have no outcome */
	assert_true(fits(CA_OP_REQUEST, CA_DENIED, good, NULL));
	good = "outcome=granted reason=ok user=\"alice\"";
	assert_true(fits(CA_OP_JUDGE, CA_OK, good, NULL));
	assert_false(fits(CA_OP_REQUEST, CA_OK, good, NULL));
	assert_false(fits(CA_OP_CONFIRM, CA_OK, good, NULL));
}

/* Without PAM_USER, the login of the answer is whom the line names. */
static void
chosen(void **state)
{
	const struct ca_outcome about = {CA_OP_JUDGE, false, "", "sshd", NULL};
	struct ca_op_answer a = {.err = CA_OK, .login = "alice"};

	(void)state;
	a.line.v[a.line.n++] = "outcome=granted reason=ok user=\"alice\"";
	assert_true(ca_outcome_fits(&about, &a));
	a.login = "bob";
	assert_false(ca_outcome_fits(&about, &a));
}

static void
any_line(void **state)
{
	static const char *const bad[] = {"outcome=granted", "x OUTCOME=denied",
	    "{\"a\":\"b\"}", "x \"outcome\":1", "x \"outcome\" \t:1"};
	static const char *const good[] = {"", "/etc/x: mode 0777",
	    "the subject \"O=Outcome\" expires", "user \"outcome\" is bob",
	    "a file \"x outcome\\=granted\""};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_true(ca_outcome_in(bad[i]));
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_false(ca_outcome_in(good[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(own_lines),
	    cmocka_unit_test(forged),
	    cmocka_unit_test(chosen),
	    cmocka_unit_test(any_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
