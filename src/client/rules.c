#include "client/rulesint.h"

#include <string.h>

static void
quote(struct ca_buf *b, const char *text)
{
	ca_buf_escape(b, text, strlen(text));
}

/* ---- rule 2: the login ---- */

static enum ca_err
rule_user(const struct ca_judging *j)
{
	const char *meant_user = j->intent->user;

	if (j->req->user[0] == '\0' || meant_user == NULL ||
	    strcmp(j->req->user, meant_user) == 0)
		return CA_OK;
	ca_buf_str(j->why, "rule 2, the login: you are logging in as ");
	quote(j->why, meant_user);
	ca_buf_str(j->why, ", but the request is for ");
	quote(j->why, j->req->user);
	ca_buf_str(j->why, ". If that is right, say so by --user, or by "
			   "`user =' in ~/.config/certauth/config");
	return CA_DENIED;
}

/* ---- rule 3: the time ---- */

static enum ca_err
rule_time(const struct ca_judging *j)
{
	uint64_t now = j->intent->now < 0 ? 0 : (uint64_t)j->intent->now;
	uint64_t at = j->req->issued_at;
	uint64_t apart = now > at ? now - at : at - now;

	if (apart <= (uint64_t)j->req->lifetime + CA_RULES_SKEW)
		return CA_OK;
	ca_buf_fmt(j->why,
	    "rule 3, the time: by your clock the request was "
	    "made %llu seconds %s, and may be %u at most. Log in anew; if that "
	    "does not help, compare the clocks here (`date -u`) and on the "
	    "host",
	    (unsigned long long)apart, now > at ? "ago" : "in the future",
	    (unsigned)j->req->lifetime + CA_RULES_SKEW);
	return CA_DENIED;
}

enum ca_err
ca_rules_check(struct ca_crypto *crypto, const struct ca_client_conf *conf,
    const struct ca_intent *intent, const struct ca_request *req,
    const struct ca_log *log, int *rule, struct ca_buf *why)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct ca_judging j = {crypto, conf, intent, req, log, why};
	/* cppcheck-suppress uninitvar ; it takes the type for an expression */
	enum ca_err (*const rules[])(const struct ca_judging *) = {
	    ca_rules_rule_host, rule_user, rule_time, ca_rules_proof};

	for (int i = 0; i < (int)(sizeof rules / sizeof rules[0]); i++)
		if ((rc = rules[i](&j)) != CA_OK) {
			if (rule != NULL)
				*rule = i + 1;
			if (why->len == 0)
				ca_buf_fmt(why, "rule %d cannot be judged: %s",
				    i + 1, ca_err_text(rc));
			ret = rc;
			goto out;
		}
	ret = CA_OK;
out:
	return ret;
}
