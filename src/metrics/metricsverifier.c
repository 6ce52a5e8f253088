#include "metrics/metricsverifier.h"
#include "metrics/metricstext.h"
#include "process/start.h"
#include "tool/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM "/usr/bin/systemctl"
#define UNIT "certauth-verifier.service"
#define SAID_MAX 4096

/* All of a pipe that fits. */
static size_t
read_pipe(int fd, char *out, size_t max)
{
	size_t n = 0;

	while (n < max) {
		ssize_t got = read(fd, out + n, max - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return n;
}

/* What systemd knows of the unit, in said.  False: that cannot be had. */
static bool
ask(char said[SAID_MAX + 1])
{
	static char name[] = "systemctl", show[] = "show", unit[] = UNIT,
		    what[] = "--property=LoadState,ActiveState,NRestarts,"
			     "ExecMainStartTimestampMonotonic",
		    locale[] = "LC_ALL=C", search[] = "PATH=/usr/bin:/bin";
	char *const argv[] = {name, show, what, unit, NULL};
	char *const envp[] = {locale, search, NULL};
	int program = open(PROGRAM, O_RDONLY | O_CLOEXEC);
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC), from, status = 1;
	const struct ca_start start = {program, in, -1, NULL, argv, envp};
	bool ok = false;
	pid_t pid;

	if (program >= 0 && in >= 0 &&
	    ca_start_reading(&start, &from, &pid) == CA_OK) {
		said[read_pipe(from, said, SAID_MAX)] = '\0';
		(void)close(from);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	}
	if (program >= 0)
		(void)close(program);
	if (in >= 0)
		(void)close(in);
	return ok;
}

/* A number of at most 18 digits; -1: it is none. */
static long long
number(const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;

	if (len == 0 || len > 18 || strspn(text, "0123456789") != len)
		return -1;
	return strtoll(text, NULL, 10);
}

void
ca_metrics_verifier_text(
    char *said, long long now, long long clock, struct ca_buf *out)
{
	static const char *const keys[] = {"LoadState", "ActiveState",
	    "NRestarts", "ExecMainStartTimestampMonotonic"};
	const char *value[4] = {NULL};
	char *line;

	while ((line = strsep(&said, "\n")) != NULL) {
		char *equals = strchr(line, '=');

		for (size_t i = 0; equals != NULL && i < 4; i++)
			if (strlen(keys[i]) == (size_t)(equals - line) &&
			    strncmp(line, keys[i], strlen(keys[i])) == 0)
				value[i] = equals + 1;
	}
	if (value[0] == NULL || strcmp(value[0], "loaded") != 0)
		return;
	bool running = value[1] != NULL && strcmp(value[1], "active") == 0;
	long long restarts = number(value[2]), started = number(value[3]);
	ca_metrics_single(out, "certauth_verifier_running", "gauge",
	    "1 if the resident verifier runs; its socket starts it at the first login.",
	    running);
	if (restarts >= 0)
		ca_metrics_single(out, "certauth_verifier_restarts_total",
		    "counter",
		    "How often systemd has restarted the resident verifier since it was last stopped.",
		    restarts);
	if (running && started > 0 && started <= now)
		ca_metrics_single(out,
		    "certauth_verifier_start_timestamp_seconds", "gauge",
		    "When the resident verifier was started.",
		    clock - (now - started) / 1000000);
}

bool
ca_metrics_verifier_put(struct ca_buf *out)
{
	char said[SAID_MAX + 1];
	struct timespec now;

	if (access("/run/systemd/system", F_OK) != 0)
		return true;
	if (!ask(said) || clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
		(void)ca_cli_fail(PROGRAM " does not say how " UNIT
					  " is: run systemctl status " UNIT);
		return false;
	}
	ca_metrics_verifier_text(said,
	    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000,
	    (long long)time(NULL), out);
	return true;
}
