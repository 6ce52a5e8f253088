/*
 * What a worker asks the module for, over the connection of its operation.
 */
#ifndef CA_VERIFIER_CALLS_H
#define CA_VERIFIER_CALLS_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/log.h"
#include "op/op.h"

struct ca_calls {
	struct ca_op_link link;
	long long message_ms; /* how long the module may take for what it has at
			       * hand: all but a name service and a token */
	uid_t owner;      /* files of this user are trusted besides root's */
	bool others_only; /* the peer is not root: it gets only what everybody
			   * may read */
	bool apart; /* a path may lead elsewhere here than in the module: a file
		     * that is absent here may exist there (PrivateTmp) */
	/* after READY: what the module opens, and what is below */
	bool ready;
	struct ca_op_texts grant;
};

/*
 * From now on, for the life of this process, files are opened and accounts found
 * by the functions of base/sys.h with the help of calls.
 */
void ca_calls_use(struct ca_calls *calls);

/* Have the module open a file or directory for reading: a descriptor, or -1 with
 * errno.  target, if it is not NULL, gets the target of a link; it is left alone for
 * anything else. */
int ca_calls_open(struct ca_calls *calls, const char *path, bool directory,
    char target[PATH_MAX]);

/*
 * Have the module send a message, with the answer in *reply, which borrows from
 * calls->link.  *fd as for ca_op_recv.  CA_OK: there is a reply; its err may be an
 * error all the same.
 */
CA_MUST_CHECK enum ca_err ca_calls_ask(struct ca_calls *calls,
    enum ca_op_type type, const struct ca_op_call *call,
    struct ca_op_reply *reply, int *fd);

/* A sink of the log whose lines the module writes; ctx is calls. */
void ca_calls_log(void *calls, enum ca_log_level level, const char *line);

#endif
