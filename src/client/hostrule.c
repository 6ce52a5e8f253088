/*
 * Client rule 1: the host is the one that the user means.
 */
#include "client/rulesint.h"
#include "base/tr.h"

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

/* The user's own names come first, as the user wrote them: the host must not
 * choose the name that is shown by the order or the spelling of its names. */
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
 * An askpass that ssh did not call gets its question from a program on this
 * machine, such as sudo.  But another host may have written the text (a
 * server's prompt that a program other than ssh shows): that host must not get
 * a response for this machine's sshd.  sudo may set this host as the remote
 * host (pam_rhost).
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
	    _("rule 1, the host: the request is from this machine, but it is for "
	      "a login over the network from "));
	quote(c->why, rhost);
	ca_buf_str(c->why,
	    _(", and ssh did not ask. If you log in to this machine from there, "
	      "answer with `certauth sign --host'"));
	return CA_DENIED;
}

enum ca_err
ca_rules_rule_host(const struct ca_rules_case *c)
{
	for (size_t i = 0; i < c->req->nhost_names; i++)
		if (ca_rules_meant(c, c->req->host_name[i]))
			return rule_here(c);
	ca_buf_str(c->why, _("rule 1, the host: you are logging in to "));
	if (c->intent->nhosts == 0)
		ca_buf_str(c->why, _("(no host given)"));
	ca_rules_put_names(c->why, c->intent->host, c->intent->nhosts);
	ca_buf_str(c->why, _(", but the request is from "));
	ca_rules_put_names(c->why, (const char *const *)c->req->host_name,
	    c->req->nhost_names);
	ca_buf_str(c->why,
	    _(". Another host may be passing on the request. If it is the same "
	      "host, add "));
	quote(
	    c->why, c->intent->nhosts > 0 ? c->intent->host[0] : _("its name"));
	ca_buf_str(c->why,
	    _(" to host_names in /etc/certauth/certauth.conf on that host. As a "
	      "user, log in by a name of the request (HostName or HostKeyAlias "
	      "in ssh's configuration, or --host of `certauth sign'), or add "
	      "that name to trusted_hosts in the host's section of "
	      "~/.config/certauth/config"));
	return CA_DENIED;
}
