/*
 * Client rule 1: the host is the one that the user means.
 */
#include "client/rulesint.h"

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

bool
ca_rules_meant(const struct ca_rules_case *c, const char *name)
{
	const struct ca_list *trusted = &c->conf->trusted_hosts;

	if (c->intent->any_host)
		return true;
	for (size_t i = 0; i < c->intent->nhosts; i++)
		if (ca_host_equal(c->intent->host[i], name))
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
rule_here(const struct ca_rules_case *c)
{
	const char *rhost = c->req->rhost;

	if (!c->intent->here || rhost[0] == '\0')
		return CA_OK;
	for (size_t i = 0; i < c->intent->nhosts; i++)
		if (ca_host_equal(c->intent->host[i], rhost))
			return CA_OK;
	ca_buf_str(c->why,
	    "rule 1, the host: the request is of this machine, but for a "
	    "login over the network from ");
	quote(c->why, rhost);
	ca_buf_str(c->why, ", and no ssh asks. If you log in to this machine "
			   "from there, answer with `certauth sign --host'");
	return CA_DENIED;
}

enum ca_err
ca_rules_rule_host(const struct ca_rules_case *c)
{
	for (size_t i = 0; i < c->req->nhost_names; i++)
		if (ca_rules_meant(c, c->req->host_name[i]))
			return rule_here(c);
	ca_buf_str(c->why, "rule 1, the host: you are logging in to ");
	if (c->intent->nhosts == 0)
		ca_buf_str(c->why, "(no host given)");
	ca_rules_put_names(c->why, c->intent->host, c->intent->nhosts);
	ca_buf_str(c->why, ", but the request is of ");
	ca_rules_put_names(c->why, (const char *const *)c->req->host_name,
	    c->req->nhost_names);
	ca_buf_str(c->why,
	    ". Somebody may be passing on another host's "
	    "request. If it is the same host, log in by a name of its own "
	    "(HostName or HostKeyAlias in ssh's configuration; --host of "
	    "`certauth sign'), or name it in trusted_hosts in its section of "
	    "~/.config/certauth/config");
	return CA_DENIED;
}
