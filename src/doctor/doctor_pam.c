/*
 * doctor: the PAM services that use the module.
 */
#include "doctor/doctor_form.h"
#include "doctor/doctor_pam.h"
#include "doctor/doctor_stack.h"
#include "doctor/doctor_view.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define VENDOR "/usr/lib/pam.d"

/* A service, while its lines are visited. */
struct service {
	struct ca_doctor *d;
	const char *name;
	char path[4200];    /* its file, for messages */
	bool auth, account; /* the module is in that stack */
	bool accounts;      /* the stack of accounts has a line */
	bool audit;         /* a line of the module only observes */
	bool required;      /* require_account, as its auth line has it */
	char lax[4200];     /* FILE:LINE of an account line without it; or "" */
	bool nologin;       /* pam_nologin.so stands before the module */
	bool first_nologin;
	char at[4200]; /* FILE:LINE of the first auth line */
	struct ca_stack stack;
	struct ca_doctor_form form;
};

/* ---- where the services are ---- */

/* Backup files of packages and editors are not services. */
static bool
is_service(const char *name)
{
	static const char *const ends[] = {"~", ".bak", ".orig", ".swp",
	    ".dpkg-old", ".dpkg-new", ".dpkg-dist", ".rpmsave", ".rpmnew",
	    ".pam-old"};
	size_t n = strlen(name);

	if (name[0] == '.')
		return false;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (n > strlen(ends[i]) &&
		    strcmp(name + n - strlen(ends[i]), ends[i]) == 0)
			return false;
	return true;
}

static void
add_name(struct ca_list *names, const char *name)
{
	char **v;

	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->v[i], name) == 0)
			return;
	if ((v = realloc(names->v, (names->n + 1) * sizeof *v)) == NULL ||
	    (v[names->n] = strdup(name)) == NULL)
		abort();
	names->v = v;
	names->n++;
}

static void
name_of_line(void *ctx, const struct ca_pam_line *line)
{
	add_name(ctx, line->service);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* libpam reads pam.conf if there is no pam.d. */
static bool
is_conf(const struct ca_doctor *d)
{
	return access(d->pam_dir, F_OK) != 0 && errno == ENOENT;
}

static bool
list_dir(const char *path, struct ca_list *names)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	if (dir == NULL)
		return false;
	while ((e = readdir(dir)) != NULL)
		if (is_service(e->d_name) && e->d_type != DT_DIR)
			add_name(names, e->d_name);
	(void)closedir(dir);
	return true;
}

/* Services of packages, which a file in /etc/pam.d replaces. */
static bool
is_vendor(const struct ca_doctor *d, const char *name)
{
	char path[4200];

	(void)snprintf(path, sizeof path, "%s/%s", d->pam_dir, name);
	return !is_conf(d) && access(path, F_OK) != 0;
}

bool
ca_doctor_pam_services(const struct ca_doctor *d, struct ca_list *names)
{
	if (is_conf(d))
		return ca_pamfile_walk_conf(d->pam_dir, NULL, false,
			   name_of_line, names) == CA_OK;
	if (!list_dir(d->pam_dir, names))
		return false;
	if (strcmp(d->pam_dir, "/etc/pam.d") == 0)
		(void)list_dir(VENDOR, names); /* it may be absent */
	if (names->n > 1)
		qsort(names->v, names->n, sizeof *names->v, by_name);
	return true;
}

void
ca_doctor_pam_services_free(struct ca_list *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
}

enum ca_err
ca_doctor_pam_walk(const struct ca_doctor *d, const char *service, bool follow,
    ca_pam_visit *visit, void *ctx)
{
	return is_conf(d)
		   ? ca_pamfile_walk_conf(
			 d->pam_dir, service, follow, visit, ctx)
		   : ca_pamfile_walk(d->pam_dir, service, follow, visit, ctx);
}

static enum ca_err
walk(struct service *s, bool follow, ca_pam_visit *visit)
{
	return ca_doctor_pam_walk(s->d, s->name, follow, visit, s);
}

/* ---- views ---- */

static void
view_line(void *ctx, const struct ca_pam_line *line)
{
	const struct service *s = ctx;

	if (ca_pamfile_is_ours(line))
		ca_doctor_view_line(s->d, s->name, line);
}

void
ca_doctor_pam_views(struct ca_doctor *d)
{
	struct ca_list names = {0};

	if (!ca_doctor_pam_services(d, &names))
		return; /* the check of PAM reports it */
	for (size_t i = 0; i < names.n; i++) {
		struct service s = {.d = d, .name = names.v[i]};
		enum ca_err rc = walk(&s, true, view_line);

		(void)rc; /* the same */
	}
	ca_doctor_pam_services_free(&names);
}

/* ---- one service ---- */

static bool
is_audit(const struct service *s, const struct ca_pam_line *line)
{
	const struct ca_doctor_view *v =
	    ca_pamfile_is_ours(line) ? ca_doctor_view_of(s->d, s->name, line)
				     : NULL;

	return v != NULL && v->cfg->mode == CA_MODE_AUDIT;
}

static void
own_line(void *ctx, const struct ca_pam_line *line)
{
	struct service *s = ctx;

	ca_doctor_pam_line(s->d, line, is_audit(s, line));
}

static void
whole_line(void *ctx, const struct ca_pam_line *line)
{
	struct service *s = ctx;
	bool ours = ca_pamfile_is_ours(line);

	const struct ca_doctor_view *v =
	    ours ? ca_doctor_view_of(s->d, s->name, line) : NULL;

	if (strcasecmp(line->type, "account") == 0) {
		s->account = s->account || ours;
		s->accounts = true;
		if (v != NULL && !v->cfg->require_account && s->lax[0] == '\0')
			(void)snprintf(s->lax, sizeof s->lax, "%s:%u",
			    line->file, line->number);
	}
	if (strcasecmp(line->type, "auth") != 0)
		return;
	ca_stack_add(&s->stack, line);
	ca_doctor_form_line(&s->form, line, &s->stack, v);
	if (strcmp(ca_pamfile_module(line), "pam_nologin.so") == 0)
		s->nologin = true;
	if (!ours)
		return;
	ca_doctor_reach(s->d, s->name, line);
	ca_doctor_desk_line(s->d, s->name, line);
	s->audit = s->audit || is_audit(s, line);
	s->required = s->required || (v != NULL && v->cfg->require_account);
	if (s->auth)
		return;
	s->auth = true;
	s->first_nologin = s->nologin;
	(void)snprintf(s->at, sizeof s->at, "%s:%u", line->file, line->number);
}

/* A greeter calls PAM without a user name; pam_nologin.so asks for it. */
static void
check_greeter(const struct service *s)
{
	const struct ca_desk *desk = ca_doctor_desk(s->name);

	if (s->first_nologin || desk == NULL ||
	    (desk->kind & CA_DESK_GREETER) == 0)
		return;
	ca_doctor_find(s->d, CA_F_PAM_NOLOGIN, CA_LEVEL_WARNING,
	    "%s: no pam_nologin.so stands before the line of " OURS
	    " in the greeter %s",
	    s->at, s->name);
	ca_doctor_mend(s->d,
	    "put `auth requisite pam_nologin.so' before the line %s", s->at);
}

static void
check_account(const struct service *s)
{
	if (s->auth && s->account && s->required && s->lax[0] != '\0') {
		ca_doctor_find(s->d, CA_F_PAM_REQUIRE, CA_LEVEL_ERROR,
		    "%s has require_account=no, but certauth.conf or the auth "
		    "line of %s has require_account = yes",
		    s->lax, s->name);
		ca_doctor_mend(s->d,
		    "remove require_account=no from %s, or set require_account "
		    "= no for the service in certauth.conf",
		    s->lax);
	}
	/* a file without a line for accounts is a part of other services */
	if (!s->auth || s->account || !s->accounts)
		return;
	if (s->required)
		ca_doctor_find(s->d, CA_F_PAM_REQUIRE, CA_LEVEL_ERROR,
		    "%s has no account line of " OURS ", so require_account = "
		    "yes has no effect",
		    s->path);
	else
		ca_doctor_find(s->d, CA_F_PAM_ACCOUNT, CA_LEVEL_NOTE,
		    "%s has an auth line of " OURS ", but no account line",
		    s->path);
	ca_doctor_mend(
	    s->d, "add the line `account required " OURS "' to %s", s->path);
}

/* The file of the service. */
static void
name_file(const struct ca_doctor *d, const char *service, char file[4200])
{
	const char *slash = strrchr(d->pam_dir, '/');

	if (is_conf(d))
		(void)snprintf(file, 4200, "%.*spam.conf",
		    slash != NULL ? (int)(slash - d->pam_dir) + 1 : 0,
		    d->pam_dir);
	else
		(void)snprintf(file, 4200, "%s/%s",
		    is_vendor(d, service) ? VENDOR : d->pam_dir, service);
}

void
ca_doctor_pam_file(
    const struct ca_doctor *d, const char *service, char text[4200])
{
	char file[4200];

	name_file(d, service, file);
	if (is_conf(d))
		(void)snprintf(text, 4200, "%.4000s (%.64s)", file, service);
	else
		memcpy(text, file, sizeof file);
}

/* Returns whether the service asks for a certificate. */
static bool
check_service(struct ca_doctor *d, const char *name)
{
	struct service s = {.d = d, .name = name};
	char file[4200];
	/* what packages include is theirs to correct */
	enum ca_err rc = is_vendor(d, name) ? CA_OK : walk(&s, false, own_line);

	name_file(d, name, file);
	ca_doctor_pam_file(d, name, s.path);
	if (rc == CA_ERR_IO) {
		ca_doctor_find(d, CA_F_PAM_FILE, CA_LEVEL_WARNING,
		    "%s cannot be read: %s", s.path, strerror(errno));
		ca_doctor_mend(d, "run `certauth doctor' as root");
	}
	if (rc == CA_OK)
		rc = walk(&s, true, whole_line);
	if (rc == CA_OK && (s.auth || s.account)) {
		ca_doctor_path(d, file);
		check_greeter(&s);
		ca_doctor_form_end(d, &s.form, name);
		check_account(&s);
		if (!s.audit)
			ca_doctor_stack(d, &s.stack);
	}
	ca_stack_clear(&s.stack);
	return s.auth;
}

static void
note_auth(void *ctx, const struct ca_pam_line *line)
{
	struct service *s = ctx;

	s->auth = s->auth || (ca_pamfile_is_ours(line) &&
				 strcasecmp(line->type, "auth") == 0);
}

bool
ca_doctor_pam_asks(struct ca_doctor *d, const char *service)
{
	struct service s = {.d = d, .name = service};

	return walk(&s, true, note_auth) == CA_OK && s.auth;
}

void
ca_doctor_pam(struct ca_doctor *d)
{
	struct ca_list names = {0};
	bool used = false;

	if (!ca_doctor_pam_services(d, &names)) {
		ca_doctor_find(d, CA_F_PAM_FILE, CA_LEVEL_ERROR,
		    "%s cannot be opened: %s", d->pam_dir, strerror(errno));
		ca_doctor_mend(d, "name the directory with --pam-dir DIR");
		return;
	}
	for (size_t i = 0; i < names.n; i++)
		used |= check_service(d, names.v[i]);
	ca_doctor_pam_services_free(&names);
	if (used)
		return;
	ca_doctor_find(d, CA_F_PAM_UNUSED, CA_LEVEL_WARNING,
	    "no service in %s has an auth line of " OURS, d->pam_dir);
	ca_doctor_mend(d, "add an auth line to a service (see EXAMPLES in "
			  "pam_certauth(8)), then run `certauth try SERVICE "
			  "USER'");
}
