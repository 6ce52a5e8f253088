/* The broker: what it answers, and what it does with anything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "confinechild.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/stream.h"
#include "map/sss.h"
#include "verifier/broker.h"

static struct ca_sss_question question;
static struct ca_sss_answer answer;

/* Whether len bytes of the question are answered. */
static bool
is_answered(size_t len)
{
	const int fd = ca_broker_start();
	int status;

	assert_true(fd >= 0);
	assert_int_equal(
	    ca_stream_send(fd, &question, len, -1, ca_stream_clock() + 10000),
	    CA_OK);
	if (len < sizeof question)
		assert_int_equal(shutdown(fd, SHUT_WR), 0);
	memset(&answer, 0xff, sizeof answer);
	enum ca_err rc = ca_stream_recv(
	    fd, &answer, sizeof answer, NULL, ca_stream_clock() + 20000);
	char more;
	if (rc == CA_OK) /* and then it ends */
		assert_int_equal(recv(fd, &more, 1, 0), 0);
	(void)close(fd);
	assert_true(waitpid(-1, &status, 0) > 0);
	/* no signal: the filter has all that it needs */
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), rc == CA_OK ? 0 : 1);
	return rc == CA_OK;
}

static void
one_question(void **state)
{
	(void)state;
	needs_a_plain_process();
	memset(&question, 0, sizeof question);
	question.len = 4;
	memcpy(question.der, "\x30\x02\x05", 4);
	assert_true(is_answered(sizeof question));
	/* here is no SSSD, or none that knows it */
	assert_true(answer.state < CA_SSS_STATES);
	assert_int_equal(answer.n, 0);
	question.len = CA_SSS_CERT_MAX;
	assert_true(is_answered(sizeof question));
}

static void
nothing_else(void **state)
{
	(void)state;
	needs_a_plain_process();
	memset(&question, 0, sizeof question);
	assert_false(is_answered(sizeof question)); /* no certificate */
	question.len = CA_SSS_CERT_MAX + 1;
	assert_false(is_answered(sizeof question));
	question.len = UINT32_MAX;
	assert_false(is_answered(sizeof question));
	question.len = 4;
	memset(question.login, 'x', sizeof question.login);
	assert_false(is_answered(sizeof question));
	question.login[0] = '\0';
	assert_false(is_answered(sizeof question - 1));
}

static int word[2];

/* The worker ends: so does its broker, which is a child of this process then. */
static int
start_and_end(void)
{
	return ca_broker_start() >= 0 ? 0 : 1;
}

static void
ends_with_its_worker(void **state)
{
	int status;

	(void)state;
	needs_a_plain_process();
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	(void)alarm(60); /* it would wait longer for a question */
	child_returns(start_and_end, 0);
	assert_true(waitpid(-1, &status, 0) > 0);
	(void)alarm(0);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0), 0);
}

/* A worker whose standard descriptors are the pipe's, or closed. */
static int
start_at_the_bottom(bool closed)
{
	char c;
	int status;

	(void)alarm(60);
	if (pipe(word) != 0)
		return 1;
	/* above what is closed, whatever this was started with */
	for (int n = 0; n < 2; n++) {
		int high = fcntl(word[n], F_DUPFD, 10);

		(void)close(word[n]);
		word[n] = high;
	}
	for (int n = 0; n < 3; n++)
		if ((closed ? close(n) : dup2(word[1], n) - n) != 0)
			return 1;
	(void)close(word[1]);
	int fd = ca_broker_start();
	if (fd < 0 || (closed && fd > 2))
		return 2;
	for (int n = 0; n < 3; n++)
		if (n != fd)
			(void)close(n);
	/* nobody else has the pipe: neither standard descriptors nor others */
	if (read(word[0], &c, 1) != 0)
		return 3;
	/* and the broker has no end of ours, which would keep it alive */
	(void)close(fd);
	return waitpid(-1, &status, 0) > 0 && WIFEXITED(status) ? 0 : 4;
}

static int
start_on_a_pipe(void)
{
	return start_at_the_bottom(false);
}

static int
start_on_nothing(void)
{
	return start_at_the_bottom(true);
}

static void
keeps_nothing(void **state)
{
	(void)state;
	needs_a_plain_process();
	child_returns(start_on_a_pipe, 0);
	child_returns(start_on_nothing, 0);
}

/* Seccomp: of the broker's /proc/PID/status; -1: it is not there. */
static int
filters(long pid)
{
	char path[64], line[256];
	int mode = -1;

	(void)snprintf(path, sizeof path, "/proc/%ld/status", pid);
	FILE *f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		(void)sscanf(line, "Seccomp: %d", &mode);
	if (f != NULL)
		(void)fclose(f);
	return mode;
}

static void
is_confined_and_alone(void **state)
{
	long pid = 0;
	char c;
	int status;

	(void)state;
	needs_a_plain_process();
	assert_int_equal(pipe(word), 0);
	int fd = ca_broker_start();
	assert_true(fd >= 0);
	/* it has none of our descriptors */
	(void)close(word[1]);
	(void)alarm(60);
	assert_int_equal(read(word[0], &c, 1), 0);
	FILE *f = fopen("/proc/thread-self/children", "re");
	if (f == NULL || fscanf(f, "%ld", &pid) != 1)
		fail_msg("this kernel does not show the children of a process");
	(void)fclose(f);
	while (filters(pid) == 0) /* until the alarm */
		(void)usleep(1000);
	assert_int_equal(filters(pid), 2);
	(void)alarm(0);
	(void)close(fd);
	assert_int_equal(waitpid((pid_t)pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	(void)close(word[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_question),
	    cmocka_unit_test(nothing_else),
	    cmocka_unit_test(ends_with_its_worker),
	    cmocka_unit_test(keeps_nothing),
	    cmocka_unit_test(is_confined_and_alone),
	};

	return cmocka_run_group_tests_name("broker", tests, NULL, NULL);
}
