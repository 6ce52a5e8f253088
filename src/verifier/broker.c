#include "verifier/broker.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/stream.h"
#include "confine/confine.h"
#include "map/sss.h"
#include "process/become.h"
#include "verifier/worker.h"

/* A worker asks when it has judged a certificate, which takes at most its CPU time, and
 * has asked the module for files. */
#define WAIT_MS 120000

#define OWN 3 /* its socket, after standard error */

/* It loads what it needs before: afterwards it reads nothing but SSSD's cache. */
static void
confine(pid_t parent)
{
	static const char *const paths[] = {"/var/lib/sss/mc"};
	static const struct ca_confine_files files = {
	    .paths = paths, .n = 1, .local = true};
	static const struct ca_confine_limits limits = {
	    CA_CONFINE_CPU, (rlim_t)64 << 20, 16};
	static const struct ca_confine_sockets sockets = {.local = true};
	static struct ca_confine_calls calls;
	const char *step;
	enum ca_err rc;

	if (ca_confine_limits(&limits, parent, &step) != CA_OK)
		_exit(1);
	/* what a kernel lacks its worker lacks too, and says so */
	rc = ca_confine_files(&files, &step);
	if (rc != CA_OK && rc != CA_ERR_UNSUPPORTED)
		_exit(1);
	rc = ca_confine_calls_make(CA_WORKER_CALLS, &sockets, &calls);
	if (rc == CA_OK)
		rc = ca_confine_calls_enter(&calls, &step);
	if (rc != CA_OK && rc != CA_ERR_UNSUPPORTED)
		_exit(1);
}

/* Whatever the worker sent: a question is a number of bytes, and a text. */
static bool
is_whole(const struct ca_sss_question *q)
{
	return q->len > 0 && q->len <= CA_SSS_CERT_MAX &&
	       memchr(q->login, '\0', sizeof q->login) != NULL;
}

/* Its socket alone, and nothing behind the standard descriptors: those of a spawned
 * verifier are not the broker's to hold, and are the numbers of a socket if the
 * application has closed its own. */
static bool
keep(const int pair[2])
{
	const int fd = fcntl(pair[1], F_DUPFD_CLOEXEC, OWN);
	int null;

	if (fd < 0 || (fd != OWN && dup2(fd, OWN) != OWN) ||
	    ca_become_close(OWN + 1) != 0)
		return false;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return false;
	for (int n = 0; n < OWN; n++)
		if (n != null && dup2(null, n) != n)
			return false;
	return null < OWN || close(null) == 0;
}

static _Noreturn void
serve(const int pair[2], pid_t parent)
{
	static struct ca_sss_question question;
	static struct ca_sss_answer answer;

	if (!keep(pair))
		_exit(1);
	(void)ca_sss_load();
	confine(parent);
	if (ca_stream_recv(OWN, &question, sizeof question, NULL,
		ca_stream_clock() + WAIT_MS) != CA_OK ||
	    !is_whole(&question))
		_exit(1);
	ca_sss_ask(&question, &answer);
	_exit(ca_stream_send(OWN, &answer, sizeof answer, -1,
		  ca_stream_clock() + CA_SSS_MS) == CA_OK
		  ? 0
		  : 1);
}

int
ca_broker_start(void)
{
	const pid_t parent = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0)
		serve(pair, parent);
	(void)close(pair[1]);
	if (pid > 0)
		return pair[0];
	(void)close(pair[0]);
	return -1;
}
