/* Attempts in a log: what the module's own formatter wrote is read back, whatever
 * a client put into it; nothing else is an attempt. */
#include "auditmake.h"

#include "base/utf8.h"

#define RUNS 3000

/* The text of a name between the quotes of a line: the form of RFC 4514. */
static void
as_name(const char *text, char *out)
{
	struct ca_buf b = CA_BUF_INIT(65536);

	ca_buf_quote_dn(&b, text, strlen(text));
	size_t n = b.len > 2 ? b.len - 2 : 0;
	memcpy(out, b.p + 1, n);
	out[n] = '\0';
	ca_buf_free(&b);
}

static void
there_and_back(bool json)
{
	static struct ca_logline a;
	static struct sample s;
	char want[4096];

	for (int run = 0; run < RUNS; run++) {
		uint64_t first = seed;

		sample(&s, json);
		if (ca_logline_parse(s.line, strlen(s.line), &a) != CA_OK)
			fail_msg(
			    "seed %llu: %s", (unsigned long long)first, s.line);
		assert_int_equal(ca_logline_granted(&a), s.granted);
		assert_string_equal(a.service, "sshd");
		assert_string_equal(
		    a.reason, s.granted ? "ok" : ca_reason_code(s.reason));
		for (int i = 0; i < CA_FACTS; i++) {
			bool name = i == CA_FACT_SUBJECT ||
				    i == CA_FACT_ISSUER || i == CA_FACT_ANCHOR;

			assert_int_equal(a.fact[i] != NULL, s.has[i]);
			if (!s.has[i])
				continue;
			strcpy(want, s.fact[i]);
			if (name && !json)
				as_name(s.fact[i], want);
			if (strcmp(a.fact[i], want) != 0)
				fail_msg("seed %llu, %s: %s, not %s",
				    (unsigned long long)first,
				    ca_fact_name((enum ca_fact)i), a.fact[i],
				    want);
		}
		if (!s.granted)
			assert_string_equal(a.detail, s.detail);
	}
}

static void
pairs_come_back(void **state)
{
	(void)state;
	there_and_back(false);
}

static void
json_comes_back(void **state)
{
	(void)state;
	there_and_back(true);
}

/* A line that was cut anywhere has lost a value's end, or the rest of its pairs;
 * it never has another outcome, nor a value that the whole line has not. */
static void
cut_lines(void **state)
{
	static struct ca_logline a, whole;
	static struct sample s;

	(void)state;
	for (int run = 0; run < 200; run++) {
		bool json = run % 2 == 0;

		sample(&s, json);
		size_t len = strlen(s.line);
		assert_int_equal(ca_logline_parse(s.line, len, &whole), CA_OK);
		for (size_t n = 0; n < len; n++) {
			char *p = malloc(n > 0 ? n : 1);

			memcpy(p, s.line, n);
			enum ca_err rc = ca_logline_parse(p, n, &a);
			free(p);
			if (json)
				assert_int_not_equal(rc, CA_OK);
			if (rc != CA_OK)
				continue;
			assert_string_equal(a.outcome, whole.outcome);
			for (int i = 0; i < CA_FACTS; i++)
				if (a.fact[i] != NULL && i != CA_FACT_SERIAL &&
				    i != CA_FACT_SHA256 &&
				    i != CA_FACT_SCHEME &&
				    i != CA_FACT_NOT_AFTER)
					assert_string_equal(
					    a.fact[i], whole.fact[i]);
		}
	}
}

/* Bytes that are changed, added and removed: read or refused, within bounds. */
static void
damaged_lines(void **state)
{
	static struct ca_logline a;
	static struct sample s;

	(void)state;
	for (int run = 0; run < RUNS; run++) {
		sample(&s, run % 2 == 0);
		size_t len = strlen(s.line);
		char *p = malloc(len + 64);
		memcpy(p, s.line, len);
		for (unsigned n = 1 + below(4); n > 0 && len > 1; n--) {
			size_t at = below((unsigned)len);

			switch (below(3)) {
			case 0:
				p[at] = (char)below(256);
				break;
			case 1:
				memmove(p + at, p + at + 1, len - at - 1);
				len--;
				break;
			default:
				memmove(p + at + 1, p + at, len - at);
				p[at] = "\"\\={}, \n"[below(8)];
				len++;
			}
		}
		char *exact = malloc(len);
		memcpy(exact, p, len);
		free(p);
		enum ca_err rc = ca_logline_parse(exact, len, &a);
		if (rc == CA_OK) {
			/* nothing of it can be two lines */
			assert_null(memchr(exact, '\n', len));
			assert_true(ca_utf8_text(exact, len));
		} else {
			assert_true(
			    rc == CA_ERR_FORMAT || rc == CA_ERR_NOT_FOUND);
		}
		free(exact);
	}
}

static void
what_is_an_attempt(void **state)
{
#define P "pam_certauth(sshd:auth): "
#define S "pam_certauth(sshd:session): "
	static const struct {
		const char *line;
		enum ca_err rc;
	} t[] = {
	    {P "outcome=denied reason=config", CA_OK},
	    {P "outcome=denied reason=internal: no memory", CA_OK},
	    {P "event=account outcome=denied reason=no-credential: the user",
		CA_OK},
	    {P "event=login mode=audit outcome=denied reason=internal: x; user a",
		CA_OK},
	    {P "outcome=denied reason=new-one newkey=\"x\\=\" user=\"a\"",
		CA_OK},
	    {"pam_certauth(\"s h\":auth): outcome=denied reason=config", CA_OK},
	    {"pam_certauth(a:auth:auth): outcome=denied reason=config", CA_OK},
	    {"message repeated 2 times: [ " P "outcome=denied reason=config]",
		CA_OK},
	    /* of an open session */
	    {S "event=session outcome=ended reason=revoked user=\"a\"", CA_OK},
	    {S "event=session outcome=ended reason=administrator", CA_OK},
	    {S "event=session outcome=locked reason=revoked", CA_OK},
	    {S "event=session outcome=warned reason=unmapped", CA_OK},
	    {S "event=session outcome=noted reason=expired", CA_OK},
	    {S "the login is not recorded", CA_ERR_NOT_FOUND},
	    {S "event=session outcome=granted reason=ok", CA_ERR_FORMAT},
	    {S "event=login outcome=granted reason=ok", CA_ERR_FORMAT},
	    {S "outcome=ended reason=revoked", CA_ERR_FORMAT},
	    {S "event=session outcome=killed reason=revoked", CA_ERR_FORMAT},
	    {S "event=session outcome=ended", CA_ERR_FORMAT},
	    {P "event=session outcome=ended reason=revoked", CA_ERR_FORMAT},
	    {P "event=login outcome=ended reason=revoked", CA_ERR_FORMAT},
	    {P "event=account outcome=warned reason=revoked", CA_ERR_FORMAT},
	    /* others */
	    {"", CA_ERR_NOT_FOUND},
	    {" " P "outcome=denied reason=config", CA_ERR_NOT_FOUND},
	    {"x" P "outcome=denied reason=config", CA_ERR_NOT_FOUND},
	    {"Invalid user " P "outcome=granted reason=ok", CA_ERR_NOT_FOUND},
	    {"pam_unix(sshd:auth): outcome=granted reason=ok",
		CA_ERR_NOT_FOUND},
	    {P "the CRL x expires", CA_ERR_NOT_FOUND},
	    {P "a outcome=granted reason=ok", CA_ERR_NOT_FOUND},
	    {"message repeated 2 times: [ outcome=granted]", CA_ERR_NOT_FOUND},
	    /* damaged */
	    {"pam_certauth(sshd:session): outcome=granted reason=ok",
		CA_ERR_FORMAT},
	    {"pam_certauth(sshd): outcome=granted reason=ok", CA_ERR_FORMAT},
	    {"pam_certauth(:auth): outcome=granted reason=ok", CA_ERR_FORMAT},
	    {"pam_certauth(s h:auth): outcome=granted reason=ok",
		CA_ERR_FORMAT},
	    {"pam_certauth(x) pam_certauth(sshd:auth): outcome=granted",
		CA_ERR_FORMAT},
	    {"pam_certauth(\"sshd:auth): outcome=granted reason=ok",
		CA_ERR_FORMAT},
	    {P "outcome=granted", CA_ERR_FORMAT},
	    {P "outcome=yes reason=ok", CA_ERR_FORMAT},
	    {P "outcome=granted reason=OK", CA_ERR_FORMAT},
	    {P "outcome=granted reason=ok outcome=denied", CA_ERR_FORMAT},
	    {P "outcome=granted reason=ok user=\"a\" user=\"b\"",
		CA_ERR_FORMAT},
	    {P "outcome=granted reason=ok user=\"a", CA_ERR_FORMAT},
	    {P "outcome=granted reason=ok user=\"a\\\"", CA_ERR_FORMAT},
	    {P "outcome=granted reason=ok user=\"a\\n\"", CA_ERR_FORMAT},
	    {P "outcome=granted reason=ok user=\"\\x0\"", CA_ERR_FORMAT},
	    {P "outcome=granted reason=ok user=\"\\x00\"", CA_ERR_FORMAT},
	    {P "outcome=granted reason=ok user=\"a\"b", CA_ERR_FORMAT},
	    {P "outcome=granted reason=ok user=\"a\" ", CA_ERR_FORMAT},
	    {P "outcome=granted  reason=ok", CA_ERR_FORMAT},
	    {P "outcome=granted reason=ok: a\nb", CA_ERR_FORMAT},
	    {P "outcome=granted reason=ok mode=other", CA_ERR_FORMAT},
	    {P "outcome=granted reason=ok user=\"\x1b\"", CA_ERR_FORMAT},
	    {P "outcome=granted reason=ok user=\"\xff\"", CA_ERR_FORMAT},
	    {"message repeated 2 times: [ " P "outcome=denied reason=config",
		CA_ERR_NOT_FOUND},
	    {P "{\"outcome\":\"granted\",\"reason\":\"ok\"}", CA_OK},
	    {P "{\"outcome\":\"granted\",\"reason\":\"ok\"", CA_ERR_FORMAT},
	    {P "{\"outcome\":\"granted\",\"reason\":\"ok\"}x", CA_ERR_FORMAT},
	    {P "{\"outcome\":\"granted\",\"reason\":\"ok\","
	       "\"outcome\":\"denied\"}",
		CA_ERR_FORMAT},
	    {P "{\"outcome\":\"granted\",\"reason\":\"ok\",\"facts\":{"
	       "\"user\":\"a\"},\"facts\":{\"user\":\"b\"}}",
		CA_ERR_FORMAT},
	    {P "{\"outcome\":\"granted\",\"reason\":\"\\u0000\"}",
		CA_ERR_FORMAT},
	    {P "{\"outcome\":\"granted\",\"reason\":\"ok\",\"x\":\"\\ud800\"}",
		CA_ERR_FORMAT},
	    {P "{\"outcome\":\"granted\",\"reason\":\"ok\",\"x\":\"\\n\"}",
		CA_ERR_FORMAT},
	    {P "{\"outcome\":\"granted\",\"reason\":\"ok\",\"x\":1}",
		CA_ERR_FORMAT},
	    {P "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}", CA_ERR_FORMAT},
	    /* a value of a fact does not become a word of the line */
	    {P "{\"reason\":\"ok\",\"facts\":{\"outcome\":\"granted\"}}",
		CA_ERR_FORMAT},
	    {P "{\"reason\":\"ok\",\"x\":{\"outcome\":\"granted\"}}",
		CA_ERR_FORMAT},
	};
	static struct ca_logline a;

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		enum ca_err rc =
		    ca_logline_parse(t[i].line, strlen(t[i].line), &a);

		if (rc != t[i].rc)
			fail_msg("%s: %d", t[i].line, (int)rc);
	}
	/* a NUL, which no text of a line has */
	static const char nul[] = P "outcome=granted reason=ok: a\0b";
	assert_int_equal(
	    ca_logline_parse(nul, sizeof nul - 1, &a), CA_ERR_FORMAT);
	/* a session is no attempt, whatever comes of it */
	static const char session[] =
	    S "event=session outcome=ended reason=revoked";
	assert_int_equal(
	    ca_logline_parse(session, sizeof session - 1, &a), CA_OK);
	assert_true(a.session);
	assert_false(ca_logline_granted(&a));
	static const char login[] = P "outcome=denied reason=revoked";
	assert_int_equal(ca_logline_parse(login, sizeof login - 1, &a), CA_OK);
	assert_false(a.session);
#undef S
#undef P
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pairs_come_back),
	    cmocka_unit_test(json_comes_back),
	    cmocka_unit_test(cut_lines),
	    cmocka_unit_test(damaged_lines),
	    cmocka_unit_test(what_is_an_attempt),
	};

	seed_begin();
	return cmocka_run_group_tests_name("auditlog", tests, NULL, NULL);
}
