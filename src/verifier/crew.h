/*
 * The processes of the resident parent: spares that wait for an operation, and
 * workers that carry one out.
 */
#ifndef CA_VERIFIER_CREW_H
#define CA_VERIFIER_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/log.h"
#include "verifier/claims.h"
#include "verifier/queue.h"
#include "verifier/worker.h"

#define CA_SPARES 4 /* two logins: each has two operations */

struct ca_hand {
	pid_t pid;
	bool spare;
	int own;   /* the other end of the process's own socket: a spare gets a
		  * connection by it, a worker claims by it; -1 after that */
	int fd;    /* a worker's connection, which is only looked at for its
		  * end; else -1 */
	uid_t uid; /* a worker's: as of struct ca_waiting */
	long long kill_at; /* a worker's, of ca_stream_clock */
	bool killed;
};

struct ca_crew {
	const struct ca_log *log;
	int epoll; /* where the connections are registered */
	struct ca_claims claims;
	struct ca_worker worker; /* what each of them is given */
	struct ca_hand v[CA_WORKERS_MAX + CA_SPARES];
	size_t n, spares;
	long long spare_at; /* of ca_stream_clock; no spare is forked before */
};

/* Fork a spare.  False: this process cannot fork, or a spare ended just now. */
bool ca_crew_spare(struct ca_crew *c);

/*
 * Give the connection fd to a spare, or to a process that is forked for it; fd
 * stays open in the crew, until the worker ends.  False: neither can be had; fd stays
 * the caller's.
 */
bool ca_crew_give(struct ca_crew *c, int fd, uid_t uid);

/* The peers of the workers, in uid, which has CA_WORKERS_MAX places; their number. */
size_t ca_crew_uids(const struct ca_crew *c, uid_t *uid);

/* Answer the claim of the worker whose socket fd is, if it is one's.  A worker has one
 * claim.  False: it is none's. */
bool ca_crew_claim(struct ca_crew *c, int fd);

/* The module closed its end of the connection fd: nobody waits for that worker. */
void ca_crew_left(struct ca_crew *c, int fd);

/* Kill the workers whose time is over.  When this is due next, or -1. */
long long ca_crew_kill(struct ca_crew *c);

/* Collect the processes that ended. */
void ca_crew_reap(struct ca_crew *c);

#endif
