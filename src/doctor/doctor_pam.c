/*
 * doctor: the PAM services that name the module.
 */
#include "doctor/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "tool/pamfile.h"

#define OURS "pam_certauth.so"

struct service {
	struct ca_doctor *d;
	const char *name;
	bool auth, account, session; /* ours stands there */
	bool open_next; /* the last auth line was ours and lets the stack go
			 * on after a failure, and nothing since denies */
	char at[4200];  /* where that was */
	char way[4200]; /* a password line before ours that is enough; "" */
};

/* ---- one line ---- */

static bool
found_by_name(const char *module)
{
	static const char *const where[] = {"/lib/*/security/",
	    "/usr/lib/*/security/", "/lib64/security/", "/usr/lib64/security/",
	    "/lib/security/", "/usr/lib/security/"};
	bool found = false;

	for (size_t i = 0; !found && i < sizeof where / sizeof *where; i++) {
		char pattern[512];
		glob_t g;

		(void)snprintf(
		    pattern, sizeof pattern, "%s%s", where[i], module);
		if (glob(pattern, 0, NULL, &g) == 0) {
			found = true;
			globfree(&g);
		}
	}
	return found;
}

static void
look_at_module(struct ca_doctor *d, const struct ca_pam_line *line)
{
	bool there = line->module[0] == '/' ? access(line->module, R_OK) == 0
					    : found_by_name(line->module);

	if (line->module[0] == '/' && there)
		ca_doctor_path(d, line->module);
	if (there)
		return;
	ca_doctor_find(d, CA_F_PAM_MODULE, CA_LEVEL_ERROR,
	    "%s:%u: %s is not there", line->file, line->number, line->module);
	ca_doctor_mend(d, "name the module as `make install' or the package "
			  "put it: " OURS);
}

static bool
has_word(const char *control)
{
	static const char *const words[] = {"required", "requisite",
	    "sufficient", "optional", "include", "substack"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasecmp(control, words[i]) == 0)
			return true;
	return control[0] == '[' && control[strlen(control) - 1] == ']' &&
	       strchr(control, '=') != NULL;
}

/* What a bracketed control does with value, "default" where it is not named;
 * "" for none. */
static void
action(const char *control, const char *value, char out[32])
{
	const char *p = control, *other = NULL;
	size_t len = strlen(value);

	out[0] = '\0';
	while ((p = strpbrk(p, " \t[")) != NULL) {
		p++;
		if (strncasecmp(p, value, len) == 0 && p[len] == '=') {
			other = p + len + 1;
			break;
		}
		if (strncasecmp(p, "default=", 8) == 0)
			other = p + 8;
	}
	if (other != NULL)
		(void)snprintf(
		    out, 32, "%.*s", (int)strcspn(other, " \t]"), other);
}

static bool
goes_on(const char *control)
{
	char fail[32];

	if (strcasecmp(control, "sufficient") == 0 ||
	    strcasecmp(control, "optional") == 0)
		return true;
	action(control, "auth_err", fail);
	return control[0] == '[' &&
	       (strcasecmp(fail, "ignore") == 0 || strcasecmp(fail, "ok") == 0);
}

static void
look_at_control(struct ca_doctor *d, const struct ca_pam_line *line, bool audit)
{
	char good[32], bad[32];
	const char *what = NULL;

	action(line->control, "success", good);
	action(line->control, "auth_err", bad);
	if (!has_word(line->control))
		what = "is no control that libpam knows";
	else if (strcasecmp(line->control, "optional") == 0 && !audit)
		what = "neither lets in nor keeps out, beside other modules";
	else if (line->control[0] == '[' &&
		 (strcasecmp(bad, "ok") == 0 || strcasecmp(bad, "done") == 0))
		what = "takes a refusal for a success";
	else if (line->control[0] == '[' && strcasecmp(good, "ignore") == 0)
		what = "ignores a success";
	if (what == NULL)
		return;
	ca_doctor_find(d, CA_F_PAM_CONTROL, CA_LEVEL_ERROR, "%s:%u: %s %s",
	    line->file, line->number, line->control, what);
	ca_doctor_mend(d, "required, sufficient or [success=done ignore=ignore "
			  "default=die]: see CONTROL FLAGS in pam_certauth(8)");
}

/* The line's arguments over the configuration, as the module takes them. */
static bool
look_at_arguments(struct service *s, const struct ca_pam_line *line)
{
	struct ca_doctor *d = s->d;
	const char *argv[CA_PAM_ARGS_MAX + 1];
	struct ca_config *cfg = NULL;
	char config[4200];
	int argc = 0;
	bool audit = false;

	/* of what is tried here, the file is another one */
	if (d->config != NULL) {
		(void)snprintf(config, sizeof config, "config=%s", d->config);
		argv[argc++] = config;
	}
	for (int i = 0; i < line->argc; i++)
		if (d->config == NULL ||
		    strncmp(line->argv[i], "config=", 7) != 0)
			argv[argc++] = line->argv[i];
	ca_buf_reset(&d->heard);
	if (ca_config_load(argc, argv, s->name, &d->log, &cfg) == CA_OK) {
		audit = cfg->mode == CA_MODE_AUDIT;
	} else if (d->cfg != NULL) { /* else it is the file, and told */
		char mend[4400];
		(void)snprintf(mend, sizeof mend,
		    "edit line %u of %s; "
		    "certauth.conf(5) has every key",
		    line->number, line->file);
		ca_doctor_heard(
		    d, CA_F_PAM_ARGUMENT, CA_LEVEL_ERROR, line->file, mend);
	}
	ca_config_free(cfg);
	return audit;
}

/* Behind a line of ours that lets the stack go on: does a module follow that
 * says yes to everybody before one that asks for something? */
static void
look_behind(struct service *s, const struct ca_pam_line *line)
{
	const char *slash = strrchr(line->module, '/');
	const char *name = slash != NULL ? slash + 1 : line->module;

	if (!s->open_next || ca_pamfile_includes(line))
		return;
	if (strcmp(name, "pam_permit.so") == 0) {
		ca_doctor_find(s->d, CA_F_PAM_OPEN, CA_LEVEL_ERROR,
		    "%s:%u: pam_permit.so follows %s, which goes on after a "
		    "refusal",
		    line->file, line->number, s->at);
		ca_doctor_mend(s->d, "put `auth requisite pam_deny.so' "
				     "between, or make ours required");
		s->open_next = false;
	} else if (strcmp(name, "pam_env.so") != 0 &&
		   strcmp(name, "pam_faildelay.so") != 0 &&
		   strcmp(name, "pam_cap.so") != 0 &&
		   strcmp(name, "pam_group.so") != 0 &&
		   strcasecmp(line->control, "optional") != 0) {
		s->open_next = false;
	}
}

static bool
asks_password(const struct ca_pam_line *line)
{
	static const char *const names[] = {"pam_unix.so", "pam_sss.so",
	    "pam_ldap.so", "pam_krb5.so", "pam_winbind.so"};
	const char *slash = strrchr(line->module, '/');
	const char *name = slash != NULL ? slash + 1 : line->module;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* A password that is enough, before a line that says required: whoever wrote
 * it may think that the certificate is. */
static void
look_before(struct service *s, const struct ca_pam_line *line)
{
	if (!ca_pamfile_is_ours(line)) {
		if (asks_password(line) &&
		    strcasecmp(line->control, "sufficient") == 0)
			(void)snprintf(s->way, sizeof s->way, "%s:%u %s",
			    line->file, line->number, line->module);
		return;
	}
	if (s->way[0] == '\0' ||
	    (strcasecmp(line->control, "required") != 0 &&
		strcasecmp(line->control, "requisite") != 0))
		return;
	ca_doctor_find(s->d, CA_F_PAM_CONTROL, CA_LEVEL_WARNING,
	    "%s:%u: %s, but %s stands before it and is sufficient", line->file,
	    line->number, line->control, s->way);
	ca_doctor_mend(s->d, "if the password alone is not meant to be enough, "
			     "make that line required, or remove it");
}

static void
look_at_line(void *ctx, const struct ca_pam_line *line)
{
	struct service *s = ctx;
	bool audit;

	if (strcasecmp(line->type, "auth") == 0)
		look_before(s, line);
	if (!ca_pamfile_is_ours(line)) {
		if (strcasecmp(line->type, "auth") == 0)
			look_behind(s, line);
		return;
	}
	look_at_module(s->d, line);
	audit = look_at_arguments(s, line);
	if (strcasecmp(line->type, "auth") == 0) {
		s->auth = true;
		look_at_control(s->d, line, audit);
		s->open_next = goes_on(line->control) && !audit;
		(void)snprintf(
		    s->at, sizeof s->at, "%s:%u", line->file, line->number);
	} else if (strcasecmp(line->type, "account") == 0) {
		s->account = true;
	} else if (strcasecmp(line->type, "password") == 0) {
		ca_doctor_find(s->d, CA_F_PAM_PASSWORD, CA_LEVEL_ERROR,
		    "%s:%u: " OURS " in a password stack", line->file,
		    line->number);
		ca_doctor_mend(
		    s->d, "remove line %u of %s", line->number, line->file);
	} else {
		ca_doctor_find(s->d, CA_F_PAM_SESSION, CA_LEVEL_NOTE,
		    "%s:%u: " OURS " in a session stack", line->file,
		    line->number);
		ca_doctor_mend(
		    s->d, "remove line %u of %s", line->number, line->file);
	}
}

/* ---- services ---- */

static void
note_ours(void *ctx, const struct ca_pam_line *line)
{
	struct service *s = ctx;

	if (!ca_pamfile_is_ours(line))
		return;
	s->auth = s->auth || strcasecmp(line->type, "auth") == 0;
	s->account = s->account || strcasecmp(line->type, "account") == 0;
}

/* Packages' and editors' leftovers are no services. */
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

static bool
look_at_service(struct ca_doctor *d, const char *name)
{
	struct service own = {.d = d, .name = name};
	struct service whole = {.d = d, .name = name};
	char path[4200];
	enum ca_err rc =
	    ca_pamfile_walk(d->pam_dir, name, false, look_at_line, &own);

	(void)snprintf(path, sizeof path, "%s/%s", d->pam_dir, name);
	if (rc == CA_ERR_IO) {
		ca_doctor_find(d, CA_F_PAM_FILE, CA_LEVEL_WARNING, "%s: %s",
		    path, strerror(errno));
		ca_doctor_mend(d, "run `certauth doctor' as root");
	}
	if (rc == CA_OK)
		rc = ca_pamfile_walk(d->pam_dir, name, true, note_ours, &whole);
	if (rc != CA_OK)
		return false;
	if (own.auth || own.account)
		ca_doctor_path(d, path);
	if (own.auth && !whole.account) {
		ca_doctor_find(d, CA_F_PAM_ACCOUNT, CA_LEVEL_NOTE,
		    "%s has an auth line of " OURS " and no account line",
		    path);
		ca_doctor_mend(d, "add `account required " OURS "'");
	}
	if (strcmp(name, "sshd") == 0)
		d->ssh = whole.auth;
	return own.auth;
}

void
ca_doctor_pam(struct ca_doctor *d)
{
	DIR *dir = opendir(d->pam_dir);
	struct dirent *e;
	bool used = false;

	if (dir == NULL) {
		ca_doctor_find(d, CA_F_PAM_FILE, CA_LEVEL_ERROR, "%s: %s",
		    d->pam_dir, strerror(errno));
		ca_doctor_mend(d, "certauth doctor --pam-dir DIR");
		return;
	}
	while ((e = readdir(dir)) != NULL)
		if (is_service(e->d_name) && e->d_type != DT_DIR)
			used |= look_at_service(d, e->d_name);
	(void)closedir(dir);
	if (used)
		return;
	ca_doctor_find(d, CA_F_PAM_UNUSED, CA_LEVEL_WARNING,
	    "no service of %s has an auth line of " OURS, d->pam_dir);
	ca_doctor_mend(d, "add a line to a service: EXAMPLES in "
			  "pam_certauth(8); then `certauth try SERVICE USER'");
}
