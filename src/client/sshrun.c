#include "client/sshrun.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/tr.h"
#include "client/meant.h"
#include "client/rules.h"
#include "client/ssh.h"
#include "client/sshinfo.h"
#include "client/terminal.h"
#include "tool/cli.h"

#define STATE_NAME "certauth-ssh"
#define STATE_MAX ((size_t)1 << 16)
#define SSH_FAILED 255 /* the exit status of ssh if a login fails */

/* ---- this process, while ssh runs without a terminal ---- */

static int
become_ssh(char *const *argv)
{
	(void)signal(
	    SIGPIPE, SIG_DFL); /* ssh would inherit that it is ignored */
	execvp(argv[0], argv);
	return ca_cli_fail("cannot run %s: %s", argv[0], _(strerror(errno)));
}

/* A file in memory, which is gone with this process. */
static void
make_state(void)
{
	char path[64];
	int fd = memfd_create(STATE_NAME, MFD_CLOEXEC);

	if (fd < 0)
		return; /* the message of ca_ssh_end is less exact then */
	(void)snprintf(
	    path, sizeof path, "/proc/%ld/fd/%d", (long)getpid(), fd);
	(void)setenv(CA_ENV_STATE, path, 1);
}

/* Let go of the descriptors: who reads from ssh waits for the end of file. */
static void
drop_streams(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++)
		(void)dup2(null, fd);
}

static int
status_of(int status, bool passed_on)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	int sig = WTERMSIG(status);
	if (sig == SIGTERM && !passed_on)
		return SSH_FAILED;
	/* end as ssh did */
	(void)signal(sig, SIG_DFL);
	sigset_t all;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_UNBLOCK, &all, NULL);
	(void)raise(sig);
	return SSH_FAILED;
}

/* Wait for ssh, and give it the signals that this process gets. */
static int
wait_for(pid_t ssh, const sigset_t *signals)
{
	bool passed_on = false;
	int status;

	for (;;) {
		int sig = sigwaitinfo(signals, NULL);

		if (sig > 0 && sig != SIGCHLD) {
			passed_on = passed_on || sig == SIGTERM;
			(void)kill(ssh, sig);
		}
		pid_t ended = waitpid(ssh, &status, WNOHANG);
		if (ended == ssh)
			return status_of(status, passed_on);
		if (ended < 0 && errno != EINTR)
			return SSH_FAILED;
	}
}

static int
supervise(char *const *argv)
{
	static const int passed[] = {SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT,
	    SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH};
	sigset_t signals, before;
	pid_t own = getpid();

	(void)sigemptyset(&signals);
	for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++)
		(void)sigaddset(&signals, passed[i]);
	(void)sigprocmask(SIG_BLOCK, &signals, &before);
	/* SIGCHLD may be ignored, and waitpid() would find nothing */
	(void)signal(SIGCHLD, SIG_DFL);
	make_state();
	pid_t ssh = fork();
	if (ssh == 0) {
		(void)sigprocmask(SIG_SETMASK, &before, NULL);
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != own)
			_exit(SSH_FAILED);
		_exit(become_ssh(argv));
	}
	if (ssh < 0)
		return ca_cli_fail("cannot run ssh: %s", _(strerror(errno)));
	drop_streams();
	return wait_for(ssh, &signals);
}

int
ca_ssh_run(char *const *args, bool once)
{
	char one_try[] = "-oNumberOfPasswordPrompts=1";
	size_t n = 0, at = 0;

	while (args[n] != NULL)
		n++;
	char **argv = calloc(n + 3, sizeof *argv);
	if (argv == NULL)
		return ca_cli_fail("out of memory");
	argv[at++] = (char *)(uintptr_t)ca_ssh_program();
	if (once)
		argv[at++] = one_try;
	memcpy(argv + at, args, n * sizeof *argv);
	int status = ca_terminal_present() ? become_ssh(argv) : supervise(argv);
	free(argv);
	return status;
}

/* ---- certauth-askpass ---- */

/* The file that `certauth ssh' made; the variable may be older than the
 * process that has the number now.  -1: there is none. */
static int
open_state(void)
{
	const char *path = getenv(CA_ENV_STATE);
	char target[64];

	if (path == NULL)
		return -1;
	ssize_t len = readlink(path, target, sizeof target - 1);
	if (len <= 0)
		return -1;
	target[len] = '\0';
	if (strncmp(target, "/memfd:" STATE_NAME " ",
		sizeof "/memfd:" STATE_NAME) != 0)
		return -1;
	return open(path, O_RDWR | O_APPEND | O_CLOEXEC);
}

/*
 * The server that asks, as `user@host' in a buffer to be freed; NULL: text is
 * no question of a server.  ssh writes `(user@host) ' before such a question,
 * and `user@host's password: ' itself; all others are about this machine: a
 * passphrase, a PIN, a host key.
 */
static char *
server_of(const char *text)
{
	static const char password[] = "'s password: ";
	size_t len = strlen(text), end = sizeof password - 1;
	char *user = NULL, *host = NULL, *server = NULL;

	if (ca_rules_prefix(text, &user, &host) == CA_OK) {
		if (asprintf(&server, "%s@%s", user, host) < 0)
			server = NULL;
	} else if (len > end && strcmp(text + len - end, password) == 0) {
		server = strndup(text, len - end);
	}
	free(user);
	free(host);
	return server;
}

/* Only a message depends on what is noted: an error is no failure. */
void
ca_ssh_answered(const char *text)
{
	char *server = server_of(text);
	int fd;

	if (server == NULL)
		return;
	if ((fd = open_state()) >= 0) {
		(void)!write(fd, server, strlen(server) + 1);
		(void)close(fd);
	}
	free(server);
}

static bool
was_answered(const char *server)
{
	struct ca_buf noted = CA_BUF_INIT(STATE_MAX);
	int fd = open_state();
	bool found =
	    fd >= 0 && ca_file_read_fd(fd, STATE_MAX, &noted) == CA_OK &&
	    noted.len > 0 &&
	    memmem(noted.p, noted.len, server, strlen(server) + 1) != NULL;

	if (fd >= 0)
		(void)close(fd);
	ca_buf_free(&noted);
	return found;
}

bool
ca_ssh_end(const struct ca_log *log, const char *text)
{
	static const struct timespec moment = {0, 10000000};
	pid_t ssh = getppid();
	char *server = server_of(text);

	if (getenv(CA_ENV_HOSTS) == NULL || server == NULL ||
	    ca_meant_asker(log) != CA_ASKER_SSH) {
		free(server);
		return false;
	}
	(void)ca_cli_fail(
	    "ssh is ended: %s, and there is no terminal and no other askpass "
	    "program to ask you; set SSH_ASKPASS, or `askpass =' in "
	    "~/.config/certauth/config. The host asks: %s",
	    was_answered(server)
		? _("the host refused the certificate (its log has the reason) "
		    "or requires a password as well")
		: _("the host asks a question that is not from pam_certauth"),
	    text);
	free(server);
	if (getppid() != ssh || kill(ssh, SIGTERM) != 0)
		return false;
	/* an answer before ssh has ended would be sent to the host */
	for (int i = 0; i < 500 && getppid() == ssh; i++)
		(void)nanosleep(&moment, NULL);
	return true;
}
