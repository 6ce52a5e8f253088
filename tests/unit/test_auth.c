/* The request, and the one sequence of checks over every test vector. */
#include "authworld.h"

/* ---- the request ---- */

static void
test_request(void **state)
{
	struct world *w = *state;
	struct ca_request *a = request(w, &sshd_alice);
	struct ca_request *b = request(w, &sshd_alice);

	assert_non_null(a);
	assert_non_null(b);
	assert_string_equal(a->service, "sshd");
	assert_string_equal(a->user, "alice");
	assert_string_equal(a->rhost, "192.0.2.7");
	assert_int_equal(a->issued_at, NOW);
	assert_int_equal(a->lifetime, 120);
	assert_int_equal(a->nhost_names, 2);
	assert_string_equal(a->host_name[0], "host.example");
	assert_string_equal(a->host_name[1], "host");
	assert_true(a->authorities.len > 0);
	assert_false(a->host_proved);
	assert_memory_not_equal(a->nonce, b->nonce, CA_NONCE_LEN);
	ca_request_free(a);
	ca_request_free(b);
}

static bool
offers(const struct ca_request *req, uint16_t code)
{
	for (size_t i = 0; i < req->nschemes; i++)
		if (req->scheme[i] == code)
			return true;
	return false;
}

static void
test_schemes(void **state)
{
	struct world *w = *state;
	static const uint16_t pkcs1[] = {0x0401, 0x0501, 0x0601};
	struct ca_request *req = request(w, &sshd_alice);

	for (size_t i = 0; i < 3; i++)
		assert_true(offers(req, pkcs1[i]));
	assert_true(offers(req, 0x0804));
	ca_request_free(req);
	set(w, "rsa_pkcs1", "no");
	req = request(w, &sshd_alice);
	for (size_t i = 0; i < 3; i++)
		assert_false(offers(req, pkcs1[i]));
	assert_true(offers(req, 0x0804));
	assert_true(offers(req, 0x0403));
	ca_request_free(req);
	set(w, "rsa_pkcs1", "yes");
}

static void
test_unclean_text(void **state)
{
	struct world *w = *state;
	char longest[300];
	memset(longest, 'a', sizeof longest);
	longest[256] = '\0';
	const struct ca_auth_peer bad[] = {
	    {"sshd", "ali\nce", ""},
	    {"sshd", "\xff", NULL},
	    {"sshd", longest, NULL},
	    {"", "alice", NULL},
	    {"ss\thd", "alice", NULL},
	    {"sshd", "alice", "\x1b[2J"},
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct ca_request *req = request(w, &bad[i]);

		assert_non_null(req);
		assert_true(strcmp(req->service, "?") == 0 ||
			    strcmp(req->user, "?") == 0 ||
			    strcmp(req->rhost, "?") == 0);
		ca_request_free(req);
	}
}

/* The request stays short, however many CAs there are: it has the names of all
 * of them, or none. */
static void
test_authorities_bound(void **state)
{
	struct world *w = *state;
	struct ca_request *req;

	run("cd %s && mkdir many && for i in $(seq 60); do openssl req -x509 "
	    "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem "
	    "-subj \"/O=A name of some length/CN=Authority $i\" -out "
	    "many/$i.pem 2>/dev/null; done",
	    w->dir);
	set(w, "ca_dir", "%s/many", w->dir);
	req = request(w, &sshd_alice);
	assert_non_null(req);
	assert_int_equal(req->authorities.len, 0);
	assert_true(req->len <= CA_AUTHORITIES_BYTES);
	ca_request_free(req);
	run("cd %s/many && rm [23456]?.pem", w->dir);
	req = request(w, &sshd_alice);
	assert_true(req->authorities.len > 0);
	assert_true(req->len <= CA_AUTHORITIES_BYTES);
	ca_request_free(req);
	/* ca_auth_check reports a CA that cannot be read */
	set(w, "ca_dir", "%s/absent", w->dir);
	req = request(w, &sshd_alice);
	assert_non_null(req);
	assert_int_equal(req->authorities.len, 0);
	ca_request_free(req);
	set(w, "ca_dir", "%s/ca", w->dir);
}

/* ---- the log ---- */

/* A client may put names of 20,000 bytes into its certificate, and each byte
 * takes four in the log: the log still has user, host and outcome, and the JSON
 * object is complete. */
static void
test_long_names_in_log(void **state)
{
	struct world *w = *state;
	struct ca_report *r;
	char name[20001];

	memset(name, '\n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	w->log.debug = false;
	for (int json = 0; json < 2; json++) {
		set(w, "audit", json ? "json" : "text");
		r = ca_report_new();
		ca_auth_facts(&sshd_alice, r);
		for (int f = CA_FACT_SUBJECT; f < CA_FACTS; f++)
			ca_report_fact(r, (enum ca_fact)f, name);
		for (int c = 0; c < CA_CHECKS; c++)
			ca_report_set(r, (enum ca_check)c, CA_FAIL,
			    CA_R_CHAIN_PROFILE, "%s", name);
		ca_report_abort(r, CA_R_INTERNAL, "%s", name);
		w->lines[0] = '\0';
		ca_auth_log(w->cfg, &w->log, r, CA_REPORT_ALL, "login");
		ca_report_free(r);
		if (json) {
			assert_non_null(
			    strstr(w->lines, "\"outcome\":\"denied\""));
			assert_non_null(strstr(w->lines, "\"user\":\"alice\""));
			assert_non_null(
			    strstr(w->lines, "\"rhost\":\"192.0.2.7\""));
			assert_string_equal(
			    w->lines + strlen(w->lines) - 3, "}}\n");
		} else {
			assert_non_null(strstr(w->lines, "outcome=denied"));
			assert_non_null(strstr(w->lines, "user=\"alice\""));
			assert_non_null(
			    strstr(w->lines, "rhost=\"192.0.2.7\""));
		}
	}
	set(w, "audit", "text");
	w->log.debug = true;
}

/* The text is cut at the end of a character. */
static void
test_clip(void **state)
{
	static const char text[] = "CN=\xc3\xa4\xc3\xa4\xc3\xa4";
	struct ca_report *r = ca_report_new();

	(void)state;
	ca_report_fact(r, CA_FACT_SUBJECT, text);
	ca_report_clip(r, 6);
	assert_string_equal(ca_report_get0_fact(r, CA_FACT_SUBJECT), text);
	ca_report_clip(r, 4);
	assert_string_equal(ca_report_get0_fact(r, CA_FACT_SUBJECT), "CN=...");
	ca_report_free(r);
}

/* ---- the checks ---- */

struct verdict {
	enum ca_err err;
	enum ca_reason reason;
	enum ca_verdict signature, chain, mapping;
	bool granted;
};

static struct verdict
judge(struct world *w, const struct ca_auth_peer *peer,
    const struct ca_request *req, const struct ca_buf *response, time_t now)
{
	struct ca_report *report = ca_report_new();
	struct ca_auth_result result;
	struct verdict v;

	const struct ca_context ctx = context_at(w, now);
	const struct ca_auth_answer answer = {
	    req, {response->p, response->len}, NULL};
	v.err = ca_auth_check(&ctx, peer, &answer, report, &result);
	v.reason = ca_report_reason(report);
	v.granted = ca_report_granted(report, CA_REPORT_ALL);
	v.signature = ca_report_verdict(report, CA_CHECK_SIGNATURE);
	v.chain = ca_report_verdict(report, CA_CHECK_CHAIN);
	v.mapping = ca_report_verdict(report, CA_CHECK_MAPPING);
	assert_int_equal(v.err == CA_OK, result.login != NULL);
	if (v.err == CA_OK) {
		assert_true(v.granted);
		assert_string_equal(result.login, "alice");
		assert_non_null(result.leaf);
		assert_non_null(result.chain);
	} else {
		assert_null(result.leaf);
		assert_null(result.chain);
	}
	ca_auth_result_clear(&result);
	ca_report_free(report);
	return v;
}

static void
must_be_denied(struct verdict v, enum ca_reason reason)
{
	assert_int_not_equal(v.err, CA_OK);
	assert_string_equal(ca_reason_code(v.reason), ca_reason_code(reason));
	assert_false(v.granted);
}

/* A good response, and every change that must make it fail. */
static void
judge_valid(struct world *w, const struct ca_request *req,
    const struct ca_buf *response, time_t now)
{
	const struct ca_auth_peer good = {req->service, req->user, req->rhost};
	struct ca_auth_peer other = good;
	struct verdict v = judge(w, &good, req, response, now);

	if (v.err != CA_OK)
		fail_msg("denied: %s", ca_reason_code(v.reason));
	time_t issued = (time_t)req->issued_at;
	assert_int_equal(
	    judge(w, &good, req, response, issued + req->lifetime).err, CA_OK);
	v = judge(w, &good, req, response, issued + req->lifetime + 1);
	must_be_denied(v, CA_R_REQUEST_EXPIRED);
	assert_int_equal(v.signature, CA_NOT_RUN);
	assert_int_equal(v.chain, CA_NOT_RUN);
	must_be_denied(
	    judge(w, &good, req, response, issued - req->lifetime - 1),
	    CA_R_REQUEST_EXPIRED);
	must_be_denied(
	    judge(w, &good, req, response, -1), CA_R_REQUEST_EXPIRED);
	other.user = "bob";
	must_be_denied(judge(w, &other, req, response, now), CA_R_NONCE);
	other = good;
	other.service = "sudo";
	must_be_denied(judge(w, &other, req, response, now), CA_R_NONCE);
	other = good;
	other.rhost = "192.0.2.8";
	must_be_denied(judge(w, &other, req, response, now), CA_R_NONCE);

	/* a check that denies, without an error */
	set(w, "ca_dir", "%s/none", w->dir);
	v = judge(w, &good, req, response, now);
	must_be_denied(v, CA_R_CHAIN_UNKNOWN_CA);
	assert_int_equal(v.err, CA_DENIED);
	assert_int_equal(v.mapping, CA_NOT_RUN);
	/* the map is not opened then */
	set(w, "users", "%s/none", w->dir);
	v = judge(w, &good, req, response, now);
	must_be_denied(v, CA_R_CHAIN_UNKNOWN_CA);
	assert_int_equal(v.err, CA_DENIED);
	set(w, "users", "%s/users", w->dir);
	set(w, "ca_dir", "%s/ca", w->dir);

	/* no mapping: every other check still runs; no CA: no mapping */
	set(w, "users", "%s/none", w->dir);
	v = judge(w, &good, req, response, now);
	assert_int_not_equal(v.err, CA_OK);
	assert_int_equal(v.chain, CA_PASS);
	set(w, "users", "%s/users", w->dir);
	set(w, "ca_dir", "%s/absent", w->dir);
	v = judge(w, &good, req, response, now);
	assert_int_not_equal(v.err, CA_OK);
	assert_int_equal(v.signature, CA_PASS);
	assert_int_equal(v.chain, CA_FAIL);
	assert_int_equal(v.mapping, CA_NOT_RUN);
	set(w, "ca_dir", "%s/ca", w->dir);
}

static void
judge_stanza(const struct stanza *s, void *ctx)
{
	struct world *w = ctx;
	struct ca_buf raw = unbase64(stanza_get(s, "request"));
	struct ca_buf response = unbase64(stanza_get(s, "response"));
	const char *outcome = stanza_get(s, "outcome");
	const char *leaf = stanza_get(s, "leaf");
	time_t now = (time_t)atoll(stanza_get(s, "now"));
	struct ca_request *req = NULL;

	print_message("%s\n", stanza_get(s, "name"));
	run("rm -f %s/users.d/alice/*", w->dir);
	if (leaf != NULL)
		run("cp " VECTORS_DIR "%s %s/users.d/alice/", leaf, w->dir);
	assert_int_equal(ca_request_parse(raw.p, raw.len, &req), CA_OK);
	if (strcmp(outcome, "valid") == 0) {
		judge_valid(w, req, &response, now);
	} else {
		const struct ca_auth_peer peer = {
		    req->service, req->user, req->rhost};
		struct verdict v = judge(w, &peer, req, &response, now);

		assert_int_not_equal(v.err, CA_OK);
		assert_int_not_equal(v.signature, CA_PASS);
		/* no later check was run */
		assert_int_equal(v.chain, CA_NOT_RUN);
		assert_int_equal(v.mapping, CA_NOT_RUN);
		if (strstr(outcome, "context") != NULL)
			must_be_denied(v, CA_R_NONCE);
		if (strstr(outcome, "signature") != NULL)
			must_be_denied(v, CA_R_SIGNATURE);
		if (strstr(outcome, "scheme") != NULL &&
		    v.reason != CA_R_KEY_WEAK)
			must_be_denied(v, CA_R_SCHEME);
	}
	ca_request_free(req);
	ca_buf_free(&raw);
	ca_buf_free(&response);
}

static void
test_vectors(void **state)
{
	assert_true(
	    stanzas(VECTORS_DIR "protocol.txt", judge_stanza, *state) > 40);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_request),
	    cmocka_unit_test(test_schemes),
	    cmocka_unit_test(test_unclean_text),
	    cmocka_unit_test(test_authorities_bound),
	    cmocka_unit_test(test_long_names_in_log),
	    cmocka_unit_test(test_clip),
	    cmocka_unit_test(test_vectors),
	};

	return cmocka_run_group_tests_name("auth", tests, setup, teardown);
}
