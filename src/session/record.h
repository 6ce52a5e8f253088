/*
 * Records of logins by certificate and of the sessions that followed, so that
 * `certauth sessions' can judge the certificate of an open session again.
 *
 * /run/certauth/logins/ID      a login that was granted; ID is 128 random bits, which
 *                              the session of an application that forks finds in the
 *                              environment of PAM
 * /run/certauth/sessions/ID    a session that is open
 *
 * Both folders are root's and have the mode 0700, and so does each file 0600: only
 * root's processes write, read or list them.
 */
#ifndef CA_SESSION_RECORD_H
#define CA_SESSION_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

#define CA_SESSION_DIR "/run/certauth"
#define CA_SESSION_LOGINS "logins"
#define CA_SESSION_SESSIONS "sessions"

#define CA_SESSION_ID 33          /* hexadecimal digits and a NUL */
#define CA_SESSION_ARGS 64        /* arguments of the module */
#define CA_SESSION_MAX (1u << 20) /* bytes of a record */
#define CA_SESSION_LOGIN_LIFE                                                  \
	600 /* seconds until a session must have followed */

/* ---- a process ---- */

/* What says that a process is the same one: a pid is used again. */
struct ca_session_process {
	uint64_t pid, start;     /* start: clock ticks since boot */
	uint64_t ns_dev, ns_ino; /* its pid namespace */
	char boot[64];           /* boot id of the kernel */
};

/* Of /proc/PID/stat (proc(5)). */
struct ca_session_stat {
	char state;
	pid_t parent, session;
	int tty;        /* device number of the controlling terminal; 0: none */
	uint64_t start; /* clock ticks since boot */
};

/* CA_ERR_NOT_FOUND: no such process; CA_ERR_IO: errno; CA_ERR_FORMAT. */
CA_MUST_CHECK enum ca_err ca_session_stat(
    pid_t pid, struct ca_session_stat *out);

/* This process.  Errors as above. */
CA_MUST_CHECK enum ca_err ca_session_self(struct ca_session_process *out);

/* Seconds since boot, time in which the machine was suspended included. */
uint64_t ca_session_uptime(void);

/* ---- a record ---- */

/* Texts are never NULL in a record that was parsed. */
struct ca_session {
	/* the login */
	const char *service;          /* PAM_SERVICE */
	const char *user;             /* who logged in by the certificate */
	const char *rule;             /* by which rule; may be "" */
	const char *subject, *sha256; /* of the certificate */
	const char *argv[CA_SESSION_ARGS]; /* of the module's auth line */
	size_t argc;
	struct ca_bytes kept; /* what ca_auth_keep wrote: the chain */
	uint64_t at;          /* seconds since 1970 */
	uint64_t uptime;      /* ca_session_uptime */
	/* the session; in the record of a login, what is empty or 0 */
	const char *account; /* whose session it is: of sudo, another one's */
	const char *rhost, *tty,
	    *logind;     /* PAM_RHOST, PAM_TTY, XDG_SESSION_ID */
	uint64_t uid;    /* of account */
	uint64_t opened; /* seconds since 1970 */
	struct ca_session_process process;
};

/* Append the record to out (ca_buf_err).  A text that is NULL is written as "". */
void ca_session_write(const struct ca_session *s, struct ca_buf *out);

/* out borrows from p.  CA_ERR_FORMAT: not a whole record; CA_ERR_LIMIT. */
CA_MUST_CHECK enum ca_err ca_session_parse(
    const void *p, size_t len, struct ca_session *out);

/* ---- a folder ---- */

/*
 * Open the folder of that name in CA_SESSION_DIR; *fd is the caller's to close.  With
 * make, what does not exist is made.  CA_ERR_NOT_FOUND; CA_ERR_UNTRUSTED: it, or what
 * is above it, is not root's alone; CA_ERR_IO: errno.
 */
CA_MUST_CHECK enum ca_err ca_session_folder(
    const char *name, bool make, int *fd);

/* Write a whole record under a new random name, which id returns, or nothing.
 * CA_ERR_IO: errno; CA_ERR_LIMIT, CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_session_store(
    int folder, const struct ca_session *s, char id[CA_SESSION_ID]);

/* Has the text the form of an id? */
bool ca_session_is_id(const char *text);

/* Read the record named id; out borrows from bytes, which the caller frees in every
 * case.  CA_ERR_NOT_FOUND; CA_ERR_UNTRUSTED: not a file of root's alone; CA_ERR_IO,
 * CA_ERR_LIMIT, CA_ERR_MEMORY, CA_ERR_FORMAT. */
CA_MUST_CHECK enum ca_err ca_session_load(
    int folder, const char *id, struct ca_buf *bytes, struct ca_session *out);

/* Remove the record.  False: there is none, or it cannot be removed (errno). */
bool ca_session_remove(int folder, const char *id);

/* Remove logins, and files that were not finished, that are older than
 * CA_SESSION_LOGIN_LIFE.  At most max entries are looked at. */
void ca_session_tidy(int folder, bool logins, size_t max);

#endif
