/* Rights that a process gives up: its user, and limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "confinechild.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static const char *step;

static void
needs_root(void)
{
	if (geteuid() != 0) {
		print_message("# SKIP: only root can become another user\n");
		skip();
	}
}

/* ---- the user ---- */

static int
is_user(void)
{
	char line[256];
	unsigned long long caps;
	int seen = 0, uid[4] = {0}, gid[4] = {0};
	FILE *f = fopen("/proc/self/status", "r");

	if (f == NULL)
		return 1;
	while (fgets(line, sizeof line, f) != NULL) {
		(void)sscanf(line, "Uid: %d %d %d %d", &uid[0], &uid[1],
		    &uid[2], &uid[3]);
		(void)sscanf(line, "Gid: %d %d %d %d", &gid[0], &gid[1],
		    &gid[2], &gid[3]);
		if (sscanf(line, "Cap%*[IPEA]%*[a-z]: %llx", &caps) == 1) {
			seen++;
			if (caps != 0)
				return 2;
		}
	}
	(void)fclose(f);
	for (int i = 0; i < 4; i++)
		if (uid[i] != USER || gid[i] != GROUP)
			return 3;
	return seen == 4 ? 0 : 4;
}

/* A capability for programs that it would execute: a change of the user leaves it. */
static int
inherit_a_capability(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data) != 0)
		return -1;
	data[0].inheritable |= data[0].permitted;
	return (int)syscall(SYS_capset, &head, data);
}

static int
become_user(void)
{
	return inherit_a_capability() == 0 && as_user() == 0 ? is_user() : 9;
}

/* As in a service with a limit that the user has reached already: a process of
 * another service has the same number. */
static int
become_user_at_the_limit(void)
{
	const struct rlimit one = {1, 1};
	int wait_for[2], rc;
	pid_t other;

	if (pipe(wait_for) != 0 || (other = fork()) < 0)
		return 5;
	if (other == 0) {
		(void)!close(wait_for[1]);
		(void)!as_user();
		(void)!read(wait_for[0], &rc, 1);
		_exit(0);
	}
	if (setrlimit(RLIMIT_NPROC, &one) != 0)
		return 6;
	rc = become_user();
	(void)close(wait_for[1]);
	return rc;
}

static int
root_is_refused(void)
{
	const struct ca_become root = {0, GROUP, NULL, 0};
	const struct ca_become group = {USER, 0, NULL, 0};

	if (ca_confine_user(&root, &step) != CA_ERR_USAGE || errno != EPERM)
		return 1;
	if (ca_confine_user(&group, &step) != CA_ERR_USAGE)
		return 2;
	if (ca_confine_user(NULL, &step) != CA_ERR_USAGE)
		return 3;
	/* root that could become a user again */
	if (setresuid(USER, USER, 0) != 0 || setresuid(0, USER, 0) != 0 ||
	    ca_confine_user(NULL, &step) != CA_ERR_USAGE)
		return 4;
	return strcmp(step, "the user is root") == 0 ? 0 : 5;
}

static int
a_user_cannot_become_another(void)
{
	const struct ca_become other = {USER + 1, GROUP, NULL, 0};

	if (as_user() != 0 || ca_confine_user(NULL, &step) != CA_OK)
		return 1;
	return ca_confine_user(&other, &step) == CA_ERR_IO && errno == EPERM &&
		       strcmp(step, "setresuid") == 0
		   ? 0
		   : 2;
}

static void
user(void **state)
{
	(void)state;
	child_returns(a_user_cannot_become_another, 0);
	needs_root();
	child_returns(become_user, 0);
	child_returns(become_user_at_the_limit, 0);
	child_returns(root_is_refused, 0);
}

/* ---- limits ---- */

static enum ca_err
limit_us(struct ca_confine_limits limits)
{
	return ca_confine_limits(&limits, getppid(), &step);
}

static bool
limit_is(int what, rlim_t soft, rlim_t hard)
{
	struct rlimit lim;

	return getrlimit((__rlimit_resource_t)what, &lim) == 0 &&
	       lim.rlim_cur == soft && lim.rlim_max == hard;
}

static int
defaults(void)
{
	if (limit_us(CA_CONFINE_LIMITS) != CA_OK)
		return 1;
	if (!limit_is(RLIMIT_CPU, 2, 3) ||
	    !limit_is(RLIMIT_DATA, CA_CONFINE_DATA, CA_CONFINE_DATA) ||
	    !limit_is(RLIMIT_NOFILE, CA_CONFINE_FILES, CA_CONFINE_FILES) ||
	    !limit_is(RLIMIT_CORE, 0, 0) || !limit_is(RLIMIT_FSIZE, 0, 0) ||
	    !limit_is(RLIMIT_NPROC, 0, 0))
		return 2;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
		       prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0
		   ? 0
		   : 3;
}

static int
lower_ones_stay(void)
{
	const struct rlimit few = {10, 20}, none = {1, 1};

	if (setrlimit(RLIMIT_NOFILE, &few) != 0 ||
	    setrlimit(RLIMIT_CPU, &none) != 0 || as_user() != 0 ||
	    limit_us(CA_CONFINE_LIMITS) != CA_OK)
		return 1;
	return limit_is(RLIMIT_NOFILE, 10, 20) && limit_is(RLIMIT_CPU, 1, 1)
		   ? 0
		   : 2;
}

_Noreturn static void
spin(void)
{
	volatile unsigned n = 0;

	for (;;)
		n = n + 1;
}

static int
use_all_cpu_time(void)
{
	struct ca_confine_limits limits = CA_CONFINE_LIMITS;
	sigset_t all;

	/* as inherited from who started us */
	(void)sigfillset(&all);
	if (signal(SIGXCPU, SIG_IGN) == SIG_ERR ||
	    sigprocmask(SIG_SETMASK, &all, NULL) != 0)
		return 1;
	limits.cpu = 1;
	if (limit_us(limits) != CA_OK)
		return 2;
	spin();
}

static int
use_more_cpu_time(void)
{
	struct ca_confine_limits limits = CA_CONFINE_LIMITS;

	limits.cpu = 0; /* one second, and SIGKILL */
	if (limit_us(limits) != CA_OK || signal(SIGXCPU, SIG_IGN) == SIG_ERR)
		return 1;
	spin();
}

static int
use_memory(void)
{
	void *some, *volatile much; /* a compiler may leave malloc out */

	if (limit_us(CA_CONFINE_LIMITS) != CA_OK)
		return 1;
	if ((some = malloc(8 << 20)) == NULL)
		return 2;
	memset(some, 1, 8 << 20);
	errno = 0;
	if ((much = malloc(CA_CONFINE_DATA)) != NULL || errno != ENOMEM)
		return 3;
	free(much);
	free(some);
	return 0;
}

static int
use_descriptors(void)
{
	int n = 0;

	if (limit_us(CA_CONFINE_LIMITS) != CA_OK)
		return 1;
	while (n < 2 * CA_CONFINE_FILES && dup(STDIN_FILENO) >= 0)
		n++;
	return n < CA_CONFINE_FILES && errno == EMFILE ? 0 : 2;
}

static int
write_a_file(void)
{
	FILE *f = tmpfile();

	/* who starts the tests may ignore it */
	if (f == NULL || signal(SIGXFSZ, SIG_DFL) == SIG_ERR ||
	    limit_us(CA_CONFINE_LIMITS) != CA_OK)
		return 1;
	return write(fileno(f), "x", 1) == 1 ? 2 : 3;
}

static int
write_a_file_without_signal(void)
{
	FILE *f = tmpfile();

	if (f == NULL || signal(SIGXFSZ, SIG_IGN) == SIG_ERR ||
	    limit_us(CA_CONFINE_LIMITS) != CA_OK)
		return 1;
	return write(fileno(f), "x", 1) == -1 && errno == EFBIG ? 0 : 2;
}

static int
fork_again(void)
{
	pid_t pid;

	if (as_user() != 0 || limit_us(CA_CONFINE_LIMITS) != CA_OK)
		return 1;
	if ((pid = fork()) == 0)
		_exit(0);
	return pid < 0 && errno == EAGAIN ? 0 : 2;
}

static void
limits(void **state)
{
	(void)state;
	needs_a_plain_process();
	child_returns(defaults, 0);
	child_returns(lower_ones_stay, 0);
	child_dies(use_all_cpu_time, SIGXCPU);
	child_dies(use_more_cpu_time, SIGKILL);
	child_returns(use_memory, 0);
	child_returns(use_descriptors, 0);
	child_dies(write_a_file, SIGXFSZ);
	child_returns(write_a_file_without_signal, 0);
	child_returns(fork_again, 0);
}

/* ---- the parent ---- */

static int
another_parent(void)
{
	struct ca_confine_limits l = CA_CONFINE_LIMITS;

	return ca_confine_limits(&l, getpid(), &step) == CA_ERR_CANCELLED &&
		       errno == ESRCH && strcmp(step, "getppid") == 0
		   ? 0
		   : 1;
}

/* Its child holds the pipe until it dies; it dies only if this process does. */
static int alive[2];

static int
leave_a_child(void)
{
	pid_t pid, self = getpid();
	struct ca_confine_limits l = CA_CONFINE_LIMITS;
	int ready[2];
	char c;

	if (pipe(ready) != 0 || (pid = fork()) < 0)
		return 1;
	if (pid == 0) {
		(void)close(ready[0]);
		if (ca_confine_limits(&l, self, &step) == CA_OK) {
			(void)!write(ready[1], "x", 1);
			for (;;)
				(void)pause();
		}
		_exit(1);
	}
	(void)close(ready[1]);
	return read(ready[0], &c, 1) == 1 ? 0 : 2;
}

static int
in_a_pid_namespace(void)
{
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWPID) != 0)
		return 77;
	if ((pid = fork()) == 0) {
		struct ca_confine_limits l = CA_CONFINE_LIMITS;

		if (getpid() != 1)
			_exit(2);
		_exit(ca_confine_limits(&l, 0, &step) == CA_OK ? 0 : 3);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status)
		   ? WEXITSTATUS(status)
		   : 4;
}

static void
parent(void **state)
{
	char c;

	(void)state;
	needs_a_plain_process();
	child_returns(another_parent, 0);
	assert_int_equal(pipe(alive), 0);
	child_returns(leave_a_child, 0);
	(void)close(alive[1]);
	alarm(60);
	assert_int_equal(read(alive[0], &c, 1), 0);
	alarm(0);
	(void)close(alive[0]);
}

static void namespace(void **state)
{
	(void)state;
	needs_a_plain_process();
	if (WEXITSTATUS(child_status(in_a_pid_namespace)) == 77) {
		print_message("# SKIP: no pid namespace can be made here\n");
		skip();
	}
	child_returns(in_a_pid_namespace, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(user),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(parent),
	    cmocka_unit_test(namespace),
	};

	return cmocka_run_group_tests_name("confine", tests, NULL, NULL);
}
