/*
 * Ask certauth-verifier.  No byte that a client sent is parsed in the process of the
 * application, and libcrypto is not loaded there.
 */
#ifndef CA_MODULE_VERIFIER_H
#define CA_MODULE_VERIFIER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/log.h"
#include "op/op.h"
#include "process/spawn.h"

/* Where the verifier is: verifier= of the module's arguments. */
enum ca_verifier_way {
	CA_VERIFIER_AUTO, /* the socket if somebody answers there, else spawn */
	CA_VERIFIER_RESIDENT,
	CA_VERIFIER_SPAWN,
};

/* What the module itself reads of its arguments. */
struct ca_verifier_args {
	enum ca_verifier_way way;
	struct ca_op_texts argv; /* all others, for the verifier */
	bool own; /* config=, or a path: a verifier that is not this user's must
		   * not use them for a process that is not root's */
	bool first_pass; /* use_first_pass: ask for no password */
	bool password;   /* proof=password, known without a verifier */
	/* for a login at which no verifier can be asked: mode=audit,
	 * require_account=yes, require_account=no */
	bool audit, account, no_account;
};

/* CA_ERR_CONFIG, logged; CA_ERR_LIMIT, logged: too many arguments. */
CA_MUST_CHECK enum ca_err ca_verifier_arguments(int argc, const char **argv,
    const struct ca_log *log, struct ca_verifier_args *out);

/* A directory of a user that a worker may read the files of. */
struct ca_verifier_home {
	int fd; /* -1: none */
	uid_t uid;
	char *path;
};

/* One call of an entry point.  Begin with ca_verifier_init. */
struct ca_verifier {
	const struct ca_verifier_args *args;
	const struct ca_log *log;
	const char *service;
	/* private */
	bool chosen;
	bool spawned;
	struct ca_spawn spawn;
	struct ca_op_link link;
	int slot; /* of ca_slot_take; -1: none */
	/* of one operation */
	enum ca_op op;
	uint8_t id[CA_OP_ID_LEN];
	const char *user;        /* of the body; borrowed */
	bool ready;              /* the worker may have seen a client's bytes */
	struct ca_op_ready said; /* what it said before; else zeroed */
	struct ca_buf held;      /* what said borrows from */
	struct ca_verifier_home home;
	unsigned lines, calls[CA_OP_TYPES];
	long long spent; /* milliseconds in calls */
};

/* args, log and service must live until ca_verifier_clear. */
void ca_verifier_init(struct ca_verifier *v,
    const struct ca_verifier_args *args, const struct ca_log *log,
    const char *service);
void ca_verifier_clear(struct ca_verifier *v);

/*
 * Carry out an operation.  answer borrows from v until the next call, as v->said does,
 * which is what the configuration says, or zeroed if that is not known.  CA_OK: there
 * is an answer, whose err is the result; its reason is CA_R_CONFIG if the configuration
 * has a mistake, which was logged.  Other codes: there is none, for a reason that was
 * logged; nothing may be granted.
 */
CA_MUST_CHECK enum ca_err ca_verifier_ask(struct ca_verifier *v, enum ca_op op,
    const struct ca_op_body *body, struct ca_op_answer *answer);

/* ---- inside ---- */

/* Connect for one operation: *fd is a socket whose other end has greeted
 * (connect.c).  Errors are logged. */
CA_MUST_CHECK enum ca_err ca_verifier_connect(struct ca_verifier *v, int *fd);

/* Answer one call of the worker (service.c).  Not CA_OK: it may not make it, or the
 * connection failed. */
CA_MUST_CHECK enum ca_err ca_verifier_serve(
    struct ca_verifier *v, const struct ca_op_msg *msg);

void ca_verifier_home_close(struct ca_verifier_home *home);

/* Where the verifier is (paths.c). */
extern const char ca_verifier_program[];
extern const char ca_verifier_socket[];
/* How many times its usual time the verifier may take: 1, more in tests that slow
 * it down. */
extern const unsigned ca_verifier_patience;

#endif
