/*
 * What a worker of a resident verifier does not do for a user who is not root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/stream.h"
#include "confine/confine.h"
#include "op/op.h"
#include "verifier/calls.h"
#include "verifier/worker.h"

#define PATIENCE_MS 20000

/* in place of confine/user.c: the worker is past its first checks, which is all that is
 * asked here */
enum ca_err
ca_confine_user(const struct ca_become *who, const char **step)
{
	(void)who;
	(void)step;
	_exit(7);
}

/* in place of verifier/sys.c, which is no part of the archive */
void
ca_calls_use(struct ca_calls *use)
{
	(void)use;
}

static void
send_args(int fd, enum ca_op op, const char *argument)
{
	static const uint8_t id[CA_OP_ID_LEN] = {1};
	struct ca_op_msg msg = {.type = CA_OP_ARGS};
	struct ca_op_link link;

	msg.u.args.id = (struct ca_bytes){id, sizeof id};
	msg.u.args.op = op;
	msg.u.args.service = "sshd";
	if (argument != NULL)
		msg.u.args.argv.v[msg.u.args.argv.n++] = argument;
	ca_op_link_init(&link, fd);
	link.deadline = ca_stream_clock() + PATIENCE_MS;
	assert_int_equal(ca_op_send(&link, &msg, -1), CA_OK);
	ca_op_link_clear(&link);
}

/* The exit status of a worker: 7, it goes on.  Its first line goes to line. */
static int
worker(bool others_only, enum ca_op op, const char *argument, char line[1024])
{
	struct ca_op_link link;
	struct ca_op_msg msg;
	int pair[2], status;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct ca_worker w = {
		    .fd = pair[1], .claims = -1, .others_only = others_only};

		(void)close(pair[0]);
		ca_worker_run(&w);
	}
	assert_true(pid > 0);
	(void)close(pair[1]);
	send_args(pair[0], op, argument);
	ca_op_link_init(&link, pair[0]);
	link.deadline = ca_stream_clock() + PATIENCE_MS;
	line[0] = '\0';
	if (ca_op_recv(&link, &msg, NULL) == CA_OK && msg.type == CA_OP_LOG)
		(void)snprintf(line, 1024, "%s", msg.u.log.line);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	ca_op_link_clear(&link);
	(void)close(pair[0]);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
refused(enum ca_op op, const char *argument)
{
	char line[1024];

	assert_int_equal(worker(true, op, argument, line), 1);
	assert_non_null(strstr(line, "root's processes only"));
	assert_int_equal(worker(false, op, argument, line), 7);
	assert_string_equal(line, "");
}

/* It would tell anybody which certificate has which login. */
static void
open_sessions_are_roots(void **state)
{
	(void)state;
	refused(CA_OP_SESSION, NULL);
}

static void
files_are_named_by_root(void **state)
{
	(void)state;
	refused(CA_OP_REQUEST, "config=/etc/x");
	refused(CA_OP_JUDGE, "password_window=10s");
}

static void
what_a_user_may_ask(void **state)
{
	static const enum ca_op op[] = {
	    CA_OP_REQUEST, CA_OP_JUDGE, CA_OP_RECHECK, CA_OP_CONFIRM};
	char line[1024];

	(void)state;
	for (size_t i = 0; i < sizeof op / sizeof *op; i++)
		assert_int_equal(worker(true, op[i], "debug", line), 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(open_sessions_are_roots),
	    cmocka_unit_test(files_are_named_by_root),
	    cmocka_unit_test(what_a_user_may_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
