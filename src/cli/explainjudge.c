/*
 * The verdict that `certauth explain` shows: the checks of the module, without
 * the signature.
 */
#include "cli/explain.h"
#include "base/pamcode.h"

#include <stdlib.h>
#include <string.h>

static void
take_rule(void *ctx, const struct ca_map_trial *t)
{
	struct ca_explain *e = ctx;
	struct ca_explain_rule *v =
	    realloc(e->rule, (e->nrules + 1) * sizeof *v);

	if (v == NULL)
		return;
	e->rule = v;
	v[e->nrules++] = (struct ca_explain_rule){.file = strdup(t->file),
	    .login = strdup(t->login),
	    .selector = strdup(t->selector),
	    .made = t->made != NULL ? strdup(t->made) : NULL,
	    .why = strdup(t->why),
	    .line = t->line,
	    .matched = t->matched};
}

const char *
ca_explain_pam(enum ca_err err, const char *denied)
{
	static const char *const names[] = {
#define ROW(e, code) [e] = #code,
	    CA_PAM_CODES(ROW, denied)
#undef ROW
	};
	const char *name =
	    (unsigned)err < sizeof names / sizeof *names ? names[err] : NULL;

	if (name == NULL)
		name = "PAM_SERVICE_ERR";
	return strcmp(name, "denied") == 0 ? denied : name;
}

/* The reason that decided.  The signature is considered only if the client's key
 * is refused: otherwise it does not run. */
static enum ca_reason
decided(const struct ca_report *r)
{
	static const enum ca_verdict order[] = {CA_FAIL, CA_NOT_RUN, CA_WAIVED};

	for (size_t v = 0; v < sizeof order / sizeof *order; v++)
		for (unsigned i = 0; i < CA_CHECKS; i++) {
			if (i == CA_CHECK_SIGNATURE && order[v] != CA_FAIL)
				continue;
			if (ca_report_verdict(r, (enum ca_check)i) == order[v])
				return ca_report_check_reason(
				    r, (enum ca_check)i);
		}
	return CA_R_OK;
}

void
ca_explain_judge(struct ca_explain *e, struct ca_presented *certs)
{
	const unsigned rest_of_it = CA_REPORT_ALL & ~(1u << CA_CHECK_SIGNATURE);
	const struct ca_context ctx = {
	    certs->crypto, e->cfg, certs->log, e->now};
	const struct ca_auth_trace trace = {take_rule, e};
	const struct ca_auth_sent sent = {certs->others, certs->staple,
	    certs->nstaples, CA_STAPLES_BY_COMMAND};
	enum ca_err rc = certs->rc;

	ca_auth_facts(&e->peer, e->report);
	e->result.leaf = certs->leaf;
	certs->leaf = NULL; /* transferred */
	if (e->result.leaf != NULL)
		rc = ca_auth_certificate(
		    &ctx, &e->peer, &sent, &trace, e->report, &e->result);
	/* a login ends there, whatever the other checks would find */
	if (ca_report_verdict(e->report, CA_CHECK_SIGNATURE) == CA_FAIL)
		rc = CA_DENIED;
	e->granted = rc == CA_OK && ca_report_granted(e->report, rest_of_it);
	e->reason = decided(e->report);
	if (rc == CA_OK && !e->granted)
		rc = CA_DENIED;
	e->pam = e->cfg->mode == CA_MODE_AUDIT
		     ? "PAM_IGNORE"
		     : ca_explain_pam(rc, "PAM_AUTH_ERR");
}
