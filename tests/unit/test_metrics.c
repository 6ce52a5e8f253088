/* The counters of certauth metrics: what counts as what, who can make a series, and
 * what a damaged state file does; labels; what systemd says. */
#include "auditmake.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "metrics/metricslogins.h"
#include "metrics/metricsstate.h"
#include "metrics/metricstext.h"
#include "metrics/metricsverifier.h"

static char dir[] = "/tmp/test_metrics.XXXXXX";
static struct ca_metrics_logins logins;
static struct ca_metrics_login_visit visit = {.to = &logins, .pam_dir = dir};

static void
write_entry(const char *program, long long uid, const char *message)
{
	const struct ca_logrecord r = {.program = program,
	    .host = "h",
	    .uid = uid,
	    .message = message,
	    .len = strlen(message)};

	assert_int_equal(ca_metrics_login_record(&visit, &r), CA_OK);
}

static const char *
text(void)
{
	static struct ca_buf out = {.max = 1 << 24};

	ca_buf_reset(&out);
	ca_metrics_logins_put(&logins, &out);
	return ca_buf_text(&out);
}

static bool
has(const char *line)
{
	const char *at = strstr(text(), line);

	return at != NULL && at[strlen(line)] == '\n' && at[-1] == '\n';
}

static size_t
series(void)
{
	size_t n = 0;

	for (const char *p = text();
	     (p = strstr(p, "\ncertauth_logins_total{")) != NULL; p++)
		n++;
	return n;
}

#define ENDED(service)                                                         \
	"pam_certauth(" service                                                \
	":session): event=session outcome=ended reason=revoked "               \
	"user=\"alice\" service=\"" service "\""
#define DENIED(service, reason)                                                \
	"pam_certauth(" service ":auth): outcome=denied reason=" reason        \
	" user=\"alice\" service=\"" service "\""

static int
begin(void **state)
{
	(void)state;
	memset(&logins, 0, sizeof logins);
	return 0;
}

static void
what_counts(void **state)
{
	(void)state;
	write_entry("sshd", 0, DENIED("sshd", "revoked"));
	write_entry("sshd-session", 0, DENIED("sshd", "revoked"));
	write_entry("sshd", 0,
	    "message repeated 5 times: [ " DENIED("sshd", "revoked") "]");
	assert_true(has(
	    "certauth_logins_total{service=\"sshd\",mode=\"enforce\",outcome=\"denied\",reason=\"revoked\"} 7"));
	write_entry("sshd", 0,
	    "pam_certauth(sshd:auth): mode=audit outcome=granted reason=ok");
	assert_true(has(
	    "certauth_logins_total{service=\"sshd\",mode=\"audit\",outcome=\"granted\",reason=\"ok\"} 1"));
	/* a file does not say who wrote it */
	write_entry("sshd", -1, DENIED("sshd", "revoked"));
	assert_true(has(
	    "certauth_logins_total{service=\"sshd\",mode=\"enforce\",outcome=\"denied\",reason=\"revoked\"} 8"));
	/* the account phase of a login that has its own line */
	write_entry("sshd", 0,
	    "pam_certauth(sshd:account): event=account outcome=accepted reason=ok");
	assert_int_equal(series(), 2);
	write_entry("sshd", 0,
	    "pam_certauth(sshd:account): event=account outcome=rejected reason=expired");
	assert_true(has(
	    "certauth_logins_total{service=\"sshd\",mode=\"enforce\",outcome=\"rejected\",reason=\"expired\"} 1"));
	/* a login is never `accepted' */
	write_entry(
	    "sshd", 0, "pam_certauth(sshd:auth): outcome=accepted reason=ok");
	assert_true(
	    has("certauth_log_ignored_entries_total{why=\"damaged\"} 1"));
	/* other lines of the module */
	write_entry(
	    "sshd", 0, "pam_certauth(sshd:auth): certauth.conf:3: no key");
	assert_int_equal(series(), 3);
	/* an open session is no login, nor a damaged line */
	write_entry("certauth", 0, ENDED("sshd"));
	write_entry("certauth", 1000, ENDED("sshd"));
	assert_int_equal(series(), 3);
	assert_true(
	    has("certauth_log_ignored_entries_total{why=\"damaged\"} 1"));
	assert_true(
	    has("certauth_log_ignored_entries_total{why=\"imitation\"} 0"));
	assert_true(
	    has("certauth_unproven_logins_total{outcome=\"refused\"} 0"));
	write_entry("sshd", 0, ENDED("sshd"));
	assert_true(
	    has("certauth_log_ignored_entries_total{why=\"imitation\"} 1"));
}

/* What users and clients write makes no series. */
static void
who_makes_series(void **state)
{
	char message[256];

	(void)state;
	write_entry("sshd", 1000, DENIED("sshd", "revoked"));
	write_entry("su", 1000,
	    "pam_certauth(su:auth): outcome=granted reason=ok user=\"root\"");
	assert_int_equal(series(), 0);
	assert_true(
	    has("certauth_unproven_logins_total{outcome=\"refused\"} 1"));
	assert_true(
	    has("certauth_unproven_logins_total{outcome=\"granted\"} 1"));
	write_entry("webapp", 0, DENIED("sshd", "revoked"));
	write_entry("sshd", 0, "pam_certauth(sshd:auth): outcome=denied");
	assert_int_equal(series(), 0);
	assert_true(
	    has("certauth_log_ignored_entries_total{why=\"imitation\"} 1"));
	assert_true(
	    has("certauth_log_ignored_entries_total{why=\"damaged\"} 1"));
	/* services that root has not configured, and reasons of another version,
	 * are one series */
	for (int i = 0; i < 500; i++) {
		snprintf(message, sizeof message,
		    "pam_certauth(x%d:auth): outcome=denied reason=new-%d", i,
		    i);
		write_entry("x", 0, message);
	}
	/* paths, and a name that is a label of ours */
	write_entry("x", 0, DENIED("../passwd", "new-x"));
	write_entry("x", 0, DENIED("..", "new-x"));
	write_entry("x", 0,
	    "pam_certauth(\"(other)\":auth): outcome=denied reason=new-x");
	write_entry(
	    "x", 0, "pam_certauth(\"a b\":auth): outcome=denied reason=new-x");
	assert_int_equal(series(), 1);
	assert_true(has(
	    "certauth_logins_total{service=\"(other)\",mode=\"enforce\",outcome=\"denied\",reason=\"(other)\"} 504"));
	/* a service may have the name of PAM's own `other' */
	write_entry("x", 0, DENIED("other", "revoked"));
	assert_true(has(
	    "certauth_logins_total{service=\"other\",mode=\"enforce\",outcome=\"denied\",reason=\"revoked\"} 1"));
	assert_int_equal(series(), 2);
}

static void
services_are_bounded(void **state)
{
	char name[64], message[256];

	(void)state;
	for (int i = 0; i < CA_METRICS_SERVICES + 10; i++) {
		snprintf(name, sizeof name, "%s/s%d", dir, i);
		close(open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
		snprintf(message, sizeof message,
		    "pam_certauth(s%d:auth): outcome=denied reason=revoked", i);
		write_entry("x", 0, message);
		write_entry("x", 0, message);
		unlink(name);
	}
	assert_int_equal(series(), CA_METRICS_SERVICES + 1);
	assert_true(has(
	    "certauth_logins_total{service=\"(other)\",mode=\"enforce\",outcome=\"denied\",reason=\"revoked\"} 20"));
}

/* ---- the state ---- */

static const char *
put(const struct ca_metrics_logins *l)
{
	static struct ca_buf out = {.max = CA_METRICS_STATE_MAX};

	ca_buf_reset(&out);
	ca_metrics_state_put(l, &out);
	return ca_buf_text(&out);
}

static enum ca_err
parse(const char *state, struct ca_metrics_logins *l)
{
	char *copy = strdup(state);
	enum ca_err rc;

	memset(l, 0, sizeof *l);
	rc = ca_metrics_state_parse(copy, l);
	free(copy);
	return rc;
}

static void
fill(void)
{
	logins.since = 1795000000;
	strcpy(logins.at.cursor, "s=0f;i=1a2;b=3;m=4;t=5;x=6");
	logins.at.file = true;
	logins.at.offset = 123456789;
	logins.at.taillen = sizeof logins.at.tail;
	for (size_t i = 0; i < sizeof logins.at.tail; i++)
		logins.at.tail[i] = (uint8_t)i;
	logins.unproven[0] = 1;
	logins.unproven[1] = 2;
	logins.imitations = 3;
	logins.damaged = 4;
	logins.gaps = 5;
	write_entry("sshd", 0, DENIED("sshd", "revoked"));
	write_entry("x", 0, DENIED("x", "new"));
	write_entry("sshd", 0,
	    "pam_certauth(sshd:auth): mode=audit outcome=granted reason=ok");
}

static void
state_comes_back(void **state)
{
	static struct ca_metrics_logins back;

	(void)state;
	assert_int_equal(parse(put(&logins), &back), CA_OK);
	assert_memory_equal(&back, &logins, sizeof back);
	fill();
	assert_int_equal(parse(put(&logins), &back), CA_OK);
	assert_memory_equal(&back, &logins, sizeof back);
}

static void
damaged_state(void **state)
{
	static const char *const t[] = {"", "\n", "certauth-metrics 2\nend\n",
	    "certauth-metrics 1\n", "certauth-metrics 1\nend",
	    "certauth-metrics 1\nend\nend\n",
	    "certauth-metrics 1\nsince\nend\n",
	    "certauth-metrics 1\nsince -1\nend\n",
	    "certauth-metrics 1\nsince 1 2\nend\n",
	    "certauth-metrics 1\nsince 1234567890123456789\nend\n",
	    "certauth-metrics 1\ncursor \nend\n",
	    "certauth-metrics 1\ncursor a --file=x\nend\n",
	    "certauth-metrics 1\ncursor a/b\nend\n",
	    "certauth-metrics 1\nfile 1 .6162\nend\n", /* more than was read */
	    "certauth-metrics 1\nfile 9 .616\nend\n",
	    "certauth-metrics 1\nfile 9 .6x\nend\n",
	    "certauth-metrics 1\nfile 9 6162\nend\n",
	    "certauth-metrics 1\nlogin sshd enforce denied revoked\nend\n",
	    "certauth-metrics 1\nlogin sshd enforce denied revoked x\nend\n",
	    "certauth-metrics 1\nlogin sshd enforce refused revoked 1\nend\n",
	    "certauth-metrics 1\nlogin sshd enforce denied revoked 1 1\nend\n",
	    "certauth-metrics 1\nother 1\nend\n",
	    "certauth-metrics 1\n\nend\n"};
	static struct ca_metrics_logins l;
	char cut[8192], cursor[512];

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		if (parse(t[i], &l) != CA_ERR_FORMAT)
			fail_msg("%s", t[i]);
	assert_int_equal(parse("certauth-metrics 1\nend\n", &l), CA_OK);
	/* longer than a cursor, and than the bytes of a place */
	memset(cursor, 'a', sizeof cursor);
	snprintf(cut, sizeof cut, "certauth-metrics 1\ncursor %.*s\nend\n",
	    CA_LOGRECORD_CURSOR + 1, cursor);
	assert_int_equal(parse(cut, &l), CA_ERR_FORMAT);
	snprintf(cut, sizeof cut, "certauth-metrics 1\nfile 999 .%.*saa\nend\n",
	    2 * (int)CA_LOGFOLLOW_TAIL, cursor);
	assert_int_equal(parse(cut, &l), CA_ERR_FORMAT);
	/* cut anywhere */
	fill();
	for (size_t n = strlen(put(&logins)) - 1; n > 0; n--) {
		snprintf(cut, n + 1, "%s", put(&logins));
		assert_int_equal(parse(cut, &l), CA_ERR_FORMAT);
	}
}

/* ---- text ---- */

static void
labels(void **state)
{
	static const struct {
		const char *value, *want;
	} t[] = {{"CN=a", "CN=a"}, {"", ""}, {"a\"b", "a\\\"b"},
	    {"a\\b", "a\\\\b"}, {"a\nb", "a\\\\x0ab"},
	    {"a\"} 1\nroot 1", "a\\\"} 1\\\\x0aroot 1"}, {"\xff", "\\\\xff"},
	    {"M\xc3\xbcller", "M\xc3\xbcller"},
	    {"\xe2\x80\xae", "\\\\xe2\\\\x80\\\\xae"},
	    {"CN=a\\2Cb", "CN=a\\\\2Cb"}};
	struct ca_buf out = CA_BUF_INIT(65536);
	char want[256], big[4096];

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		const struct ca_metrics_label l[] = {
		    {"a", t[i].value}, {"b", "c"}, {NULL, NULL}};

		ca_buf_reset(&out);
		ca_metrics_sample(&out, "m", l, -7);
		snprintf(
		    want, sizeof want, "m{a=\"%s\",b=\"c\"} -7\n", t[i].want);
		assert_string_equal(ca_buf_text(&out), want);
	}
	/* a value is bounded */
	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	const struct ca_metrics_label l[] = {{"a", big}, {NULL, NULL}};
	ca_buf_reset(&out);
	ca_metrics_sample(&out, "m", l, 1);
	assert_int_equal(
	    out.len, CA_METRICS_LABEL_MAX + strlen("m{a=\"...\"} 1\n"));
	ca_buf_reset(&out);
	ca_metrics_single(&out, "m", "gauge", "What.", 3);
	assert_string_equal(
	    ca_buf_text(&out), "# HELP m What.\n# TYPE m gauge\nm 3\n");
	ca_buf_free(&out);
}

static void
verifier(void **state)
{
	static const struct {
		const char *said;
		const char *with[3], *without;
	} t[] = {{"LoadState=loaded\nActiveState=active\nNRestarts=3\n"
		  "ExecMainStartTimestampMonotonic=5000000\n",
		     {"\ncertauth_verifier_running 1\n",
			 "\ncertauth_verifier_restarts_total 3\n",
			 "\ncertauth_verifier_start_timestamp_seconds 995\n"},
		     "zzz"},
	    {"LoadState=loaded\nActiveState=inactive\nNRestarts=0\n"
	     "ExecMainStartTimestampMonotonic=5000000\n",
		{"\ncertauth_verifier_running 0\n",
		    "\ncertauth_verifier_restarts_total 0\n", NULL},
		"start_timestamp"},
	    /* an older systemd, a start after now */
	    {"LoadState=loaded\nActiveState=active\n"
	     "ExecMainStartTimestampMonotonic=50000000\n",
		{"\ncertauth_verifier_running 1\n", NULL, NULL}, "restarts"},
	    {"LoadState=loaded\nActiveState=active\nNRestarts=x\n",
		{"\ncertauth_verifier_running 1\n", NULL, NULL}, "restarts"},
	    {"LoadState=not-found\nActiveState=inactive\nNRestarts=0\n",
		{NULL, NULL, NULL}, "certauth"},
	    {"", {NULL, NULL, NULL}, "certauth"}};

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct ca_buf out = CA_BUF_INIT(65536);
		char *said = strdup(t[i].said);

		ca_metrics_verifier_text(said, 10000000, 1000, &out);
		for (int k = 0; k < 3 && t[i].with[k] != NULL; k++)
			if (strstr(ca_buf_text(&out), t[i].with[k]) == NULL)
				fail_msg("%zu: %s", i, t[i].with[k]);
		assert_null(strstr(ca_buf_text(&out), t[i].without));
		free(said);
		ca_buf_free(&out);
	}
}

static int
make_dir(void **state)
{
	char name[64];

	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(name, sizeof name, "%s/sshd", dir);
	close(open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	snprintf(name, sizeof name, "%s/other", dir);
	close(open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	return 0;
}

static int
remove_dir(void **state)
{
	char name[64];

	(void)state;
	snprintf(name, sizeof name, "%s/sshd", dir);
	unlink(name);
	snprintf(name, sizeof name, "%s/other", dir);
	unlink(name);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(what_counts, begin),
	    cmocka_unit_test_setup(who_makes_series, begin),
	    cmocka_unit_test_setup(services_are_bounded, begin),
	    cmocka_unit_test_setup(state_comes_back, begin),
	    cmocka_unit_test_setup(damaged_state, begin),
	    cmocka_unit_test(labels),
	    cmocka_unit_test(verifier),
	};

	return cmocka_run_group_tests_name(
	    "metrics", tests, make_dir, remove_dir);
}
