/* `certauth ocsp list`: the state of each response (ocspupdate.h). */
#include "ocspadmin/ocspupdate.h"

#include <stdio.h>

#include "ocspadmin/ocsptargets.h"
#include "tool/cli.h"

static enum ca_err
list_one(
    struct ca_ocspadmin_run *r, const struct ca_ocspadmin_target *t, bool *good)
{
	struct ca_buf line = CA_BUF_INIT(16384);
	struct ca_ocsp_answer answer;
	enum ca_err rc =
	    ca_ocspadmin_stored(r, t->file, t->cert, t->issuer, &answer);

	if (rc == CA_OK) {
		ca_ocspadmin_describe(&answer, &line);
		printf("%s: %s: %s\n", t->label,
		    ca_buf_text(&line) != NULL ? ca_buf_text(&line) : "?",
		    t->file);
		*good = answer.status == CA_OCSP_GOOD;
	}
	ca_ocsp_answer_clear(&answer);
	ca_buf_free(&line);
	return rc;
}

int
ca_ocspadmin_list(struct ca_ocspadmin_run *run)
{
	struct ca_ocspadmin_targets targets;
	enum ca_err rc = ca_ocspadmin_targets_find(run, &targets);
	int status = targets.partial ? CA_EXIT_NO : CA_EXIT_OK;

	for (size_t i = 0; rc == CA_OK && i < targets.n; i++) {
		bool good = false;

		rc = list_one(run, &targets.v[i], &good);
		if (!good)
			status = CA_EXIT_NO;
	}
	if (rc == CA_OK)
		ca_ocspadmin_put_left(&targets, 0);
	ca_ocspadmin_targets_clear(&targets);
	return rc == CA_OK ? status : ca_cli_fail("%s", ca_err_text(rc));
}
