/* For whom a connection counts: the user who started the process, if that is root's. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "op/op.h"
#include "verifier/peer.h"

/* A process with these uids makes a connection, and passes an end of it. */
static _Noreturn void
peer(int socket, uid_t real, uid_t effective)
{
	int pair[2];

	/* a name that looks like another line of its status */
	(void)prctl(PR_SET_NAME, "x\nUid:\t7\t7", 0, 0, 0);
	if (setresuid(real, effective, 0) == 0 &&
	    socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 &&
	    ca_op_pass(socket, pair[0]) == CA_OK)
		(void)pause();
	_exit(1);
}

/* For whom it counts, while its process lives and when it has ended. */
static void
counts(uid_t real, uid_t effective, uid_t alive, uid_t ended)
{
	int pair[2], fd;
	uid_t uid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	pid_t pid = fork();
	if (pid == 0)
		peer(pair[1], real, effective);
	assert_true(pid > 0);
	assert_int_equal(close(pair[1]), 0);
	assert_int_equal(ca_op_passed(pair[0], &fd), CA_OK);
	assert_true(ca_peer_counts_for(fd, &uid));
	assert_int_equal(uid, alive);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(ca_peer_counts_for(fd, &uid));
	assert_int_equal(uid, ended);
	assert_int_equal(close(fd), 0);
	assert_int_equal(close(pair[0]), 0);
}

static void
users(void **state)
{
	(void)state;
	if (getuid() != 0)
		skip();
	counts(0, 0, 0, 0);
	counts(1000, 1000, 1000, 1000);
	/* su, which user 1000 started */
	counts(1000, 0, 1000, 0);
	/* a process of root's that acts for a user */
	counts(0, 1000, 1000, 1000);
}

static void
none(void **state)
{
	uid_t uid;
	int pipes[2];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_false(ca_peer_counts_for(pipes[0], &uid));
	assert_true(uid == (uid_t)-1);
	assert_int_equal(close(pipes[0]), 0);
	assert_int_equal(close(pipes[1]), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(users),
	    cmocka_unit_test(none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
