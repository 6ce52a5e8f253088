/*
 * doctor: the configuration, and the permissions of the files that it names.
 */
#include "doctor/doctor.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Enough for 32,768 characters in 128 answers, each with a mark. */
#define ANSWER_ENOUGH 257

static void
check_keys(struct ca_doctor *d, const char *path)
{
	const struct ca_config *cfg = d->cfg;

	if (cfg->mode == CA_MODE_AUDIT) {
		ca_doctor_find(d, CA_F_MODE_AUDIT, CA_LEVEL_WARNING,
		    "%s sets mode = audit", path);
		ca_doctor_mend(d,
		    "remove `mode = audit' from %s when the log shows that the "
		    "right logins would be granted",
		    path);
	}
	if (cfg->max_answer < ANSWER_ENOUGH) {
		ca_doctor_find(d, CA_F_MAX_ANSWER, CA_LEVEL_WARNING,
		    "max_answer = %u is below %d in %s", cfg->max_answer,
		    ANSWER_ENOUGH, path);
		ca_doctor_mend(d,
		    "set max_answer = 500 in %s; every application can carry "
		    "500 characters",
		    path);
	}
	if (cfg->crl == CA_CRL_OFF) {
		ca_doctor_find(d, CA_F_CRL_OFF, CA_LEVEL_WARNING,
		    "%s sets crl = off", path);
		ca_doctor_mend(d,
		    "remove `crl = off' from %s, then run `certauth crl "
		    "update'",
		    path);
	}
	for (size_t i = 0; i < 2 && cfg->proof[i] != 0; i++)
		if (cfg->proof[i] == CA_PROOF_COMMAND &&
		    access(cfg->helper, X_OK) != 0) {
			ca_doctor_find(d, CA_F_HELPER, CA_LEVEL_ERROR,
			    "the helper %s cannot be executed: %s", cfg->helper,
			    strerror(errno));
			ca_doctor_mend(d,
			    "set helper = in %s to the path of the installed "
			    "certauth",
			    path);
		}
}

void
ca_doctor_config(struct ca_doctor *d)
{
	const char *path =
	    d->config != NULL ? d->config : CA_SYSCONFDIR "/certauth.conf";
	enum ca_err rc = CA_ERR_MEMORY;

	d->cfg = ca_config_new();
	if (d->cfg != NULL)
		rc = ca_config_read(
		    d->cfg, path, NULL, d->config != NULL, &d->log);
	if (rc != CA_OK) {
		char mend[PATH_MAX + 64];

		ca_config_free(d->cfg);
		d->cfg = NULL;
		(void)snprintf(mend, sizeof mend,
		    rc == CA_ERR_UNTRUSTED
			? "chown root %s; chmod go-w %s"
			: "edit %s; certauth.conf(5) lists every "
			  "key",
		    path, path);
		ca_doctor_heard(d,
		    rc == CA_ERR_UNTRUSTED ? CA_F_FILE_UNTRUSTED
					   : CA_F_CONFIG_MISTAKE,
		    CA_LEVEL_ERROR, path, mend);
		return;
	}
	if (access(path, F_OK) != 0)
		ca_doctor_find(d, CA_F_CONFIG_ABSENT, CA_LEVEL_NOTE,
		    "%s does not exist", path);
	check_keys(d, path);
}

void
ca_doctor_files(struct ca_doctor *d)
{
	const struct ca_config *cfg = d->cfg;
	bool command = cfg->proof[0] == CA_PROOF_COMMAND ||
		       cfg->proof[1] == CA_PROOF_COMMAND;
	const char *path[] = {
	    d->config != NULL ? d->config : CA_SYSCONFDIR "/certauth.conf",
	    cfg->ca_dir, cfg->intermediates_dir,
	    cfg->crl == CA_CRL_OFF ? NULL : cfg->crl_dir, cfg->users,
	    cfg->users_dir, cfg->host_cert,
	    cfg->host_key != NULL && cfg->host_key[0] == '/' ? cfg->host_key
							     : NULL,
	    command ? cfg->helper : NULL};

	for (size_t i = 0; i < sizeof path / sizeof *path; i++) {
		struct ca_doctor seen = *d;

		ca_doctor_path(d, path[i]);
		/* report a directory above several of the files once */
		for (size_t k = seen.n; k < d->n; k++)
			for (size_t j = 0; j < seen.n; j++)
				if (d->v[k].mend != NULL &&
				    d->v[j].mend != NULL &&
				    strcmp(d->v[k].mend, d->v[j].mend) == 0) {
					free(d->v[k].what);
					free(d->v[k].mend);
					memmove(&d->v[k], &d->v[k + 1],
					    (d->n - k - 1) * sizeof *d->v);
					d->n--;
					k--;
					break;
				}
	}
}
