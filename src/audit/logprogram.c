/*
 * Reading the output of journalctl and gzip, as child processes without rights.
 */
#include "audit/logsourceint.h"
#include "process/start.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum ca_err
ca_logprogram_read(const char *path, char *const *argv, int in, bool nobody,
    time_t before, struct ca_logsource *s)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	static char locale[] = "LC_ALL=C", search[] = "PATH=/usr/bin:/bin";
	char *const envp[] = {locale, search, NULL};
	const struct ca_become who = ca_start_nobody();
	int from, program = open(path, O_RDONLY | O_CLOEXEC);
	pid_t pid;

	if (program < 0) {
		ret = errno == ENOENT ? CA_ERR_NOT_FOUND : CA_ERR_IO;
		goto out;
	}
	const struct ca_start start = {program, in, -1,
	    nobody && geteuid() == 0 ? &who : NULL, argv, envp};
	if ((rc = ca_start_reading(&start, &from, &pid)) != CA_OK) {
		ret = rc;
		goto out;
	}
	rc = ca_logrecord_read(from, before, s->visit, s->ctx, &s->state);
	/* the child ends if it writes more: nobody reads the pipe */
	(void)close(from);
	bool good = ca_start_succeeded(pid);
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
	if (program >= 0)
		(void)close(program);
	return ret;
}
