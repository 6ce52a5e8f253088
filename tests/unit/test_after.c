/* After a login: the second check by the account, warnings, environment. */
#include "vectors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/auth.h"
#include "base/file.h"
#include "verify/certfile.h"

#define NOW ((time_t)1795000000)
#define END ((time_t)2398377600) /* notAfter of the vectors' certificates */
#define DAY 86400

struct world {
	char dir[64];
	struct ca_crypto *crypto;
	struct ca_config *cfg;
	struct ca_log log;
	struct ca_auth_result result; /* of alice's login */
	char lines[8192];
};

static const struct ca_auth_peer alice = {"sshd", "alice", "192.0.2.7"};

static void
keep(void *ctx, enum ca_log_level level, const char *line)
{
	struct world *w = ctx;
	size_t n = strlen(w->lines);

	if (level != CA_LOG_DEBUG)
		(void)snprintf(w->lines + n, sizeof w->lines - n, "%s\n", line);
}

static void
set(struct world *w, const char *key, const char *value)
{
	char path[512];

	/* a plain name is a file of the test vectors */
	(void)snprintf(path, sizeof path, "%s/%s", w->dir, value);
	if (strstr(key, "_dir") == NULL && strcmp(key, "users") != 0)
		(void)snprintf(path, sizeof path, "%s", value);
	assert_int_equal(
	    ca_config_set(w->cfg, key, path, "test", &w->log), CA_OK);
}

/* Alice logs in. */
static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct ca_report *report = ca_report_new();
	STACK_OF(X509) *certs = sk_X509_new_null(), *rest = sk_X509_new_null();
	struct ca_buf pem = CA_BUF_INIT(1 << 16);
	size_t bad;

	strcpy(w->dir, "/tmp/certauth-after.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(ca_crypto_new(&w->crypto), CA_OK);
	w->cfg = ca_config_new();
	w->log = (struct ca_log){keep, w, true};
	(void)umask(022);
	char cmd[1024];
	(void)snprintf(cmd, sizeof cmd,
	    "d=%s; mkdir $d/ca $d/none $d/inter && "
	    "echo 'alice email:alice@example.com' >$d/users && "
	    "cp " VECTORS_DIR "root.pem $d/ca/ && "
	    "cp " VECTORS_DIR "intermediate.pem $d/inter/ && "
	    "cp " VECTORS_DIR "p256.pem $d/leaf.pem",
	    w->dir);
	assert_int_equal(system(cmd), 0);
	char path[512];
	(void)snprintf(path, sizeof path, "%s/leaf.pem", w->dir);
	set(w, "ca_dir", "ca");
	set(w, "intermediates_dir", "inter");
	set(w, "users", "users");
	set(w, "crl", "off");
	assert_int_equal(ca_file_read(AT_FDCWD, path, 1 << 16, &pem), CA_OK);
	assert_int_equal(
	    ca_certfile_parse(w->crypto, pem.p, pem.len, certs, &bad), CA_OK);
	w->result.leaf = sk_X509_shift(certs);
	const struct ca_context ctx = {w->crypto, w->cfg, &w->log, NOW};
	assert_int_equal(
	    ca_auth_certificate(&ctx, &alice,
		&(struct ca_auth_sent){rest, NULL, 0, CA_STAPLES_BY_CLIENT},
		NULL, report, &w->result),
	    CA_OK);
	assert_string_equal(w->result.login, "alice");
	assert_int_equal(sk_X509_num(w->result.chain), 3);
	sk_X509_pop_free(certs, X509_free);
	sk_X509_pop_free(rest, X509_free);
	ca_buf_free(&pem);
	ca_report_free(report);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	char cmd[128];

	(void)snprintf(cmd, sizeof cmd, "rm -rf %s", w->dir);
	assert_int_equal(system(cmd), 0);
	ca_auth_result_clear(&w->result);
	ca_config_free(w->cfg);
	ca_crypto_free(w->crypto);
	free(w);
	return 0;
}

/* ---- account ---- */

/* Check again as user at now.  Return the reason; CA_R_OK: granted. */
static enum ca_reason
recheck(struct world *w, const char *user, time_t now)
{
	struct ca_auth_peer peer = alice;
	struct ca_buf kept = CA_BUF_INIT((size_t)1 << 20);
	struct ca_report *report = ca_report_new();

	peer.user = user;
	w->lines[0] = '\0';
	assert_int_equal(ca_auth_keep(&w->result, &kept), CA_OK);
	const struct ca_context ctx = {w->crypto, w->cfg, &w->log, now};
	enum ca_err rc = ca_auth_recheck(
	    &ctx, &peer, &(struct ca_bytes){kept.p, kept.len}, report);
	enum ca_reason reason =
	    rc == CA_OK ? CA_R_OK : ca_report_reason(report);
	if (rc != CA_OK)
		assert_int_equal(rc, CA_DENIED);
	ca_report_free(report);
	ca_buf_free(&kept);
	return reason;
}

static void
account(void **state)
{
	struct world *w = *state;

	assert_int_equal(recheck(w, "alice", NOW), CA_R_OK);
	assert_int_equal(recheck(w, "alice", END - 1), CA_R_OK);
	assert_int_equal(recheck(w, "alice", END + 1), CA_R_EXPIRED);
	assert_int_equal(recheck(w, "alice", 1500000000), CA_R_NOT_YET_VALID);
	/* PAM_USER may have changed */
	assert_int_equal(recheck(w, "bob", NOW), CA_R_OTHER_USER);
	assert_int_equal(recheck(w, "alic", NOW), CA_R_OTHER_USER);
	assert_int_equal(recheck(w, "", NOW), CA_R_OTHER_USER);
	assert_int_equal(recheck(w, NULL, NOW), CA_R_OTHER_USER);
	/* the host's CAs may have changed */
	set(w, "purpose", "1.2.3.4");
	assert_int_equal(recheck(w, "alice", NOW), CA_R_PURPOSE);
	set(w, "purpose", "sslclient");
	set(w, "crl", "require");
	set(w, "crl_dir", "none");
	assert_int_equal(recheck(w, "alice", NOW), CA_R_CRL_MISSING);
	set(w, "crl", "off");
	set(w, "ca_dir", "none");
	assert_int_not_equal(recheck(w, "alice", NOW), CA_R_OK);
	set(w, "ca_dir", "ca");
	/* the intermediate was kept, although the folder has changed */
	set(w, "intermediates_dir", "none");
	assert_int_equal(recheck(w, "alice", NOW), CA_R_OK);
	set(w, "intermediates_dir", "inter");
}

/* What is kept, with n OCSP responses of len bytes, or cut by one byte. */
static enum ca_err
with_staples(struct world *w, size_t n, size_t len, bool cut)
{
	struct ca_buf kept = CA_BUF_INIT((size_t)1 << 20);
	struct ca_report *report = ca_report_new();
	const struct ca_context ctx = {w->crypto, w->cfg, &w->log, NOW};
	enum ca_err rc;

	assert_int_equal(ca_auth_keep(&w->result, &kept), CA_OK);
	ca_buf_u24(&kept, 0);
	for (size_t i = 0; i < n; i++) {
		ca_buf_u24(&kept, (uint32_t)len);
		for (size_t k = 0; k < len; k++)
			ca_buf_u8(&kept, 0x30);
	}
	rc = ca_auth_recheck(
	    &ctx, &alice, &(struct ca_bytes){kept.p, kept.len - cut}, report);
	assert_int_equal(
	    rc == CA_OK, ca_report_granted(report, CA_REPORT_CERT));
	ca_report_free(report);
	ca_buf_free(&kept);
	return rc;
}

static void
staples(void **state)
{
	struct world *w = *state;

	assert_int_equal(with_staples(w, 0, 0, false), CA_OK);
	assert_int_equal(with_staples(w, CA_CERTS_MAX, 9, false), CA_OK);
	assert_int_equal(
	    with_staples(w, CA_CERTS_MAX + 1, 9, false), CA_ERR_LIMIT);
	assert_int_equal(with_staples(w, 1, 9, true), CA_ERR_FORMAT);
	assert_int_equal(with_staples(w, 1, 0, false), CA_ERR_FORMAT);
	assert_int_equal(with_staples(w, 1, CA_OCSP_MAX, false), CA_OK);
	assert_int_equal(
	    with_staples(w, 1, CA_OCSP_MAX + 1, false), CA_ERR_FORMAT);
}

/* A login without a certification path is refused. */
static void
no_chain(void **state)
{
	struct world *w = *state;
	struct ca_auth_result r = {
	    .login = w->result.login, .leaf = w->result.leaf};
	struct ca_buf kept = CA_BUF_INIT((size_t)1 << 20);

	assert_int_not_equal(ca_auth_keep(&r, &kept), CA_OK);
	r.chain = sk_X509_new_null();
	assert_int_not_equal(ca_auth_keep(&r, &kept), CA_OK);
	for (int i = 0; i <= 64; i++)
		sk_X509_push(r.chain, w->result.leaf);
	assert_int_not_equal(ca_auth_keep(&r, &kept), CA_OK);
	sk_X509_pop(r.chain);
	assert_int_equal(ca_auth_keep(&r, &kept), CA_OK);
	ca_buf_free(&kept);
	sk_X509_free(r.chain);
}

/* ---- warnings ---- */

static void
the_user_is_told(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *warn_expiry;
		time_t left;
		const char *text; /* NULL: no warning */
	} t[] = {
	    {"14d", 14 * DAY, NULL},
	    {"14d", 14 * DAY - 1, "in 13 days: "},
	    {"14d", 2 * DAY, "in 2 days: "},
	    {"14d", 2 * DAY - 1, "in 1 day: "},
	    {"14d", DAY, "in 1 day: "},
	    {"14d", DAY - 1, "within a day: "},
	    {"14d", 0, "within a day: "},
	    {"14d", -1, NULL},
	    {"14d", -2 * DAY, NULL},
	    {"1h", 3600, NULL},
	    {"1h", 3599, "within a day: "},
	    {"0", 10, NULL},
	};
	struct ca_report *report = ca_report_new();

	ca_report_fact(report, CA_FACT_SUBJECT, "CN=alice\n,O=\xc3\xa4");
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct ca_buf b = CA_BUF_INIT(1 << 16);

		set(w, "warn_expiry", t[i].warn_expiry);
		bool soon = ca_auth_expires_soon(
		    w->cfg, report, w->result.leaf, END - t[i].left, &b);
		if (soon != (t[i].text != NULL))
			fail_msg("case %zu: %d", i, soon);
		if (soon) {
			assert_non_null(strstr(ca_buf_text(&b), t[i].text));
			assert_non_null(strstr(ca_buf_text(&b), "CN=alice"));
			assert_null(strchr(ca_buf_text(&b), '\n'));
		} else {
			assert_int_equal(b.len, 0);
		}
		ca_buf_free(&b);
	}
	ca_report_free(report);
}

static int
lines_with(const struct world *w, const char *text)
{
	int n = 0;

	for (const char *p = w->lines; (p = strstr(p, text)) != NULL; p++)
		n++;
	return n;
}

/* The CAs' certificates; the leaf is the user's to renew. */
static void
cas_about_to_end(void **state)
{
	struct world *w = *state;
	struct ca_auth_result r = {
	    .trace = {.chain = w->result.chain, .anchored = true}};
	static const struct {
		time_t left;
		const char *text;
	} t[] = {
	    {3 * DAY, NULL},
	    {3 * DAY - 1, "expires in 2 days; "},
	    {2 * DAY, "expires in 2 days; "},
	    {2 * DAY - 1, "expires in 47 hours; "},
	    {0, "expires in 0 hours; "},
	    {-1, NULL},
	};

	set(w, "warn_expiry", "3d");
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		w->lines[0] = '\0';
		ca_auth_warn_site(w->cfg, &w->log, &r, END - t[i].left);
		assert_int_equal(lines_with(w, "the CA certificate "),
		    t[i].text != NULL ? 2 : 0);
		assert_int_equal(lines_with(w, "alice"), 0);
		if (t[i].text == NULL)
			continue;
		assert_int_equal(lines_with(w, t[i].text), 2);
		assert_int_equal(lines_with(w, "CN=Root,O=Vectors"), 1);
		assert_int_equal(lines_with(w, "CN=Intermediate,O=Vectors"), 1);
	}
	r.trace.chain = NULL;
	w->lines[0] = '\0';
	ca_auth_warn_site(w->cfg, &w->log, &r, END - 1);
	assert_string_equal(w->lines, "");
}

static void
crls_about_to_end(void **state)
{
	struct world *w = *state;
	static const struct {
		time_t life, left; /* life 0: it does not expire */
		const char *warn_expiry;
		bool said;
	} t[] = {
	    {80 * DAY, 10 * DAY, "14d", false}, /* exactly seven eighths */
	    {80 * DAY, 10 * DAY - 1, "14d", true},
	    {80 * DAY, 5 * DAY, "4d", false},
	    {80 * DAY, 4 * DAY, "4d", false},
	    {80 * DAY, 4 * DAY - 1, "4d", true},
	    {DAY, DAY / 8, "14d", false}, /* a new certificate each day */
	    {DAY, DAY / 8 - 1, "14d", true},
	    {80 * DAY, 0, "14d", true},
	    {80 * DAY, -1, "14d", false},
	    {0, 5 * DAY, "14d", false},
	};
	char one[] = "one.r0", other[] = "other.r0";

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct ca_crl_use use[] = {{.depth = 0,
					       .file = one,
					       .engine = "index",
					       .this_update = NOW - t[i].life,
					       .next_update = NOW},
		    {.depth = 1,
			.file = one,
			.engine = "index",
			.this_update = NOW - t[i].life,
			.next_update = NOW},
		    {.depth = 1,
			.file = other,
			.engine = "index",
			.this_update = NOW - t[i].life,
			.next_update = NOW}};
		struct ca_auth_result r = {.trace = {.use = use, .n = 3}};

		if (t[i].life == 0)
			use[0].next_update = use[1].next_update =
			    use[2].next_update = 0;
		set(w, "warn_expiry", t[i].warn_expiry);
		w->lines[0] = '\0';
		ca_auth_warn_site(w->cfg, &w->log, &r, NOW - t[i].left);
		if (lines_with(w, "the CRL one.r0 expires in") != t[i].said ||
		    lines_with(w, "the CRL other.r0 ") != t[i].said)
			fail_msg("case %zu: %s", i, w->lines);
	}
}

/* ---- the environment of the session ---- */

static void
environment(void **state)
{
	static const char *const name[] = {"CERTAUTH_SUBJECT",
	    "CERTAUTH_ISSUER", "CERTAUTH_SERIAL", "CERTAUTH_SHA256",
	    "CERTAUTH_NOT_AFTER"};
	struct ca_report *report = ca_report_new();
	size_t n = 0;

	(void)state;
	ca_report_fact(report, CA_FACT_SUBJECT, "CN=a\nLD_PRELOAD=x");
	for (struct ca_buf b = CA_BUF_INIT(4096); ca_auth_env(report, n, &b);
	     n++) {
		const char *text = ca_buf_text(&b);

		assert_non_null(ca_auth_env_name(n));
		assert_string_equal(ca_auth_env_name(n), name[n]);
		assert_int_equal(strncmp(text, name[n], strlen(name[n])), 0);
		assert_int_equal(text[strlen(name[n])], '=');
		assert_null(strchr(text, '\n'));
		ca_buf_free(&b);
		b = CA_BUF_INIT(4096);
	}
	assert_int_equal(n, sizeof name / sizeof name[0]);
	assert_null(ca_auth_env_name(n));
	assert_null(ca_auth_env_name(SIZE_MAX));
	ca_report_free(report);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(account),
	    cmocka_unit_test(staples),
	    cmocka_unit_test(no_chain),
	    cmocka_unit_test(the_user_is_told),
	    cmocka_unit_test(cas_about_to_end),
	    cmocka_unit_test(crls_about_to_end),
	    cmocka_unit_test(environment),
	};

	return cmocka_run_group_tests_name("after", tests, setup, teardown);
}
