/*
 * The outcome of the rules: what is kept of each, and what it means for the report.
 */
#include "map/mapint.h"

#include <stdlib.h>
#include <string.h>

enum ca_err
ca_map_keep(struct ca_map_decision *d, const char *login, const char *rule)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->login[i], login) == 0)
			goto known;
	if (d->n == LOGINS_MAX) {
		d->more = true;
		goto known;
	}
	if ((d->login[d->n] = strdup(login)) == NULL)
		return CA_ERR_MEMORY;
	d->n++;
known:
	if (ca_account_is(&d->who, login, d->ctx->log))
		d->allowed = true;
	else if (d->user != NULL)
		return CA_OK;
	if (d->rule == NULL && (d->rule = strdup(rule)) == NULL)
		return CA_ERR_MEMORY;
	return CA_OK;
}

void
ca_map_tell(const struct ca_map_decision *d, const struct ca_map_trial *trial)
{
	if (d->trace != NULL)
		d->trace(d->trace_ctx, trial);
}

static void
pass(struct ca_map_decision *d, struct ca_report *report, const char *login)
{
	ca_report_fact(report, CA_FACT_USER, login);
	ca_report_fact(report, CA_FACT_RULE, d->rule);
	/* both names, if the name service knows the account by another */
	ca_report_set(report, CA_CHECK_MAPPING, CA_PASS, CA_R_OK,
	    "%s%s%s%s by %s", login, d->who.own != NULL ? " (the account " : "",
	    d->who.own != NULL ? d->who.own : "", d->who.own != NULL ? ")" : "",
	    d->rule);
}

static void
fail_ambiguous(struct ca_map_decision *d, struct ca_report *report)
{
	struct ca_buf all = CA_BUF_INIT(4096);

	for (size_t i = 0; i < d->n; i++)
		ca_buf_fmt(&all, "%s%s", i > 0 ? ", " : "", d->login[i]);
	if (d->more)
		ca_buf_str(&all, ", ...");
	const char *text = ca_buf_text(&all);
	ca_report_set(report, CA_CHECK_MAPPING, CA_FAIL, CA_R_AMBIGUOUS,
	    "logins: %s", text != NULL ? text : "several");
	ca_buf_free(&all);
}

const char *
ca_map_conclude(struct ca_map_decision *d, struct ca_report *report)
{
	enum ca_reason why = CA_R_UNMAPPED;

	if (d->refused != NULL) {
		ca_report_set(report, CA_CHECK_MAPPING, CA_FAIL, CA_R_REFUSED,
		    "%s", d->refused);
		return NULL;
	}
	if (d->user != NULL && d->allowed) {
		pass(d, report, d->user);
		return d->user;
	}
	if (d->user == NULL && d->n == 1 && !d->more) {
		pass(d, report, d->login[0]);
		return d->login[0];
	}
	if (d->user == NULL && (d->n > 1 || d->more)) {
		fail_ambiguous(d, report);
		return NULL;
	}
	if (d->invalid != NULL)
		why = CA_R_LOGIN_INVALID;
	else if (d->n > 0)
		why = CA_R_OTHER_USER;
	if (why == CA_R_LOGIN_INVALID)
		ca_report_set(
		    report, CA_CHECK_MAPPING, CA_FAIL, why, "%s", d->invalid);
	else if (why == CA_R_OTHER_USER)
		ca_report_set(report, CA_CHECK_MAPPING, CA_FAIL, why,
		    "it maps to %s%s%s%s", d->login[0],
		    d->n > 1 ? " and others" : "",
		    d->option != NULL ? "; " : "",
		    d->option != NULL ? d->option : "");
	else if (d->option != NULL)
		ca_report_set(
		    report, CA_CHECK_MAPPING, CA_FAIL, why, "%s", d->option);
	else
		ca_report_set(report, CA_CHECK_MAPPING, CA_FAIL, why, NULL);
	return NULL;
}

/* What is wrong with the users file, and the command that shows or makes it. */
static void
cannot_users(struct ca_report *report, const char *users, enum ca_err err)
{
	if (err == CA_ERR_CONFIG)
		ca_report_set(report, CA_CHECK_MAPPING, CA_FAIL,
		    CA_R_USERS_FILE,
		    "%s has a mistake; `certauth users list --file %s` shows "
		    "the line",
		    users, users);
	else if (err == CA_ERR_NOT_FOUND)
		ca_report_set(report, CA_CHECK_MAPPING, CA_FAIL,
		    CA_R_USERS_FILE,
		    "%s does not exist; `certauth users add --file %s LOGIN "
		    "--cert CERT.pem` makes it",
		    users, users);
	else
		ca_report_set(report, CA_CHECK_MAPPING, CA_FAIL,
		    CA_R_USERS_FILE, "%s: %s", users, ca_err_text(err));
}

/* What is wrong with the index of the directory: one command makes it anew. */
static void
cannot_directory(struct ca_report *report, const char *path, enum ca_err err)
{
	const char *what =
	    err == CA_ERR_NOT_FOUND ? "does not exist"
	    : err == CA_ERR_STALE
		? "was made of another directory than the configuration names"
	    : err == CA_ERR_EXPIRED ? "is older than directory_max_age"
	    : err == CA_ERR_UNSUPPORTED
		? "was made by another version of certauth"
		: ca_err_text(err);

	ca_report_set(report, CA_CHECK_MAPPING, CA_FAIL, CA_R_DIRECTORY,
	    "%s: %s; run: certauth users update", path, what);
}

void
ca_map_cannot(struct ca_report *report, const struct ca_config *cfg,
    const char *path, enum ca_err err)
{
	if (err == CA_ERR_MEMORY || err == CA_ERR_CRYPTO)
		ca_report_set(report, CA_CHECK_MAPPING, CA_FAIL, CA_R_INTERNAL,
		    "%s: %s", path, ca_err_text(err));
	else if (path == cfg->users)
		cannot_users(report, path, err);
	else if (path == cfg->directory_index && err == CA_ERR_CONFIG)
		ca_report_set(report, CA_CHECK_MAPPING, CA_FAIL, CA_R_DIRECTORY,
		    "directory_issuer has a malformed name; `certauth inspect` "
		    "shows how the issuer of a certificate is written");
	else if (path == cfg->directory_index)
		cannot_directory(report, path, err);
	else
		ca_report_set(report, CA_CHECK_MAPPING, CA_FAIL,
		    CA_R_USERS_FILE, "%s: %s", path, ca_err_text(err));
}
