/*
 * Lock and end a session.  To end the wrong process is worse than to end none: each
 * rule here says when not to.
 */
#include "sessions/sessionsint.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/format.h"
#include "base/stream.h"

#define WAIT_MS 5000 /* su gives its shell 2 s */
/* bytes; each may become four */
#define TEXT_CUT 255
#define DETAIL_CUT 700

/* Why it is not done; false. */
static bool __attribute__((format(printf, 2, 3)))
act_refused(struct ca_sessions_acts *acts, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ca_vformat(acts->why, sizeof acts->why, NULL, fmt, ap);
	va_end(ap);
	return false;
}

/* ---- the log ---- */

/* At most so many bytes of a text of others: the line is always whole. */
static void
put_pair(struct ca_buf *line, const char *key, const char *text)
{
	ca_buf_fmt(line, " %s=", key);
	ca_buf_quote(line, text, strnlen(text, TEXT_CUT));
}

void
ca_sessions_log(const struct ca_sessions_one *one, const char *outcome,
    const char *reason, const char *detail)
{
	struct ca_buf line = CA_BUF_INIT(CA_LOG_LINE_MAX - 1);
	const struct ca_session *s = &one->s;
	char service[256], text[1024];

	ca_format(service, sizeof service, "%s", s->service);
	ca_buf_fmt(&line,
	    "pam_certauth(%s:session): event=session outcome=%s reason=%s",
	    service, outcome, reason);
	put_pair(&line, "user", s->user);
	put_pair(&line, "service", s->service);
	if (s->rhost[0] != '\0')
		put_pair(&line, "rhost", s->rhost);
	put_pair(&line, "sha256", s->sha256);
	(void)snprintf(text, sizeof text, "session %s, process %llu%s%.*s",
	    one->id, (unsigned long long)s->process.pid,
	    detail != NULL ? ": " : "", DETAIL_CUT,
	    detail != NULL ? detail : "");
	ca_buf_str(&line, " detail=");
	ca_buf_quote(&line, text, strlen(text));
	const char *p = ca_buf_text(&line);
	syslog(LOG_AUTHPRIV | LOG_NOTICE, "%s", p != NULL ? p : outcome);
	ca_buf_free(&line);
}

/* ---- who may be signalled ---- */

static bool
is_end_service(const struct ca_sessions_one *one)
{
	const struct ca_config *cfg = one->verdict.cfg;

	return cfg != NULL && ca_list_has(&cfg->end_services, one->s.service);
}

/* The process itself, not one that has its number now: the descriptor is opened first,
 * then the time of its start is compared. */
static bool
open_process(struct ca_sessions_acts *acts, struct ca_sessions_one *one,
    struct ca_session_stat *st)
{
	pid_t pid = (pid_t)one->s.process.pid;
	int fd;

	if (one->elsewhere)
		return act_refused(
		    acts, "its process is in another pid namespace");
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return act_refused(acts, "process %lld: %m", (long long)pid);
	if (ca_session_stat(pid, st) != CA_OK ||
	    st->start != one->s.process.start || st->state == 'Z') {
		(void)close(fd);
		return act_refused(
		    acts, "process %lld has ended", (long long)pid);
	}
	one->pidfd = fd;
	return true;
}

static void
close_process(struct ca_sessions_one *one)
{
	(void)close(one->pidfd);
	one->pidfd = -1;
}

/* The session of logind that the process leads, if it is of the recorded user; else NULL.
 * *leads: the process leads one, whosever it is. */
static const struct ca_logind_one *
own_session(
    struct ca_sessions_acts *acts, struct ca_sessions_one *one, bool *leads)
{
	const struct ca_logind_one *found;

	*leads = false;
	/* logind without systemd, as elogind, is known by what it told PAM */
	if (one->s.logind[0] == '\0' && !ca_logind_expected())
		return NULL;
	if (!ca_logind_ask(&acts->logind, &acts->all->log))
		return NULL;
	found = ca_logind_of(&acts->logind, one->s.process.pid);
	if (found == NULL)
		return NULL;
	*leads = true;
	return found->uid == one->s.uid ? found : NULL;
}

static bool
may_signal(struct ca_sessions_acts *acts, const struct ca_sessions_one *one,
    const struct ca_session_stat *st)
{
	/* without logind's word, it might lead a session of somebody else */
	if (!acts->logind.known && ca_logind_expected())
		return act_refused(acts, "systemd-logind does not answer");
	/* its end hangs up a terminal, and all who use it */
	if (st->session == (pid_t)one->s.process.pid && st->tty != 0)
		return act_refused(acts,
		    "process %llu leads the session of a terminal",
		    (unsigned long long)one->s.process.pid);
	if (!acts->any_service && !is_end_service(one))
		return act_refused(
		    acts, "end_services does not have %s", one->s.service);
	return true;
}

/* ---- act ---- */

bool
ca_sessions_lock(struct ca_sessions_acts *acts, struct ca_sessions_one *one)
{
	const struct ca_logind_one *own;
	struct ca_session_stat st = {0};
	bool leads;

	if (!open_process(acts, one, &st))
		return false;
	close_process(one);
	if ((own = own_session(acts, one, &leads)) == NULL)
		return act_refused(acts,
		    "systemd-logind knows no session of %s that its process "
		    "leads",
		    one->s.account);
	return ca_logind_order("lock-session", own->id) ||
	       act_refused(acts, "loginctl lock-session %s failed", own->id);
}

/* SIGTERM after SIGHUP, as systemd does: sshd, login and sudo hand the first one to the
 * user's process, and su blocks it; a shell ignores the second.  SIGCONT: who started su
 * may have stopped it. */
static bool
signal_process(struct ca_sessions_acts *acts, struct ca_sessions_one *one)
{
	if (syscall(SYS_pidfd_send_signal, one->pidfd, SIGHUP, NULL, 0) != 0)
		return act_refused(acts, "SIGHUP to process %llu: %m",
		    (unsigned long long)one->s.process.pid);
	/* it may have ended already */
	(void)syscall(SYS_pidfd_send_signal, one->pidfd, SIGTERM, NULL, 0);
	(void)syscall(SYS_pidfd_send_signal, one->pidfd, SIGCONT, NULL, 0);
	return true;
}

/* Said before, as nothing can be said after. */
static void
announce(const struct ca_sessions_one *one)
{
	ca_sessions_tell(one, "this session ends now",
	    one->verdict.reason != CA_R_NONE
		? ca_reason_text(one->verdict.reason)
		: "the administrator ends it");
}

static bool
end_process(struct ca_sessions_acts *acts, struct ca_sessions_one *one,
    const struct ca_session_stat *st)
{
	const struct ca_logind_one *own;
	bool leads;

	own = own_session(acts, one, &leads);
	if (own == NULL && leads)
		return act_refused(
		    acts, "its process leads a session of another user");
	if (own == NULL && !may_signal(acts, one, st))
		return false;
	announce(one);
	if (own == NULL)
		return signal_process(acts, one);
	return ca_logind_order("terminate-session", own->id) ||
	       act_refused(
		   acts, "loginctl terminate-session %s failed", own->id);
}

bool
ca_sessions_end(struct ca_sessions_acts *acts, struct ca_sessions_one *one)
{
	struct ca_session_stat st = {0};

	if (!open_process(acts, one, &st))
		return false;
	if (end_process(acts, one, &st))
		return true;
	close_process(one);
	return false;
}

/* ---- wait ---- */

static bool
ended(const struct ca_sessions_one *one, long long end)
{
	struct pollfd p = {one->pidfd, POLLIN, 0};
	long long left = end - ca_stream_clock();

	return poll(&p, 1, left > 0 ? (int)left : 0) == 1;
}

size_t
ca_sessions_wait(struct ca_sessions *all)
{
	const long long end = ca_stream_clock() + WAIT_MS;
	size_t left = 0;

	for (size_t i = 0; i < all->n; i++) {
		struct ca_sessions_one *one = &all->v[i];

		if (one->pidfd < 0)
			continue;
		if (ended(one, end)) {
			close_process(one);
			continue;
		}
		left++;
		ca_log_err(&all->log,
		    "process %llu of session %s was told to end and still "
		    "runs",
		    (unsigned long long)one->s.process.pid, one->id);
	}
	return left;
}
