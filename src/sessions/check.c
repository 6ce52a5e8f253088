/*
 * `certauth sessions check': what becomes of the sessions whose certificate may not log
 * in any more.
 */
#include "sessions/sessionsint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { FINE, REVOKED, EXPIRED, UNMAPPED, UNKNOWN };

/* What is wrong with files of the host, or with its verifier, is no finding about a
 * session. */
static enum kind
kind_of(enum ca_reason reason)
{
	switch ((int)reason) {
	case CA_R_OK:
		return FINE;
	case CA_R_REVOKED:
		return REVOKED;
	case CA_R_EXPIRED:
		return EXPIRED;
	case CA_R_UNMAPPED:
	case CA_R_OTHER_USER:
	case CA_R_REFUSED:
		return UNMAPPED;
	default:
		return UNKNOWN;
	}
}

/* What one session is due. */
struct due {
	struct ca_sessions_state before;
	enum kind kind;
	bool act; /* false: nothing now */
	enum ca_on action;
	bool limited; /* end_max */
	bool told;    /* its process was told to end */
};

static enum ca_on
action_of(const struct ca_config *cfg, enum kind kind)
{
	/* a trial of the configuration has no effect on anybody */
	if (cfg->mode == CA_MODE_AUDIT)
		return CA_ON_LOG;
	return kind == REVOKED   ? cfg->on_revoked
	       : kind == EXPIRED ? cfg->on_expired
				 : cfg->on_unmapped;
}

/* A users file may be half edited: only a second look counts. */
static bool
is_first_look(const struct due *d)
{
	const uint64_t now = ca_session_uptime();

	return kind_of(d->before.reason) != UNMAPPED || now < d->before.since ||
	       now - d->before.since < CA_SESSIONS_TWICE;
}

static struct due
due_of(const struct ca_sessions *all, const struct ca_sessions_one *one)
{
	struct due d = {.before = ca_sessions_state_read(all->folder, one->id),
	    .kind = kind_of(one->verdict.reason)};

	if (d.kind == FINE || d.kind == UNKNOWN || one->verdict.cfg == NULL)
		return d;
	d.act = d.kind != UNMAPPED || !is_first_look(&d);
	d.action = action_of(one->verdict.cfg, d.kind);
	return d;
}

/* ---- many at once ---- */

/* More ends than a site's usual ones are a mistake in a file, rather than dismissals. */
static bool
is_limited(const struct ca_sessions *all, const struct due *due, bool force)
{
	size_t ends = 0, most = all->n / 10;

	for (size_t i = 0; i < all->n; i++) {
		if (!due[i].act || due[i].action != CA_ON_END ||
		    due[i].kind == REVOKED)
			continue;
		ends++;
		if (all->v[i].verdict.cfg->end_max > most)
			most = all->v[i].verdict.cfg->end_max;
	}
	if (ends <= most || force)
		return false;
	ca_log_err(&all->log,
	    "%zu sessions would be ended for another reason than revoked, and "
	    "end_max allows %zu: they are only warned; if that is what you "
	    "want, run: certauth sessions check --force",
	    ends, most);
	return true;
}

/* ---- one session ---- */

static void
say(const struct ca_sessions_one *one, const char *what, bool quiet)
{
	if (!quiet)
		printf("%s: session %.12s of %s by %s: %s\n", what, one->id,
		    one->s.account, one->s.service,
		    ca_reason_text(one->verdict.reason));
}

/* It is logged, and the user told, once for each reason. */
static void
inform(struct ca_sessions_one *one, const struct due *d, enum ca_on done,
    const char *why, bool quiet)
{
	static const char *const outcome[] = {
	    [CA_ON_LOG] = "noted",
	    [CA_ON_WARN] = "warned",
	    [CA_ON_LOCK] = "locked",
	    [CA_ON_END] = "ended",
	};
	const char *text = ca_reason_text(one->verdict.reason);
	char both[1024];

	say(one, outcome[done], quiet);
	if (done != CA_ON_END && kind_of(d->before.reason) == d->kind &&
	    d->before.done >= 1 + (unsigned)done)
		return;
	if (done == CA_ON_WARN || done == CA_ON_LOCK)
		ca_sessions_tell(one, "warning", text);
	const char *detail = one->verdict.detail;
	(void)snprintf(both, sizeof both, "%s%s%s", why != NULL ? why : "",
	    why != NULL && detail != NULL ? "; " : "",
	    detail != NULL ? detail : "");
	ca_sessions_log(one, outcome[done], ca_reason_code(one->verdict.reason),
	    both[0] != '\0' ? both : NULL);
}

/* True: what was due is done. */
static bool
act(struct ca_sessions_acts *acts, struct ca_sessions_one *one, struct due *d,
    bool quiet)
{
	enum ca_on done = d->action;
	const char *why = NULL;

	if (done == CA_ON_LOCK && d->before.done == 1 + CA_ON_LOCK &&
	    kind_of(d->before.reason) == d->kind)
		return true;
	if (done == CA_ON_END && d->limited) {
		done = CA_ON_WARN;
		why = "end_max: too many sessions at once would be ended";
	} else if (done == CA_ON_END && ca_sessions_end(acts, one)) {
		ca_sessions_ticket(&acts->all->log, one);
		d->told = true;
		return true;
	} else if (done == CA_ON_END ||
		   (done == CA_ON_LOCK && !ca_sessions_lock(acts, one)))
		done = CA_ON_WARN;
	if (done != d->action && why == NULL) {
		why = acts->why;
		ca_log_err(&acts->all->log, "session %s cannot be %-s: %s",
		    one->id, d->action == CA_ON_END ? "ended" : "locked", why);
	}
	inform(one, d, done, why, quiet);
	d->before.done = 1 + (unsigned)done;
	return done == d->action;
}

/* What the next check must know. */
static void
keep(const struct ca_sessions *all, const struct ca_sessions_one *one,
    const struct due *d)
{
	struct ca_sessions_state now = {.reason = one->verdict.reason};

	/* what could not be judged is no finding, and no second look either */
	if (d->kind == UNKNOWN && d->before.done > 0)
		return;
	if (d->kind == UNKNOWN)
		now.reason = CA_R_NONE;
	now.since = ca_session_uptime();
	if (kind_of(d->before.reason) == d->kind)
		now.since = d->before.since;
	if (d->act || kind_of(d->before.reason) == d->kind)
		now.done = d->before.done;
	ca_sessions_state_write(all, one->id, &now);
}

/* ---- all ---- */

static bool
one_check(struct ca_sessions_acts *acts, size_t i, struct due *d, bool quiet)
{
	struct ca_sessions_one *one = &acts->all->v[i];
	bool done = true;

	if (d->act)
		done = act(acts, one, d, quiet);
	else if (d->kind == UNKNOWN)
		say(one, "cannot be judged", quiet);
	else if (d->kind == UNMAPPED)
		say(one, "to be looked at again in a minute", quiet);
	if (!d->told)
		keep(acts->all, one, d);
	return done;
}

/* What became of those that were told to end. */
static bool
finish(struct ca_sessions *all, size_t i, struct due *d, bool quiet)
{
	struct ca_sessions_one *one = &all->v[i];
	bool runs = one->pidfd >= 0;
	enum ca_on done = runs ? CA_ON_WARN : CA_ON_END;

	if (!d->told)
		return true;
	inform(one, d, done, runs ? "it was told to end and still runs" : NULL,
	    quiet);
	d->before.done = 1 + (unsigned)done;
	keep(all, one, d);
	return !runs;
}

int
ca_sessions_check(struct ca_sessions *all, bool force, bool quiet)
{
	struct ca_sessions_acts acts = {.all = all};
	struct due *due = calloc(all->n + 1, sizeof *due);
	int status = CA_EXIT_OK;

	if (due == NULL)
		return ca_cli_fail("%s", ca_err_text(CA_ERR_MEMORY));
	ca_sessions_judge(all);
	for (size_t i = 0; i < all->n; i++)
		due[i] = due_of(all, &all->v[i]);
	bool limited = is_limited(all, due, force);
	for (size_t i = 0; i < all->n; i++) {
		due[i].limited = limited && due[i].kind != REVOKED;
		if (!one_check(&acts, i, &due[i], quiet))
			status = CA_EXIT_NO;
	}
	(void)ca_sessions_wait(all);
	for (size_t i = 0; i < all->n; i++)
		if (!finish(all, i, &due[i], quiet))
			status = CA_EXIT_NO;
	ca_logind_clear(&acts.logind);
	free(due);
	return status;
}
