/*
 * Text of others in lines of the log: for any text, a reader of the form in
 * docs/operations.md gets exactly that text back, and no part of it is outside
 * the quotes.
 */
#include "auth/auth.h"
#include "base/format.h"
#include "base/text.h"
#include "map/dn.h"
#include "map/rule.h"
#include "report/report.h"
#include "verify/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define RUNS 3000
#define TEXT_MAX 400

/* ---- what others may write ---- */

static uint64_t seed = 0x9e3779b97f4a7c15u;

static unsigned
upto(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % n);
}

/* Bytes without NUL, of what is likely to hurt. */
static void
hostile(char *out, bool utf8)
{
	static const char *const piece[] = {" outcome=granted reason=ok", "\"",
	    "\\", "\\\"", "=", "\n", "\r\n", "\x1b[2K", " user=\"root\"",
	    "outcome=granted", "CN=", ",CN=x", "\\,CN=x", " O=", "1.2.3=", "a",
	    " ", "\t", "\x7f", "\xc2\x9b", "\xe2\x80\xae", "\xe2\x80\xa8",
	    "\xf3\xa0\x81\x81", "\xc3\xa4",
	    "pam_certauth(sshd:auth): ", "\\x22", "\\3D",
	    "{\"outcome\":\"granted\"}", "'", "`id`", "%s%n", "#", ";",
	    "/tmp/agent.1", "...", "+", "<>", "\xef\xbb\xbf"};
	unsigned n = upto(9);
	size_t len = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < n; i++) {
		const char *p = piece[upto(sizeof piece / sizeof piece[0])];

		if (!utf8 && upto(6) == 0)
			out[len++] = (char)(1 + upto(255));
		memcpy(out + len, p, strlen(p));
		len += strlen(p);
	}
	out[len] = '\0';
	assert_true(len < TEXT_MAX);
}

/* ---- the reader ---- */

/*
 * A text in quotes at p, its escapes undone, into out; returns what follows.
 * Nothing in it may be a control byte, or an = that is neither escaped nor,
 * where names are allowed, behind an attribute type of the text.
 */
static const char *
unquote(const char *p, bool names, char *out)
{
	const char *begin = out;

	assert_int_equal(*p++, '"');
	while (*p != '"') {
		unsigned char c = (unsigned char)*p;

		assert_true(c >= 0x20 && c != 0x7f);
		if (c == '=') {
			*out = '=';
			assert_true(names);
			assert_true(
			    ca_text_separates(begin, (size_t)(out - begin)));
		}
		if (c == '\\' && p[1] == 'x') {
			char hex[3] = {p[2], p[3], '\0'};

			*out++ = (char)strtoul(hex, NULL, 16);
			p += 4;
			continue;
		}
		if (c == '\\')
			p++;
		*out++ = *p++;
	}
	*out = '\0';
	return p + 1;
}

/* ---- sentences ---- */

static void
sentence(char *out, size_t size, const char *a, const char *b)
{
	ca_format(out, size, "cannot read %s (%-s), %d of %s", a,
	    "key=value is ours", 7, b);
}

static const char *
one_text(const char *p, const char *want)
{
	char got[TEXT_MAX];

	if (*p != '"') {
		size_t len = strlen(want);

		assert_true(ca_text_plain(want, len));
		assert_memory_equal(p, want, len);
		return p + len;
	}
	p = unquote(p, false, got);
	assert_string_equal(got, want);
	return p;
}

static void
sentences(void **state)
{
	static const char middle[] = " (key=value is ours), 7 of ";
	static const char front[] = "cannot read ";
	char a[TEXT_MAX], b[TEXT_MAX], line[8000];

	(void)state;
	for (int i = 0; i < RUNS; i++) {
		const char *p = line;

		hostile(a, false);
		hostile(b, false);
		sentence(line, sizeof line, a, b);
		assert_memory_equal(p, front, strlen(front));
		p = one_text(p + strlen(front), a);
		assert_memory_equal(p, middle, strlen(middle));
		p = one_text(p + strlen(middle), b);
		assert_int_equal(*p, '\0');
	}
}

/* Too long for the line: cut in its quotes, and what is ours stays. */
static void
long_texts(void **state)
{
	static char a[200000], b[200000];
	char line[8000];

	(void)state;
	for (size_t len = 1; len < sizeof a; len = len * 3 + 1) {
		for (size_t i = 0; i < len; i++) {
			a[i] = "\"=\n a\\"[upto(6)];
			b[i] = (char)(0x80 + upto(0x80));
		}
		a[len] = b[len] = '\0';
		sentence(line, sizeof line, a, b);
		assert_true(strlen(line) < sizeof line);
		assert_non_null(strstr(line, " (key=value is ours), 7 of \""));
		assert_int_equal(line[strlen(line) - 1], '"');
		/* nobody's word is too long, and nobody's is lost */
		if (len > 4000)
			assert_non_null(strstr(line, "...\" (key"));
	}
	/* a plain word that is too long is cut as well */
	memset(a, 'a', sizeof a - 1);
	sentence(line, sizeof line, a, "b");
	assert_non_null(strstr(line, "aaa...\" (key=value is ours), 7 of b"));
}

static void
conversions(void **state)
{
	char out[200];

	(void)state;
	ca_format(out, sizeof out, "%d %u %5d %04o %08lx %zu %lld %lu%% %.3s",
	    -7, 4294967295u, -42, 0755u, 0xabcUL, (size_t)9, -1LL, 3UL,
	    "abcdef");
	assert_string_equal(
	    out, "-7 4294967295   -42 0755 00000abc 9 -1 3% abc");
	ca_format(out, sizeof out, "%s|%-s|%.*s|%.2s|%c%c", "", "", 1, "=x",
	    "a b", 'x', '=');
	assert_string_equal(out, "\"\"||\"\\=\"|\"a \"|x\"\\=\"");
	ca_format(out, 10, "%-s", "0123456789abc");
	assert_string_equal(out, "012345678");
	ca_format(out, 12, "%s:%s", "0123456789abc", "x");
	assert_true(strlen(out) < 12);
}

/* ---- lines of a report ---- */

static void
expect_word(const char **p, const char *word)
{
	size_t len = strlen(word);

	assert_memory_equal(*p, word, len);
	*p += len;
}

static void
facts_and_details(void **state)
{
	static const enum ca_fact fact[] = {CA_FACT_USER, CA_FACT_SERVICE,
	    CA_FACT_RHOST, CA_FACT_SERIAL, CA_FACT_RULE};
	char text[5][TEXT_MAX], detail[TEXT_MAX], got[8000];

	(void)state;
	for (int run = 0; run < RUNS; run++) {
		struct ca_buf out = CA_BUF_INIT(65536);
		struct ca_report *r = ca_report_new();
		const char *p;

		hostile(detail, false);
		for (size_t i = 0; i < 5; i++) {
			hostile(text[i], false);
			ca_report_fact(r, fact[i], text[i]);
		}
		ca_report_set(r, CA_CHECK_SIGNATURE, CA_FAIL, CA_R_SIGNATURE,
		    "%s", detail);
		ca_report_line(r, CA_REPORT_ALL, &out);
		p = ca_buf_text(&out);
		expect_word(&p, "outcome=denied reason=signature");
		for (size_t i = 0; i < 5; i++) {
			expect_word(&p, " ");
			expect_word(&p, ca_fact_name(fact[i]));
			expect_word(&p, "=");
			if (fact[i] == CA_FACT_SERIAL && *p != '"') {
				assert_true(
				    ca_text_plain(text[i], strlen(text[i])));
				expect_word(&p, text[i]);
				continue;
			}
			p = unquote(p, fact[i] == CA_FACT_RULE, got);
			assert_string_equal(got, text[i]);
		}
		expect_word(&p, " detail=");
		p = unquote(p, true, got);
		assert_string_equal(got, detail);
		assert_int_equal(*p, '\0');
		ca_buf_reset(&out);
		ca_report_check_line(r, CA_CHECK_SIGNATURE, &out);
		p = ca_buf_text(&out);
		expect_word(&p, "  signature   fail, signature: the signature "
				"is wrong; ");
		p = unquote(p, true, got);
		assert_string_equal(got, detail);
		assert_int_equal(*p, '\0');
		ca_buf_free(&out);
		ca_report_free(r);
	}
}

/* ---- names ---- */

static X509_NAME *
hostile_name(void)
{
	static const char *const type[] = {"CN", "O", "OU", "emailAddress",
	    "UID", "DC", "title", "description"};
	X509_NAME *name = X509_NAME_new();

	for (unsigned n = 1 + upto(3); n > 0; n--) {
		char text[TEXT_MAX];

		do
			hostile(text, true);
		while (text[0] == '\0');
		assert_int_equal(
		    X509_NAME_add_entry_by_txt(name, type[upto(8)],
			V_ASN1_UTF8STRING, (const unsigned char *)text, -1, -1,
			upto(4) == 0 ? -1 : 0),
		    1);
	}
	return name;
}

/* What stands in the quotes of subject="..." is what `subject:' takes. */
static void
names_paste(void **state)
{
	struct ca_rule *rule = malloc(sizeof *rule);

	(void)state;
	ca_rule_init(rule);
	for (int run = 0; run < RUNS; run++) {
		struct ca_buf text = CA_BUF_INIT(65536);
		struct ca_buf out = CA_BUF_INIT(65536);
		struct ca_buf want = CA_BUF_INIT(65536);
		struct ca_buf line = CA_BUF_INIT(65536);
		struct ca_report *r = ca_report_new();
		X509_NAME *name = hostile_name();

		ca_name_rfc4514(name, &text);
		ca_report_fact(r, CA_FACT_SUBJECT, ca_buf_text(&text));
		ca_report_fact(r, CA_FACT_SERIAL, "01");
		ca_report_line(r, CA_REPORT_ALL, &out);
		const char *p = ca_buf_text(&out);
		expect_word(&p, "outcome=denied reason=none subject=\"");
		const char *end = strstr(p, "\" serial=01");
		assert_non_null(end);
		assert_int_equal(end[strlen("\" serial=01")], '\0');
		/* each = belongs to the name's form */
		for (const char *q = p; q < end; q++) {
			assert_true((unsigned char)*q >= 0x20);
			if (*q == '=')
				assert_true(
				    ca_text_separates(p, (size_t)(q - p)));
		}
		ca_buf_fmt(&line, "alice \"subject:%.*s\"", (int)(end - p), p);
		if (line.len <= CA_RULE_LINE_MAX) {
			assert_int_equal(
			    ca_rule_parse(rule, ca_buf_text(&line), line.len),
			    CA_OK);
			assert_int_equal(
			    ca_dn_from_name(name, false, &want), CA_OK);
			assert_int_equal(rule->len, want.len);
			assert_memory_equal(rule->value, want.p, want.len);
		}
		X509_NAME_free(name);
		ca_report_free(r);
		ca_buf_free(&text);
		ca_buf_free(&out);
		ca_buf_free(&want);
		ca_buf_free(&line);
	}
	ca_rule_free(rule);
	free(rule);
}

/* What is no name is made harmless as one: a log that was given something else
 * under `subject' must not break. */
static void
no_names(void **state)
{
	char text[TEXT_MAX];

	(void)state;
	for (int run = 0; run < RUNS; run++) {
		struct ca_buf out = CA_BUF_INIT(65536);

		hostile(text, false);
		ca_buf_quote_dn(&out, text, strlen(text));
		const char *p = ca_buf_text(&out);
		assert_int_equal(p[0], '"');
		for (size_t i = 1; i + 1 < out.len; i++) {
			assert_true((unsigned char)p[i] >= 0x20);
			assert_int_not_equal(p[i], '"');
			if (p[i] == '=')
				assert_true(ca_text_separates(p + 1, i - 1));
			if (p[i] == '\\')
				i++;
		}
		assert_int_equal(p[out.len - 1], '"');
		ca_buf_free(&out);
	}
}

/* Types that keep their = are no keys of ours, whatever their case. */
static void
types_are_no_keys(void **state)
{
	static const char *const key[] = {"outcome", "reason", "also", "waived",
	    "detail", "event", "mode", "check", "verdict"};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof key / sizeof key[0]; i++) {
		(void)snprintf(text, sizeof text, "%s=", key[i]);
		assert_false(ca_text_separates(text, strlen(key[i])));
	}
	for (int i = 0; i < CA_FACTS; i++) {
		const char *name = ca_fact_name((enum ca_fact)i);

		(void)snprintf(text, sizeof text, "%s=", name);
		assert_false(ca_text_separates(text, strlen(name)));
	}
	assert_true(ca_text_separates("CN=", 2));
	assert_true(ca_text_separates("crl = off", 4));
	assert_false(ca_text_separates("outcome= off", 7));
	assert_true(ca_text_separates("a,cn=", 4));
	assert_true(ca_text_separates("a\\\\,CN=", 6));
	assert_true(ca_text_separates("1.2.3=", 5));
	assert_true(ca_text_separates("emailAddress=", 12));
	assert_false(ca_text_separates("a\\,CN=", 5));
	assert_false(ca_text_separates("xCN=", 3));
	assert_false(ca_text_separates("=", 0));
	assert_false(ca_text_separates("12=", 2));
	assert_false(ca_text_separates("1..2=", 4));
	assert_false(ca_text_separates("1.2.=", 4));
}

/* ---- JSON in the log ---- */

static void
emit(void *ctx, enum ca_log_level level, const char *line)
{
	struct ca_buf *to = ctx;

	if (level == CA_LOG_NOTICE)
		ca_buf_str(to, line);
}

/* The string at p (behind its first quote), into out. */
static const char *
json_string(const char *p, struct ca_buf *out)
{
	for (; *p != '"'; p++) {
		unsigned v = (unsigned char)*p;

		assert_true(v >= 0x20);
		if (v != '\\') {
			ca_buf_u8(out, (uint8_t)v);
			continue;
		}
		p++;
		if (*p != 'u') {
			assert_non_null(strchr("\"\\", *p));
			ca_buf_u8(out, (uint8_t)*p);
			continue;
		}
		char hex[5] = {p[1], p[2], p[3], p[4], '\0'};
		v = (unsigned)strtoul(hex, NULL, 16);
		p += 4;
		if (v >= 0xd800 && v < 0xdc00) {
			assert_memory_equal(p + 1, "\\u", 2);
			memcpy(hex, p + 3, 4);
			v = 0x10000 + ((v - 0xd800) << 10) +
			    ((unsigned)strtoul(hex, NULL, 16) - 0xdc00);
			p += 6;
			ca_buf_u8(out, (uint8_t)(0xf0 | v >> 18));
			ca_buf_u8(out, (uint8_t)(0x80 | (v >> 12 & 63)));
			ca_buf_u8(out, (uint8_t)(0x80 | (v >> 6 & 63)));
			ca_buf_u8(out, (uint8_t)(0x80 | (v & 63)));
		} else if (v >= 0x800) {
			ca_buf_u8(out, (uint8_t)(0xe0 | v >> 12));
			ca_buf_u8(out, (uint8_t)(0x80 | (v >> 6 & 63)));
			ca_buf_u8(out, (uint8_t)(0x80 | (v & 63)));
		} else if (v >= 0x80) {
			ca_buf_u8(out, (uint8_t)(0xc0 | v >> 6));
			ca_buf_u8(out, (uint8_t)(0x80 | (v & 63)));
		} else {
			ca_buf_u8(out, (uint8_t)v);
		}
	}
	return p + 1;
}

static void
json(void **state)
{
	struct ca_config *cfg = ca_config_new();
	char text[TEXT_MAX];

	(void)state;
	cfg->audit = CA_AUDIT_JSON;
	for (int run = 0; run < RUNS; run++) {
		struct ca_buf line = CA_BUF_INIT(65536);
		struct ca_buf got = CA_BUF_INIT(65536);
		struct ca_log log = {emit, &line, false};
		struct ca_report *r = ca_report_new();

		hostile(text, true);
		ca_report_fact(r, CA_FACT_RHOST, text);
		ca_auth_log(cfg, &log, r, CA_REPORT_ALL, "login");
		const char *p = ca_buf_text(&line);
		for (size_t i = 0; i < line.len; i++)
			if (p[i] == '=')
				assert_true(ca_text_separates(p, i));
		p = strstr(p, "\"facts\":{\"rhost\":\"");
		assert_non_null(p);
		p = json_string(p + strlen("\"facts\":{\"rhost\":\""), &got);
		assert_string_equal(p, "}}");
		assert_string_equal(ca_buf_text(&got), text);
		ca_buf_free(&line);
		ca_buf_free(&got);
		ca_report_free(r);
	}
	ca_config_free(cfg);
}

static void
token_uris(void **state)
{
	static const char *const bad[] = {"", "pkcs11", "PKCS11:token=a",
	    " pkcs11:", "http:pkcs11:", "pkcs11:token=\xc3\xa4", "pkcs11:a\n",
	    "pkcs11:token=a?pin-value=1",
	    "pkcs11:pin-value=", "pkcs11:?pin-source=/x", "pkcs11:?pinfile=/x",
	    "pkcs11:?pin-val ue=1", "pkcs11:token=a b", "pkcs11:`id`"};
	char text[34] = "pkcs11:";

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(ca_text_token_uri(bad[i], 32));
	assert_true(ca_text_token_uri("pkcs11:", 7));
	assert_true(ca_text_token_uri("pkcs11:token=a;pin-pad?x=1", 32));
	memset(text + 7, 'a', 25);
	assert_true(ca_text_token_uri(text, 32));
	text[32] = 'a';
	assert_false(ca_text_token_uri(text, 32));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(token_uris),
	    cmocka_unit_test(sentences),
	    cmocka_unit_test(long_texts),
	    cmocka_unit_test(conversions),
	    cmocka_unit_test(facts_and_details),
	    cmocka_unit_test(names_paste),
	    cmocka_unit_test(no_names),
	    cmocka_unit_test(types_are_no_keys),
	    cmocka_unit_test(json),
	};

	return cmocka_run_group_tests_name("logtext", tests, NULL, NULL);
}
