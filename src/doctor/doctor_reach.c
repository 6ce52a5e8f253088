/*
 * doctor: can the program that loads the module read its files?  A screen locker
 * runs as the user; systemd and AppArmor can hide files from a service.
 */
#include "doctor/doctor_pam.h"
#include "doctor/doctor_view.h"
#include "doctor/sshdfile.h"

#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATHS 8

/* What a login by this configuration reads; NULL where there is nothing. */
static void
paths_of(const struct ca_doctor_view *v, const char *out[PATHS])
{
	const struct ca_config *cfg = v->cfg;
	const char *all[PATHS] = {v->file, cfg->ca_dir, cfg->intermediates_dir,
	    cfg->crl == CA_CRL_OFF ? NULL : cfg->crl_dir,
	    cfg->revocation == CA_SOURCES_CRL ? NULL : cfg->ocsp_dir,
	    cfg->users, cfg->users_dir,
	    cfg->directory == CA_DIRECTORY_LDAP ? cfg->directory_index : NULL};

	for (size_t i = 0; i < PATHS; i++)
		out[i] =
		    all[i] != NULL && access(all[i], F_OK) == 0 ? all[i] : NULL;
}

/* ---- as the user ---- */

static void
check_locker(struct ca_doctor *d, const char *service)
{
	const char *path[PATHS];
	char full[PATH_MAX];

	paths_of(d->view, path);
	for (size_t i = 0; i < PATHS; i++) {
		if (path[i] == NULL || !ca_doctor_closed(path[i], full))
			continue;
		ca_doctor_find(d, CA_F_NOT_READABLE, CA_LEVEL_WARNING,
		    "%s is not readable by all users, and the service %s runs "
		    "as the user",
		    full, service);
		ca_doctor_mend(d, "chmod o+rX %s", ca_doctor_word("%s", full));
	}
}

/* ---- systemd ---- */

/* Is one of the blank-separated paths above path? */
static bool
covers(const char *list, const char *path)
{
	size_t n;

	for (const char *p = list; *p != '\0'; p += n) {
		p += strspn(p, " \t\n-+\"");
		n = strcspn(p, " \t\n:\"");
		if (n > 0 && strncmp(p, path, n) == 0 &&
		    (path[n] == '/' || path[n] == '\0' || p[n - 1] == '/'))
			return true;
		n = strcspn(p, " \t\n");
	}
	return false;
}

static void
read_unit(struct ca_doctor *d, const char *unit, const char *service)
{
	static const char *const keys[] = {"InaccessiblePaths=",
	    "InaccessibleDirectories=", "TemporaryFileSystem="};
	const char *path[PATHS];
	FILE *f = fopen(unit, "re");
	char *line = NULL;
	size_t size = 0;

	paths_of(d->view, path);
	while (f != NULL && getline(&line, &size, f) >= 0) {
		ca_doctor_verifier_unit(d, unit, line, service);
		for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
			size_t n = strlen(keys[k]);

			for (size_t i = 0;
			     i < PATHS && strncmp(line, keys[k], n) == 0; i++) {
				if (path[i] == NULL ||
				    !covers(line + n, path[i]))
					continue;
				ca_doctor_find(d, CA_F_SANDBOX,
				    CA_LEVEL_WARNING,
				    "%s hides %s from the service %s by %.*s",
				    unit, path[i], service, (int)n - 1,
				    keys[k]);
				ca_doctor_mend(d,
				    "remove that path from %s, then run "
				    "`systemctl daemon-reload' and restart the "
				    "service",
				    unit);
			}
		}
	}
	free(line);
	if (f != NULL)
		(void)fclose(f);
}

static void
check_units(struct ca_doctor *d, const char *service)
{
	static const char *const dirs[] = {"/etc/systemd/system",
	    "/run/systemd/system", "/usr/lib/systemd/system"};
	/* sshd's units: the daemon's, and the template that a socket starts */
	static const char *const sshd[] = {"ssh", "sshd", "ssh@", "sshd@"};
	const char *names[1 + sizeof sshd / sizeof *sshd] = {service};
	size_t n = 1;

	if (ca_sshdfile_serves(d->sshd_config, service))
		for (size_t i = 0; i < sizeof sshd / sizeof *sshd; i++)
			if (strcmp(sshd[i], service) != 0)
				names[n++] = sshd[i];
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
		for (size_t k = 0; k < 2 * n; k++) {
			char pattern[600];
			glob_t g;

			(void)snprintf(pattern, sizeof pattern,
			    "%s/%s.service%s", dirs[i], names[k / 2],
			    k % 2 == 0 ? "" : ".d/*.conf");
			if (glob(pattern, 0, NULL, &g) != 0)
				continue;
			for (size_t j = 0; j < g.gl_pathc; j++)
				read_unit(d, g.gl_pathv[j], service);
			globfree(&g);
		}
}

/* ---- AppArmor ---- */

static bool
has_text(const char *path, const char *const words[], size_t n)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (f != NULL && !found && getline(&line, &size, f) >= 0)
		for (size_t i = 0; i < n && line[strspn(line, " \t")] != '#';
		     i++)
			found = found || strstr(line, words[i]) != NULL;
	free(line);
	if (f != NULL)
		(void)fclose(f);
	return found;
}

static void
check_profile(struct ca_doctor *d, const char *profile, const char *service)
{
	static const char *const known[] = {
	    "certauth", " /** ", " /etc/** ", "(complain)", "(unconfined)"};
	const char *name = strrchr(profile, '/') + 1;
	char local[PATH_MAX], off[PATH_MAX], dir[PATH_MAX];

	(void)snprintf(dir, sizeof dir, "%.*s", (int)(name - profile), profile);
	if (snprintf(local, sizeof local, "%slocal/%s", dir, name) >=
		(int)sizeof local ||
	    snprintf(off, sizeof off, "%sdisable/%s", dir, name) >=
		(int)sizeof off)
		return;
	if (access(off, F_OK) == 0 ||
	    has_text(profile, known, sizeof known / sizeof *known) ||
	    has_text(local, known, 3))
		return;
	ca_doctor_find(d, CA_F_SANDBOX, CA_LEVEL_WARNING,
	    "the AppArmor profile %s of the service %s does not permit %s/",
	    profile, service, CA_SYSCONFDIR);
	ca_doctor_mend(d,
	    "add `%s/** r,' to %s, then run `apparmor_parser -r %s'",
	    CA_SYSCONFDIR, local, profile);
}

/* A profile is named after the program: usr.sbin.sshd. */
static void
check_profiles(struct ca_doctor *d, const char *program, const char *service)
{
	char pattern[600];
	glob_t g;

	(void)snprintf(
	    pattern, sizeof pattern, "/etc/apparmor.d/*.%s", program);
	if (glob(pattern, 0, NULL, &g) != 0)
		return;
	for (size_t i = 0; i < g.gl_pathc; i++)
		check_profile(d, g.gl_pathv[i], service);
	globfree(&g);
}

static void
check_apparmor(struct ca_doctor *d, const char *service)
{
	if (!ca_sshdfile_serves(d->sshd_config, service)) {
		check_profiles(d, service, service);
		return;
	}
	/* since OpenSSH 9.8, PAM is asked by sshd-session */
	check_profiles(d, "sshd", service);
	check_profiles(d, "sshd-session", service);
}

void
ca_doctor_reach(
    struct ca_doctor *d, const char *service, const struct ca_pam_line *line)
{
	const struct ca_doctor_view *now = d->view;

	/* NULL: the configuration has a mistake, which is reported */
	if ((d->view = ca_doctor_view_of(d, service, line)) != NULL) {
		const struct ca_desk *desk = ca_doctor_desk(service);

		if (desk != NULL && (desk->kind & CA_DESK_USER) != 0)
			check_locker(d, service);
		check_units(d, service);
		check_apparmor(d, service);
	}
	d->view = now;
}
