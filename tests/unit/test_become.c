/* Giving up rights: ca_become and its kin, each in a process of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/become.h"
#include "process/start.h"

#define USER 2001
#define GROUP 2002

/* What f returns in a child: 0 to 255. */
static int
in_child(int (*f)(void))
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(f());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
needs_root(void)
{
	if (geteuid() != 0) {
		print_message("# SKIP: only root can become another user\n");
		skip();
	}
}

static bool
ids_are(uid_t uid, gid_t gid)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	return getresuid(&r, &e, &s) == 0 && getresgid(&rg, &eg, &sg) == 0 &&
	       r == uid && e == uid && s == uid && rg == gid && eg == gid &&
	       sg == gid;
}

static int
become_user(void)
{
	static const gid_t groups[] = {GROUP, 2003};
	const struct ca_become who = {USER, GROUP, groups, 2};
	gid_t have[8];

	if (ca_become(&who) != 0)
		return 1;
	if (!ids_are(USER, GROUP))
		return 2;
	if (getgroups(8, have) != 2)
		return 3;
	if (setuid(0) == 0 || setgid(0) == 0 || seteuid(0) == 0 ||
	    setgroups(0, NULL) == 0)
		return 4;
	return 0;
}

static int
become_without_groups(void)
{
	const struct ca_become who = {USER, GROUP, NULL, 0};
	gid_t have[8];

	return ca_become(&who) == 0 && getgroups(8, have) == 0 ? 0 : 1;
}

/* With this flag a change of user keeps what lets a process change back. */
static int
become_with_the_way_back(void)
{
	const struct ca_become who = {USER, GROUP, NULL, 0};

	if (prctl(PR_SET_SECUREBITS, 1 << 2 /* NO_SETUID_FIXUP */, 0, 0, 0) !=
	    0)
		return 77;
	return ca_become(&who) == -1 && errno == EPERM ? 0 : 1;
}

/* A process of a user cannot become another, and is told so. */
static int
become_from_a_user(void)
{
	const struct ca_become first = {USER, GROUP, NULL, 0};
	const struct ca_become other = {USER + 1, GROUP, NULL, 0};

	if (ca_become(&first) != 0)
		return 1;
	return ca_become(&other) == -1 && ids_are(USER, GROUP) ? 0 : 2;
}

static int
become_root(void)
{
	const struct ca_become who = {0, 0, NULL, 0};

	return ca_become(&who) == 0 && ids_are(0, 0) ? 0 : 1;
}

static void
users(void **state)
{
	(void)state;
	needs_root();
	assert_int_equal(in_child(become_user), 0);
	assert_int_equal(in_child(become_without_groups), 0);
	assert_int_equal(in_child(become_from_a_user), 0);
	assert_int_equal(in_child(become_root), 0);
}

static void
way_back(void **state)
{
	int rc;

	(void)state;
	needs_root();
	rc = in_child(become_with_the_way_back);
	if (rc == 77) {
		print_message("# SKIP: this sandbox sets no secure bits\n");
		skip();
	}
	assert_int_equal(rc, 0);
}

/* All of CapInh, CapPrm, CapEff and CapAmb are none, and stay so. */
static int
powerless(void)
{
	char line[256];
	unsigned long long caps;
	int seen = 0, new_privs = 0;
	FILE *f;

	if (ca_become_powerless() != 0 ||
	    (f = fopen("/proc/self/status", "r")) == NULL)
		return 1;
	while (fgets(line, sizeof line, f) != NULL) {
		if (sscanf(line, "Cap%*[IPEA]%*[a-z]: %llx", &caps) == 1) {
			seen++;
			if (caps != 0)
				return 2;
		}
		(void)sscanf(line, "NoNewPrivs: %d", &new_privs);
	}
	(void)fclose(f);
	return seen == 4 && new_privs == 1 ? 0 : 3;
}

static int
close_all(void)
{
	int high = 4000;

	for (int i = 0; i < 600; i++)
		if (dup(2) < 0)
			return 1;
	while (high > 500 && dup2(2, high) < 0)
		high -= 500;
	if (ca_become_close(5) != 0)
		return 2;
	for (int fd = 5; fd < 5000; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return 3;
	return fcntl(2, F_GETFD) >= 0 ? 0 : 4;
}

/* As a kernel before 5.9, or a sandbox: close_range(2) fails. */
static int
close_all_without_close_range(void)
{
	struct sock_filter code[] = {
	    BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = {sizeof code / sizeof *code, code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
		return 77;
	return close_all();
}

static void
nothing_is_left(void **state)
{
	int rc;

	(void)state;
	assert_int_equal(in_child(powerless), 0);
	assert_int_equal(in_child(close_all), 0);
	rc = in_child(close_all_without_close_range);
	if (rc == 77) {
		print_message("# SKIP: no filter of system calls can be set\n");
		skip();
	}
	assert_int_equal(rc, 0);
}

/* The words of `cat` go from in to out, and it is the user. */
static void
started(void **state)
{
	char cat[] = "sh", c[] = "-c",
	     script[] = "cat; id -u; pwd; ls /proc/$$/fd";
	char *const argv[] = {cat, c, script, NULL};
	char path[] = "PATH=/usr/bin:/bin";
	char *const envp[] = {path, NULL};
	const struct ca_become who = {USER, GROUP, NULL, 0};
	int in[2], out[2], program = open("/bin/sh", O_RDONLY | O_CLOEXEC);
	char text[256] = "";
	size_t n = 0;
	ssize_t got;
	pid_t pid = -1;
	int status;

	(void)state;
	needs_root();
	assert_true(program >= 0);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	const struct ca_start s = {program, in[0], out[1], &who, argv, envp};
	assert_int_equal(ca_start(&s, &pid), CA_OK);
	assert_int_equal(write(in[1], "word\n", 5), 5);
	close(in[0]), close(in[1]), close(out[1]), close(program);
	while ((got = read(out[0], text + n, sizeof text - 1 - n)) > 0)
		n += (size_t)got;
	close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_string_equal(text, "word\n2001\n/\n0\n1\n2\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(users),
	    cmocka_unit_test(way_back),
	    cmocka_unit_test(nothing_is_left),
	    cmocka_unit_test(started),
	};

	return cmocka_run_group_tests_name("become", tests, NULL, NULL);
}
