/*
 * Running certauth-ldap as nobody, and reading what it sends.
 */
#include "base/stream.h"
#include "ldap/ldaptell.h"
#include "process/start.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "certauth-ldap"
/* to connect to one server, for TLS and for the bind: libldap has no limit for all of
 * these, and none for TLS */
#define SERVER_SECONDS 20

/*
 * The kernel lets no other process of the same user look into one whose program that
 * user cannot read, from its first instruction on.  Otherwise every process of nobody
 * could attach to it, or open its memory, before it calls PR_SET_DUMPABLE, and would
 * see the secrets later.
 */
static bool
is_private(int program, const char *path, const struct ca_log *log)
{
	struct stat st;

	if (geteuid() != 0 ||
	    (fstat(program, &st) == 0 && (st.st_mode & 044) == 0))
		return true;
	ca_log_err(log,
	    "%s can be read by other users, who could then read the secrets "
	    "of the directory in its memory; run: chmod 0711 %s",
	    path, path);
	return false;
}

/* CA_ERR_UNTRUSTED, logged. */
static enum ca_err
start(int order, const struct ca_log *log, pid_t *pid, int *from)
{
	const struct ca_become who = ca_start_nobody();
	/* libldap reads no ldap.conf, no ~/.ldaprc and no variable */
	char name[] = PROGRAM, alone[] = "LDAPNOINIT=1";
	char *const argv[] = {name, NULL}, *const envp[] = {alone, NULL};
	char path[PATH_MAX];
	int program = ca_start_program(PROGRAM, path);
	enum ca_err rc;

	if (program < 0)
		return errno == ENOENT ? CA_ERR_NOT_FOUND : CA_ERR_IO;
	if (!is_private(program, path, log)) {
		(void)close(program);
		return CA_ERR_UNTRUSTED;
	}
	const struct ca_start s = {
	    program, order, -1, geteuid() == 0 ? &who : NULL, argv, envp};
	rc = ca_start_reading(&s, from, pid);
	(void)close(program);
	return rc;
}

/* The time limits of libldap do not bound a server that sends a byte now and then;
 * these do.  server: up to the search, deadline: for all. */
struct limits {
	int64_t server, deadline;
};

/* Read up to the last frame. */
static enum ca_err
receive(struct ca_ldap_input *in, int from, const struct limits *limits)
{
	uint8_t block[32768];
	enum ca_err rc;

	while (!in->ended) {
		struct pollfd p = {.fd = from, .events = POLLIN};
		int64_t now, deadline = limits->deadline;
		ssize_t n;

		if (in->step != CA_LDAP_STEP_SEARCH &&
		    limits->server < deadline)
			deadline = limits->server;
		if ((now = ca_stream_clock()) < 0)
			return CA_ERR_IO;
		if (now >= deadline)
			return CA_ERR_TIMEOUT;
		if (poll(&p, 1,
			deadline - now > 1000 ? 1000 : (int)(deadline - now)) <=
		    0)
			continue;
		n = read(from, block, sizeof block);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return CA_ERR_TRUNCATED;
		if ((rc = ca_ldap_input_take(in, block, (size_t)n)) != CA_OK)
			return rc;
	}
	return CA_OK;
}

/* Kill the program in any case: it has nothing more to send. */
static int
stop(pid_t pid)
{
	int status = 0;

	(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

/* Log why there is no answer, where certauth-ldap itself does not say it. */
static void
tell(const struct ca_log *log, const char *uri, enum ca_err rc, int status)
{
	if (status == CA_START_NO_USER)
		ca_log_err(log, "certauth-ldap cannot become the user nobody");
	else if (status >= CA_START_NO_ENDS)
		ca_log_err(log, "certauth-ldap cannot be run");
	else if (rc == CA_ERR_TRUNCATED)
		ca_log_err(log,
		    "%s: certauth-ldap ended early; the journal may have the "
		    "reason",
		    uri);
	else if (rc == CA_ERR_FORMAT)
		ca_log_err(log, "%s: certauth-ldap sent an invalid frame", uri);
	else if (rc == CA_ERR_LIMIT)
		ca_log_err(log,
		    "%s: the directory has too many accounts or values", uri);
}

static enum ca_err
start_for(const struct ca_config *cfg, const struct ca_log *log,
    const char *uri, pid_t *pid, int *from)
{
	struct ca_buf order = CA_BUF_INIT(CA_LDAP_ORDERS_MAX);
	int fd = -1;
	enum ca_err rc = ca_ldap_order_put(cfg, uri, log, &order);

	if (rc == CA_OK)
		rc = ca_start_order(PROGRAM, &order, &fd);
	if (rc == CA_OK) {
		rc = start(fd, log, pid, from);
		if (rc == CA_ERR_NOT_FOUND)
			ca_log_err(log,
			    "certauth-ldap is not installed; build certauth "
			    "with libldap and libsasl2");
		else if (rc != CA_OK && rc != CA_ERR_UNTRUSTED)
			ca_log_err(log, "cannot start certauth-ldap: %m");
	}
	if (fd >= 0)
		(void)close(fd);
	ca_buf_free(&order);
	return rc;
}

struct run {
	const struct ca_config *cfg;
	const struct ca_log *log;
	unsigned timeout; /* seconds */
	int64_t deadline;
	struct ca_ldap_input *in;
	bool next; /* the next server is to be asked */
};

/* What became of the server; more: it is not the last. */
static enum ca_err
judge(struct run *run, enum ca_err rc, int status, bool more)
{
	const struct ca_ldap_input *in = run->in;
	bool searched = in->step == CA_LDAP_STEP_SEARCH;
	const int64_t now = ca_stream_clock();

	if (rc == CA_OK && in->complete)
		return CA_OK;
	/* one that has begun to answer is not replaced by another */
	run->next = more && !searched && now >= 0 && now < run->deadline &&
		    (rc == CA_ERR_TIMEOUT || rc == CA_ERR_TRUNCATED ||
			(rc == CA_OK && in->away)) &&
		    status < CA_START_NO_USER;
	if (rc == CA_OK)
		ca_ldap_tell(run->cfg, run->log, in, run->next);
	else if (rc == CA_ERR_TIMEOUT)
		ca_ldap_tell_silent(run->cfg, run->log, in,
		    searched ? run->timeout : SERVER_SECONDS, run->next);
	else
		tell(run->log, in->uri, rc, status);
	return rc == CA_OK || rc == CA_ERR_TIMEOUT || rc == CA_ERR_TRUNCATED ||
		       rc == CA_ERR_FORMAT
		   ? CA_DENIED
		   : rc;
}

/* Ask one server. */
static enum ca_err
ask(struct run *run, const char *uri, bool more)
{
	struct ca_ldap_input *in = run->in;
	struct limits limits = {0, run->deadline};
	int from = -1;
	enum ca_err rc;
	pid_t pid;

	run->next = false;
	in->uri = uri;
	in->step = CA_LDAP_STEP_CONNECT;
	in->ended = in->away = false;
	in->len = 0;
	if ((limits.server = ca_stream_clock()) < 0)
		return CA_ERR_IO;
	limits.server += (int64_t)SERVER_SECONDS * 1000;
	if ((rc = start_for(run->cfg, run->log, uri, &pid, &from)) != CA_OK)
		return rc;
	rc = receive(in, from, &limits);
	(void)close(from);
	return judge(run, rc, stop(pid), more);
}

enum ca_err
ca_ldap_run(const struct ca_config *cfg, const struct ca_log *log,
    unsigned timeout, struct ca_ldap_input *in)
{
	struct run run = {cfg, log, timeout, 0, in, true};
	size_t n = cfg->directory_uri.n;
	enum ca_err rc = CA_ERR_UNSET;

	if ((run.deadline = ca_stream_clock()) < 0)
		return CA_ERR_IO;
	run.deadline += (int64_t)timeout * 1000;
	if (n == 0) /* the order says what is wrong */
		return ask(&run, "", false);
	for (size_t i = 0; i < n && run.next; i++)
		rc = ask(&run, cfg->directory_uri.v[i], i + 1 < n);
	return rc;
}
