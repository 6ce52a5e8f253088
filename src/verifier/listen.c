/*
 * The resident parent: certauth-verifier --listen.
 */
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/stream.h"
#include "confine/confine.h"
#include "map/match.h"
#include "verifier/parent.h"
#include "verifier/resident.h"
#include "verifier/warm.h"

#define VERIFIER_USER "_certauth"
#define DESCRIPTORS 4096

/* To the journal with its level, else plain. */
static void
emit(void *ctx, enum ca_log_level level, const char *line)
{
	static const int priority[] = {3, 4, 5, 6, 7};

	(void)ctx;
	if (getenv("JOURNAL_STREAM") != NULL)
		(void)fprintf(stderr, "<%d>%s\n", priority[level], line);
	else
		(void)fprintf(stderr, "certauth-verifier: %s\n", line);
}

/* The parent that systemd starts is that user already. */
static enum ca_err
become(const struct ca_resident *r)
{
	struct ca_become who = {0};
	const struct passwd *pw;
	const char *step = "";
	bool root = geteuid() == 0;

	if (root && (pw = getpwnam(VERIFIER_USER)) == NULL) {
		ca_log_err(&r->log,
		    "user %s does not exist; run: systemd-sysusers, or: "
		    "useradd --system %s",
		    VERIFIER_USER, VERIFIER_USER);
		return CA_ERR_NOT_FOUND;
	}
	if (root)
		who = (struct ca_become){.uid = pw->pw_uid, .gid = pw->pw_gid};
	enum ca_err rc = ca_confine_user(root ? &who : NULL, &step);
	if (rc != CA_OK)
		ca_log_err(&r->log, "cannot become user %s: %-s: %m",
		    VERIFIER_USER, step);
	return rc;
}

static size_t
descriptors(void)
{
	struct rlimit lim = {1024, 1024};

	(void)getrlimit(RLIMIT_NOFILE, &lim);
	if (lim.rlim_cur < DESCRIPTORS) {
		lim.rlim_cur =
		    lim.rlim_max < DESCRIPTORS ? lim.rlim_max : DESCRIPTORS;
		(void)setrlimit(RLIMIT_NOFILE, &lim);
	}
	return lim.rlim_cur < DESCRIPTORS ? (size_t)lim.rlim_cur : DESCRIPTORS;
}

/* Signals wait for the loop.  They are blocked since the start of the program,
 * which a parent that was replaced leaves so. */
static enum ca_err
take_signals(struct ca_resident *r)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return CA_ERR_IO;
	r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	return r->signals >= 0 && r->epoll >= 0 ? CA_OK : CA_ERR_IO;
}

/* Tell the supervisor, with a descriptor unless fd is -1.  By one of a pair of sockets,
 * since socket(2) fails under the
 * unit of an earlier version. */
static void
notify(const char *text, int fd)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	int pair[2];

	if (path == NULL || strlen(path) >= sizeof sa.sun_path ||
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) != 0)
		return;
	memcpy(sa.sun_path, path, strlen(path));
	if (path[0] == '@')
		sa.sun_path[0] = '\0';
	socklen_t len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (connect(pair[0], (const struct sockaddr *)&sa, len) == 0)
		(void)!ca_stream_send(pair[0], text, strlen(text), fd,
		    ca_stream_clock() /* no wait */);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

/* Have the supervisor keep the memory of signed passwords over a restart, in place of
 * one that this program could not use.  A supervisor that does not only has what was
 * issued before refused: so no error. */
static void
store_claims(int fd)
{
	notify("FDSTOREREMOVE=1\nFDNAME=" CA_RESIDENT_STORED, -1);
	notify("FDSTORE=1\nFDNAME=" CA_RESIDENT_STORED, fd);
}

/* Without it, signed passwords are refused, and other logins are not.  Under the unit of
 * an earlier version no file may grow (LimitFSIZE): that is an error, and no signal. */
static void
open_claims(struct ca_resident *r)
{
	time_t now = time(NULL);

	(void)signal(SIGXFSZ, SIG_IGN);
	if (ca_claims_open(&r->crew.claims, r->claims,
		now > 0 ? (uint64_t)now : 0) != CA_OK)
		ca_log_err(&r->log,
		    "signed passwords are refused: no memory for their uses: "
		    "%m; run: systemctl daemon-reload && systemctl restart "
		    "certauth-verifier.service");
	else if (r->crew.claims.made)
		store_claims(r->crew.claims.fd);
	(void)signal(SIGXFSZ, SIG_DFL);
}

static enum ca_err
set_up(struct ca_resident *r)
{
	struct ca_worker *w = &r->crew.worker;
	enum ca_err rc;

	r->log = (struct ca_log){emit, NULL, false};
	if ((rc = take_signals(r)) != CA_OK) {
		ca_log_err(&r->log, "cannot wait for signals: %m");
		return rc;
	}
	ca_queue_init(&r->queue, descriptors());
	if ((rc = ca_resident_sockets(r)) != CA_OK || (rc = become(r)) != CA_OK)
		return rc;
	open_claims(r);
	r->crew.log = &r->log;
	r->crew.epoll = r->epoll;
	/* nothing is trusted that belongs to the user of this process */
	*w = (struct ca_worker){.parent = getpid(), .owner = 0, .apart = true};
	if ((rc = ca_crypto_new(&w->crypto)) != CA_OK) {
		ca_log_err(&r->log, "libcrypto: %-s", ca_err_text(rc));
		return rc;
	}
	(void)ca_certmap_load();
	ca_resident_files();
	ca_warm_crypto(w->crypto);
	/* a change of the user takes /proc/self/pagemap away */
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	ca_warm_note(w->crypto);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
		ca_log_err(&r->log, "PR_SET_DUMPABLE: %m");
		return CA_ERR_IO;
	}
	/* a thousand of them are not copied for each worker */
	ca_warm_authorities(w);
	return CA_OK;
}

enum ca_err
ca_parent_listen(void)
{
	static struct ca_resident r; /* its tables are large */
	enum ca_err rc;

	if ((rc = set_up(&r)) != CA_OK)
		return rc;
	while ((rc = ca_resident_serve(&r)) == CA_ERR_STALE)
		ca_resident_again(&r);
	if (rc != CA_OK)
		ca_log_err(&r.log, "cannot wait for connections: %m");
	return rc;
}
