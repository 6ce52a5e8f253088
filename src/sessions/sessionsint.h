/*
 * Private to this room.
 */
#ifndef CA_SESSIONS_SESSIONSINT_H
#define CA_SESSIONS_SESSIONSINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "base/reason.h"
#include "config/config.h"
#include "session/record.h"
#include "tool/cli.h"

/* What was found out about a certificate that logged in. */
struct ca_sessions_verdict {
	enum ca_reason reason;       /* CA_R_OK: it may log in now */
	char *detail;                /* text of others in it; may be NULL */
	const struct ca_config *cfg; /* NULL: the configuration has a mistake */
};

/* An open session. */
struct ca_sessions_one {
	char id[CA_SESSION_ID];
	struct ca_buf bytes;
	struct ca_session s; /* borrows from bytes */
	bool elsewhere;      /* its process is in another pid namespace */
	struct ca_sessions_verdict verdict;
	int pidfd; /* of a process that was told to end; -1 */
};

/* The configuration of a service with the arguments of its module. */
struct ca_sessions_config {
	const struct ca_session *of; /* service and arguments */
	struct ca_config *cfg;
};

struct ca_sessions {
	struct ca_log log;
	int folder; /* -1: there is none, and so no session */
	struct ca_sessions_one *v;
	size_t n;
	struct ca_sessions_config *config;
	size_t nconfigs;
	char said[CA_LOG_LINE_MAX]; /* the last error of the verifier */
};

/* ---- list.c ---- */

/*
 * Read all records and remove those whose process has ended.  A record that cannot be
 * read is logged and left out.  With lock, no other run of this program changes a
 * session meanwhile.  CA_OK also if there is no folder.  CA_ERR_UNTRUSTED, CA_ERR_IO,
 * CA_ERR_MEMORY, logged.
 */
CA_MUST_CHECK enum ca_err ca_sessions_read(struct ca_sessions *all, bool lock);
void ca_sessions_clear(struct ca_sessions *all);

/* ---- judge.c ---- */

/* Judge each session; each certificate once for a service, user and remote host. */
void ca_sessions_judge(struct ca_sessions *all);

/* The configuration of the session's service.  NULL: it has a mistake, which was
 * logged, or there is no memory. */
const struct ca_config *ca_sessions_config_of(
    struct ca_sessions *all, const struct ca_session *s);

/* ---- print.c ---- */

int ca_sessions_print(const struct ca_sessions *all, bool json);

/* ---- state.c: what a check before this one found of a session ---- */

struct ca_sessions_state {
	enum ca_reason reason; /* CA_R_NONE: nothing */
	unsigned done;         /* 0: nothing was done; else 1 + enum ca_on */
	uint64_t since;        /* ca_session_uptime of the first check */
};

struct ca_sessions_state ca_sessions_state_read(int folder, const char *id);

/* Keep it for the next check; reason CA_R_NONE or CA_R_OK: forget. */
void ca_sessions_state_write(const struct ca_sessions *all, const char *id,
    const struct ca_sessions_state *state);

/* ---- logind.c ---- */

/* A session of systemd-logind. */
struct ca_logind_one {
	char id[64];
	uint64_t uid, leader;
};

struct ca_logind {
	bool asked, known; /* known: logind answered */
	struct ca_logind_one *v;
	size_t n;
};

/* Ask logind once.  False: it does not answer. */
bool ca_logind_ask(struct ca_logind *l, const struct ca_log *log);
void ca_logind_clear(struct ca_logind *l);

/* The session with that leader, or NULL. */
const struct ca_logind_one *ca_logind_of(
    const struct ca_logind *l, uint64_t leader);

/* Does this host run systemd, and so logind, whether it answers or not? */
bool ca_logind_expected(void);

/* verb: "lock-session", "terminate-session".  False: it failed. */
bool ca_logind_order(const char *verb, const char *id);

/* ---- act.c ---- */

struct ca_sessions_acts {
	struct ca_sessions *all;
	struct ca_logind logind;
	bool any_service; /* end also what end_services does not name */
	/* why the last session could not be locked or ended */
	char why[300];
};

/* Each returns whether it was done; if not, acts->why says why. */
bool ca_sessions_lock(
    struct ca_sessions_acts *acts, struct ca_sessions_one *one);
bool ca_sessions_end(
    struct ca_sessions_acts *acts, struct ca_sessions_one *one);

/* Wait until the processes that were told to end have ended, and log those that have
 * not.  How many they are. */
size_t ca_sessions_wait(struct ca_sessions *all);

/* One line of the log about what was done. */
void ca_sessions_log(const struct ca_sessions_one *one, const char *outcome,
    const char *reason, const char *detail);

/* ---- terminal.c ---- */

/* Write a line to the terminals of the session. */
void ca_sessions_tell(
    const struct ca_sessions_one *one, const char *what, const char *why);

/* ---- ticket.c ---- */

/* Remove the timestamps of sudo of the user who logged in, so that no other process of
 * this user becomes root by them. */
void ca_sessions_ticket(
    const struct ca_log *log, const struct ca_sessions_one *one);

/* ---- check.c, endcommand.c ---- */

/* Seconds between two checks that must both find that no rule maps a certificate. */
#define CA_SESSIONS_TWICE 60

/* Carry out on_revoked, on_expired and on_unmapped.  force: however many sessions it
 * ends. */

int ca_sessions_check(struct ca_sessions *all, bool force, bool quiet);

/* Which sessions `certauth sessions end' is about: one of the three. */
struct ca_sessions_choice {
	const char *id, *user, *sha256;
	bool force;
};
int ca_sessions_end_chosen(
    struct ca_sessions *all, const struct ca_sessions_choice *choice);

#endif
