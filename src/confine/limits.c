/* Limits of a process, and what else is set by prctl(2): confine.h. */
#include "confine/confine.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

/* A limit is never raised: not even root may, in many containers. */
static int
limit(int what, rlim_t soft, rlim_t hard)
{
	struct rlimit lim;

	if (getrlimit((__rlimit_resource_t)what, &lim) != 0)
		return -1;
	if (lim.rlim_max == RLIM_INFINITY || lim.rlim_max > hard)
		lim.rlim_max = hard;
	if (lim.rlim_cur == RLIM_INFINITY || lim.rlim_cur > soft)
		lim.rlim_cur = soft;
	if (lim.rlim_cur > lim.rlim_max)
		lim.rlim_cur = lim.rlim_max;
	return setrlimit((__rlimit_resource_t)what, &lim);
}

/* The step that failed, or NULL. */
static const char *
set_limits(const struct ca_confine_limits *limits)
{
	const struct {
		const char *name;
		int what;
		rlim_t soft, hard;
	} row[] = {
	    {"RLIMIT_CPU", RLIMIT_CPU, limits->cpu, limits->cpu + 1},
	    {"RLIMIT_DATA", RLIMIT_DATA, limits->data, limits->data},
	    {"RLIMIT_NOFILE", RLIMIT_NOFILE, limits->files, limits->files},
	    {"RLIMIT_CORE", RLIMIT_CORE, 0, 0},
	    {"RLIMIT_FSIZE", RLIMIT_FSIZE, 0, 0},
	    {"RLIMIT_NPROC", RLIMIT_NPROC, 0, 0},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
		if (limit(row[i].what, row[i].soft, row[i].hard) != 0)
			return row[i].name;
	return NULL;
}

/* SIGXCPU ends the process, whatever was inherited. */
static int
cpu_limit_kills(void)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};
	sigset_t one;

	(void)sigemptyset(&one);
	(void)sigaddset(&one, SIGXCPU);
	return sigaction(SIGXCPU, &sa, NULL) == 0 &&
		       sigprocmask(SIG_UNBLOCK, &one, NULL) == 0
		   ? 0
		   : -1;
}

enum ca_err
ca_confine_limits(
    const struct ca_confine_limits *limits, pid_t parent, const char **step)
{
	enum ca_err ret = CA_ERR_UNSET;

	if ((*step = set_limits(limits)) != NULL) {
		ret = CA_ERR_IO;
		goto out;
	}
	*step = "SIGXCPU";
	if (cpu_limit_kills() != 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	*step = "PR_SET_NO_NEW_PRIVS";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	*step = "PR_SET_DUMPABLE";
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	*step = "PR_SET_PDEATHSIG";
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	/* not before: the parent may die until then */
	*step = "getppid";
	if (getppid() != parent) {
		errno = ESRCH;
		ret = CA_ERR_CANCELLED;
		goto out;
	}
	ret = CA_OK;
out:
	return ret;
}
