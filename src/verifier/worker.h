/*
 * A worker: one process, one operation.
 */
#ifndef CA_VERIFIER_WORKER_H
#define CA_VERIFIER_WORKER_H

#include <stdbool.h>
#include <sys/types.h>

#include "crypto/crypto.h"

/* What becomes of a call that is not on the list. */
#ifdef CA_CONFINE_TEST
#define CA_WORKER_CALLS CA_CONFINE_KILL
#else
#define CA_WORKER_CALLS CA_CONFINE_PRODUCTION
#endif

/* What a worker is given by its parent. */
struct ca_worker {
	int fd;      /* the connection; the parent has greeted */
	int claims;  /* a socket to a parent that remembers uses of signed
		      * passwords; -1: none does */
	int broker;  /* a socket to the process that asks SSSD; set by the
		      * worker; -1: there is none */
	uid_t uid;   /* become this user, */
	gid_t gid;   /* and this group, if become is set */
	bool become; /* the process is root's */
	uid_t owner; /* the uid whose files may be trusted besides root's */
	bool
	    others_only; /* the peer is not root, and not this process's user */
	bool apart;      /* the parent is not in the module's mount namespace */
	pid_t parent;
	struct ca_crypto *crypto;
};

/*
 * Confine this process and carry out the operation that comes over the
 * connection.  Does not return.  The exit status is 0 if an answer was sent.
 */
_Noreturn void ca_worker_run(struct ca_worker *worker);

#endif
