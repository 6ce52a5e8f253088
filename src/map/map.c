#include "map/map.h"
#include "map/account.h"
#include "map/hint.h"
#include "map/ident.h"
#include "map/users_index.h"
#include "map/match.h"
#include "map/registered.h"
#include "map/users_file.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define LOGINS_MAX 8 /* different logins of one certificate that are kept */

/* The results of the rules so far. */
struct decision {
	const struct ca_context *ctx;
	const struct ca_map_input *in;
	const char *user; /* NULL: from the map */
	struct ca_match_where where;
	struct ca_ident id;
	struct ca_buf made;
	/* the different logins that rules gave */
	char *login[LOGINS_MAX];
	size_t n;
	bool more;           /* than LOGINS_MAX */
	char *rule;          /* the first rule that gave the right one */
	bool allowed;        /* one of them is user */
	const char *invalid; /* why the login of a pattern is refused */
	ca_map_trace *trace;
	void *trace_ctx;
};

static enum ca_err
remember(struct decision *d, const char *login, const char *rule)
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
	if (d->user != NULL && strcmp(d->user, login) == 0)
		d->allowed = true;
	else if (d->user != NULL)
		return CA_OK;
	if (d->rule == NULL && (d->rule = strdup(rule)) == NULL)
		return CA_ERR_MEMORY;
	return CA_OK;
}

static void
tell(const struct decision *d, const struct ca_map_trial *trial)
{
	if (d->trace != NULL)
		d->trace(d->trace_ctx, trial);
}

/* Report a line of the users file to the trace; made is NULL if the line does
 * not match. */
static void
tell_rule(const struct decision *d, const struct ca_rule *rule, unsigned line,
    const char *made, const char *why)
{
	const struct ca_map_trial trial = {d->ctx->cfg->users, line,
	    rule->login, rule->selector, made != NULL, made, why};

	tell(d, &trial);
}

/* Check the login in d->made, which the rule gave.  CA_DENIED with *why. */
static enum ca_err
judge(const struct decision *d, const struct ca_rule *rule, const char **why)
{
	const char *login = (const char *)d->made.p;
	struct ca_account account;
	enum ca_err rc;

	if (rule->pattern)
		return ca_derived_judge(
		    d->ctx->cfg, d->ctx->log, login, d->made.len, why);
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
tell_denied(struct decision *d, const struct ca_rule *rule, unsigned line,
    const char *why)
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

static enum ca_err
keep(struct decision *d, const struct ca_rule *rule, unsigned line)
{
	struct ca_buf text = CA_BUF_INIT(2 * CA_RULE_LINE_MAX + 8192);
	const char *why = NULL;
	enum ca_err rc;

	/* the login of another user need not be looked up */
	if (d->trace == NULL && d->user != NULL &&
	    strcmp(d->user, (const char *)d->made.p) != 0)
		rc = CA_OK;
	else
		rc = judge(d, rule, &why);
	if (rc == CA_DENIED) {
		if (d->invalid == NULL &&
		    (d->user == NULL ||
			strcmp(d->user, (const char *)d->made.p) == 0))
			d->invalid = why;
		tell_rule(d, rule, line, NULL, why);
		return CA_OK;
	}
	if (rc != CA_OK)
		return rc;
	ca_buf_fmt(&text, "%s:%u %s", d->ctx->cfg->users, line, rule->selector);
	const char *t = ca_buf_text(&text);
	rc =
	    t == NULL ? CA_ERR_MEMORY : remember(d, (const char *)d->made.p, t);
	ca_buf_free(&text);
	tell_rule(d, rule, line, (const char *)d->made.p, "matches");
	return rc;
}

/* Try the values from *next on, up to the first that matches.  CA_DENIED: none
 * matches. */
static enum ca_err
try_value(
    struct decision *d, const struct ca_rule *rule, unsigned line, size_t *next)
{
	const char *why;
	bool first = *next == 0;
	enum ca_err rc =
	    ca_match(rule, &d->id, &d->where, next, &d->made, &why);

	if (rc == CA_DENIED && first)
		tell_denied(d, rule, line, why);
	if (rc == CA_ERR_UNSUPPORTED)
		ca_log_err(
		    d->ctx->log, "%s:%u: %-s", d->ctx->cfg->users, line, why);
	if (rc != CA_OK)
		return rc;
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
	struct decision *d = ctx;
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
try_users(struct decision *d)
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
	struct decision *d = ctx;
	bool same = len == d->id.der_len && memcmp(der, d->id.der, len) == 0;

	bool link = same && !first && ca_registered_is_link(d->in->leaf);
	const struct ca_map_trial trial = {path, 0, login, "registered",
	    same && !link, same && !link ? login : NULL,
	    link   ? "a CA certificate after the registered certificate is "
		     "its chain, and is not registered"
	    : same ? "matches"
		   : "another certificate is registered"};

	tell(d, &trial);
	return same && !link ? remember(d, login, path) : CA_OK;
}

/* ---- the outcome ---- */

static void
pass(struct decision *d, struct ca_report *report, const char *login)
{
	ca_report_fact(report, CA_FACT_USER, login);
	ca_report_fact(report, CA_FACT_RULE, d->rule);
	ca_report_set(report, CA_CHECK_MAPPING, CA_PASS, CA_R_OK, "%s by %s",
	    login, d->rule);
}

static void
fail_ambiguous(struct decision *d, struct ca_report *report)
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

/* Return the login that is granted, or NULL; the report has the reason. */
static const char *
conclude(struct decision *d, struct ca_report *report)
{
	enum ca_reason why = CA_R_UNMAPPED;

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
		    "it maps to %s%s", d->login[0],
		    d->n > 1 ? " and others" : "");
	else
		ca_report_set(report, CA_CHECK_MAPPING, CA_FAIL, why, NULL);
	return NULL;
}

static void
cannot(struct ca_report *report, const struct ca_config *cfg, enum ca_err err)
{
	enum ca_reason why = err == CA_ERR_MEMORY || err == CA_ERR_CRYPTO
				 ? CA_R_INTERNAL
				 : CA_R_USERS_FILE;

	ca_report_set(report, CA_CHECK_MAPPING, CA_FAIL, why, "%s: %s",
	    cfg->users, ca_err_text(err));
}

static enum ca_err
decide(struct decision *d, struct ca_report *report, char **login)
{
	enum ca_err rc = ca_ident_of(d->ctx->crypto, d->in->leaf, &d->id);

	if (rc == CA_ERR_FORMAT || rc == CA_ERR_LIMIT) {
		ca_report_set(report, CA_CHECK_MAPPING, CA_FAIL,
		    CA_R_NAME_MALFORMED, "%s", d->id.why);
		return CA_OK;
	}
	if (rc == CA_OK)
		rc = try_users(d);
	if (rc == CA_OK)
		rc = ca_registered_walk(
		    d->ctx->cfg, d->ctx->log, d->user, try_registered, d);
	if (rc != CA_OK) {
		cannot(report, d->ctx->cfg, rc);
		return rc;
	}
	const char *result = conclude(d, report);
	if (result == NULL)
		ca_map_hint(&d->id, report);
	if (result != NULL && login != NULL &&
	    (*login = strdup(result)) == NULL) {
		cannot(report, d->ctx->cfg, CA_ERR_MEMORY);
		return CA_ERR_MEMORY;
	}
	return CA_OK;
}

enum ca_err
ca_map_explain(const struct ca_context *ctx, const struct ca_map_input *in,
    struct ca_report *report, char **login, ca_map_trace *trace,
    void *trace_ctx)
{
	struct decision *d = calloc(1, sizeof *d);
	enum ca_err rc;

	if (login != NULL)
		*login = NULL;
	if (d == NULL) {
		cannot(report, ctx->cfg, CA_ERR_MEMORY);
		return CA_ERR_MEMORY;
	}
	d->ctx = ctx;
	d->in = in;
	d->user = in->user != NULL && in->user[0] != '\0' ? in->user : NULL;
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
	free(d);
	return rc;
}

enum ca_err
ca_map_login(const struct ca_context *ctx, const struct ca_map_input *in,
    struct ca_report *report, char **login)
{
	return ca_map_explain(ctx, in, report, login, NULL, NULL);
}
