/*
 * doctor: the OCSP responses that this host has.
 */
#include "doctor/doctor.h"
#include "doctor/doctor_view.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

static bool
is_response(const char *name)
{
	const char *end = strrchr(name, '.');

	return end != NULL && strcmp(end, ".ocsp") == 0;
}

/* Clients keep a response for a day, and their clocks differ from this one. */
#define AGE_MIN 90000

static void
check_age(struct ca_doctor *d)
{
	if (d->cfg->ocsp_max_age >= AGE_MIN)
		return;
	ca_doctor_find(d, CA_F_OCSP_AGE, CA_LEVEL_WARNING,
	    "ocsp_max_age is shorter than 25 hours, and clients keep an OCSP response for up to a day");
	ca_doctor_mend(d, "set ocsp_max_age = 25h or more");
}

void
ca_doctor_ocsp(struct ca_doctor *d)
{
	const struct ca_config *cfg = d->cfg;
	const struct dirent *e;
	DIR *dir;
	int saved;
	bool any = false;

	if (cfg->crl == CA_CRL_OFF || cfg->revocation == CA_SOURCES_CRL)
		return;
	check_age(d);
	ca_doctor_ocsp_set(d);
	dir = opendir(cfg->ocsp_dir);
	saved = errno;
	while (dir != NULL && !any && (e = readdir(dir)) != NULL)
		any = is_response(e->d_name);
	if (dir != NULL)
		(void)closedir(dir);
	if (any) {
		ca_doctor_ocsp_timer(d);
		return;
	}
	if (dir == NULL && saved != ENOENT)
		ca_doctor_find(d, CA_F_OCSP_NONE, CA_LEVEL_WARNING,
		    "%s cannot be read: %s", cfg->ocsp_dir, strerror(saved));
	else
		ca_doctor_find(d, CA_F_OCSP_NONE, CA_LEVEL_NOTE,
		    "%s contains no OCSP response", cfg->ocsp_dir);
	ca_doctor_mend(d, "%s", ca_doctor_config_command(d, "ocsp update"));
}
