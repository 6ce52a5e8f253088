/*
 * A resident verifier whose parent has calls that fail, and what a supervisor is for
 * it.  The module's own calls, and those of the workers, do not fail here.
 */
#include "app.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "op/op.h"
#include "verifier/parent.h"

#define SOCKET_FD 301   /* of the supervisor */
#define LOG_FD 302      /* what the parents say */
#define STARTS 5        /* of a parent that ends by itself */
#define PAUSE_US 100000 /* before it is started again, as by supervisors */
#define SECONDS 60      /* no run takes so long */

static struct {
	pid_t parent;
	bool stopping; /* the parent is to end */
	bool silent;   /* one ended, and said nothing */
	bool given_up; /* it ended each time */
	int signal;    /* that ended one */
} * shared;
static bool passed; /* the supervisor has the socket; else it is the parent's */
static pid_t supervisor;

/* ---- the parent ---- */

static void
disarm(void)
{
	fault_arm(false);
}

/* Executed again, too. */
_Noreturn void
listen_parent(void)
{
	(void)pthread_atfork(NULL, NULL, disarm);
	fault_take_part();
	fault_arm(true);
	enum ca_err rc = ca_parent_listen();
	fault_arm(false);
	_exit(rc == CA_OK ? 0 : 1);
}

static _Noreturn void
first_parent(void)
{
	char number[16];

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)dup2(LOG_FD, STDERR_FILENO);
	if (passed) {
		(void)dup2(SOCKET_FD, 3);
		(void)snprintf(number, sizeof number, "%d", (int)getpid());
		(void)setenv("LISTEN_FDS", "1", 1);
		(void)setenv("LISTEN_PID", number, 1);
	}
	listen_parent();
}

/* ---- the supervisor ---- */

static off_t
said(void)
{
	struct stat st;

	return fstat(LOG_FD, &st) == 0 ? st.st_size : 0;
}

static void
until_it_ends(pid_t pid, off_t before)
{
	int status = 0;
	siginfo_t info;

	(void)waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	shared->parent = 0; /* before its number is free */
	while (waitpid(pid, &status, 0) != pid)
		continue;
	if (WIFSIGNALED(status))
		shared->signal = WTERMSIG(status);
	if (status != 0 && said() == before)
		shared->silent = true;
}

/* It ends when all have ended, also the workers of a parent that ended before. */
static _Noreturn void
supervise(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int i = 0; i < STARTS && !shared->stopping; i++) {
		if (i > 0)
			(void)usleep(PAUSE_US);
		off_t before = said();
		pid_t pid = fork();

		if (pid == 0)
			first_parent();
		shared->parent = pid;
		until_it_ends(pid, before);
	}
	shared->given_up = !shared->stopping;
	while (waitpid(-1, NULL, 0) > 0)
		continue;
	_exit(0);
}

/* ---- for fault.c ---- */

static bool
make_socket(void)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(
	    sa.sun_path, sizeof sa.sun_path, CA_OP_DIR "/verifier.1.sock");
	return fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof sa) == 0 &&
	       listen(fd, 128) == 0 && dup2(fd, SOCKET_FD) == SOCKET_FD &&
	       close(fd) == 0;
}

bool
listen_begin(const char *how)
{
	int log = memfd_create("log", 0);
	sigset_t set;

	passed = strcmp(how, "passed") == 0;
	if (!passed && strcmp(how, "own") != 0)
		return false;
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	/* a parent that is about to start gets none too early */
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGTERM);
	return shared != MAP_FAILED && log >= 0 &&
	       dup2(log, LOG_FD) == LOG_FD && close(log) == 0 &&
	       sigprocmask(SIG_BLOCK, &set, NULL) == 0 &&
	       mkdir(CA_OP_DIR, 0755) == 0 && (!passed || make_socket());
}

void
listen_start(void)
{
	(void)alarm(SECONDS);
	(void)!ftruncate(LOG_FD, 0);
	(void)lseek(LOG_FD, 0, SEEK_SET);
	memset(shared, 0, sizeof *shared);
	(void)fflush(stdout);
	supervisor = fork();
	if (supervisor < 0)
		abort();
	if (supervisor == 0)
		supervise();
	/* one that makes its socket itself is not there at once */
	while (!passed && !shared->given_up &&
	       access(CA_OP_DIR "/verifier.1.sock", F_OK) != 0)
		(void)usleep(1000);
}

void
listen_again(void)
{
	if (shared->parent > 0)
		(void)kill(shared->parent, SIGHUP);
}

const char *
listen_stop(void)
{
	shared->stopping = true;
	while (waitpid(supervisor, NULL, WNOHANG) == 0) {
		/* one may have been started just now */
		if (shared->parent > 0)
			(void)kill(shared->parent, SIGTERM);
		(void)usleep(2000);
	}
	(void)alarm(0);
	if (!passed)
		(void)unlink(CA_OP_DIR "/verifier.1.sock");
	return shared->signal != 0 ? "a signal ended the parent"
	       : shared->silent    ? "the parent ended, and said nothing"
	       : shared->given_up  ? "the parent ended again and again"
				   : NULL;
}

void
listen_print_log(void)
{
	char block[4096];
	off_t at = 0;
	ssize_t n;

	if (shared == NULL)
		return;
	while ((n = pread(LOG_FD, block, sizeof block, at)) > 0) {
		(void)fwrite(block, 1, (size_t)n, stdout);
		at += n;
	}
}
