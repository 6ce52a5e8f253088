/*
 * Client rules 2 and 3, and the order in which all of them are checked.
 */
#include "client/rulesint.h"
#include "base/tr.h"

#include <string.h>

#include "sign/requestcheck.h"

static void
quote(struct ca_buf *b, const char *text)
{
	ca_buf_escape(b, text, strlen(text));
}

/* ---- rule 2: the login ---- */

static enum ca_err
rule_user(const struct ca_rules_case *c)
{
	const char *meant_user = c->intent->user;

	if (c->req->user[0] == '\0' || meant_user == NULL ||
	    strcmp(c->req->user, meant_user) == 0)
		return CA_OK;
	ca_buf_str(c->why, _("rule 2, the login: you are logging in as "));
	quote(c->why, meant_user);
	ca_buf_str(c->why, _(", but the request is for "));
	quote(c->why, c->req->user);
	ca_buf_str(c->why, _(". If that is right, "));
	if (c->intent->ssh) {
		ca_buf_str(c->why, _("log in by that name (ssh -l "));
		/* the host has chosen the name */
		ca_buf_shell(c->why, c->req->user);
		ca_buf_str(c->why, ")");
	} else if (c->intent->here) {
		ca_buf_str(c->why,
		    _("sudo asks for another user (rootpw, targetpw or runaspw "
		      "in sudoers): set `user =' in ~/.config/certauth/config"));
	} else {
		ca_buf_str(c->why, _("give --user, or set `user =' in "
				     "~/.config/certauth/config"));
	}
	return CA_DENIED;
}

/* ---- rule 3: the time ---- */

static enum ca_err
rule_time(const struct ca_rules_case *c)
{
	return ca_requestcheck_time(c->req, c->intent->now, c->why);
}

enum ca_err
ca_rules_check(const struct ca_rules_case *c, int *rule)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	/* cppcheck-suppress uninitvar ; it takes the type for an expression */
	enum ca_err (*const rules[])(const struct ca_rules_case *) = {
	    ca_rules_rule_host, rule_user, rule_time, ca_rules_proof};

	for (int i = 0; i < (int)(sizeof rules / sizeof rules[0]); i++)
		if ((rc = rules[i](c)) != CA_OK) {
			if (rule != NULL)
				*rule = i + 1;
			if (c->why->len == 0)
				ca_buf_fmt(c->why,
				    _("rule %d cannot be checked: %s"), i + 1,
				    _(ca_err_text(rc)));
			ret = rc;
			goto out;
		}
	ret = CA_OK;
out:
	return ret;
}
