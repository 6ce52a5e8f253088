/* What a worker asks the module for, and how long it waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "verifier/calls.h"

#define SHORT_MS 50
#define LATE_MS 1000

static struct ca_calls calls;
static int peer;

static int
set_up(void **state)
{
	int pair[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return -1;
	calls = (struct ca_calls){.message_ms = SHORT_MS};
	ca_op_link_init(&calls.link, pair[0]);
	peer = pair[1];
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	ca_op_link_clear(&calls.link);
	return close(calls.link.fd) | close(peer);
}

/* A module whose reply to one call comes late. */
static pid_t
late(void)
{
	struct ca_op_msg msg;
	pid_t pid = fork();

	if (pid == 0) {
		struct ca_op_link link;

		ca_op_link_init(&link, peer);
		if (ca_op_recv(&link, &msg, NULL) != CA_OK)
			_exit(1);
		(void)poll(NULL, 0, LATE_MS);
		msg = (struct ca_op_msg){.type = CA_OP_REPLY,
		    .u.reply = {.err = CA_ERR_NOT_FOUND, .sys = ENOENT}};
		(void)!ca_op_send(&link, &msg, -1);
		_exit(0);
	}
	assert_true(pid > 0);
	return pid;
}

static void
ended(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* The module has files at hand: whoever stops its process holds a worker for a short
 * time. */
static void
files_are_at_hand(void **state)
{
	(void)state;
	pid_t pid = late();
	errno = 0;
	assert_int_equal(ca_calls_open(&calls, "/x", false, NULL), -1);
	assert_int_equal(errno, EIO); /* and not what the reply says */
	ended(pid);
	/* the reply has come, and is not one to the next call */
	errno = 0;
	assert_int_equal(ca_calls_open(&calls, "/y", false, NULL), -1);
	assert_int_equal(errno, EIO);
}

static void
accounts_may_take_long(void **state)
{
	static const enum ca_op_type type[] = {
	    CA_OP_ACCOUNT, CA_OP_HOME, CA_OP_SIGN};
	const struct ca_op_call call = {.name = "x"};
	struct ca_op_reply reply;

	(void)state;
	for (size_t i = 0; i < sizeof type / sizeof type[0]; i++) {
		pid_t pid = late();
		assert_int_equal(
		    ca_calls_ask(&calls, type[i], &call, &reply, NULL), CA_OK);
		assert_int_equal(reply.err, CA_ERR_NOT_FOUND);
		ended(pid);
	}
}

/* A module that reads no line is waited for once, and not for each line. */
static void
lines_that_nobody_reads(void **state)
{
	char line[4000];

	(void)state;
	memset(line, 'x', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	for (int i = 0; i < 4096 && !calls.link.broken; i++)
		ca_calls_log(&calls, CA_LOG_DEBUG, line);
	assert_true(calls.link.broken);
	calls.message_ms = 600000;
	ca_calls_log(&calls, CA_LOG_DEBUG, line);
	assert_int_equal(ca_calls_open(&calls, "/x", false, NULL), -1);
	assert_int_equal(errno, EIO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		files_are_at_hand, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		accounts_may_take_long, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		lines_that_nobody_reads, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
