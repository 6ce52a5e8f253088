#include "process/start.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM_FD (STDERR_FILENO + 1)
#define NOBODY 65534 /* if no user has this name */

/* In the child: nothing that allocates. */
_Noreturn static void
be_program(const struct ca_start *s, pid_t parent)
{
	(void)signal(SIGPIPE, SIG_DFL);
	if (dup2(s->in, STDIN_FILENO) < 0 || dup2(s->out, STDOUT_FILENO) < 0 ||
	    dup2(s->program, PROGRAM_FD) < 0 ||
	    ca_become_close(PROGRAM_FD + 1) != 0 ||
	    fcntl(PROGRAM_FD, F_SETFD, FD_CLOEXEC) < 0 || chdir("/") != 0)
		_exit(CA_START_NO_ENDS);
	if ((s->who != NULL && ca_become(s->who) != 0) ||
	    ca_become_powerless() != 0)
		_exit(CA_START_NO_USER);
	/* not before: a change of user forgets it */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(CA_START_NO_ENDS);
	(void)fexecve(PROGRAM_FD, s->argv, s->envp);
	_exit(CA_START_NO_EXEC);
}

enum ca_err
ca_start(const struct ca_start *start, pid_t *pid)
{
	pid_t parent = getpid();

	/* the numbers of standard streams are taken, or dup2 would clash */
	if (start->program <= STDERR_FILENO || start->in <= STDERR_FILENO ||
	    start->out <= STDERR_FILENO || (*pid = fork()) < 0)
		return CA_ERR_IO;
	if (*pid == 0)
		be_program(start, parent);
	return CA_OK;
}

enum ca_err
ca_start_reading(const struct ca_start *start, int *from, pid_t *pid)
{
	struct ca_start piped = *start;
	enum ca_err rc;
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) != 0)
		return CA_ERR_IO;
	piped.out = fd[1];
	rc = ca_start(&piped, pid);
	(void)close(fd[1]);
	if (rc == CA_OK)
		*from = fd[0];
	else
		(void)close(fd[0]);
	return rc;
}

struct ca_become
ca_start_nobody(void)
{
	const struct passwd *pw = getpwnam("nobody");

	if (pw == NULL || pw->pw_uid == 0)
		return (struct ca_become){.uid = NOBODY, .gid = NOBODY};
	return (struct ca_become){.uid = pw->pw_uid, .gid = pw->pw_gid};
}

bool
ca_start_succeeded(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
