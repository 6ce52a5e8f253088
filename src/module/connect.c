/*
 * Reach the verifier: at its socket, or by starting it.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "module/rootpath.h"
#include "module/slot.h"
#include "module/verifier.h"

#define GREETING_MS 1000 /* a resident verifier answers at once */
#define START_MS 5000    /* one that is started has to be loaded */
#define SPAWN_SECONDS 60 /* of CPU time of the parent, which uses none */

/* ---- the socket ---- */

/* Everybody may connect to it: its mode does not matter. */
static const char *
socket_distrust(const char *path)
{
	const char *wrong = ca_rootpath_distrust(path);
	struct stat st;

	if (wrong != NULL)
		return wrong;
	if (lstat(path, &st) != 0)
		return "does not exist";
	if (!S_ISSOCK(st.st_mode))
		return "is not a socket";
	return st.st_uid == 0 ? NULL : "is not root's";
}

/* A send timeout is one of connect(2) too: it waits while more connections are made
 * than the verifier accepts. */
static enum ca_err
set_time(int fd, long long deadline)
{
	long long left = deadline - ca_stream_clock();
	const struct timeval tv = {
	    .tv_sec = left / 1000, .tv_usec = left % 1000 * 1000};

	if (left <= 0)
		return CA_ERR_TIMEOUT;
	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv) == 0
		   ? CA_OK
		   : CA_ERR_IO;
}

static enum ca_err
connect_socket(const char *path, long long deadline, int *fd)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	enum ca_err rc;

	memcpy(sa.sun_path, path, strlen(path) + 1); /* ca_rootpath_distrust */
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return CA_ERR_IO;
	for (;;) {
		if ((rc = set_time(*fd, deadline)) != CA_OK)
			return rc;
		if (connect(*fd, (struct sockaddr *)&sa, sizeof sa) == 0)
			return CA_OK;
		if (errno != EINTR)
			return errno == EAGAIN ? CA_ERR_TIMEOUT : CA_ERR_IO;
	}
}

/* wait: there is no other way, so that it may take longer.  CA_ERR_NOT_FOUND: nobody
 * answers there. */
static enum ca_err
reach_resident(struct ca_verifier *v, bool wait, int *fd)
{
	const char *wrong = socket_distrust(ca_verifier_socket);
	struct ca_op_link link;
	enum ca_err rc;

	if (wrong != NULL) {
		if (wait)
			ca_log_err(v->log,
			    "the verifier's socket %-s, or a directory above "
			    "it, %-s; run: certauth doctor",
			    ca_verifier_socket, wrong);
		return CA_ERR_NOT_FOUND;
	}
	long long deadline =
	    ca_stream_clock() + (wait ? START_MS : GREETING_MS);
	rc = connect_socket(ca_verifier_socket, deadline, fd);
	if (rc != CA_OK && wait)
		ca_log_err(v->log,
		    "the verifier cannot be reached at %-s: %m; run: "
		    "systemctl enable --now certauth-verifier.socket",
		    ca_verifier_socket);
	if (rc == CA_OK) {
		ca_op_link_init(&link, *fd);
		link.deadline = deadline;
		if ((rc = ca_op_greeted(&link)) == CA_OK)
			return CA_OK;
		if (wait)
			ca_log_err(v->log,
			    "the verifier at %-s does not answer: %-s; run: "
			    "systemctl status certauth-verifier",
			    ca_verifier_socket, ca_err_text(rc));
	}
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	return CA_ERR_NOT_FOUND;
}

/* ---- a verifier of this process's own ---- */

static enum ca_err
start(struct ca_verifier *v)
{
	char name[] = "certauth-verifier", option[] = "--stdio=0";
	char *const argv[] = {name, option, NULL}, *const envp[] = {NULL};
	struct ca_spawn_params p = {.exec_fd = -1,
	    .path = ca_verifier_program,
	    .argv = argv,
	    .envp = envp,
	    .keep = true,
	    .cpu_seconds = SPAWN_SECONDS};
	enum ca_err rc = ca_spawn_open(ca_verifier_program, v->log, &p.exec_fd);

	if (rc != CA_OK)
		return rc;
	rc = ca_spawn_start(&p, &v->spawn);
	if (rc != CA_OK)
		ca_log_err(
		    v->log, "%-s cannot be started: %m", ca_verifier_program);
	(void)close(p.exec_fd);
	return rc;
}

/* Pass it one end of a new connection. */
static enum ca_err
reach_spawned(struct ca_verifier *v, int *fd)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_op_link link;
	int pair[2] = {-1, -1};

	if ((rc = ca_slot_take(&v->slot)) != CA_OK) {
		ca_log_err(v->log,
		    "%d verifiers that processes of real user ID %u started "
		    "are at work, and none ended in time; run: systemctl "
		    "enable --now certauth-verifier.socket",
		    getuid() == 0 ? CA_SLOTS : CA_SLOTS_USER,
		    (unsigned)getuid());
		ret = rc;
		goto out;
	}
	if (v->spawn.minder <= 0 && (rc = start(v)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		ca_log_err(v->log, "no socket for the verifier: %m");
		ret = CA_ERR_IO;
		goto out;
	}
	rc = ca_op_pass(v->spawn.in, pair[1]);
	(void)close(pair[1]);
	pair[1] = -1;
	ca_op_link_init(&link, pair[0]);
	link.deadline =
	    ca_stream_clock() + (long long)START_MS * ca_verifier_patience;
	if (rc == CA_OK)
		rc = ca_op_greeted(&link);
	if (rc != CA_OK) {
		ca_log_err(v->log,
		    "%-s does not answer: %-s; run: certauth "
		    "doctor",
		    ca_verifier_program, ca_err_text(rc));
		ret = rc;
		goto out;
	}
	*fd = pair[0];
	pair[0] = -1; /* transferred */
	ret = CA_OK;
out:
	if (pair[0] >= 0)
		(void)close(pair[0]);
	return ret;
}

/* ---- which ---- */

/* A process of a user that names files of its own has its own verifier: one of
 * another user must neither read them with its rights nor trust them. */
static bool
must_spawn(const struct ca_verifier *v)
{
	return v->args->way == CA_VERIFIER_SPAWN ||
	       (v->args->way == CA_VERIFIER_AUTO && v->args->own &&
		   geteuid() != 0);
}

enum ca_err
ca_verifier_connect(struct ca_verifier *v, int *fd)
{
	bool tell = v->args->way == CA_VERIFIER_RESIDENT;
	enum ca_err rc;

	*fd = -1;
	if (v->chosen)
		return v->spawned ? reach_spawned(v, fd)
				  : reach_resident(v, true, fd);
	v->spawned = must_spawn(v);
	if (!v->spawned) {
		rc = reach_resident(v, tell, fd);
		v->spawned = rc == CA_ERR_NOT_FOUND && !tell;
		if (!v->spawned) {
			v->chosen = true;
			return rc;
		}
	}
	v->chosen = true;
	return reach_spawned(v, fd);
}
