#include "map/mapint.h"
#include "map/account.h"
#include "map/hint.h"
#include "map/users_index.h"
#include "map/registered.h"
#include "map/users_file.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* Report a line of the users file to the trace; made is NULL if the line does
 * not match. */
static void
tell_rule(const struct ca_map_decision *d, const struct ca_rule *rule,
    unsigned line, const char *made, const char *why)
{
	const struct ca_map_trial trial = {d->ctx->cfg->users, line,
	    rule->login, rule->selector, made != NULL, made, why};

	ca_map_tell(d, &trial);
}

/* Check the login in d->made, which the rule gave.  CA_DENIED with *why. */
static enum ca_err
judge(const struct ca_map_decision *d, const struct ca_rule *rule,
    const char **why)
{
	const char *login = (const char *)d->made.p;
	struct ca_account account;
	enum ca_err rc;

	if (rule->pattern)
		return ca_derived_judge(d->ctx->cfg, d->ctx->log, login,
		    d->made.len,
		    d->made.len - (rule->keep_domain ? rule->len : 0), why);
	if (d->user != NULL)
		return CA_OK; /* a line names the login that PAM asks for */
	rc = ca_account_find(login, &account);
	if (rc == CA_ERR_NOT_FOUND) {
		*why = "the login is not an account";
		return CA_DENIED;
	}
	if (rc != CA_OK) {
		ca_log_err(
		    d->ctx->log, "cannot look up the account %s: %m", login);
		return rc;
	}
	ca_account_free(&account);
	return CA_OK;
}

/* Report to the trace why, and the values of the certificate. */
static void
tell_denied(struct ca_map_decision *d, const struct ca_rule *rule,
    unsigned line, const char *why)
{
	struct ca_buf text = CA_BUF_INIT(100000);

	if (d->trace == NULL)
		return;
	if (ca_match_near(rule, &d->id) != NULL &&
	    strcmp(why, "the certificate has another value") == 0)
		why = ca_match_near(rule, &d->id);
	ca_buf_str(&text, why);
	for (size_t i = 0; i < d->id.n; i++)
		if (d->id.v[i].sel == rule->sel) {
			ca_buf_fmt(
			    &text, " (its %s: ", ca_selector_name(rule->sel));
			ca_ident_show(&d->id, rule->sel, &text);
			ca_buf_str(&text, ")");
			break;
		}
	const char *t = ca_buf_text(&text);
	tell_rule(d, rule, line, NULL, t != NULL ? t : why);
	ca_buf_free(&text);
}

/* Keep the first line that would give the login, and why it does not. */
static enum ca_err
note(const struct ca_map_decision *d, const struct ca_rule *rule, unsigned line,
    const char *why, char **out)
{
	struct ca_buf text = CA_BUF_INIT(2 * CA_RULE_LINE_MAX + 8192);
	char date[32];
	struct tm tm;
	enum ca_err rc;

	if (*out != NULL)
		return CA_OK;
	ca_buf_fmt(&text, "%s:%u %s: %s", d->ctx->cfg->users, line,
	    rule->selector, why);
	if (strcmp(why, CA_MATCH_PAST) == 0 &&
	    gmtime_r(&rule->until, &tm) != NULL &&
	    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
		ca_buf_fmt(&text, " (%s)", date);
	rc = ca_buf_err(&text);
	*out = rc == CA_OK ? ca_buf_take(&text, NULL) : NULL;
	ca_buf_free(&text);
	return rc == CA_OK && *out == NULL ? CA_ERR_MEMORY : rc;
}

/* A line that refuses the certificate, whatever others say. */
static enum ca_err
refuse(struct ca_map_decision *d, const struct ca_rule *rule, unsigned line)
{
	tell_rule(d, rule, line, NULL,
	    "matches: the line refuses the certificate for every login");
	return note(
	    d, rule, line, "the line refuses the certificate", &d->refused);
}

static enum ca_err
keep(struct ca_map_decision *d, const struct ca_rule *rule, unsigned line)
{
	struct ca_buf text = CA_BUF_INIT(2 * CA_RULE_LINE_MAX + 8192);
	const char *why = "the login is refused";
	enum ca_err rc;

	bool theirs =
	    d->user == NULL ||
	    ca_account_is(&d->who, (const char *)d->made.p, d->ctx->log);

	/* the login of another user need not be looked up */
	if (d->trace == NULL && !theirs)
		rc = CA_OK;
	else
		rc = judge(d, rule, &why);
	if (rc == CA_DENIED) {
		tell_rule(d, rule, line, NULL, why);
		return theirs ? note(d, rule, line, why, &d->invalid) : CA_OK;
	}
	if (rc != CA_OK)
		return rc;
	ca_buf_fmt(&text, "%s:%u %s", d->ctx->cfg->users, line, rule->selector);
	const char *t = ca_buf_text(&text);
	rc = t == NULL ? CA_ERR_MEMORY
		       : ca_map_keep(d, (const char *)d->made.p, t);
	ca_buf_free(&text);
	tell_rule(d, rule, line, (const char *)d->made.p, "matches");
	return rc;
}

/* Try the values from *next on, up to the first that matches.  CA_DENIED: none
 * matches. */
static enum ca_err
try_value(struct ca_map_decision *d, const struct ca_rule *rule, unsigned line,
    size_t *next)
{
	const char *why;
	bool first = *next == 0;
	enum ca_err rc =
	    ca_match(rule, &d->id, &d->where, next, &d->made, &why);

	if (rc == CA_DENIED && first)
		tell_denied(d, rule, line, why);
	/* only an option does not match */
	if (rc == CA_DENIED && d->made.len > 0 && !rule->refuses) {
		if (ca_buf_text(&d->made) == NULL)
			return CA_ERR_MEMORY;
		if (d->user == NULL ||
		    ca_account_is(
			&d->who, (const char *)d->made.p, d->ctx->log)) {
			enum ca_err kept = note(d, rule, line, why, &d->option);
			return kept == CA_OK ? CA_DENIED : kept;
		}
	}
	if (rc == CA_ERR_UNSUPPORTED)
		ca_log_err(
		    d->ctx->log, "%s:%u: %-s", d->ctx->cfg->users, line, why);
	if (rc != CA_OK)
		return rc;
	if (rule->refuses)
		return refuse(d, rule, line);
	/* a login has no NUL, and a NUL after it */
	if (ca_buf_text(&d->made) == NULL)
		return CA_ERR_MEMORY;
	return keep(d, rule, line);
}

/*
 * A pattern gives a login for each value that matches, not only for the first.
 * If PAM names no user, each login is looked up, and the number is limited: a
 * certificate with so many names is ambiguous.
 */
static enum ca_err
try_rule(void *ctx, const struct ca_rule *rule, const struct ca_users_line *at)
{
	struct ca_map_decision *d = ctx;
	size_t next = 0;
	enum ca_err rc = try_value(d, rule, at->number, &next);

	for (size_t n = 1; rc == CA_OK && rule->pattern; n++) {
		if (n == LOGINS_MAX && d->user == NULL) {
			d->more = true;
			break;
		}
		rc = try_value(d, rule, at->number, &next);
	}
	return rc == CA_DENIED ? CA_OK : rc;
}

/* Use the index if there is one, unless a trace needs every rule. */
static enum ca_err
try_users(struct ca_map_decision *d)
{
	enum ca_err rc = CA_ERR_STALE;

	if (d->trace == NULL)
		rc = ca_users_index_visit(d->ctx->crypto, d->ctx->cfg->users,
		    &d->id, d->ctx->log, try_rule, d);
	if (rc != CA_ERR_STALE)
		return rc;
	return ca_users_scan(
	    d->ctx->cfg->users, 1, d->ctx->log, try_rule, d, NULL);
}

static enum ca_err
try_registered(void *ctx, const char *login, const char *path, bool first,
    const unsigned char *der, size_t len)
{
	struct ca_map_decision *d = ctx;
	bool same = len == d->id.der_len && memcmp(der, d->id.der, len) == 0;

	bool link = same && !first && ca_registered_is_link(d->in->leaf);
	const struct ca_map_trial trial = {path, 0, login, "registered",
	    same && !link, same && !link ? login : NULL,
	    link   ? "a CA certificate after the registered certificate is "
		     "its chain, and is not registered"
	    : same ? "matches"
		   : "another certificate is registered"};

	ca_map_tell(d, &trial);
	return same && !link ? ca_map_keep(d, login, path) : CA_OK;
}

/* Lines and registered certificates come first, and also refuse: a line for this login
 * that has ended, or is for other services, is not replaced by the directory. */
static bool
asks_directory(const struct ca_map_decision *d)
{
	if (d->ctx->cfg->directory == CA_DIRECTORY_NONE || d->refused != NULL ||
	    d->option != NULL || d->invalid != NULL || d->more)
		return false;
	return d->user != NULL ? !d->allowed : d->n == 0;
}

/* Errors are in the report. */
static enum ca_err
ask_directory(struct ca_map_decision *d, struct ca_report *report)
{
	const struct ca_config *cfg = d->ctx->cfg;
	enum ca_err rc;

	if (cfg->directory == CA_DIRECTORY_SSS)
		return ca_map_directory(d, report);
	if ((rc = ca_map_try_ldap(d)) != CA_OK)
		ca_map_cannot(report, cfg, cfg->directory_index, rc);
	return rc;
}

static enum ca_err
decide(struct ca_map_decision *d, struct ca_report *report, char **login)
{
	const struct ca_config *cfg = d->ctx->cfg;
	const char *path = cfg->users;
	enum ca_err rc = ca_ident_of(d->ctx->crypto, d->in->leaf, &d->id);

	if (rc == CA_ERR_FORMAT || rc == CA_ERR_LIMIT) {
		ca_report_set(report, CA_CHECK_MAPPING, CA_FAIL,
		    CA_R_NAME_MALFORMED, "%s", d->id.why);
		return CA_OK;
	}
	if (rc == CA_OK)
		rc = try_users(d);
	if (rc == CA_OK) {
		path = cfg->users_dir != NULL ? cfg->users_dir : "users_dir";
		rc = ca_registered_walk(
		    cfg, d->ctx->log, d->user, try_registered, d);
	}
	if (rc != CA_OK) {
		ca_map_cannot(report, cfg, path, rc);
		return rc;
	}
	if (asks_directory(d) && (rc = ask_directory(d, report)) != CA_OK)
		return rc;
	const char *result = ca_map_conclude(d, report);
	if (result == NULL && d->option == NULL) /* else the line is named */
		ca_map_hint(d, report);
	if (result != NULL && login != NULL &&
	    (*login = strdup(result)) == NULL) {
		ca_map_cannot(report, cfg, cfg->users, CA_ERR_MEMORY);
		return CA_ERR_MEMORY;
	}
	return CA_OK;
}

enum ca_err
ca_map_explain(const struct ca_context *ctx, const struct ca_map_input *in,
    struct ca_report *report, char **login, ca_map_trace *trace,
    void *trace_ctx)
{
	struct ca_map_decision *d = calloc(1, sizeof *d);
	enum ca_err rc;

	if (login != NULL)
		*login = NULL;
	if (d == NULL) {
		ca_map_cannot(report, ctx->cfg, ctx->cfg->users, CA_ERR_MEMORY);
		return CA_ERR_MEMORY;
	}
	d->ctx = ctx;
	d->in = in;
	d->user = in->user != NULL && in->user[0] != '\0' ? in->user : NULL;
	d->who.name = d->user;
	d->where = (struct ca_match_where){in->service, in->rhost, ctx->now};
	d->made = CA_BUF_INIT(CA_IDENT_VALUE_MAX);
	d->trace = trace;
	d->trace_ctx = trace_ctx;
	rc = decide(d, report, login);
	ca_ident_free(&d->id);
	ca_buf_free(&d->made);
	for (size_t i = 0; i < d->n; i++)
		free(d->login[i]);
	free(d->rule);
	free(d->invalid);
	free(d->option);
	free(d->refused);
	ca_account_user_clear(&d->who);
	free(d);
	return rc;
}

enum ca_err
ca_map_login(const struct ca_context *ctx, const struct ca_map_input *in,
    struct ca_report *report, char **login)
{
	return ca_map_explain(ctx, in, report, login, NULL, NULL);
}
