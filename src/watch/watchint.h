/*
 * Private to src/watch.
 *
 * Two processes: the parent decides and locks, and loads no PKCS#11 module; its child,
 * the looker, loads the modules, and writes a line after each look.  A module that
 * crashes or hangs takes the looker with it, and the parent starts another.  What
 * nobody can tell for long counts as a token that was removed.
 */
#ifndef CA_WATCH_WATCHINT_H
#define CA_WATCH_WATCHINT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/log.h"
#include "key/look.h"

/* Milliseconds of ca_stream_clock, here and below. */

/* ---- watchstate.c: what is to be done; it calls nothing ---- */

#define CA_WATCH_START_MS 3000 /* modules and services may still be starting */
#define CA_WATCH_UNKNOWN_MAX 3 /* looks in a row that tell nothing */

enum ca_watch_at { CA_WATCH_START, CA_WATCH_HERE, CA_WATCH_GONE };

enum ca_watch_do {
	CA_WATCH_NOTHING,
	CA_WATCH_FOUND,    /* for the first time */
	CA_WATCH_INSERTED, /* again */
	CA_WATCH_PULLED,   /* lock: it was removed */
	CA_WATCH_MISSING,  /* lock: it was not there at the start */
	CA_WATCH_BLIND,    /* lock: nobody can tell */
	CA_WATCH_RETRY,    /* lock: the last try failed */
};

/* Begin with {.begun = now}. */
struct ca_watch {
	enum ca_watch_at at;
	bool absent;      /* at the start: the last look found no token */
	long long begun;  /* the start */
	unsigned unknown; /* looks in a row */
	unsigned failed;  /* tries to lock, in a row */
	long long again;  /* the next try to lock, or 0 */
	bool missed;      /* it was removed while the lock command ran */
};

enum ca_watch_do ca_watch_saw(
    struct ca_watch *w, enum ca_look_at look, long long now);
/* Is the session to be locked? */
bool ca_watch_locks(enum ca_watch_do what);
/* The time now has come. */
enum ca_watch_do ca_watch_time(struct ca_watch *w, long long now);
/* The time for which the caller waits, or 0. */
long long ca_watch_due(const struct ca_watch *w);
/* The lock command has ended. */
void ca_watch_locked(struct ca_watch *w, bool locked, long long now);

/* ---- watchlooker.c: the child ---- */

struct ca_looker {
	pid_t pid; /* 0: there is none */
	int fd;    /* its lines */
	char line[16];
	size_t len;
	enum ca_look_at last; /* what it said */
	bool spoke;           /* since it was started */
	bool events;          /* threads wait in its modules */
	long long deadline;   /* of its next line */
	unsigned patience; /* seconds without the token until it ends, so that a
				* new one loads the modules again */
};

/* Start it.  Each signal is blocked here that the child must not block; keep is a
 * descriptor that the child must not keep, or -1.  CA_ERR_IO: errno. */
CA_MUST_CHECK enum ca_err ca_looker_start(
    struct ca_looker *l, const char *uri, const struct ca_log *log, int keep);

/* Read one line that has come.  CA_ERR_NOT_FOUND: none is complete; CA_ERR_FORMAT;
 * CA_ERR_CANCELLED: the looker closed its end. */
CA_MUST_CHECK enum ca_err ca_looker_line(
    struct ca_looker *l, enum ca_look_at *at, long long now);

/* Kill it and read nothing more of it; it is to be waited for by its pid. */
void ca_looker_kill(struct ca_looker *l);

/* The looker has ended with that status of waitpid.  True: by itself, to be started
 * anew. */
bool ca_looker_ended(struct ca_looker *l, int status);

/* ---- watchorder.c: the commands ---- */

struct ca_order {
	char *command;      /* for sh -c; NULL: loginctl, or none */
	pid_t pid;          /* 0: it does not run */
	long long deadline; /* 0: none */
	bool no_id;         /* loginctl failed with XDG_SESSION_ID */
};

/* Start it, without waiting.  CA_ERR_IO: logged. */
CA_MUST_CHECK enum ca_err ca_order_start(
    struct ca_order *o, const struct ca_log *log, long long now);
/* It has ended.  True: with status 0; else it is logged. */
bool ca_order_ended(struct ca_order *o, int status, const struct ca_log *log);

/* ---- watchonly.c: one process for a session and token ---- */

/* Take the lock file in XDG_RUNTIME_DIR; *fd has the lock, or is -1 without such a
 * folder.  CA_ERR_CANCELLED: another process of the user's has it; CA_ERR_IO: errno,
 * also for a file that is another user's. */
CA_MUST_CHECK enum ca_err ca_watch_only(const char *uri, int *fd);

/* ---- watchrun.c ---- */

/* Watch until a signal; name is what people call the token.  Returns an exit status. */
int ca_watch_run(const char *uri, const char *name, char *lock, char *insert,
    int only, const struct ca_log *log);

#endif
