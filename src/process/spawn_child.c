/*
 * Between clone and exec.  The memory is a copy of the host application's,
 * perhaps taken while another of its threads held a lock: nothing here may
 * allocate, log, or call what does.
 */
#include "process/become.h"
#include "process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXEC_FD 4
#define DESCRIPTORS 6
#define OUT_OF_THE_WAY 8
#define MIB ((rlim_t)1 << 20)

const char *
ca_spawn_step(int step)
{
	static const char *const text[] = {"", "setting up descriptors",
	    "starting a process", "setting limits", "becoming the user",
	    "dropping capabilities", "confining the helper",
	    "executing the helper"};

	if (step < 0 || (size_t)step >= sizeof text / sizeof text[0])
		return "";
	return text[step];
}

pid_t
ca_spawn_clone(int exit_signal)
{
	/* no stack and no pointers: the order of the arguments, which differs
	 * between machines, does not matter */
	return (pid_t)syscall(
	    SYS_clone, (unsigned long)exit_signal, 0UL, 0UL, 0UL, 0UL);
}

static void
send_note(enum ca_spawn_how how, int value, enum ca_spawn_step step)
{
	const struct ca_spawn_note note = {how, value, step};

	(void)!send(CA_SPAWN_CONTROL, &note, sizeof note, MSG_NOSIGNAL);
}

_Noreturn static void
give_up(enum ca_spawn_step step)
{
	send_note(CA_SPAWN_FAILED, errno, step);
	_exit(127);
}

/* 0 in, 1 out, 2 null, 3 control, 4 the program, perhaps 5 what it executes; nothing
 * else.  First all go out of the way of each other: the host may have had no
 * descriptors 0 to 2. */
static int
arrange(const struct ca_spawn_child *child)
{
	const int *pass = child->params->pass;
	int n = pass != NULL ? DESCRIPTORS : DESCRIPTORS - 1;
	int fd[DESCRIPTORS] = {child->in, child->out, child->null,
	    child->control, child->params->exec_fd, pass != NULL ? *pass : -1};

	for (int i = 0; i < n; i++) {
		fd[i] = fcntl(fd[i], F_DUPFD, OUT_OF_THE_WAY);
		if (fd[i] < 0)
			return -1;
	}
	for (int i = 0; i < n; i++) {
		if (dup2(fd[i], i) < 0)
			return -1;
	}
	if (ca_become_close((unsigned)n) != 0)
		return -1;
	/* a program that executes another one closes these two then */
	if (pass == NULL && fcntl(CA_SPAWN_CONTROL, F_SETFD, FD_CLOEXEC) != 0)
		return -1;
	return fcntl(EXEC_FD, F_SETFD, FD_CLOEXEC);
}

/* The kernel's structure for SIG_DFL has only zeros.  sigaction(3) takes a lock for
 * SIGABRT (glibc 2.41), which another thread may have held. */
static void
default_signal(int sig)
{
	static const unsigned long zeros[8];

	(void)syscall(SYS_rt_sigaction, sig, zeros, NULL, _NSIG / 8);
}

static void
default_signals(void)
{
	/* some cannot be set, and need not be */
	for (int sig = 1; sig <= SIGRTMAX; sig++)
		default_signal(sig);
}

static int
limit(int what, rlim_t value)
{
	struct rlimit lim;

	if (getrlimit((__rlimit_resource_t)what, &lim) != 0)
		return -1;
	if (lim.rlim_max != RLIM_INFINITY && lim.rlim_max < value)
		value = lim.rlim_max;
	lim.rlim_cur = lim.rlim_max = value;
	return setrlimit((__rlimit_resource_t)what, &lim);
}

/* No core with a PIN in it; enough for any PKCS#11 library, no more.  The verifier
 * opens up to 256 CRLs of each issuer. */
static int
set_limits(const struct ca_spawn_params *p)
{
	return limit(RLIMIT_CORE, 0) != 0 ||
		       limit(RLIMIT_CPU, p->cpu_seconds) != 0 ||
		       limit(RLIMIT_NOFILE, p->keep ? 1024 : 256) != 0 ||
		       limit(RLIMIT_FSIZE, 16 * MIB) != 0 ||
		       limit(RLIMIT_DATA, 1024 * MIB) != 0
		   ? -1
		   : 0;
}

_Noreturn static void
be_program(const struct ca_spawn_params *p, pid_t minder)
{
	sigset_t none;

	(void)setsid();
	default_signals();
	(void)umask(077);
	if (chdir("/") != 0 || set_limits(p) != 0)
		give_up(CA_SPAWN_STEP_LIMITS);
	if (p->who != NULL && ca_become(p->who) != 0)
		give_up(CA_SPAWN_STEP_USER);
	if (p->keep && ca_become_effective() != 0)
		give_up(CA_SPAWN_STEP_USER);
	if (p->keep ? prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
		    : ca_become_powerless() != 0)
		give_up(CA_SPAWN_STEP_CAPS);
	/* not before: a change of user forgets it */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ||
	    getppid() != minder)
		give_up(CA_SPAWN_STEP_LIMITS);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)syscall(
	    SYS_execveat, EXEC_FD, "", p->argv, p->envp, AT_EMPTY_PATH);
	/* a script's interpreter could not open a descriptor that is closed;
	 * no directory of the path can have been changed by others */
	if (errno == ENOENT || errno == ENOSYS)
		(void)syscall(SYS_execve, p->path, p->argv, p->envp);
	give_up(CA_SPAWN_STEP_EXEC);
}

/*
 * Wait for the program, or for a word (or the end) of the host, which kills
 * it.  The group is killed before its leader is reaped: until then its number
 * cannot be another's.
 */
_Noreturn static void
mind(pid_t program, int sigfd)
{
	struct pollfd fds[] = {
	    {CA_SPAWN_CONTROL, POLLIN, 0}, {sigfd, POLLIN, 0}};
	siginfo_t info;
	int status = 0;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)program, &info,
			WEXITED | WNOHANG | WNOWAIT) != 0 ||
		    info.si_pid != 0)
			break;
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[0].revents != 0)
			break;
		struct signalfd_siginfo si;
		(void)!read(sigfd, &si, sizeof si);
	}
	(void)kill(-program, SIGKILL);
	(void)kill(program, SIGKILL);
	while (waitpid(program, &status, 0) < 0) {
		if (errno != EINTR)
			_exit(0);
	}
	if (WIFSIGNALED(status))
		send_note(
		    CA_SPAWN_SIGNAL, WTERMSIG(status), CA_SPAWN_STEP_NONE);
	else
		send_note(
		    CA_SPAWN_EXITED, WEXITSTATUS(status), CA_SPAWN_STEP_NONE);
	_exit(0);
}

_Noreturn void
ca_spawn_minder(const struct ca_spawn_child *child)
{
	const struct ca_spawn_params *p = child->params;
	sigset_t chld;

	if (arrange(child) != 0)
		_exit(127); /* the socket may not be where it belongs */
	(void)setsid();
	default_signal(SIGCHLD);
	(void)sigemptyset(&chld);
	(void)sigaddset(&chld, SIGCHLD);
	int sigfd = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
	if (sigfd < 0)
		give_up(CA_SPAWN_STEP_FDS);
	pid_t self = (pid_t)syscall(SYS_getpid);
	pid_t program = ca_spawn_clone(SIGCHLD);
	if (program == 0)
		be_program(p, self);
	if (program < 0)
		give_up(CA_SPAWN_STEP_FORK);
	/* the pipes are the program's alone, so that their end is its end */
	(void)dup2(2, 0);
	(void)dup2(2, 1);
	mind(program, sigfd);
}
