/*
 * The messages between pam_certauth.so ("module") and a worker of
 * certauth-verifier.  docs/verifier.md describes them.
 *
 * One connection carries one operation:
 *
 *	module                              worker
 *	                                    greeting: one byte, the version
 *	ARGS
 *	                                    LOG, OPEN              (any number)
 *	                                    READY
 *	BODY
 *	                                    LOG, OPEN, ACCOUNT, HOME, SIGN
 *	REPLY to each OPEN, ACCOUNT, HOME, SIGN
 *	                                    ANSWER
 *
 * Before READY the worker has seen nothing of a client.  After READY the module
 * opens for it only what the worker listed in READY, and it uses only the settings
 * of READY.
 */
#ifndef CA_OP_OP_H
#define CA_OP_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/stream.h"

/* The version that the module of this build speaks, and those that its verifier serves:
 * a later one, and the one before for the programs that have the old module loaded.
 * tests/later builds a verifier of such a version. */
#ifndef CA_OP_VERSION
#define CA_OP_VERSION 1
#define CA_OP_SERVED CA_OP_VERSION
#endif

/* A module that starts a verifier and names no version speaks this one. */
#define CA_OP_UNNAMED 1

/* Where the module looks for a resident certauth-verifier: the socket of its
 * version. */
#define CA_OP_DIR "/run/certauth"
#define CA_OP_SOCKET_OF(version) CA_OP_DIR "/verifier." #version ".sock"
#define CA_OP_SOCKET_NAME(version) CA_OP_SOCKET_OF(version)
#define CA_OP_SOCKET CA_OP_SOCKET_NAME(CA_OP_VERSION)

#define CA_OP_ID_LEN 16
#define CA_OP_LIST_MAX 64         /* values of a field that may be repeated */
#define CA_OP_FRAME_MAX (1 << 20) /* bytes of a message, without its header */
#define CA_OP_TEXT_MAX 66560      /* bytes of a text, the NUL included */
#define CA_OP_REGISTERED 8        /* certificates for the helper */

/* The operations.  The numbers are those of the messages. */
enum ca_op {
	CA_OP_REQUEST = 1, /* make the request, and say how to ask it */
	CA_OP_JUDGE,       /* judge the response, or log why there is none */
	CA_OP_RECHECK,     /* look again at the certificate of a login */
	CA_OP_CONFIRM,     /* does the administrator name the login user? */
	CA_OP_SESSION, /* judge the certificate of an open session, and whether
			    * it still maps to its login: for root alone */
};

/* The ways to get a response, for proof1 and proof2. */
enum ca_op_proof { CA_OP_CONVERSATION = 1, CA_OP_COMMAND, CA_OP_PASSWORD };

enum ca_op_type {
	CA_OP_NONE = 0,
	/* from the module */
	CA_OP_ARGS,
	CA_OP_BODY,
	CA_OP_REPLY,
	/* from the worker */
	CA_OP_READY,
	CA_OP_LOG,
	CA_OP_OPEN,
	CA_OP_ACCOUNT,
	CA_OP_HOME,
	CA_OP_SIGN,
	CA_OP_ANSWER,
	CA_OP_TYPES
};

struct ca_op_texts {
	const char *v[CA_OP_LIST_MAX];
	size_t n;
};

struct ca_op_blobs {
	struct ca_bytes v[CA_OP_LIST_MAX];
	size_t n;
};

/*
 * The content of the messages.  Everything in them is borrowed: after
 * ca_op_parse, from the bytes that were parsed.  A text that is NULL, a number
 * that is 0, and an empty byte string are not sent.
 */

struct ca_op_args {
	uint64_t op;        /* enum ca_op */
	struct ca_bytes id; /* CA_OP_ID_LEN random bytes; the answer has them */
	const char *service;     /* PAM_SERVICE */
	struct ca_op_texts argv; /* the module's arguments */
	uint64_t owner; /* besides root's, files of this uid are trusted: the
			 * uid that the application runs as */
};

/* The worker has seen nothing of a client: neither PAM_USER nor PAM_RHOST.  What the
 * module does by the configuration, it does by these fields. */
struct ca_op_ready {
	struct ca_bytes id;
	uint64_t err; /* enum ca_err: the configuration has a mistake, which
		       * LOG said; 0: it has none */
	struct ca_op_texts grant; /* absolute paths that OPEN may name from now
				   * on, and what is below them */
	uint64_t audit;           /* mode = audit */
	uint64_t account;         /* require_account = yes */
	uint64_t debug;
	uint64_t proof1, proof2; /* enum ca_op_proof; 0: none */
	uint64_t max_answer, lifetime, helper_timeout, wait_for_token;
	uint64_t pkcs11, require_pin, ssh_agent, user_certificates;
	const char *helper, *token_uri, *key_file;
	const char *host_key; /* for SIGN, or a path that only an operation
			       * request may have */
	uint64_t min_uid, max_uid;
	/* of a helper of root, or of the host */
	struct ca_op_texts helper_write;      /* absolute paths */
	uint64_t helper_network, helper_free; /* helper_confine = network, no */
	uint64_t ignore_silent;               /* silent = ignore */
	struct ca_op_texts helper_env;        /* NAME, NAME=VALUE */
	uint64_t sessions;                    /* sessions = yes */
	uint64_t first_answer;                /* first_answer = ignore */
	const char *language;                 /* of the helper's texts */
};

struct ca_op_body {
	const char *user, *rhost; /* PAM_USER, PAM_RHOST */
	uint64_t now;             /* seconds since 1970 */
	uint64_t helper;          /* request: proof = command can be used */
	/* judge */
	struct ca_bytes request, response;
	uint64_t reason; /* enum ca_reason: why there is no response; else 0 */
	uint64_t err;    /* enum ca_err, with reason */
	/* recheck, session: what the answer of judge had */
	struct ca_bytes kept;
};

struct ca_op_log {
	uint64_t level; /* enum ca_log_level */
	const char *line;
};

/* OPEN: path, for reading; directory is 1 for a directory.  ACCOUNT: the account
 * named name.  HOME: ~/.certauth of the account named name.  SIGN: as
 * ca_channel_host_sign, by the helper and the key that READY named. */
struct ca_op_call {
	const char *path, *name;
	uint64_t directory;
	struct ca_bytes leaf, transcript;
};

/* The reply to each of them.  OPEN and HOME: a descriptor comes with it. */
struct ca_op_reply {
	uint64_t err;            /* enum ca_err */
	uint64_t sys;            /* errno */
	const char *name, *home; /* ACCOUNT: of the account that was found */
	uint64_t uid;            /* ACCOUNT */
	const char *path;        /* HOME: its real path */
	struct ca_bytes verify;  /* SIGN: CertificateVerify */
};

struct ca_op_answer {
	struct ca_bytes id;
	uint64_t err;    /* enum ca_err: CA_OK is a grant, or a request */
	uint64_t reason; /* enum ca_reason: why there is no request; session:
			  * what decided */
	/* request */
	struct ca_bytes request;
	struct ca_op_blobs registered; /* DER, for the helper */
	uint64_t registered_err; /* enum ca_err; 0: they were not needed */
	/* judge */
	const char *login;
	struct ca_bytes kept;   /* for recheck */
	struct ca_op_texts env; /* NAME=VALUE */
	const char *notice;     /* for the user: the certificate expires;
				 * request: if its first answer is discarded;
				 * session: what decided, in words */
	/* judge and recheck: for the log, when the outcome has taken effect */
	struct ca_op_texts line;
	const char *rule; /* judge: which one mapped, with sessions = yes */
};

/* One message of either side. */
struct ca_op_msg {
	enum ca_op_type type;
	union {
		struct ca_op_args args;
		struct ca_op_ready ready;
		struct ca_op_body body;
		struct ca_op_log log;
		struct ca_op_call call;
		struct ca_op_reply reply;
		struct ca_op_answer answer;
	} u;
};

/* Can the text, which may be NULL, be sent? */
bool ca_op_fits(const char *text);

/* Append the content of msg, without a header, to out (ca_buf_err). */
void ca_op_write(const struct ca_op_msg *msg, struct ca_buf *out);

/*
 * Parse the len bytes at p, the content of a message of that type.  msg borrows
 * from p.  CA_ERR_FORMAT: a field that this type does not have, or that stands
 * twice, or out of order; a text with a NUL in it or without one at its end; a
 * type that does not exist.  CA_ERR_LIMIT: too many values, or one too long.
 */
CA_MUST_CHECK enum ca_err ca_op_parse(
    uint8_t type, const void *p, size_t len, struct ca_op_msg *msg);

/* Does an argument of the module name a file or directory that the verifier reads?  A
 * resident one takes such an argument from root's processes only. */
bool ca_op_names_file(const char *arg);

/* ---- a connection ---- */

struct ca_op_link {
	int fd;             /* a stream socket of this host */
	long long deadline; /* milliseconds of ca_stream_clock; 0: none */
	/* Until the first message: a byte 0 says that the connection waits for a
	 * worker, and the deadline is wait_ms from then on; one that comes after
	 * wait_end is a time-out.  wait_ms is 0: there is no such byte. */
	long long wait_ms, wait_end;
	bool
	    broken; /* a message was not sent whole, or a reply did not come: no
		      * other message is sent */
	struct ca_buf in; /* the message that was received last */
};

void ca_op_link_init(struct ca_op_link *link, int fd);
void ca_op_link_clear(struct ca_op_link *link); /* wipes; fd stays open */

/*
 * Send msg, with the descriptor fd unless that is -1 (fd stays open).
 * CA_ERR_TIMEOUT: the deadline; CA_ERR_IO: errno (EPIPE: the other side closed
 * its end, or a message before could not be sent); CA_ERR_LIMIT, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_op_send(
    struct ca_op_link *link, const struct ca_op_msg *msg, int fd);

/*
 * Receive a message; msg borrows from link until the next call.  *fd is the
 * descriptor that came with it, the caller's to close, or -1; it is -1 after an
 * error.  fd may be NULL: a descriptor is then a format error.  CA_ERR_TIMEOUT;
 * CA_ERR_CANCELLED: the other side closed its end before the message began;
 * CA_ERR_IO (errno), CA_ERR_MEMORY; CA_ERR_FORMAT and CA_ERR_LIMIT as
 * ca_op_parse, and if the other side closed its end within the message.
 */
CA_MUST_CHECK enum ca_err ca_op_recv(
    struct ca_op_link *link, struct ca_op_msg *msg, int *fd);

/* Pass the descriptor fd over the stream socket with a byte.  This waits as long as it
 * takes.  Errors as of ca_op_send. */
CA_MUST_CHECK enum ca_err ca_op_pass(int socket, int fd);

/* Receive the greeting, which is one byte.  CA_ERR_UNSUPPORTED: it names another
 * version; other errors as of ca_op_recv. */
CA_MUST_CHECK enum ca_err ca_op_greeted(struct ca_op_link *link);

/* ---- a connection on its way to a worker (handover.c) ---- */

/* Receive what ca_op_pass passed: *fd is the caller's to close, -1 after an error.
 * This waits as long as it takes.  Errors as of ca_op_recv. */
CA_MUST_CHECK enum ca_err ca_op_passed(int socket, int *fd);

/* To be sent, without waiting, while no worker has the connection: the byte that
 * wait_ms is about. */
void ca_op_waits(int socket);

/* Send the greeting.  Errors as of ca_op_send. */
CA_MUST_CHECK enum ca_err ca_op_greet(struct ca_op_link *link, uint8_t version);

#endif
