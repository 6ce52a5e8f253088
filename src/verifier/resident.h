/*
 * The resident parent: sockets, connections, and the loop over them.
 */
#ifndef CA_VERIFIER_RESIDENT_H
#define CA_VERIFIER_RESIDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "verifier/crew.h"
#include "verifier/queue.h"

#define CA_SOCKETS_MAX 8
#define CA_SILENT_MS 5000 /* until the module has sent a byte */

/* How a parent tells the one that replaces it which descriptors are listening sockets,
 * and which are connections that wait: variables of its environment, with numbers and
 * commas. */
#define CA_RESIDENT_SOCKETS "CERTAUTH_SOCKETS"
#define CA_RESIDENT_WAITING "CERTAUTH_WAITING"
/* the memfd with the uses of signed passwords: one number; and its name for the
 * supervisor, which keeps it over a restart (sd_pid_notify_with_fds(3)) */
#define CA_RESIDENT_CLAIMS "CERTAUTH_CLAIMS"
#define CA_RESIDENT_STORED "claims"

struct ca_resident {
	struct ca_log log;
	struct ca_queue queue;
	struct ca_crew crew;
	int epoll, signals;
	struct {
		int fd;
		uint8_t version; /* of its peers; 0: all are turned away */
	} socket[CA_SOCKETS_MAX];
	size_t sockets;
	bool ending, again; /* SIGTERM; SIGHUP */
	long long end_at, accept_at, spare_at, told_at;
	int claims; /* that the parent before left, or -1 */
};

/*
 * Get the listening sockets: those that the parent before this one left, or that the
 * supervisor passed; else, for root, make the one that the module looks for.
 * Connections that waited for the parent before are in r->queue then, and its memory of
 * signed passwords is in r->claims.
 * CA_ERR_NOT_FOUND, CA_ERR_UNTRUSTED, CA_ERR_IO: logged.
 */
CA_MUST_CHECK enum ca_err ca_resident_sockets(struct ca_resident *r);

/* Serve until SIGTERM (CA_OK) or SIGHUP, or until a file of this program changed
 * (CA_ERR_STALE: the caller replaces the program, or calls this again). */
CA_MUST_CHECK enum ca_err ca_resident_serve(struct ca_resident *r);

/* Execute this program again, with the sockets and the connections that wait.
 * Returns if that cannot be done, which is logged. */
void ca_resident_again(struct ca_resident *r);

/* Note the files that this process has mapped. */
void ca_resident_files(void);

/* Has one of them been replaced?  Looks at most once a second. */
bool ca_resident_replaced(void);

/* Register fd for these events of epoll, whose data is the descriptor.  op is
 * EPOLL_CTL_ADD or _MOD. */
CA_MUST_CHECK bool ca_resident_watch(
    const struct ca_resident *r, int op, int fd, unsigned events);

#endif
