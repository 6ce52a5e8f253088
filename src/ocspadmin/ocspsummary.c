/* The responses of this host, counted (ocsprun.h). */
#include "ocspadmin/ocsprun.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "ocspadmin/ocsptargets.h"
#include "tool/cli.h"

static enum ca_err
count(struct ca_ocspadmin_run *run, const struct ca_ocspadmin_target *t,
    struct ca_ocspadmin_summary *out)
{
	struct ca_ocsp_answer a;
	enum ca_err rc =
	    ca_ocspadmin_stored(run, t->file, t->cert, t->issuer, &a);

	if (rc == CA_OK) {
		out->n[a.status]++;
		if (a.status == CA_OCSP_GOOD &&
		    (out->until == 0 || a.until < out->until))
			out->until = a.until;
	}
	ca_ocsp_answer_clear(&a);
	return rc;
}

int
ca_ocspadmin_summary(
    struct ca_ocspadmin_run *run, struct ca_ocspadmin_summary *out)
{
	struct ca_ocspadmin_targets targets;
	struct stat st;
	int status = ca_ocspadmin_open(run, false);
	enum ca_err rc;

	*out = (struct ca_ocspadmin_summary){.until = 0};
	if (status != CA_EXIT_OK)
		return status;
	rc = ca_ocspadmin_targets_find(run, &targets);
	for (size_t i = 0; rc == CA_OK && i < targets.n; i++)
		rc = count(run, &targets.v[i], out);
	if (run->base.dir >= 0 &&
	    fstatat(run->base.dir, CA_OCSPADMIN_UPDATED, &st, 0) == 0)
		out->updated = st.st_mtime;
	ca_ocspadmin_targets_clear(&targets);
	return rc == CA_OK ? CA_EXIT_OK : ca_cli_fail("%s", ca_err_text(rc));
}
