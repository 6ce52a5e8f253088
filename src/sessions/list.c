/*
 * The records of open sessions.
 */
#include "sessions/sessionsint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define PATH CA_SESSION_DIR "/" CA_SESSION_SESSIONS

/* Is the recorded process still there, and the same one? */
static bool
is_alive(const struct ca_session *s)
{
	struct ca_session_stat now;
	enum ca_err rc = ca_session_stat((pid_t)s->process.pid, &now);

	/* what cannot be looked at may be there */
	if (rc != CA_OK)
		return rc != CA_ERR_NOT_FOUND;
	return now.start == s->process.start && now.state != 'Z' &&
	       now.state != 'X';
}

/* A process of another namespace cannot be looked at from here. */
static bool
has_ended(struct ca_sessions_one *one, const struct ca_session_process *self)
{
	const struct ca_session_process *p = &one->s.process;

	if (strcmp(p->boot, self->boot) != 0)
		return true;
	one->elsewhere = p->ns_dev != self->ns_dev || p->ns_ino != self->ns_ino;
	return !one->elsewhere && !is_alive(&one->s);
}

/* Who started su may kill it, and its shell goes on without anybody who ends it. */
static void
tell_ended(
    const struct ca_sessions_one *one, const struct ca_session_process *self)
{
	/* nothing is left of another boot */
	if (strcmp(one->s.process.boot, self->boot) == 0)
		ca_sessions_log(one, "noted", "process-ended",
		    "the process ended without closing its session; what it "
		    "started may go on");
}

static enum ca_err
add(struct ca_sessions *all, const char *id,
    const struct ca_session_process *self)
{
	static const struct ca_sessions_state nothing = {CA_R_NONE, 0, 0};
	struct ca_sessions_one *v =
	    realloc(all->v, (all->n + 1) * sizeof *all->v);
	enum ca_err rc;

	if (v == NULL)
		return CA_ERR_MEMORY;
	all->v = v;
	struct ca_sessions_one *one = &v[all->n];
	*one = (struct ca_sessions_one){
	    .bytes = CA_BUF_INIT(CA_SESSION_MAX), .pidfd = -1};
	(void)stpcpy(one->id, id);
	rc = ca_session_load(all->folder, id, &one->bytes, &one->s);
	if (rc == CA_OK && has_ended(one, self)) {
		if (ca_session_remove(all->folder, id))
			tell_ended(one, self);
		ca_sessions_state_write(all, id, &nothing);
		rc = CA_ERR_NOT_FOUND;
	}
	if (rc == CA_OK) {
		all->n++;
		return CA_OK;
	}
	/* one that was closed meanwhile is none */
	if (rc != CA_ERR_NOT_FOUND)
		ca_log_err(&all->log, "%s/%s: %-s; remove it", PATH, id,
		    rc == CA_ERR_IO ? strerror(errno) : ca_err_text(rc));
	ca_buf_free(&one->bytes);
	return rc == CA_ERR_MEMORY ? rc : CA_OK;
}

/* What a check noted about a session that is closed. */
static void
forget_state(int folder, const char *name)
{
	const char *dot = strchr(name, '.');
	char id[CA_SESSION_ID] = "";

	if (dot == NULL || strcmp(dot, ".state") != 0 ||
	    (size_t)(dot - name) >= sizeof id)
		return;
	memcpy(id, name, (size_t)(dot - name));
	if (ca_session_is_id(id) && faccessat(folder, id, F_OK, 0) != 0)
		(void)unlinkat(folder, name, 0);
}

static enum ca_err
read_folder(struct ca_sessions *all)
{
	struct ca_session_process self;
	const struct dirent *e;
	enum ca_err rc = ca_session_self(&self);
	int fd;
	DIR *d;

	if (rc != CA_OK)
		return rc;
	fd = openat(all->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (d = fdopendir(fd)) == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return CA_ERR_IO;
	}
	while (rc == CA_OK && (e = readdir(d)) != NULL)
		if (ca_session_is_id(e->d_name))
			rc = add(all, e->d_name, &self);
		else
			forget_state(all->folder, e->d_name);
	(void)closedir(d);
	return rc;
}

static void
tell_folder(const struct ca_sessions *all, const char *name, enum ca_err rc)
{
	ca_log_err(&all->log,
	    "%s/%s: %-s; it must be root's, with the mode 0700", CA_SESSION_DIR,
	    name, rc == CA_ERR_IO ? strerror(errno) : ca_err_text(rc));
}

static int
by_time(const void *a, const void *b)
{
	const struct ca_sessions_one *x = a, *y = b;

	if (x->s.opened != y->s.opened)
		return x->s.opened < y->s.opened ? -1 : 1;
	return strcmp(x->id, y->id);
}

/* Logins without a session, as of services that have no session line. */
static void
tidy_logins(const struct ca_sessions *all)
{
	int logins;
	enum ca_err rc = ca_session_folder(CA_SESSION_LOGINS, false, &logins);

	if (rc == CA_OK) {
		ca_session_tidy(logins, true, SIZE_MAX);
		(void)close(logins);
	} else if (rc != CA_ERR_NOT_FOUND)
		tell_folder(all, CA_SESSION_LOGINS, rc);
}

/* Two runs must not both act on one session. */
static bool
lock_folder(const struct ca_sessions *all)
{
	if (flock(all->folder, LOCK_EX | LOCK_NB) == 0)
		return true;
	if (errno == EWOULDBLOCK)
		ca_log(&all->log, CA_LOG_NOTICE,
		    "another run of certauth sessions is at work; waiting for "
		    "its end");
	return flock(all->folder, LOCK_EX) == 0;
}

enum ca_err
ca_sessions_read(struct ca_sessions *all, bool lock)
{
	enum ca_err rc;

	tidy_logins(all);
	rc = ca_session_folder(CA_SESSION_SESSIONS, false, &all->folder);
	if (rc == CA_ERR_NOT_FOUND)
		return CA_OK;
	if (rc == CA_OK && lock && !lock_folder(all))
		rc = CA_ERR_IO;
	if (rc == CA_OK) {
		ca_session_tidy(all->folder, false, SIZE_MAX);
		rc = read_folder(all);
	}
	if (rc != CA_OK)
		tell_folder(all, CA_SESSION_SESSIONS, rc);
	if (all->n > 1)
		qsort(all->v, all->n, sizeof *all->v, by_time);
	return rc;
}

void
ca_sessions_clear(struct ca_sessions *all)
{
	for (size_t i = 0; i < all->n; i++) {
		ca_buf_free(&all->v[i].bytes);
		free(all->v[i].verdict.detail);
		if (all->v[i].pidfd >= 0)
			(void)close(all->v[i].pidfd);
	}
	for (size_t i = 0; i < all->nconfigs; i++)
		ca_config_free(all->config[i].cfg);
	free(all->config);
	free(all->v);
	if (all->folder >= 0)
		(void)close(all->folder);
}
