/*
 * Whose terminals get a line about a session: src/sessions/terminal.c alone.  The
 * terminal is a real one of this test; what /proc says is what a test wants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sessions/sessionsint.h"

#define START 77
#define END "\1" /* no line of ours has it */

static struct {
	int master, slave, tty;
	dev_t is; /* what fstat says the terminal is; 0: the truth */
	pid_t child;
	/* the session's process, which this one plays, and its child */
	uint64_t start;
	int own_tty, child_tty;
	pid_t child_parent;
} world;

static struct ca_sessions_one one;

/* ---- in place of session/process.c and of libc ---- */

enum ca_err
ca_session_stat(pid_t pid, struct ca_session_stat *out)
{
	*out = (struct ca_session_stat){.state = 'S'};
	if (pid == getpid()) {
		out->start = world.start;
		out->tty = world.own_tty;
		return CA_OK;
	}
	if (pid == world.child) {
		out->parent = world.child_parent;
		out->tty = world.child_tty;
		return CA_OK;
	}
	return CA_ERR_NOT_FOUND;
}

int
fstat(int fd, struct stat *st)
{
	int rc = fstatat(fd, "", st, AT_EMPTY_PATH);

	if (rc == 0 && world.is != 0)
		st->st_rdev = world.is;
	return rc;
}

/* ---- the terminal ---- */

/* As the kernel packs a device number into a field of /proc/PID/stat. */
static int
packed(dev_t dev)
{
	return (int)((minor(dev) & 0xff) | major(dev) << 8 |
		     (minor(dev) & ~0xffu) << 12);
}

static int
begin(void **state)
{
	char name[64];
	struct stat st;
	int number, unlock = 0;

	(void)state;
	memset(&world, 0, sizeof world);
	world.master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(world.master >= 0);
	assert_int_equal(ioctl(world.master, TIOCSPTLCK, &unlock), 0);
	assert_int_equal(ioctl(world.master, TIOCGPTN, &number), 0);
	(void)snprintf(name, sizeof name, "/dev/pts/%d", number);
	world.slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(world.slave >= 0);
	assert_int_equal(stat(name, &st), 0);
	world.tty = packed(st.st_rdev);
	world.start = START;
	world.child = fork();
	if (world.child == 0) {
		(void)pause();
		_exit(0);
	}
	assert_true(world.child > 0);
	world.child_parent = getpid();
	one = (struct ca_sessions_one){
	    .s = {.service = "sshd",
		.account = "alice",
		.subject = "CN=alice",
		.process = {.pid = (uint64_t)getpid(), .start = START}},
	    .pidfd = -1};
	return 0;
}

static int
end(void **state)
{
	(void)state;
	(void)kill(world.child, SIGKILL);
	(void)waitpid(world.child, NULL, 0);
	(void)close(world.slave);
	(void)close(world.master);
	return 0;
}

/* What the terminal has got; how often it was told. */
static int
told(void)
{
	char text[4096];
	size_t len = 0;
	int n = 0;

	ca_sessions_tell(&one, "warning", "it is revoked");
	assert_int_equal(write(world.slave, END, 1), 1);
	while (len == 0 || text[len - 1] != END[0]) {
		ssize_t got =
		    read(world.master, text + len, sizeof text - 1 - len);

		assert_true(got > 0);
		len += (size_t)got;
	}
	text[len] = '\0';
	for (const char *p = text;
	     (p = strstr(p, "certauth: warning: it is revoked; session of")) !=
	     NULL;
	     p++)
		n++;
	if (n == 0)
		assert_int_equal(len, 1);
	return n;
}

/* ---- tests ---- */

static void
its_own_terminal(void **state)
{
	(void)state;
	world.own_tty = world.tty;
	assert_int_equal(told(), 1);
}

static void
those_of_the_processes_below(void **state)
{
	(void)state;
	assert_int_equal(told(), 0); /* there is none */
	world.child_tty = world.tty;
	assert_int_equal(told(), 1);
	world.child_parent = 1;
	assert_int_equal(told(), 0);
}

/* With one of its own, it does not speak for what is below. */
static void
not_both(void **state)
{
	(void)state;
	world.own_tty = world.child_tty = world.tty;
	assert_int_equal(told(), 1);
	world.own_tty = (int)makedev(4, 0) | 1 << 20 | 0xff; /* no such */
	assert_int_equal(told(), 0);
}

static void
another_process_has_its_number(void **state)
{
	(void)state;
	world.own_tty = world.child_tty = world.tty;
	world.start = START + 1;
	assert_int_equal(told(), 0);
}

static void
another_namespace(void **state)
{
	(void)state;
	world.own_tty = world.tty;
	one.elsewhere = true;
	assert_int_equal(told(), 0);
}

/* A name may be another terminal's by now. */
static void
another_device_has_its_name(void **state)
{
	(void)state;
	world.own_tty = world.tty;
	world.is = makedev(136, 0xfffff);
	assert_int_equal(told(), 0);
	world.is = makedev(137, 0);
	assert_int_equal(told(), 0);
}

static void
a_device_that_is_no_terminal(void **state)
{
	(void)state;
	world.own_tty = packed(makedev(1, 3)); /* /dev/null */
	assert_int_equal(told(), 0);
}

/* What fills the terminal is lost, and nobody waits for it. */
static void
a_terminal_that_is_stopped(void **state)
{
	char fill[4096];

	(void)state;
	world.own_tty = world.tty;
	assert_int_equal(fcntl(world.slave, F_SETFL, O_NONBLOCK), 0);
	memset(fill, 'x', sizeof fill);
	while (write(world.slave, fill, sizeof fill) > 0)
		;
	ca_sessions_tell(&one, "warning", "it is revoked");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(its_own_terminal),
	    TEST(those_of_the_processes_below),
	    TEST(not_both),
	    TEST(another_process_has_its_number),
	    TEST(another_namespace),
	    TEST(another_device_has_its_name),
	    TEST(a_device_that_is_no_terminal),
	    TEST(a_terminal_that_is_stopped),
	};

	(void)alarm(60); /* a read that never ends is a failure, too */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
