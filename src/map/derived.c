/*
 * Check whether a pattern, or the directory, may give an account.
 */
#include "map/account.h"
#include "map/rule.h"

#include <string.h>

bool
ca_uid_reserved(uid_t uid)
{
	return (uid >= 61184 && uid <= 65535) || uid >= 4294967294U;
}

const char *
ca_account_unfit(const struct ca_config *cfg, uid_t uid)
{
	if (uid == 0 || uid < cfg->min_uid)
		return "a pattern or a directory never gives an account below min_uid";
	if (uid > cfg->max_uid)
		return "a pattern or a directory never gives an account above max_uid";
	if (ca_uid_reserved(uid))
		return "a pattern or a directory never gives the account nobody, nor an account whose uid is reserved (61184 to 65535, 4294967294, 4294967295)";
	return NULL;
}

enum ca_err
ca_derived_judge(const struct ca_config *cfg, const struct ca_log *log,
    const char *login, size_t len, size_t local, const char **why)
{
	struct ca_account account;
	enum ca_err rc;

	if ((*why = ca_login_underivable(login, local)) != NULL)
		return CA_DENIED;
	if (!ca_login_valid(login, len)) {
		*why = "the login with its domain is too long";
		return CA_DENIED;
	}
	if (local == 4 && memcmp(login, "root", 4) == 0) {
		*why = "a pattern never gives root";
		return CA_DENIED;
	}
	rc = ca_account_find(login, &account);
	if (rc == CA_ERR_NOT_FOUND) {
		*why =
		    account.other
			? "what the * matched is another spelling of an account (upper and lower case, or a domain); the certificate must have the account's own spelling"
			: "what the * matched is not an account";
		return CA_DENIED;
	}
	if (rc != CA_OK) {
		ca_log_err(log, "cannot look up the account %s: %m", login);
		return rc;
	}
	*why = ca_account_unfit(cfg, account.uid);
	ca_account_free(&account);
	return *why == NULL ? CA_OK : CA_DENIED;
}

enum ca_err
ca_directory_judge(const struct ca_config *cfg, const struct ca_log *log,
    const char *name, const char **why)
{
	struct ca_account account;
	enum ca_err rc;

	if (strcmp(name, "root") == 0) {
		*why = "a directory never gives root";
		return CA_DENIED;
	}
	rc = ca_account_find(name, &account);
	if (rc == CA_ERR_NOT_FOUND) {
		*why = "the login of the directory is not an account of this "
		       "host: `getent passwd LOGIN` must find it, by SSSD or "
		       "another service of /etc/nsswitch.conf";
		return CA_DENIED;
	}
	if (rc != CA_OK) {
		ca_log_err(log, "cannot look up the account %s: %m", name);
		return rc;
	}
	*why = ca_account_unfit(cfg, account.uid);
	ca_account_free(&account);
	return *why == NULL ? CA_OK : CA_DENIED;
}
