/*
 * doctor: are open sessions recorded (sessions = yes), and looked at again?
 */
#include "doctor/doctor_pam.h"
#include "doctor/doctor_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "session/record.h"

#define PATH_UNIT "certauth-sessions.path"
#define TIMER "certauth-sessions.timer"
#define LINE "session optional " OURS

/* A session line of the module; several services may include its file. */
struct line {
	char *where; /* FILE:LINE */
	bool used;   /* a service with sessions = yes has it */
};

struct all {
	struct ca_doctor *d;
	struct line *v;
	size_t n;
	bool recorded; /* by any service */
};

/* A service, while its lines are visited. */
struct service {
	struct all *all;
	const char *name;
	bool records;    /* its logins by certificate are recorded */
	bool ends;       /* it is one of end_services */
	bool systemd;    /* its session stack has pam_systemd.so */
	bool common;     /* the auth line is that of pam-auth-update */
	char line[4200]; /* FILE:LINE of the first session line; or "" */
	char systemd_after[4200]; /* of pam_systemd.so behind it; or "" */
};

/* ---- lines ---- */

static void
auth_line(struct service *s, const struct ca_pam_line *line)
{
	const struct ca_doctor_view *v =
	    ca_doctor_view_of(s->all->d, s->name, line);
	const char *slash = strrchr(line->file, '/');

	/* an audit grants no login, so that there is none to record */
	if (v == NULL || !v->cfg->sessions || v->cfg->mode == CA_MODE_AUDIT)
		return;
	s->records = true;
	s->ends = ca_list_has(&v->cfg->end_services, s->name);
	s->common = slash != NULL && strcmp(slash, "/common-auth") == 0;
}

static void
session_line(struct service *s, const struct ca_pam_line *line)
{
	char *where = NULL;

	if (ca_pamfile_is_ours(line) && s->line[0] == '\0') {
		where = s->line;
	} else if (strcmp(ca_pamfile_module(line), "pam_systemd.so") == 0) {
		s->systemd = true;
		if (s->line[0] != '\0' && s->systemd_after[0] == '\0')
			where = s->systemd_after;
	}
	if (where != NULL)
		(void)snprintf(
		    where, sizeof s->line, "%s:%u", line->file, line->number);
}

static void
visit(void *ctx, const struct ca_pam_line *line)
{
	struct service *s = ctx;

	if (ca_pamfile_includes(line))
		return;
	if (strcasecmp(line->type, "auth") == 0 && ca_pamfile_is_ours(line))
		auth_line(s, line);
	else if (strcasecmp(line->type, "session") == 0)
		session_line(s, line);
}

/* When it is known whether the service records: remember its lines. */
static void
remember(void *ctx, const struct ca_pam_line *line)
{
	const struct service *s = ctx;
	struct all *all = s->all;
	char *where;

	if (ca_pamfile_includes(line) || !ca_pamfile_is_ours(line) ||
	    strcasecmp(line->type, "session") != 0)
		return;
	if (asprintf(&where, "%s:%u", line->file, line->number) < 0)
		abort();
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->v[i].where, where) == 0) {
			all->v[i].used = all->v[i].used || s->records;
			free(where);
			return;
		}
	struct line *v = realloc(all->v, (all->n + 1) * sizeof *v);
	if (v == NULL)
		abort();
	all->v = v;
	v[all->n++] = (struct line){where, s->records};
}

/* ---- one service ---- */

/* Files of services that open no session, or none in which a user works, have
 * pam_systemd.so too where they include common-session. */
static bool
opens_session(const struct service *s)
{
	static const char *const none[] = {
	    "polkit-1", "cups", "chfn", "chsh", "cron", "atd"};

	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		if (strcmp(s->name, none[i]) == 0)
			return false;
	return s->ends || s->systemd;
}

static void
say_line(const struct service *s)
{
	struct ca_doctor *d = s->all->d;
	char file[4200];

	ca_doctor_pam_file(d, s->name, file);
	ca_doctor_find(d, CA_F_SESSIONS_LINE, CA_LEVEL_WARNING,
	    "%s has an auth line of " OURS " with sessions = yes, but no "
	    "session line of it",
	    file);
	if (s->common)
		ca_doctor_mend(d,
		    "run `pam-auth-update --enable certauth-sessions', or add "
		    "the line `" LINE "' behind the other session lines of %s",
		    file);
	else
		ca_doctor_mend(d,
		    "add the line `" LINE "' behind the other session lines of "
		    "%s",
		    file);
}

static void
check_service(struct all *all, const char *name)
{
	struct service s = {.all = all, .name = name};

	/* what cannot be read, the check of PAM reports */
	if (ca_doctor_pam_walk(all->d, name, true, visit, &s) != CA_OK ||
	    ca_doctor_pam_walk(all->d, name, true, remember, &s) != CA_OK ||
	    !s.records)
		return;
	all->recorded = true;
	if (s.line[0] == '\0' && opens_session(&s))
		say_line(&s);
	if (s.systemd_after[0] == '\0')
		return;
	ca_doctor_find(all->d, CA_F_SESSIONS_ORDER, CA_LEVEL_WARNING,
	    "%s: the session line of " OURS " stands before that of "
	    "pam_systemd.so, %s",
	    s.line, s.systemd_after);
	ca_doctor_mend(all->d, "move the line %s behind the line %s", s.line,
	    s.systemd_after);
}

/* ---- the host ---- */

static void
check_units(struct ca_doctor *d)
{
	bool path = ca_doctor_timer_inactive(PATH_UNIT);
	bool timer = ca_doctor_timer_inactive(TIMER);

	if (!path && !timer)
		return;
	ca_doctor_find(d, CA_F_SESSIONS_PATH_OFF, CA_LEVEL_WARNING,
	    "sessions are recorded, but %s%s%s not active",
	    path ? PATH_UNIT : TIMER, path && timer ? " and " TIMER : "",
	    path && timer ? " are" : " is");
	ca_doctor_mend(d, "systemctl enable --now " PATH_UNIT " " TIMER);
}

/* The module records nothing in a folder that is not root's alone. */
static void
check_folder(struct ca_doctor *d, const char *path, mode_t mode)
{
	const mode_t others = mode == 0700 ? 0077 : 0022;
	const char *what = NULL;
	struct stat st;

	/* the first login makes it */
	if (lstat(path, &st) != 0)
		return;
	if (!S_ISDIR(st.st_mode))
		what = "is not a directory";
	else if (st.st_uid != 0)
		what = "does not belong to root";
	else if ((st.st_mode & others) != 0)
		what = mode == 0700 ? "gives rights to other users"
				    : "can be changed by other users";
	if (what == NULL)
		return;
	ca_doctor_find(
	    d, CA_F_SESSIONS_FOLDER, CA_LEVEL_ERROR, "%s %s", path, what);
	if (S_ISDIR(st.st_mode))
		ca_doctor_mend(
		    d, "chown root %s; chmod %o %s", path, mode, path);
	else
		ca_doctor_mend(
		    d, "remove %s; the next login makes the directory", path);
}

/* Without PAM's configuration, what certauth.conf says decides. */
static bool
is_configured(const struct ca_doctor *d)
{
	for (size_t i = 0; i < d->nviews; i++)
		if (d->views[i]->cfg->sessions &&
		    d->views[i]->cfg->mode != CA_MODE_AUDIT)
			return true;
	return false;
}

static void
check_services(struct all *all)
{
	struct ca_doctor *d = all->d;
	struct ca_list names = {0};

	if (!ca_doctor_pam_services(d, &names))
		return;
	for (size_t i = 0; i < names.n; i++)
		check_service(all, names.v[i]);
	ca_doctor_pam_services_free(&names);
	for (size_t i = 0; i < all->n; i++) {
		if (!all->v[i].used) {
			ca_doctor_find(d, CA_F_PAM_SESSION, CA_LEVEL_NOTE,
			    "%s: " OURS " is in a session stack, but no "
			    "service with that line has sessions = yes",
			    all->v[i].where);
			ca_doctor_mend(d,
			    "set sessions = yes in certauth.conf, or remove "
			    "the line %s",
			    all->v[i].where);
		}
		free(all->v[i].where);
	}
	free(all->v);
}

void
ca_doctor_sessions(struct ca_doctor *d)
{
	struct all all = {.d = d};

	if (d->no_pam)
		all.recorded = is_configured(d);
	else
		check_services(&all);
	if (!all.recorded)
		return;
	check_folder(d, CA_SESSION_DIR, 0755);
	check_folder(d, CA_SESSION_DIR "/" CA_SESSION_LOGINS, 0700);
	check_folder(d, CA_SESSION_DIR "/" CA_SESSION_SESSIONS, 0700);
	check_units(d);
}
