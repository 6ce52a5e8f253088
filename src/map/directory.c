/*
 * The login of a certificate by SSSD.
 *
 * SSSD's names are compared with no other name: a local account may have the short name
 * of one of a domain, and SSSD's spelling is that of the directory.  Who an account is,
 * its uid says.
 */
#include <stdlib.h>
#include <string.h>

#include "map/mapint.h"
#include "map/rule.h"
#include "map/sss.h"

/* ---- one account ---- */

/* The login of an account when nobody asked for one: its own name, if that is it. */
static enum ca_err
judge_own(const char *own, uid_t uid, const char **why)
{
	struct ca_account account;
	enum ca_err rc;

	if (!ca_login_valid(own, strlen(own))) {
		*why = "its name cannot be a login";
		return CA_DENIED;
	}
	rc = ca_account_find(own, &account);
	if (rc == CA_ERR_NOT_FOUND || (rc == CA_OK && account.uid != uid))
		*why = "its name is that of another account of this host";
	if (rc == CA_OK)
		ca_account_free(&account);
	if (rc == CA_ERR_NOT_FOUND)
		return CA_DENIED;
	return rc == CA_OK && *why != NULL ? CA_DENIED : rc;
}

/* May the account log in at all?  found: what the name service has by its name, for the
 * caller to free.  CA_DENIED with *why. */
static enum ca_err
judge(const struct ca_map_decision *d, const struct ca_sss_account *a,
    struct ca_account_found *found, const char **why)
{
	enum ca_err rc = ca_account_by(a->name, found);

	if (rc == CA_ERR_NOT_FOUND) {
		*why = "the name service does not find it, so it is no account "
		       "of this host: the line passwd: of /etc/nsswitch.conf "
		       "must name sss (`certauth doctor` checks that)";
		return CA_DENIED;
	}
	if (rc != CA_OK)
		return rc;
	if (found->uid != a->uid) {
		*why = "the name service has another account by that name";
		return CA_DENIED;
	}
	if ((*why = ca_account_unfit(d->ctx->cfg, found->uid)) != NULL)
		return CA_DENIED;
	return d->user == NULL ? judge_own(found->own, found->uid, why) : CA_OK;
}

/* ---- what it means ---- */

static void
tell(const struct ca_map_decision *d, const char *name, const char *made,
    const char *why)
{
	const struct ca_map_trial trial = {
	    "SSSD", 0, name, "directory = sss", made != NULL, made, why};

	ca_map_tell(d, &trial);
}

/* Not ca_map_keep: the name must not be compared with that of the user. */
static enum ca_err
keep_other(struct ca_map_decision *d, const char *name)
{
	if (d->n == LOGINS_MAX)
		return CA_OK;
	if ((d->login[d->n] = strdup(name)) == NULL)
		return CA_ERR_MEMORY;
	d->n++;
	return CA_OK;
}

/* Keep why an account that would be the login is not. */
static enum ca_err
keep_invalid(struct ca_map_decision *d, const char *name, const char *why)
{
	struct ca_buf text = CA_BUF_INIT(1024);
	enum ca_err rc = CA_OK;

	ca_buf_fmt(&text, "sss %s: %s", name, why);
	if (d->invalid == NULL && ca_buf_err(&text) == CA_OK &&
	    (d->invalid = ca_buf_take(&text, NULL)) == NULL)
		rc = CA_ERR_MEMORY;
	ca_buf_free(&text);
	return rc;
}

static enum ca_err
keep(struct ca_map_decision *d, const char *name, const char *own)
{
	char rule[CA_SSS_NAME_MAX + 8];

	(void)snprintf(rule, sizeof rule, "sss %s", name);
	if (d->user == NULL)
		return ca_map_keep(d, own, rule);
	d->allowed = true;
	if (d->rule == NULL && (d->rule = strdup(rule)) == NULL)
		return CA_ERR_MEMORY;
	return CA_OK;
}

/*
 * Is it the account of the login that was asked for?  If the name service has neither,
 * nobody can tell; then both are missing for one reason, which is more use to the
 * administrator than the other name.
 */
static bool
is_theirs(const struct ca_map_decision *d, const struct ca_sss_account *a,
    const struct ca_account_found *user, const struct ca_account_found *found)
{
	if (d->user == NULL)
		return true;
	if (user->own == NULL)
		return found->own == NULL;
	return user->uid == (uid_t)a->uid;
}

static enum ca_err
take_account(struct ca_map_decision *d, const struct ca_sss_account *a,
    const struct ca_account_found *user)
{
	struct ca_account_found found = {0, NULL};
	const char *why = NULL;
	enum ca_err rc = judge(d, a, &found, &why);
	bool theirs = is_theirs(d, a, user, &found);

	if (rc == CA_DENIED) {
		tell(d, a->name, NULL, why);
		rc = theirs ? keep_invalid(d, a->name, why)
			    : keep_other(d, a->name);
	} else if (rc == CA_OK && theirs) {
		tell(d, a->name, d->user != NULL ? d->user : found.own,
		    "matches");
		rc = keep(d, a->name, found.own);
	} else if (rc == CA_OK) {
		tell(d, a->name, NULL,
		    "the login is another account: its uid is another one");
		rc = keep_other(d, a->name);
	}
	free(found.own);
	return rc;
}

static enum ca_err
take_accounts(struct ca_map_decision *d, const struct ca_sss_answer *a)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_account_found user = {0, NULL};

	if (d->user != NULL && a->n > 0 &&
	    (rc = ca_account_by(d->user, &user)) != CA_OK &&
	    rc != CA_ERR_NOT_FOUND) {
		ret = rc;
		goto out;
	}
	for (size_t i = 0; i < a->n; i++) {
		if ((rc = take_account(d, &a->account[i], &user)) != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	d->more = d->more || (a->more != 0 && d->user == NULL);
	if (a->n == 0) {
		d->asked = CA_DIRECTORY_SSS;
		tell(d, "*", NULL, "SSSD maps the certificate to no account");
	}
	ret = CA_OK;
out:
	free(user.own);
	return ret;
}

/* ---- when SSSD cannot say ---- */

static enum ca_err
cannot(struct ca_report *report, enum ca_err err, const char *text)
{
	ca_report_set(
	    report, CA_CHECK_MAPPING, CA_FAIL, CA_R_DIRECTORY, "%s", text);
	return err;
}

static enum ca_err
silent(struct ca_report *report, const struct ca_sss_answer *a)
{
	char text[256];

	if (a->state == CA_SSS_ABSENT)
		return cannot(report, CA_ERR_IO,
		    "directory = sss needs libsss_nss_idmap.so.0, which is not "
		    "installed (Debian: libsss-nss-idmap0)");
	(void)snprintf(text, sizeof text,
	    "SSSD does not answer: %s; `certauth doctor` and `systemctl status "
	    "sssd` say why",
	    ca_sss_error(a->error));
	return cannot(report, CA_ERR_IO, text);
}

enum ca_err
ca_map_directory(struct ca_map_decision *d, struct ca_report *report)
{
	struct ca_sss_answer *a = calloc(1, sizeof *a);
	enum ca_err rc = CA_ERR_MEMORY;

	if (a != NULL)
		rc = ca_sss_look(d->id.der, d->id.der_len, d->user, a);
	if (rc == CA_OK && a->state == CA_SSS_ANSWERED &&
	    (rc = take_accounts(d, a)) != CA_OK)
		rc = cannot(report, rc,
		    "the name service cannot look up an account that SSSD "
		    "names");
	else if (rc == CA_OK && a->state != CA_SSS_ANSWERED)
		rc = silent(report, a);
	else if (rc == CA_ERR_LIMIT)
		rc = cannot(report, rc,
		    "the certificate has more than 7,680 bytes, and SSSD "
		    "takes no longer one; add a line to the users file");
	else if (rc != CA_OK)
		rc = cannot(report, rc,
		    "the process that asks SSSD ended, or did not answer");
	free(a);
	return rc;
}
