#include "client/rulesint.h"

#include <stdlib.h>
#include <string.h>

static void
quote(struct ca_buf *b, const char *text)
{
	ca_buf_escape(b, text, strlen(text));
}

void
ca_rules_put_names(struct ca_buf *b, const char *const *name, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			ca_buf_str(b, ", ");
		quote(b, name[i]);
	}
}

/* ---- rule 1: the host ---- */

bool
ca_rules_meant(const struct ca_judging *j, const char *name)
{
	const struct ca_list *trusted = &j->conf->trusted_hosts;

	if (j->intent->any_host)
		return true;
	for (size_t i = 0; i < j->intent->nhosts; i++)
		if (ca_host_equal(j->intent->host[i], name))
			return true;
	for (size_t i = 0; i < trusted->n; i++)
		if (ca_host_match(trusted->v[i], name))
			return true;
	return false;
}

/* The user's own names go first, as the user has them: neither the order of
 * the request's names nor how they are spelt is the host's to choose. */
const char *
ca_rules_host(const struct ca_client_conf *conf, const struct ca_intent *intent,
    const struct ca_request *req)
{
	const struct ca_list *trusted = &conf->trusted_hosts;

	if (intent->any_host)
		return req->host_name[0];
	for (size_t i = 0; i < req->nhost_names; i++)
		for (size_t k = 0; k < intent->nhosts; k++)
			if (ca_host_equal(intent->host[k], req->host_name[i]))
				return intent->host[k];
	for (size_t i = 0; i < req->nhost_names; i++)
		for (size_t k = 0; k < trusted->n; k++)
			if (ca_host_match(trusted->v[k], req->host_name[i]))
				return req->host_name[i];
	return NULL;
}

/*
 * An askpass that ssh did not call takes its question from a program at this
 * machine, such as sudo.  But the text may come from afar (a server's prompt,
 * shown by a program that is not ssh): it must not open this machine's sshd
 * to whoever wrote it.  sudo may name this host as the remote one (pam_rhost).
 */
static enum ca_err
rule_here(const struct ca_judging *j)
{
	const char *rhost = j->req->rhost;

	if (!j->intent->here || rhost[0] == '\0')
		return CA_OK;
	for (size_t i = 0; i < j->intent->nhosts; i++)
		if (ca_host_equal(j->intent->host[i], rhost))
			return CA_OK;
	ca_buf_str(j->why,
	    "rule 1, the host: the request is of this machine, but for a "
	    "login over the network from ");
	quote(j->why, rhost);
	ca_buf_str(j->why, ", and no ssh asks. If you log in to this machine "
			   "from there, answer with `certauth sign --host'");
	return CA_DENIED;
}

static enum ca_err
rule_host(const struct ca_judging *j)
{
	for (size_t i = 0; i < j->req->nhost_names; i++)
		if (ca_rules_meant(j, j->req->host_name[i]))
			return rule_here(j);
	ca_buf_str(j->why, "rule 1, the host: you are logging in to ");
	if (j->intent->nhosts == 0)
		ca_buf_str(j->why, "(no host given)");
	ca_rules_put_names(j->why, j->intent->host, j->intent->nhosts);
	ca_buf_str(j->why, ", but the request is of ");
	ca_rules_put_names(j->why, (const char *const *)j->req->host_name,
	    j->req->nhost_names);
	ca_buf_str(j->why,
	    ". Somebody may be passing on another host's "
	    "request. If it is the same host, log in by a name of its own "
	    "(HostName or HostKeyAlias in ssh's configuration; --host of "
	    "`certauth sign'), or name it in trusted_hosts in its section of "
	    "~/.config/certauth/config");
	return CA_DENIED;
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
	    rule_host, rule_user, rule_time, ca_rules_proof};

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
