/*
 * The loop of certauth watch.
 */
#include "watch/watchint.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/stream.h"
#include "tool/cli.h"

#define RESTART_MS 1000
#define PAUSE_MAX_MS 60000
#define PATIENCE 2 /* seconds at first */
#define PATIENCE_MAX 60

struct watcher {
	struct ca_watch watch;
	struct ca_looker looker;
	struct ca_order lock, insert;
	const char *uri, *name;
	const struct ca_log *log;
	int signals, only;
	long long restart; /* when the looker is to be started */
	long long pause;   /* before the next one after this */
	bool ended;
};

/* ---- what is to be done ---- */

static void
lock(struct watcher *w, long long now)
{
	/* a command that is still running is a locker that is still there; but the
	 * session may have just been unlocked */
	if (w->lock.pid != 0)
		w->watch.missed = true;
	else if (ca_order_start(&w->lock, w->log, now) != CA_OK)
		ca_watch_locked(&w->watch, false, now);
}

static void
insert(struct watcher *w, long long now)
{
	ca_log(w->log, CA_LOG_NOTICE, "the token %s was inserted", w->name);
	/* the token does not wait for a command that failed */
	if (w->insert.command != NULL && w->insert.pid == 0)
		(void)!ca_order_start(&w->insert, w->log, now);
}

static void
act(struct watcher *w, enum ca_watch_do what, long long now)
{
	/* first: whoever reads the log may be stopped */
	if (ca_watch_locks(what))
		lock(w, now);
	switch (what) {
	case CA_WATCH_NOTHING:
		return;
	case CA_WATCH_FOUND:
		ca_log(w->log, CA_LOG_INFO,
		    "the session is locked when the token %s is removed",
		    w->name);
		return;
	case CA_WATCH_INSERTED:
		insert(w, now);
		return;
	case CA_WATCH_PULLED:
		ca_log(w->log, CA_LOG_NOTICE,
		    "the token %s was removed: the session is being locked",
		    w->name);
		return;
	case CA_WATCH_MISSING:
		ca_log(w->log, CA_LOG_NOTICE,
		    "the token %s is not here: the session is being locked; "
		    "to see the tokens, run: certauth tokens",
		    w->name);
		return;
	case CA_WATCH_BLIND:
		ca_log_err(w->log,
		    "no PKCS#11 module tells whether the token %s is here: "
		    "the session is being locked; to see the modules, run: "
		    "certauth tokens",
		    w->name);
		return;
	case CA_WATCH_RETRY:
		return;
	}
}

static void
saw(struct watcher *w, enum ca_look_at look, long long now)
{
	if (look == CA_LOOK_PRESENT)
		w->looker.patience = PATIENCE;
	if (look != CA_LOOK_UNKNOWN)
		w->pause = RESTART_MS;
	act(w, ca_watch_saw(&w->watch, look, now), now);
}

/* ---- the looker ---- */

/* A look that failed.  What is asked again and again for the same error is asked less
 * often. */
static void
failed(struct watcher *w, long long now)
{
	/* a thread that waits in a module may be the cause */
	w->looker.events = false;
	w->restart = now + w->pause;
	if (w->watch.at == CA_WATCH_GONE && w->pause < PAUSE_MAX_MS)
		w->pause *= 2;
	saw(w, CA_LOOK_UNKNOWN, now);
}

static void
start_looker(struct watcher *w, long long now)
{
	if (ca_looker_start(&w->looker, w->uri, w->log, w->only) == CA_OK)
		return;
	ca_log_err(w->log, "no process can be started: %m");
	failed(w, now);
}

static void
read_looker(struct watcher *w, long long now)
{
	enum ca_look_at look;
	enum ca_err rc;

	while ((rc = ca_looker_line(&w->looker, &look, now)) == CA_OK)
		saw(w, look, now);
	/* a signal tells of its end; until then there is nothing to read */
	if (rc != CA_ERR_NOT_FOUND)
		ca_looker_kill(&w->looker);
}

static void
looker_ended(struct watcher *w, int status, long long now)
{
	/* it has gone: its number may be another's */
	w->looker.pid = 0;
	read_looker(w, now);
	if (!ca_looker_ended(&w->looker, status)) {
		if (WIFSIGNALED(status))
			ca_log_err(w->log,
			    "the process that has the PKCS#11 modules was "
			    "ended by signal %d",
			    WTERMSIG(status));
		failed(w, now);
		return;
	}
	if (w->looker.patience < PATIENCE_MAX)
		w->looker.patience *= 2;
	w->restart = now;
}

/* ---- the loop ---- */

static void
reap(struct watcher *w, long long now)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == w->looker.pid)
			looker_ended(w, status, now);
		else if (pid == w->lock.pid)
			ca_watch_locked(&w->watch,
			    ca_order_ended(&w->lock, status, w->log), now);
		else if (pid == w->insert.pid)
			(void)ca_order_ended(&w->insert, status, w->log);
	}
}

static void
read_signals(struct watcher *w, long long now)
{
	struct signalfd_siginfo one;

	while (read(w->signals, &one, sizeof one) == (ssize_t)sizeof one)
		w->ended = w->ended || one.ssi_signo != SIGCHLD;
	reap(w, now);
}

static void
earlier(long long *due, long long at)
{
	if (at > 0 && (*due == 0 || at < *due))
		*due = at;
}

static int
time_left(const struct watcher *w, long long now)
{
	long long due = ca_watch_due(&w->watch);

	earlier(&due, w->looker.pid > 0 ? w->looker.deadline : w->restart);
	earlier(&due, w->lock.pid > 0 ? w->lock.deadline : 0);
	return due == 0 ? -1 : due <= now ? 0 : (int)(due - now);
}

static void
keep_time(struct watcher *w, long long now)
{
	if (w->looker.pid == 0 && now >= w->restart)
		start_looker(w, now);
	else if (w->looker.pid > 0 && now >= w->looker.deadline) {
		ca_log_err(w->log,
		    "the process that has the PKCS#11 modules does not answer");
		ca_looker_kill(&w->looker);
		/* a driver may keep it from ending: it is not waited for */
		w->looker.pid = 0;
		failed(w, now);
	}
	if (w->lock.pid > 0 && w->lock.deadline > 0 &&
	    now >= w->lock.deadline) {
		(void)kill(w->lock.pid, SIGKILL);
		w->lock.deadline = now + RESTART_MS;
	}
	act(w, ca_watch_time(&w->watch, now), now);
}

static void
loop(struct watcher *w)
{
	while (!w->ended) {
		const long long before = ca_stream_clock();
		struct pollfd p[2] = {{.fd = w->signals, .events = POLLIN},
		    {.fd = w->looker.pid > 0 ? w->looker.fd : -1,
			.events = POLLIN}};

		if (poll(p, 2, time_left(w, before)) < 0 && errno != EINTR)
			return;
		const long long now = ca_stream_clock();
		if (p[1].revents != 0)
			read_looker(w, now);
		if (p[0].revents != 0)
			read_signals(w, now);
		if (!w->ended)
			keep_time(w, now);
	}
}

int
ca_watch_run(const char *uri, const char *name, char *lock_command,
    char *insert_command, int only, const struct ca_log *log)
{
	const long long now = ca_stream_clock();
	struct watcher w = {.watch = {.begun = now},
	    .looker = {.fd = -1, .events = true, .patience = PATIENCE},
	    .lock = {.command = lock_command},
	    .insert = {.command = insert_command},
	    .uri = uri,
	    .name = name,
	    .log = log,
	    .only = only,
	    .restart = now,
	    .pause = RESTART_MS};
	sigset_t set;

	/* a parent that ignores SIGCHLD would leave no child to wait for */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
	    (w.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0) {
		ca_log_err(log, "signals cannot be waited for: %m");
		return CA_EXIT_NO;
	}
	loop(&w);
	/* the commands that run are left alone: a locker must not end with the watch */
	ca_looker_kill(&w.looker);
	return w.ended ? CA_EXIT_OK : CA_EXIT_NO;
}
