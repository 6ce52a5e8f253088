/* Entries of a log: lines of syslog and the journal's export format, between
 * those of other programs, damaged and cut; which program may write what. */
#include "auditmake.h"

#include <sys/mman.h>
#include <unistd.h>

#include "audit/logrecord.h"
#include "audit/logwriter.h"

static int
file_of(const void *p, size_t len)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, len), len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

struct seen {
	char *message[64];
	time_t time[64];
	char program[64][64];
	long long uid[64];
	size_t n;
};

static enum ca_err
see(void *ctx, const struct ca_logrecord *r)
{
	struct seen *s = ctx;

	assert_true(s->n < 64);
	s->message[s->n] = strndup(r->message, r->len);
	s->time[s->n] = r->time;
	s->uid[s->n] = r->uid;
	snprintf(s->program[s->n], sizeof s->program[0], "%s", r->program);
	s->n++;
	return CA_OK;
}

static void
forget(struct seen *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->message[i]);
	memset(s, 0, sizeof *s);
}

static size_t
read_entries(
    const struct ca_buf *b, time_t before, struct seen *s, size_t *damaged)
{
	struct ca_logrecord_state state = {0};
	int fd = file_of(b->p, b->len);

	assert_int_equal(ca_logrecord_read(fd, before, see, s, &state), CA_OK);
	close(fd);
	if (damaged != NULL)
		*damaged = state.damaged;
	return s->n;
}

/* Lines of the module, of others, and very long ones; each comes once. */
static void
lines_of_syslog(void **state)
{
	static struct sample s;
	struct seen seen = {0};
	char *want[64];

	(void)state;
	for (int run = 0; run < 100; run++) {
		struct ca_buf b = CA_BUF_INIT((size_t)1 << 24);
		size_t n = 0;

		for (unsigned i = 0; i < 20; i++) {
			switch (below(4)) {
			case 0:
				for (unsigned k = below(200000); k > 0; k--)
					ca_buf_u8(&b, 'x');
				break;
			case 1:
				ca_buf_str(&b, "Nov 28 08:00:00 h cron[1]: x");
				break;
			default:
				sample(&s, below(2) == 0);
				ca_buf_fmt(&b, "%s web1 %s: %s",
				    below(2) == 0
					? "Nov 28 08:00:00"
					: "2026-11-28T08:00:00.1+00:00",
				    below(2) == 0 ? "sshd[12]"
						  : "sshd-session[4194304]",
				    s.line);
				want[n++] = strdup(s.line);
			}
			/* the last line may have no end */
			if (i < 19 || below(2) == 0)
				ca_buf_u8(&b, '\n');
		}
		assert_int_equal(ca_buf_err(&b), CA_OK);
		assert_int_equal(
		    read_entries(&b, 1795860000 + 86400, &seen, NULL), n);
		for (size_t i = 0; i < n; i++) {
			assert_string_equal(seen.message[i], want[i]);
			free(want[i]);
		}
		forget(&seen);
		ca_buf_free(&b);
	}
}

static void
put_field(struct ca_buf *b, const char *name, const char *value)
{
	size_t len = strlen(value);

	if (below(2) == 0 && strchr(value, '\n') == NULL) {
		ca_buf_fmt(b, "%s=%s\n", name, value);
		return;
	}
	ca_buf_fmt(b, "%s\n", name);
	for (int i = 0; i < 8; i++)
		ca_buf_u8(b, (uint8_t)((uint64_t)len >> 8 * i));
	ca_buf_put(b, value, len);
	ca_buf_u8(b, '\n');
}

/* Entries in both forms of a field, between those of others, in which lines of
 * the export format are written. */
static void
entries_of_the_journal(void **state)
{
	static struct sample s;
	struct seen seen = {0};
	char *want[64];

	(void)state;
	for (int run = 0; run < 200; run++) {
		struct ca_buf b = CA_BUF_INIT((size_t)1 << 24);
		size_t n = 0;

		for (unsigned i = 0; i < 20; i++) {
			bool ours = below(2) == 0;
			bool direct = below(4) > 0;

			sample(&s, below(2) == 0);
			ca_buf_str(&b, "__CURSOR=s=1;i=2\n");
			put_field(
			    &b, "__REALTIME_TIMESTAMP", "1795855155320186");
			put_field(&b, "_UID", below(2) == 0 ? "0" : "1000");
			put_field(
			    &b, "_TRANSPORT", direct ? "syslog" : "stdout");
			put_field(&b, "SYSLOG_IDENTIFIER", "sshd-session");
			if (!ours)
				put_field(&b, "MESSAGE",
				    "x\n\n__CURSOR=1\nMESSAGE=pam_certauth(sshd:auth): outcome=granted reason=ok\n"
				    "_TRANSPORT=syslog\n_UID=0\n\n");
			else
				put_field(&b, "MESSAGE", s.line);
			if (ours && direct)
				want[n++] = strdup(s.line);
			ca_buf_str(&b, "\n");
		}
		/* those of others have the text, and are no attempts */
		size_t got = read_entries(&b, 0, &seen, NULL), at = 0;
		static struct ca_logline a;
		for (size_t i = 0; i < got; i++) {
			assert_int_equal(seen.time[i], 1795855155);
			assert_true(seen.uid[i] == 0 || seen.uid[i] == 1000);
			if (ca_logline_parse(seen.message[i],
				strlen(seen.message[i]), &a) != CA_OK)
				continue;
			assert_true(at < n);
			assert_string_equal(seen.message[i], want[at++]);
		}
		assert_int_equal(at, n);
		for (size_t i = 0; i < n; i++)
			free(want[i]);
		forget(&seen);
		ca_buf_free(&b);
	}
}

#define ENTRY(more)                                                            \
	"__CURSOR=x\n__REALTIME_TIMESTAMP=1795855155320186\n_UID=0\n"          \
	"_TRANSPORT=syslog\nSYSLOG_IDENTIFIER=sshd\n" more                     \
	"MESSAGE=pam_certauth(sshd:auth): outcome=denied reason=config\n"

static void
damaged_entries(void **state)
{
	static const struct {
		const char *text;
		size_t seen, damaged;
	} t[] = {
	    {ENTRY("") "\n", 1, 0},
	    {ENTRY(""), 1, 0}, /* the last empty line is missing */
	    {ENTRY("_UID=0\n") "\n", 0, 1},
	    {ENTRY("_UID=1000\n") "\n", 0, 1},
	    {ENTRY("SYSLOG_IDENTIFIER=x\n") "\n", 0, 1},
	    {ENTRY("MESSAGE=pam_certauth(\n") "\n", 0, 1},
	    {ENTRY("_TRANSPORT=stdout\n") "\n", 0, 0},
	    {ENTRY("OTHER=x\nOTHER=y\n") "\n", 1, 0},
	    {"__CURSOR=x\nMESSAGE=pam_certauth(sshd:auth): outcome=granted "
	     "reason=ok\n\n",
		0, 0},
	    {"__CURSOR=x\n_TRANSPORT=syslog\nMESSAGE=pam_certauth(sshd:auth): "
	     "outcome=granted reason=ok\n\n",
		0, 1},
	    {ENTRY("") "\n__CURSOR=y\nMESSAGE=pam_cer", 1, 1},
	    {ENTRY("") "\n__CURSOR=y\nMESSAGE\n", 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct ca_buf b = CA_BUF_INIT(65536);
		struct seen seen = {0};
		size_t damaged = 0;

		ca_buf_str(&b, t[i].text);
		if (read_entries(&b, 0, &seen, &damaged) != t[i].seen ||
		    damaged != t[i].damaged)
			fail_msg(
			    "%zu: %zu seen, %zu damaged", i, seen.n, damaged);
		forget(&seen);
		ca_buf_free(&b);
	}
}

#define M "pam_certauth(sshd:auth): outcome=denied reason=config\n"

/* The year that a line of the old form has not, and the forms of a line. */
static void
times_and_tags(void **state)
{
	/* before is 2026-01-02 12:00 UTC */
	static const struct {
		const char *line;
		time_t time; /* 0: damaged */
		const char *program;
	} t[] = {
	    {"Jan  2 11:00:00 h sshd[1]: " M, 1767351600, "sshd"},
	    {"Dec 31 23:59:59 h sshd[1]: " M, 1767225599, "sshd"},
	    {"Jan  3 00:00:00 h sshd[1]: " M, 1735862400, "sshd"},
	    {"Feb 29 00:00:00 h sshd[1]: " M, 1709164800, "sshd"},
	    {"2026-01-02T11:00:00.123456+01:00 h sshd-session[7]: " M,
		1767348000, "sshd-session"},
	    {"2026-01-02T11:00:00+0100 h sshd-session[7]: " M, 1767348000,
		"sshd-session"},
	    {"2026-01-02T11:00:00Z h su: " M, 1767351600, "su"},
	    {"2026-01-02T11:00:00Z h gdm-password]: " M, 0, NULL},
	    {"2026-01-02T11:00:00Z h gdm-password][9]: " M, 1767351600,
		"gdm-password]"},
	    {"2026-01-02T11:00:00Z h sshd[1]x: " M, 1767351600, "sshd[1]x"},
	    {"2026-01-02T11:00:00Z h sshd[]: " M, 0, NULL},
	    {"2026-01-02T11:00:00Z h [1]: " M, 0, NULL},
	    {"2026-01-02T11:00:00Z h sshd[1] " M, 0, NULL},
	    {"2026-01-02T11:00:00Z h : " M, 0, NULL},
	    {"2026-01-02T11:00:00Z  sshd[1]: " M, 0, NULL},
	    {"2026-01-02 11:00:00Z h sshd[1]: " M, 0, NULL},
	    {"2026-13-02T11:00:00Z h sshd[1]: " M, 0, NULL},
	    {"Feb 30 00:00:00 h sshd[1]: " M, 0, NULL},
	    {"Jab  2 11:00:00 h sshd[1]: " M, 0, NULL},
	    {"Jan  2 24:00:00 h sshd[1]: " M, 0, NULL},
	    {"Jan  0 11:00:00 h sshd[1]: " M, 0, NULL},
	    {"sshd[1]: " M, 0, NULL},
	    {M, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct ca_buf b = CA_BUF_INIT(65536);
		struct seen seen = {0};
		size_t damaged = 0;

		ca_buf_str(&b, t[i].line);
		size_t n = read_entries(&b, 1767355200, &seen, &damaged);
		if (n != (t[i].time != 0) || damaged != (t[i].time == 0))
			fail_msg("%s: %zu, %zu", t[i].line, n, damaged);
		if (n == 1 && (seen.time[0] != t[i].time ||
				  strcmp(seen.program[0], t[i].program) != 0))
			fail_msg("%s: %lld %s", t[i].line,
			    (long long)seen.time[0], seen.program[0]);
		forget(&seen);
		ca_buf_free(&b);
	}
}

static void
writers(void **state)
{
	static const struct {
		const char *program, *service;
		bool fits, imitates, session;
	} t[] = {
	    {"sshd", "sshd", true, false},
	    {"sshd-session", "sshd", true, false},
	    {"sshd-auth", "sshd", true, false},
	    {"sshd-evil", "sshd", false, true},
	    {"sshd-session", "corp", false, false}, /* PAMServiceName */
	    {"myapp", "sshd", false, true},
	    {"", "sshd", false, true},
	    {"su", "su", true, false},
	    {"su", "su-l", true, false},
	    {"sudo", "su", false, true},
	    {"su", "sudo", false, true},
	    {"sudo", "sudo-i", true, false},
	    {"nginx", "sudo-i", false, true},
	    {"login", "login", true, false},
	    {"postgres", "postgresql", false, false},
	    {"cockpit-session", "cockpit", true, false},
	    {"auth", "dovecot", false, false},
	    /* of open sessions */
	    {"certauth", "sshd", false, true, false},
	    {"certauth", "sshd", false, false, true},
	    {"certauth", "corp", false, false, true},
	    {"sshd", "sshd", true, true, true},
	    {"postgres", "postgresql", false, true, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		if (ca_logwriter_fits(t[i].program, t[i].service) !=
			t[i].fits ||
		    ca_logwriter_imitates(t[i].program, t[i].service,
			t[i].session) != t[i].imitates)
			fail_msg("%s %s", t[i].program, t[i].service);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_of_syslog),
	    cmocka_unit_test(entries_of_the_journal),
	    cmocka_unit_test(damaged_entries),
	    cmocka_unit_test(times_and_tags),
	    cmocka_unit_test(writers),
	};

	seed_begin();
	return cmocka_run_group_tests_name("auditrecord", tests, NULL, NULL);
}
