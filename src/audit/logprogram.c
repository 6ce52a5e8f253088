/*
 * Reading the output of journalctl and gzip, as child processes without rights.
 */
#include "audit/logsourceint.h"
#include "process/start.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

/* Wait for the child; true: it ended with status 0. */
static bool
succeeded(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

enum ca_err
ca_logprogram_read(const char *path, char *const *argv, int in, bool nobody,
    time_t before, struct ca_logsource *s)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	static char locale[] = "LC_ALL=C", search[] = "PATH=/usr/bin:/bin";
	char *const envp[] = {locale, search, NULL};
	const struct ca_become who = {.uid = NOBODY, .gid = NOBODY};
	int fd[2] = {-1, -1}, program = open(path, O_RDONLY | O_CLOEXEC);
	pid_t pid;

	if (program < 0) {
		ret = errno == ENOENT ? CA_ERR_NOT_FOUND : CA_ERR_IO;
		goto out;
	}
	if (pipe2(fd, O_CLOEXEC) != 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	const struct ca_start start = {program, in, fd[1],
	    nobody && geteuid() == 0 ? &who : NULL, argv, envp};
	if ((rc = ca_start(&start, &pid)) != CA_OK) {
		ret = rc;
		goto out;
	}
	(void)close(fd[1]);
	fd[1] = -1;
	rc = ca_logrecord_read(fd[0], before, s->visit, s->ctx, &s->state);
	/* the child ends if it writes more: nobody reads the pipe */
	(void)close(fd[0]);
	fd[0] = -1;
	bool good = succeeded(pid);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	if (!good) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	ret = CA_OK;
out:
	for (int i = 0; i < 2; i++)
		if (fd[i] >= 0)
			(void)close(fd[i]);
	if (program >= 0)
		(void)close(program);
	return ret;
}
