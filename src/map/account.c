#include "map/account.h"
#include "base/sys.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_MAX ((size_t)1024 * 1024) /* bytes of a passwd entry */

/* Call getpwnam_r with a growing buffer; *entry is NULL if there is no such
 * account. */
static enum ca_err
look_up(
    const char *name, struct passwd *pw, char **buffer, struct passwd **entry)
{
	for (size_t size = 1024; size <= ENTRY_MAX; size *= 4) {
		char *p = realloc(*buffer, size);

		if (p == NULL)
			return CA_ERR_MEMORY;
		*buffer = p;
		int rc = ca_sys_passwd(name, pw, p, size, entry);
		if (rc == ERANGE)
			continue;
		/* getpwnam(3) lists these as results of "not found" */
		if (*entry != NULL || rc == 0 || rc == ENOENT || rc == ESRCH ||
		    rc == EBADF || rc == EPERM)
			return CA_OK;
		errno = rc;
		return CA_ERR_IO;
	}
	errno = ERANGE;
	return CA_ERR_IO;
}

enum ca_err
ca_account_find(const char *name, struct ca_account *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct passwd pw, *entry = NULL;
	char *buffer = NULL;

	out->name = name;
	out->home = NULL;
	out->other = false;
	if ((rc = look_up(name, &pw, &buffer, &entry)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (entry == NULL || strcmp(entry->pw_name, name) != 0) {
		out->other = entry != NULL;
		ret = CA_ERR_NOT_FOUND;
		goto out;
	}
	out->uid = entry->pw_uid;
	if ((out->home = strdup(entry->pw_dir)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	ret = CA_OK;
out:
	free(buffer);
	return ret;
}

enum ca_err
ca_account_by(const char *name, struct ca_account_found *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct passwd pw, *entry = NULL;
	char *buffer = NULL;

	out->own = NULL;
	if ((rc = look_up(name, &pw, &buffer, &entry)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (entry == NULL) {
		ret = CA_ERR_NOT_FOUND;
		goto out;
	}
	out->uid = entry->pw_uid;
	if ((out->own = strdup(entry->pw_name)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	ret = CA_OK;
out:
	free(buffer);
	return ret;
}

void
ca_account_free(struct ca_account *account)
{
	free(account->home);
	account->home = NULL;
}

/* ---- the user whom PAM names ---- */

/* Set *own to the account's own spelling, if it is another one.  A local account
 * and one of a domain may have the same pw_name: they are one account only if
 * the name service finds the same uid by both names. */
static enum ca_err
find_own(const char *name, char **own)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_account account = {0};
	struct passwd pw, *entry = NULL;
	char *buffer = NULL;

	if ((rc = look_up(name, &pw, &buffer, &entry)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (entry != NULL && strcmp(entry->pw_name, name) != 0) {
		rc = ca_account_find(entry->pw_name, &account);
		if (rc != CA_OK && rc != CA_ERR_NOT_FOUND) {
			ret = rc;
			goto out;
		}
		if (rc == CA_OK && account.uid == entry->pw_uid &&
		    (*own = strdup(entry->pw_name)) == NULL) {
			ret = CA_ERR_MEMORY;
			goto out;
		}
	}
	ret = CA_OK;
out:
	ca_account_free(&account);
	free(buffer);
	return ret;
}

const char *
ca_account_own(struct ca_account_user *user, const struct ca_log *log)
{
	if (user->looked || user->name == NULL)
		return user->own;
	user->looked = true;
	if (find_own(user->name, &user->own) != CA_OK)
		ca_log_err(
		    log, "cannot look up the account %s: %m", user->name);
	return user->own;
}

bool
ca_account_is(
    struct ca_account_user *user, const char *login, const struct ca_log *log)
{
	if (user->name == NULL)
		return false;
	if (strcmp(user->name, login) == 0)
		return true;
	const char *own = ca_account_own(user, log);
	return own != NULL && strcmp(own, login) == 0;
}

void
ca_account_user_clear(struct ca_account_user *user)
{
	free(user->own);
	user->own = NULL;
}
