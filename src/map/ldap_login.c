/*
 * The logins that the index of the directory gives to a certificate.
 */
#include "map/ldap_index.h"
#include "map/ldap_issuer.h"
#include "map/mapint.h"

#include <stdlib.h>
#include <string.h>

struct search {
	struct ca_map_decision *d;
	size_t looked_up; /* accounts */
};

static void
tell(const struct ca_map_decision *d, enum ca_ldap_kind kind, const char *login,
    const char *made, const char *why)
{
	const struct ca_map_trial trial = {d->ctx->cfg->directory_index, 0,
	    login, ca_ldap_kind_name(kind), made != NULL, made, why};

	ca_map_tell(d, &trial);
}

/* The rule for the log, as "ldap uid=alice". */
static enum ca_err
put_rule(const struct ca_map_decision *d, const char *login, struct ca_buf *out)
{
	ca_buf_fmt(out, "ldap %s=%s", d->ctx->cfg->directory_login, login);
	return ca_buf_text(out) != NULL ? CA_OK : CA_ERR_MEMORY;
}

/* Keep the first account that would be given, and why it is not. */
static enum ca_err
note(struct ca_map_decision *d, const char *login, const char *why)
{
	struct ca_buf text = CA_BUF_INIT(4096);
	enum ca_err rc;

	if (d->invalid != NULL)
		return CA_OK;
	if ((rc = put_rule(d, login, &text)) == CA_OK) {
		ca_buf_fmt(&text, ": %s", why);
		d->invalid = ca_buf_take(&text, NULL);
		rc = d->invalid != NULL ? CA_OK : CA_ERR_MEMORY;
	}
	ca_buf_free(&text);
	return rc;
}

static enum ca_err
keep(struct ca_map_decision *d, enum ca_ldap_kind kind, const char *login,
    const char *name)
{
	struct ca_buf rule = CA_BUF_INIT(1024);
	enum ca_err rc = put_rule(d, login, &rule);

	if (rc == CA_OK)
		rc = ca_map_keep(d, name, ca_buf_text(&rule));
	ca_buf_free(&rule);
	tell(d, kind, login, name, "matches");
	return rc;
}

/*
 * The account is the one that the name service finds by the login, under its own
 * name: Active Directory writes a login in another case than SSSD.  It must be a
 * person's, as one of a pattern must: the directory is another machine.
 */
static enum ca_err
judge(struct ca_map_decision *d, enum ca_ldap_kind kind, const char *login)
{
	struct ca_account_user user = {.name = login};
	const char *own = ca_account_own(&user, d->ctx->log);
	const char *name = own != NULL ? own : login, *why = NULL;
	bool theirs;
	enum ca_err rc;

	rc = ca_directory_judge(d->ctx->cfg, d->ctx->log, name, &why);
	theirs = d->user == NULL || ca_account_is(&d->who, name, d->ctx->log);
	if (rc == CA_DENIED) {
		tell(d, kind, login, NULL, why);
		rc = theirs ? note(d, login, why) : CA_OK;
	} else if (rc == CA_OK) {
		rc = keep(d, kind, login, name);
	}
	ca_account_user_clear(&user);
	return rc;
}

/* One login of the directory.  Another user's account is looked up only to find the
 * spelling of its name, and only so often. */
static enum ca_err
visit(void *ctx, enum ca_ldap_kind kind, const char *login)
{
	struct search *s = ctx;
	struct ca_map_decision *d = s->d;

	if (login == NULL) {
		tell(d, kind, "*", NULL,
		    "not looked for, because the SID in the certificate says "
		    "whose it is");
		return CA_OK;
	}
	if (d->user != NULL && strcmp(d->user, login) == 0)
		return judge(d, kind, login);
	if (s->looked_up == LOGINS_MAX) {
		d->more = true;
		return CA_OK;
	}
	s->looked_up++;
	return judge(d, kind, login);
}

enum ca_err
ca_map_try_ldap(struct ca_map_decision *d)
{
	static const char why[] =
	    "the issuer of the certificate is none of directory_issuer";
	struct search s = {d, 0};
	const struct ca_map_trial trial = {d->ctx->cfg->directory_index, 0, "*",
	    "directory_issuer", false, NULL, why};
	enum ca_err rc =
	    ca_ldap_issuer(d->ctx->cfg, d->id.issuer.p, d->id.issuer.len);

	if (rc == CA_DENIED) {
		ca_map_tell(d, &trial);
		d->option = strdup(why);
		return d->option != NULL ? CA_OK : CA_ERR_MEMORY;
	}
	if (rc != CA_OK)
		return rc;
	d->asked = CA_DIRECTORY_LDAP;
	return ca_ldap_index_visit(d->ctx, &d->id, visit, &s, &d->index_made);
}
