/*
 * Running certauth-fetch as nobody, and reading what it fetched.
 */
#include "base/stream.h"
#include "fetch/fetchmsg.h"
#include "process/start.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "certauth-fetch"

/* ---- the program ---- */

/* The variables that libcurl reads: proxies and CA files. */
static void
environment(char *out[16])
{
	static const char *const names[] = {"http_proxy", "https_proxy",
	    "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
	    "SSL_CERT_FILE", "SSL_CERT_DIR"};
	size_t n = 0;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *value = getenv(names[i]);

		/* the string is NAME=value, and the environment needs all of it */
		if (value != NULL)
			out[n++] = value - strlen(names[i]) - 1;
	}
	out[n] = NULL;
}

static enum ca_err
start(int order, pid_t *pid, int *from)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct ca_become who = ca_start_nobody();
	char name[] = PROGRAM;
	char *const argv[] = {name, NULL};
	char *envp[16];
	char path[PATH_MAX];
	int program = ca_start_program(PROGRAM, path);

	if (program < 0) {
		ret = errno == ENOENT ? CA_ERR_NOT_FOUND : CA_ERR_IO;
		goto out;
	}
	environment(envp);
	const struct ca_start s = {
	    program, order, -1, geteuid() == 0 ? &who : NULL, argv, envp};
	if ((rc = ca_start_reading(&s, from, pid)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	if (program >= 0)
		(void)close(program);
	return ret;
}

/* ---- what the program sends ---- */

/* Read until all transfers are complete, the pipe ends, or the deadline passes.
 * Return NULL if all are complete, or else why reading ended. */
static const char *
receive(struct ca_fetch_input *in, int from, int64_t deadline,
    ca_fetch_progress *progress, void *ctx)
{
	uint8_t block[32768];

	while (in->ended < in->n) {
		struct pollfd p = {.fd = from, .events = POLLIN};
		int64_t now, left;
		ssize_t n;

		if ((now = ca_stream_clock()) < 0)
			return "the clock cannot be read";
		/* poll(2) waits forever if the time is below 0 */
		if ((left = deadline - now) <= 0)
			return PROGRAM " did not finish in time";
		int ready = poll(&p, 1, left > 250 ? 250 : (int)left);
		if (progress != NULL)
			progress(ctx, in->ended, in->bytes);
		if (ready <= 0)
			continue;
		n = read(from, block, sizeof block);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return PROGRAM " ended early";
		if (ca_fetch_input_take(in, block, (size_t)n) != CA_OK)
			return PROGRAM " sent an invalid line";
	}
	return NULL;
}

/* Kill the program in any case: it has nothing more to send. */
static const char *
stop(pid_t pid)
{
	int status = 0;

	(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == CA_START_NO_USER)
		return PROGRAM " cannot become the user nobody";
	if (WIFEXITED(status) && WEXITSTATUS(status) >= CA_START_NO_ENDS)
		return PROGRAM " cannot be run";
	return NULL;
}

static void
end_all(struct ca_fetch_input *in, const char *why)
{
	for (size_t i = 0; i < in->n; i++) {
		struct ca_fetch *f = &in->f[i];

		if (f->ended)
			continue;
		(void)snprintf(f->error, sizeof f->error, "%s", why);
		f->ended = true;
	}
}

enum ca_err
ca_fetch_all(struct ca_fetch *f, size_t n, const struct ca_fetch_limits *limits,
    ca_fetch_progress *progress, void *ctx)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf order = CA_BUF_INIT(CA_FETCH_ORDER_MAX);
	struct ca_fetch_input *in = calloc(1, sizeof *in);
	int from = -1, fd = -1;
	const char *early, *why;
	int64_t now = 0;
	pid_t pid;

	if (in == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	in->f = f;
	in->n = n;
	in->max_bytes = limits->max_bytes;
	const int64_t ms =
	    ((int64_t)limits->timeout + (int64_t)limits->grace) * 1000;
	const bool clock = (now = ca_stream_clock()) >= 0;
	rc = ca_fetch_order_put(
	    &order, f, n, limits->timeout, limits->max_bytes);
	if (rc == CA_OK)
		rc = ca_start_order(PROGRAM, &order, &fd);
	if (rc == CA_OK)
		rc = start(fd, &pid, &from);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	early = clock ? receive(in, from, now + ms, progress, ctx)
		      : "the clock cannot be read";
	why = stop(pid);
	end_all(in, why != NULL ? why : early != NULL ? early : "");
	ret = CA_OK;
out:
	if (from >= 0)
		(void)close(from);
	if (fd >= 0)
		(void)close(fd);
	ca_buf_free(&order);
	free(in);
	return ret;
}
