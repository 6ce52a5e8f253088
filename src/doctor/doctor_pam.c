/*
 * doctor: the PAM services that use the module.
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
	bool auth, account, session; /* the module is in that stack */
	bool open_next; /* the stack continues after a refusal of the module,
			 * and no line since then refuses */
	char at[4200];  /* file:line of that module line */
	char way[4200]; /* a sufficient password line before the module; "" */
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
check_module(struct ca_doctor *d, const struct ca_pam_line *line)
{
	bool there = line->module[0] == '/' ? access(line->module, R_OK) == 0
					    : found_by_name(line->module);

	if (line->module[0] == '/' && there)
		ca_doctor_path(d, line->module);
	if (there)
		return;
	ca_doctor_find(d, CA_F_PAM_MODULE, CA_LEVEL_ERROR,
	    "%s:%u names %s, which does not exist", line->file, line->number,
	    line->module);
	ca_doctor_mend(d,
	    "correct the path in the line, or name the module " OURS
	    " without a path");
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

/* The action of a bracketed control for value, or for "default" if value is not
 * named; "" if there is none. */
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
check_control(struct ca_doctor *d, const struct ca_pam_line *line, bool audit)
{
	char good[32], bad[32];
	const char *what = NULL;

	action(line->control, "success", good);
	action(line->control, "auth_err", bad);
	if (!has_word(line->control))
		what = "is not a control that libpam knows";
	else if (strcasecmp(line->control, "optional") == 0 && !audit)
		what = "neither grants nor refuses if the stack has other "
		       "modules";
	else if (line->control[0] == '[' &&
		 (strcasecmp(bad, "ok") == 0 || strcasecmp(bad, "done") == 0))
		what = "treats a refusal as a success";
	else if (line->control[0] == '[' && strcasecmp(good, "ignore") == 0)
		what = "ignores a success";
	if (what == NULL)
		return;
	ca_doctor_find(d, CA_F_PAM_CONTROL, CA_LEVEL_ERROR,
	    "%s:%u: the control %s %s", line->file, line->number, line->control,
	    what);
	ca_doctor_mend(d, "use required, sufficient or [success=done "
			  "ignore=ignore default=die]; see CONTROL FLAGS in "
			  "pam_certauth(8)");
}

/* Read the configuration with the arguments of the line, as the module does. */
static bool
check_arguments(struct service *s, const struct ca_pam_line *line)
{
	struct ca_doctor *d = s->d;
	const char *argv[CA_PAM_ARGS_MAX + 1];
	struct ca_config *cfg = NULL;
	char config[4200];
	int argc = 0;
	bool audit = false;

	/* --config replaces the file that the line names */
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
	} else if (d->cfg != NULL) { /* else the check of config reports it */
		char mend[4400];
		(void)snprintf(mend, sizeof mend,
		    "edit line %u of %s; "
		    "certauth.conf(5) lists every key",
		    line->number, line->file);
		ca_doctor_heard(
		    d, CA_F_PAM_ARGUMENT, CA_LEVEL_ERROR, line->file, mend);
	}
	ca_config_free(cfg);
	return audit;
}

/* After a module line that lets the stack continue: does pam_permit.so follow
 * before a module that asks for something? */
static void
check_after(struct service *s, const struct ca_pam_line *line)
{
	const char *slash = strrchr(line->module, '/');
	const char *name = slash != NULL ? slash + 1 : line->module;

	if (!s->open_next || ca_pamfile_includes(line))
		return;
	if (strcmp(name, "pam_permit.so") == 0) {
		ca_doctor_find(s->d, CA_F_PAM_OPEN, CA_LEVEL_ERROR,
		    "%s:%u: pam_permit.so follows the line %s, and that line "
		    "lets the stack continue after a refusal",
		    line->file, line->number, s->at);
		ca_doctor_mend(s->d,
		    "put `auth requisite pam_deny.so' between the two "
		    "lines, or make the line of " OURS " required");
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

/* A sufficient password line before a required module line: its author may
 * believe that the certificate is required. */
static void
check_before(struct service *s, const struct ca_pam_line *line)
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
	    "%s:%u: the certificate is %s, but the line %s before it is "
	    "sufficient without a certificate",
	    line->file, line->number, line->control, s->way);
	ca_doctor_mend(s->d, "if a password alone must not be enough, make the "
			     "line of the password required, or remove it");
}

static void
check_line(void *ctx, const struct ca_pam_line *line)
{
	struct service *s = ctx;
	bool audit;

	if (strcasecmp(line->type, "auth") == 0)
		check_before(s, line);
	if (!ca_pamfile_is_ours(line)) {
		if (strcasecmp(line->type, "auth") == 0)
			check_after(s, line);
		return;
	}
	check_module(s->d, line);
	audit = check_arguments(s, line);
	if (strcasecmp(line->type, "auth") == 0) {
		s->auth = true;
		check_control(s->d, line, audit);
		s->open_next = goes_on(line->control) && !audit;
		(void)snprintf(
		    s->at, sizeof s->at, "%s:%u", line->file, line->number);
	} else if (strcasecmp(line->type, "account") == 0) {
		s->account = true;
	} else if (strcasecmp(line->type, "password") == 0) {
		ca_doctor_find(s->d, CA_F_PAM_PASSWORD, CA_LEVEL_ERROR,
		    "%s:%u: " OURS " is in a password stack", line->file,
		    line->number);
		ca_doctor_mend(
		    s->d, "remove line %u of %s", line->number, line->file);
	} else {
		ca_doctor_find(s->d, CA_F_PAM_SESSION, CA_LEVEL_NOTE,
		    "%s:%u: " OURS " is in a session stack", line->file,
		    line->number);
		ca_doctor_mend(
		    s->d, "remove line %u of %s", line->number, line->file);
	}
}

/* ---- services ---- */

static void
note_module(void *ctx, const struct ca_pam_line *line)
{
	struct service *s = ctx;

	if (!ca_pamfile_is_ours(line))
		return;
	s->auth = s->auth || strcasecmp(line->type, "auth") == 0;
	s->account = s->account || strcasecmp(line->type, "account") == 0;
}

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

static bool
check_service(struct ca_doctor *d, const char *name)
{
	struct service own = {.d = d, .name = name};
	struct service whole = {.d = d, .name = name};
	char path[4200];
	enum ca_err rc =
	    ca_pamfile_walk(d->pam_dir, name, false, check_line, &own);

	(void)snprintf(path, sizeof path, "%s/%s", d->pam_dir, name);
	if (rc == CA_ERR_IO) {
		ca_doctor_find(d, CA_F_PAM_FILE, CA_LEVEL_WARNING,
		    "%s cannot be read: %s", path, strerror(errno));
		ca_doctor_mend(d, "run `certauth doctor' as root");
	}
	if (rc == CA_OK)
		rc = ca_pamfile_walk(
		    d->pam_dir, name, true, note_module, &whole);
	if (rc != CA_OK)
		return false;
	if (own.auth || own.account)
		ca_doctor_path(d, path);
	if (own.auth && !whole.account) {
		ca_doctor_find(d, CA_F_PAM_ACCOUNT, CA_LEVEL_NOTE,
		    "%s has an auth line of " OURS ", but no account line",
		    path);
		ca_doctor_mend(d, "add the line `account required " OURS "'");
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
		ca_doctor_find(d, CA_F_PAM_FILE, CA_LEVEL_ERROR,
		    "%s cannot be opened: %s", d->pam_dir, strerror(errno));
		ca_doctor_mend(d, "name the directory with --pam-dir DIR");
		return;
	}
	while ((e = readdir(dir)) != NULL)
		if (is_service(e->d_name) && e->d_type != DT_DIR)
			used |= check_service(d, e->d_name);
	(void)closedir(dir);
	if (used)
		return;
	ca_doctor_find(d, CA_F_PAM_UNUSED, CA_LEVEL_WARNING,
	    "no service in %s has an auth line of " OURS, d->pam_dir);
	ca_doctor_mend(d, "add an auth line to a service (see EXAMPLES in "
			  "pam_certauth(8)), then run `certauth try SERVICE "
			  "USER'");
}
