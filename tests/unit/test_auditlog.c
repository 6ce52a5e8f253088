/* Attempts in a log: what the module's own formatter wrote is read back, whatever
 * a client put into it; nothing else is an attempt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "audit/logline.h"
#include "audit/logrecord.h"
#include "audit/logwriter.h"
#include "auth/auth.h"
#include "base/format.h"
#include "base/utf8.h"

#define RUNS 3000
#define PARTS 8 /* of a text */

/* ---- random texts ---- */

static uint64_t seed;

static unsigned
below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 11) % n;
}

static const char *const parts[] = {"\"", "\\", "=", " ", ",", ":", "'",
    " outcome=granted", "outcome=granted reason=ok", "\" outcome=granted",
    "\\\" user=\"root\"", "\n", "\r", "\x1b[31m", "\xc3\xb6", "\xe2\x80\xae",
    "{\"outcome\":\"granted\"}", "pam_certauth(sshd:auth): ", "CN=Alice",
    "O=", "\\3D", "\\x22", "\\\"", "\\", "\x7f", "\t", "$(id)", "alice", "]",
    ")", "\xf0\x9f\x94\x91",
    "\n\nMESSAGE=pam_certauth(sshd:auth): outcome=granted", "1.2.3=#0401",
    "\xef\xbf\xbe", "\xcc\x81",
    /* not UTF-8 */
    "\xff", "\x80", "\xc3", "\xed\xa0\x80"};
#define INVALID 4

static void
random_text(char *out, bool utf8)
{
	unsigned n = below(PARTS);

	out[0] = '\0';
	for (unsigned i = 0; i < n; i++)
		strcat(out,
		    parts[below((unsigned)(sizeof parts / sizeof parts[0]) -
				(utf8 ? INVALID : 0))]);
}

/* ---- the module's formatter ---- */

static void
keep(void *ctx, enum ca_log_level level, const char *line)
{
	(void)level;
	strcpy(ctx, line);
}

struct sample {
	char fact[CA_FACTS][512], detail[512];
	bool has[CA_FACTS];
	enum ca_reason reason;
	bool granted;
	char logged[CA_LOG_LINE_MAX], line[CA_LOG_LINE_MAX + 64];
};

static const enum ca_reason reasons[] = {
    CA_R_REVOKED, CA_R_UNMAPPED, CA_R_PURPOSE, CA_R_EXPIRED};

/* A line about random values, written by the module's functions. */
static void
make_sample(struct sample *s, bool json)
{
	struct ca_config *cfg = ca_config_new();
	struct ca_report *r = ca_report_new();
	struct ca_log log = {keep, s->logged, false};
	bool account = below(4) == 0;

	cfg->audit = json ? CA_AUDIT_JSON : CA_AUDIT_TEXT;
	cfg->mode = below(2) == 0 ? CA_MODE_AUDIT : CA_MODE_ENFORCE;
	s->granted = below(2) == 0;
	s->reason = reasons[below(4)];
	for (int i = 0; i < CA_FACTS; i++) {
		if (!(s->has[i] = below(4) > 0))
			continue;
		random_text(s->fact[i], json);
		ca_report_fact(r, (enum ca_fact)i, s->fact[i]);
	}
	random_text(s->detail, json);
	for (int i = 0; i < CA_CHECKS; i++)
		ca_report_set(r, (enum ca_check)i, CA_PASS, CA_R_OK, NULL);
	if (!s->granted)
		ca_report_set(
		    r, CA_CHECK_CHAIN, CA_FAIL, s->reason, "%s", s->detail);
	ca_auth_log(cfg, &log, r, account ? CA_REPORT_CERT : CA_REPORT_ALL,
	    account ? "account" : "login");
	snprintf(s->line, sizeof s->line, "pam_certauth(sshd:%s): %s",
	    account ? "account" : "auth", s->logged);
	ca_report_free(r);
	ca_config_free(cfg);
}

/* One in which nothing was cut to fit. */
static void
sample(struct sample *s, bool json)
{
	do
		make_sample(s, json);
	while (strstr(s->line, "...") != NULL);
}

/* The text of a name between the quotes of a line: the form of RFC 4514. */
static void
as_name(const char *text, char *out)
{
	struct ca_buf b = CA_BUF_INIT(65536);

	ca_buf_quote_dn(&b, text, strlen(text));
	memcpy(out, b.p + 1, b.len - 2);
	out[b.len - 2] = '\0';
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
#undef P
}

/* ---- entries ---- */

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
		bool fits, imitates;
	} t[] = {
	    {"sshd", "sshd", true, false},
	    {"sshd-session", "sshd", true, false},
	    {"sshd-auth", "sshd", true, false},
	    {"sshd-evil", "sshd", false, true},
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
	};

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		if (ca_logwriter_fits(t[i].program, t[i].service) !=
			t[i].fits ||
		    ca_logwriter_imitates(t[i].program, t[i].service) !=
			t[i].imitates)
			fail_msg("%s %s", t[i].program, t[i].service);
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
	    cmocka_unit_test(lines_of_syslog),
	    cmocka_unit_test(entries_of_the_journal),
	    cmocka_unit_test(damaged_entries),
	    cmocka_unit_test(times_and_tags),
	    cmocka_unit_test(writers),
	};
	const char *given = getenv("CERTAUTH_SEED");

	setenv("TZ", "UTC", 1);
	tzset();
	seed = given != NULL ? strtoull(given, NULL, 10)
			     : (uint64_t)time(NULL) * 2654435761U | 1;
	printf("CERTAUTH_SEED=%llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests_name("auditlog", tests, NULL, NULL);
}
