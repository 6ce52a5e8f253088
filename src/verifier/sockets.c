/*
 * The sockets that the resident parent listens on.  The number in the name of a
 * socket is the version of the messages that its peers speak: a module that was
 * loaded before an update asks at the socket of its own version.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "op/op.h"
#include "verifier/letgo.h"
#include "verifier/peer.h"
#include "verifier/resident.h"

#define FIRST 3 /* the first that a supervisor passes (sd_listen_fds(3)) */
#define BACKLOG 4096

/* ---- versions ---- */

static const uint8_t served[] = {CA_OP_SERVED};

static bool
name_of(int fd, struct sockaddr_un *sa)
{
	socklen_t len = sizeof *sa;

	memset(sa, 0, sizeof *sa);
	return getsockname(fd, (struct sockaddr *)sa, &len) == 0;
}

/* The version that peers at this socket speak, of those that a worker speaks; else
 * 0. */
static uint8_t
version_of(const struct sockaddr_un *sa)
{
	const char *name;
	char *end;

	if (sa->sun_family != AF_UNIX || sa->sun_path[0] != '/' ||
	    sa->sun_path[sizeof sa->sun_path - 1] != '\0')
		return 0;
	name = strrchr(sa->sun_path, '/') + 1;
	if (strncmp(name, "verifier.", 9) != 0 || name[9] < '0' ||
	    name[9] > '9')
		return 0;
	long version = strtol(name + 9, &end, 10);
	for (size_t i = 0; i < sizeof served; i++) {
		if (version == served[i] && strcmp(end, ".sock") == 0)
			return served[i];
	}
	return 0;
}

static bool
is_listening(int fd)
{
	int domain = 0, type = 0, accepts = 0;
	socklen_t len = sizeof domain;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0)
		return false;
	len = sizeof type;
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0)
		return false;
	len = sizeof accepts;
	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &len) == 0 &&
	       domain == AF_UNIX && type == SOCK_STREAM && accepts == 1;
}

static enum ca_err
add_socket(struct ca_resident *r, int fd)
{
	struct sockaddr_un sa;

	if (r->sockets == CA_SOCKETS_MAX || !is_listening(fd) ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || !name_of(fd, &sa)) {
		ca_log_err(&r->log,
		    "descriptor %d, which was passed to this program, is not a "
		    "listening stream socket of this host",
		    fd);
		return CA_ERR_USAGE;
	}
	r->socket[r->sockets].fd = fd;
	r->socket[r->sockets].version = version_of(&sa);
	if (r->socket[r->sockets].version == 0)
		ca_log_warning(&r->log,
		    "socket %s: its name is not verifier.%d.sock, or that of "
		    "another version of the messages that is served; "
		    "connections to it are closed",
		    sa.sun_path, CA_OP_VERSION);
	r->sockets++;
	return CA_OK;
}

/* ---- of the parent before this one ---- */

static void
add_waiting(struct ca_resident *r, int fd)
{
	struct ca_waiting w = {
	    .fd = fd, .until = ca_stream_clock() + CA_SILENT_MS};
	struct sockaddr_un sa;

	if (!name_of(fd, &sa) || version_of(&sa) == 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
	    !ca_peer_counts_for(fd, &w.uid) ||
	    !ca_queue_may(&r->queue, w.uid) ||
	    !ca_resident_watch(
		r, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLRDHUP | EPOLLONESHOT)) {
		ca_letgo(fd);
		return;
	}
	ca_queue_add(&r->queue, &w);
}

/* The next number of a list with commas; -1 at its end. */
static int
next_number(const char **list)
{
	char *end;
	long n = strtol(*list, &end, 10);

	if (end == *list || n < 0 || n > 1 << 20)
		return -1;
	*list = *end == ',' ? end + 1 : end;
	return (int)n;
}

static enum ca_err
take_left(struct ca_resident *r, const char *sockets)
{
	const char *waiting = getenv(CA_RESIDENT_WAITING);
	const char *claims = getenv(CA_RESIDENT_CLAIMS);
	enum ca_err rc;
	int fd;

	while ((fd = next_number(&sockets)) >= 0) {
		if ((rc = add_socket(r, fd)) != CA_OK)
			return rc;
	}
	while (waiting != NULL && (fd = next_number(&waiting)) >= 0)
		add_waiting(r, fd);
	if (claims != NULL)
		r->claims = next_number(&claims);
	return r->sockets > 0 ? CA_OK : CA_ERR_USAGE;
}

/* ---- of a supervisor ---- */

static long
number_of(const char *name)
{
	const char *text = getenv(name);
	char *end;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return -1;
	long n = strtol(text, &end, 10);
	return *end == '\0' ? n : -1;
}

/* Is the next name of LISTEN_FDNAMES that of what we stored? */
static bool
is_stored(const char **names)
{
	const char *name = *names;
	size_t len = name != NULL ? strcspn(name, ":") : 0;

	if (name != NULL)
		*names = name[len] == ':' ? name + len + 1 : NULL;
	return len == sizeof CA_RESIDENT_STORED - 1 &&
	       strncmp(name, CA_RESIDENT_STORED, len) == 0;
}

static enum ca_err
take_passed(struct ca_resident *r, long n)
{
	const char *names = getenv("LISTEN_FDNAMES");
	enum ca_err rc = CA_ERR_NOT_FOUND;

	for (int fd = FIRST; fd < FIRST + n; fd++) {
		if (is_stored(&names)) {
			/* of one name there is one, unless something went wrong */
			if (r->claims >= 0)
				(void)close(r->claims);
			r->claims = fd;
		} else if ((rc = add_socket(r, fd)) != CA_OK)
			break;
	}
	return rc;
}

/* ---- our own ---- */

/* Only root can put another socket where the module looks. */
static enum ca_err
own_directory(const struct ca_resident *r)
{
	struct stat st;

	if (mkdir(CA_OP_DIR, 0755) != 0 && errno != EEXIST) {
		ca_log_err(
		    &r->log, "directory %s cannot be made: %m", CA_OP_DIR);
		return CA_ERR_IO;
	}
	if (lstat(CA_OP_DIR, &st) != 0 || !S_ISDIR(st.st_mode) ||
	    st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		ca_log_err(&r->log,
		    "%s must be a directory that root owns and nobody else "
		    "can write",
		    CA_OP_DIR);
		return CA_ERR_UNTRUSTED;
	}
	return CA_OK;
}

/* A parent that ended leaves its socket; one that runs keeps it. */
static bool
is_answered(const struct sockaddr_un *sa)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool yes = fd >= 0 &&
		   (connect(fd, (const struct sockaddr *)sa, sizeof *sa) == 0 ||
		       errno == EAGAIN);

	if (fd >= 0)
		(void)close(fd);
	return yes;
}

static enum ca_err
make_one(struct ca_resident *r, uint8_t version)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = -1;

	(void)snprintf(sa.sun_path, sizeof sa.sun_path,
	    CA_OP_DIR "/verifier.%u.sock", (unsigned)version);
	if (is_answered(&sa)) {
		ca_log_err(&r->log,
		    "another process listens at %s: systemctl stop "
		    "certauth-verifier.socket, or end that process",
		    sa.sun_path);
		ret = CA_ERR_USAGE;
		goto out;
	}
	(void)unlink(sa.sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof sa) != 0 ||
	    chmod(sa.sun_path, 0666) != 0 || listen(fd, BACKLOG) != 0) {
		ca_log_err(
		    &r->log, "socket %s cannot be made: %m", sa.sun_path);
		ret = CA_ERR_IO;
		goto out;
	}
	if ((rc = add_socket(r, fd)) != CA_OK) {
		ret = rc;
		goto out;
	}
	fd = -1; /* transferred */
	ret = CA_OK;
out:
	if (fd >= 0)
		(void)close(fd);
	return ret;
}

static enum ca_err
make_own(struct ca_resident *r)
{
	enum ca_err rc = own_directory(r);

	for (size_t i = 0; i < sizeof served && rc == CA_OK; i++)
		rc = make_one(r, served[i]);
	return rc;
}

enum ca_err
ca_resident_sockets(struct ca_resident *r)
{
	const char *left = getenv(CA_RESIDENT_SOCKETS);
	long n = number_of("LISTEN_FDS");

	r->claims = -1;
	if (left != NULL)
		return take_left(r, left);
	if (n > 0 && number_of("LISTEN_PID") == getpid())
		return take_passed(r, n);
	if (geteuid() == 0)
		return make_own(r);
	ca_log_err(&r->log,
	    "no socket was passed to this program (LISTEN_FDS, LISTEN_PID), "
	    "and only root can make one in %s",
	    CA_OP_DIR);
	return CA_ERR_NOT_FOUND;
}
