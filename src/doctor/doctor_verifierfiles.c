/*
 * doctor: files that the verifier's user cannot read, and services from which the
 * module cannot reach the socket.
 */
#include "doctor/doctor.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES_MAX 100000

/* What was found below one path of the configuration. */
struct closed {
	char first[PATH_MAX];
	size_t n, seen;
};

static void
look(const char *path, unsigned depth, struct closed *c)
{
	char full[PATH_MAX];
	struct dirent *e;
	DIR *dir;

	if (++c->seen > FILES_MAX)
		return;
	if (ca_doctor_closed(path, full)) {
		if (c->n++ == 0)
			memcpy(c->first, full, sizeof full);
		return;
	}
	if (depth == 0 || (dir = opendir(path)) == NULL)
		return;
	while ((e = readdir(dir)) != NULL) {
		char name[PATH_MAX];
		int len = snprintf(name, sizeof name, "%s/%s", path, e->d_name);

		if (e->d_name[0] != '.' && len > 0 && len < PATH_MAX)
			look(name, depth - 1, c);
	}
	(void)closedir(dir);
}

void
ca_doctor_verifier_reads(struct ca_doctor *d, const char *path)
{
	struct closed c = {.n = 0};

	if (access(path, F_OK) != 0)
		return;
	look(path, 2, &c);
	if (c.n == 0)
		return;
	if (c.n == 1)
		ca_doctor_find(d, CA_F_VERIFIER_READS, CA_LEVEL_NOTE,
		    "user _certauth cannot read %s", c.first);
	else
		ca_doctor_find(d, CA_F_VERIFIER_READS, CA_LEVEL_NOTE,
		    "user _certauth cannot read %zu files of %s; one is %s",
		    c.n, path, c.first);
	ca_doctor_mend(d,
	    "nothing must be done; if the file is no secret: chmod -R o+rX %s",
	    ca_doctor_word("%s", c.n == 1 ? c.first : path));
}

/* ---- services ---- */

static bool
has_word(const char *list, const char *word)
{
	size_t n = strlen(word), len;

	for (const char *p = list; *p != '\0'; p += len) {
		p += strspn(p, " \t\n");
		len = strcspn(p, " \t\n");
		if (len == n && strncmp(p, word, n) == 0)
			return true;
	}
	return false;
}

void
ca_doctor_verifier_unit(struct ca_doctor *d, const char *unit, const char *line,
    const char *service)
{
	static const char families[] = "RestrictAddressFamilies=";
	static const char *const roots[] = {"RootDirectory=", "RootImage="};
	const char *value = line + sizeof families - 1;

	if (strncmp(line, families, sizeof families - 1) == 0 &&
	    value[strspn(value, " \t\n")] != '\0' &&
	    has_word(value[0] == '~' ? value + 1 : value, "AF_UNIX") ==
		(value[0] == '~')) {
		ca_doctor_find(d, CA_F_VERIFIER_SERVICE, CA_LEVEL_NOTE,
		    "%s has no AF_UNIX in RestrictAddressFamilies: logins of "
		    "the service %s start a verifier of their own, and with "
		    "verifier=resident they are denied",
		    unit, service);
		ca_doctor_mend(d,
		    "add AF_UNIX to RestrictAddressFamilies of the service; "
		    "the log of its logins needs it too");
	}
	for (size_t i = 0; i < 2; i++) {
		if (strncmp(line, roots[i], strlen(roots[i])) != 0)
			continue;
		ca_doctor_find(d, CA_F_VERIFIER_SERVICE, CA_LEVEL_WARNING,
		    "%s has %.*s: in that root, logins of the service %s are "
		    "denied because %s/certauth-verifier and its socket are not "
		    "there",
		    unit, (int)strlen(roots[i]) - 1, roots[i], service,
		    CA_LIBEXECDIR);
		ca_doctor_mend(d,
		    "add BindReadOnlyPaths=/run/certauth %s %s to the service",
		    CA_LIBEXECDIR, CA_SYSCONFDIR);
	}
}
