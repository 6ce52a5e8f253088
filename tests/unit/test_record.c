/*
 * Records of logins and sessions: their form, and which process they are about.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "session/record.h"

static const struct ca_session example = {.service = "sshd",
    .user = "alice",
    .rule = "/etc/certauth/users:1 sha256:ab",
    .subject = "CN=alice",
    .sha256 = "ab",
    .argv = {"config=/x", "debug"},
    .argc = 2,
    .kept = {(const uint8_t *)"\x00\x05"
			      "alice\x00\x00\x01x",
	11},
    .at = 1,
    .uptime = 2,
    .account = "root",
    .rhost = "192.0.2.1",
    .tty = "ssh",
    .logind = "c1",
    .uid = 3,
    .opened = UINT64_MAX,
    .process = {4, 5, 6, 7, "boot"}};

static struct ca_buf
written(const struct ca_session *s)
{
	struct ca_buf b = CA_BUF_INIT(CA_SESSION_MAX);

	ca_session_write(s, &b);
	assert_int_equal(ca_buf_err(&b), CA_OK);
	return b;
}

static void
comes_back_as_it_was(void **state)
{
	struct ca_buf b = written(&example);
	struct ca_session s;

	(void)state;
	assert_int_equal(ca_session_parse(b.p, b.len, &s), CA_OK);
	assert_string_equal(s.service, "sshd");
	assert_string_equal(s.user, "alice");
	assert_string_equal(s.rule, example.rule);
	assert_string_equal(s.subject, "CN=alice");
	assert_string_equal(s.sha256, "ab");
	assert_int_equal(s.argc, 2);
	assert_string_equal(s.argv[0], "config=/x");
	assert_string_equal(s.argv[1], "debug");
	assert_int_equal(s.kept.len, 11);
	assert_memory_equal(s.kept.p, example.kept.p, 11);
	assert_string_equal(s.account, "root");
	assert_string_equal(s.rhost, "192.0.2.1");
	assert_string_equal(s.tty, "ssh");
	assert_string_equal(s.logind, "c1");
	assert_true(
	    s.at == 1 && s.uptime == 2 && s.uid == 3 && s.opened == UINT64_MAX);
	assert_true(s.process.pid == 4 && s.process.start == 5 &&
		    s.process.ns_dev == 6 && s.process.ns_ino == 7);
	assert_string_equal(s.process.boot, "boot");
	/* the same bytes again */
	struct ca_buf again = written(&s);
	assert_int_equal(again.len, b.len);
	assert_memory_equal(again.p, b.p, b.len);
	ca_buf_free(&again);
	ca_buf_free(&b);
}

static void
a_login_has_no_session_yet(void **state)
{
	const struct ca_session login = {
	    .service = "su", .user = "bob", .kept = {(const uint8_t *)"x", 1}};
	struct ca_buf b = written(&login);
	struct ca_session s;

	(void)state;
	assert_int_equal(ca_session_parse(b.p, b.len, &s), CA_OK);
	assert_string_equal(s.rule, "");
	assert_string_equal(s.account, "");
	assert_int_equal(s.argc, 0);
	ca_buf_free(&b);
}

/* Of every record that is cut, prolonged or changed in a byte, either nothing is
 * accepted, or a whole record is. */
static void
damaged(void **state)
{
	struct ca_buf b = written(&example);
	struct ca_session s;

	(void)state;
	for (size_t len = 0; len < b.len; len++) {
		uint8_t *cut = malloc(len + 1);

		assert_non_null(cut);
		memcpy(cut, b.p, len);
		assert_int_not_equal(ca_session_parse(cut, len, &s), CA_OK);
		free(cut);
	}
	for (size_t i = 0; i < b.len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			b.p[i] ^= (uint8_t)(1 << bit);
			if (ca_session_parse(b.p, b.len, &s) == CA_OK) {
				struct ca_buf again = written(&s);

				assert_int_equal(again.len, b.len);
				assert_memory_equal(again.p, b.p, b.len);
				ca_buf_free(&again);
			}
			b.p[i] ^= (uint8_t)(1 << bit);
		}
	}
	ca_buf_u8(&b, 0);
	assert_int_equal(ca_session_parse(b.p, b.len, &s), CA_ERR_FORMAT);
	ca_buf_free(&b);
}

/* The record with more in it: len bytes behind the first place of those at before. */
static struct ca_buf
with(const struct ca_buf *b, const char *before, size_t before_len,
    const char *more, size_t len)
{
	struct ca_buf out = CA_BUF_INIT(CA_SESSION_MAX);
	const uint8_t *at = memmem(b->p, b->len, before, before_len);

	assert_non_null(at);
	size_t head = (size_t)(at - b->p) + before_len;
	ca_buf_put(&out, b->p, head);
	ca_buf_put(&out, more, len);
	ca_buf_put(&out, b->p + head, b->len - head);
	assert_int_equal(ca_buf_err(&out), CA_OK);
	return out;
}

static void
too_many_arguments(void **state)
{
	struct ca_session s = example, out;
	struct ca_buf b;

	(void)state;
	for (s.argc = 0; s.argc < CA_SESSION_ARGS; s.argc++)
		s.argv[s.argc] = "debug";
	b = written(&s);
	assert_int_equal(ca_session_parse(b.p, b.len, &out), CA_OK);
	assert_int_equal(out.argc, CA_SESSION_ARGS);
	ca_buf_free(&b);
	/* one more, before the length of what was kept */
	s.argc = 0;
	b = written(&s);
	uint8_t *count = b.p + b.len - s.kept.len - 4;
	assert_int_equal(*count, 0);
	*count = CA_SESSION_ARGS + 1;
	assert_int_equal(ca_session_parse(b.p, b.len, &out), CA_ERR_LIMIT);
	ca_buf_free(&b);
}

static void
a_boot_id_has_a_place(void **state)
{
	static const char head[] = {0, 0, 5, 'b', 'o', 'o', 't'};
	struct ca_session s;
	struct ca_buf b = written(&example);

	(void)state;
	for (size_t more = 0; more < 200; more++) {
		char text[200];

		memset(text, 'x', sizeof text);
		struct ca_buf is = with(&b, head, sizeof head, text, more);
		uint8_t *at = memmem(is.p, is.len, head, 2);
		while (at != NULL && memcmp(at + 3, "boot", 4) != 0)
			at = memmem(
			    at + 1, is.len - (size_t)(at + 1 - is.p), head, 2);
		assert_non_null(at);
		at[2] = (uint8_t)(5 + more);
		assert_int_equal(ca_session_parse(is.p, is.len, &s),
		    4 + more < sizeof s.process.boot ? CA_OK : CA_ERR_FORMAT);
		ca_buf_free(&is);
	}
	ca_buf_free(&b);
}

static void
too_long(void **state)
{
	struct ca_buf b = CA_BUF_INIT(CA_SESSION_MAX);
	struct ca_session s = example;
	uint8_t *kept = calloc(1, CA_SESSION_MAX);

	(void)state;
	assert_non_null(kept);
	s.kept = (struct ca_bytes){kept, CA_SESSION_MAX};
	ca_session_write(&s, &b);
	assert_int_equal(ca_buf_err(&b), CA_ERR_LIMIT);
	ca_buf_free(&b);
	free(kept);
}

static void
an_id_is_32_hexadecimal_digits(void **state)
{
	static const char *const bad[] = {"", "..", "0123456789abcdef",
	    "0123456789abcdef0123456789abcdeF",
	    "0123456789abcdef0123456789abcdef0",
	    "0123456789abcdef/123456789abcdef",
	    "0123456789abcdef0123456789ab.new",
	    "0123456789abcdef0123456789abcdef.new"};

	(void)state;
	assert_true(ca_session_is_id("0123456789abcdef0123456789abcdef"));
	assert_false(ca_session_is_id(NULL));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(ca_session_is_id(bad[i]));
}

/* ---- processes ---- */

static void
this_process(void **state)
{
	struct ca_session_process self;
	struct ca_session_stat st;

	(void)state;
	assert_int_equal(ca_session_self(&self), CA_OK);
	assert_int_equal(self.pid, getpid());
	assert_int_equal(strlen(self.boot), 36);
	assert_true(self.ns_ino != 0);
	assert_int_equal(ca_session_stat(getpid(), &st), CA_OK);
	assert_true(st.start == self.start && st.start > 0);
	assert_int_equal(st.parent, getppid());
	assert_int_equal(st.session, getsid(0));
	assert_true(ca_session_uptime() > 0);
}

/* The name of a program may look like the fields after it. */
static void
a_name_with_brackets(void **state)
{
	struct ca_session_stat st;
	int ready[2], go[2];
	char c;

	(void)state;
	assert_int_equal(pipe(ready) | pipe(go), 0);
	pid_t pid = fork();
	if (pid == 0) {
		FILE *f = fopen("/proc/self/comm", "w");

		if (f == NULL || fputs("a) Z 1 (b 2", f) == EOF ||
		    fclose(f) != 0 || write(ready[1], "x", 1) != 1 ||
		    read(go[0], &c, 1) != 1)
			_exit(1);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(ca_session_stat(pid, &st), CA_OK);
	assert_int_equal(st.parent, getpid());
	assert_true(st.state == 'S' || st.state == 'R');
	assert_int_equal(write(go[1], "x", 1), 1);
	/* until it is waited for, it is there and has ended */
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(ca_session_stat(pid, &st), CA_OK);
	assert_int_equal(st.state, 'Z');
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(ca_session_stat(pid, &st), CA_ERR_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(comes_back_as_it_was),
	    cmocka_unit_test(a_login_has_no_session_yet),
	    cmocka_unit_test(damaged),
	    cmocka_unit_test(too_many_arguments),
	    cmocka_unit_test(a_boot_id_has_a_place),
	    cmocka_unit_test(too_long),
	    cmocka_unit_test(an_id_is_32_hexadecimal_digits),
	    cmocka_unit_test(this_process),
	    cmocka_unit_test(a_name_with_brackets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
