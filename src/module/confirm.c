#include "module/confirm.h"
#include "base/passwd.h"

#include <stdlib.h>

static enum ca_err
ask(struct ca_verifier *v, const struct ca_op_body *body, const char *login)
{
	const struct ca_op_body who = {.user = login, .now = body->now};
	struct ca_op_answer a;
	enum ca_err rc = ca_verifier_ask(v, CA_OP_CONFIRM, &who, &a);

	return rc != CA_OK ? rc : (enum ca_err)a.err;
}

enum ca_err
ca_confirm_login(struct ca_verifier *v, const struct ca_asked *asked,
    const struct ca_op_body *body, const char *login)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct ca_op_ready *said = &asked->said;
	struct ca_passwd account = {0};
	const struct passwd *pw = &account.pw;

	rc = ca_passwd_find(login, 0, &account);
	if (rc == CA_ERR_NOT_FOUND) {
		/* as the worker should have found */
		ca_log_err(v->log,
		    "the certificate's login %s has no account on this host",
		    login);
		ret = rc;
		goto out;
	}
	if (rc != CA_OK) {
		ca_log_err(v->log,
		    "the account of the certificate's login %s cannot be "
		    "looked up: %m",
		    login);
		ret = rc;
		goto out;
	}
	if (pw->pw_uid != 0 && pw->pw_uid >= said->min_uid &&
	    pw->pw_uid <= said->max_uid) {
		ret = CA_OK;
		goto out;
	}
	if ((rc = ask(v, body, login)) != CA_OK) {
		ca_log_err(v->log,
		    "the certificate's login %s is not granted: its uid %u is "
		    "root's or outside of min_uid to max_uid, and no line of the "
		    "users file names it",
		    login, (unsigned)pw->pw_uid);
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	free(account.text);
	return ret;
}
