#include "map/registered.h"
#include "base/file.h"
#include "base/sys.h"
#include "map/registeredint.h"
#include "map/rule.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- users_dir ---- */

static enum ca_err
walk_login(struct ca_registered_state *w, int parent, const char *login)
{
	struct ca_buf path = CA_BUF_INIT((size_t)2 * PATH_MAX);
	int fd = -1;
	enum ca_err rc;

	ca_buf_fmt(&path, "%s/%s", w->cfg->users_dir, login);
	const char *text = ca_buf_text(&path);
	w->login = login;
	w->owner = NULL;
	rc = text == NULL ? CA_ERR_MEMORY
			  : ca_file_opendir(parent, login, &fd, NULL);
	if (rc == CA_OK)
		rc = ca_registered_dir(w, fd, text);
	else if (rc != CA_ERR_NOT_FOUND)
		ca_file_log(w->log, text != NULL ? text : login, rc);
	if (fd >= 0)
		(void)close(fd);
	ca_buf_free(&path);
	return rc == CA_ERR_NOT_FOUND ? CA_OK : rc;
}

/* The directory cannot be of a login.  CA_OK: it is ignored, because directories
 * have names with blanks, and one of them must not refuse everybody. */
static enum ca_err
tell_no_login(const struct ca_registered_state *w, const char *name)
{
	bool blank = strchr(name, ' ') != NULL;

	struct ca_buf path = CA_BUF_INIT((size_t)2 * PATH_MAX);

	ca_buf_fmt(&path, "%s/%s", w->cfg->users_dir, name);
	const char *text = ca_buf_text(&path);
	if (blank)
		ca_log_warning(w->log,
		    "%s: the directory is ignored: a login name with a blank is not supported",
		    text != NULL ? text : name);
	else
		ca_log_err(w->log,
		    "%s: the name of the directory is not a login name; rename or remove the directory",
		    text != NULL ? text : name);
	ca_buf_free(&path);
	return blank ? CA_OK : CA_ERR_FORMAT;
}

static enum ca_err
walk_all(struct ca_registered_state *w, int fd)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_registered_names names = {NULL, 0, CA_REGISTERED_LOGINS};

	if ((rc = ca_registered_list(fd, "", &names)) != CA_OK) {
		ca_file_log(w->log, w->cfg->users_dir, rc);
		ret = rc;
		goto out;
	}
	for (size_t i = 0; i < names.n; i++) {
		if (!ca_login_valid(names.v[i], strlen(names.v[i]))) {
			if ((rc = tell_no_login(w, names.v[i])) == CA_OK)
				continue;
			ret = rc;
			goto out;
		}
		if ((rc = walk_login(w, fd, names.v[i])) != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	ret = CA_OK;
out:
	ca_registered_names_free(&names);
	return ret;
}

/* The directory of the user and, if the name service knows the account by another
 * name, that of the account. */
static enum ca_err
walk_user(struct ca_registered_state *w, int fd, struct ca_account_user *user)
{
	enum ca_err rc = walk_login(w, fd, user->name);
	const char *own;

	if (rc != CA_OK || (own = ca_account_own(user, w->log)) == NULL ||
	    !ca_login_valid(own, strlen(own)))
		return rc;
	return walk_login(w, fd, own);
}

static enum ca_err
walk_users_dir(struct ca_registered_state *w, struct ca_account_user *user)
{
	int fd;
	enum ca_err rc =
	    ca_file_opendir(AT_FDCWD, w->cfg->users_dir, &fd, NULL);

	if (rc == CA_ERR_NOT_FOUND)
		return CA_OK;
	if (rc != CA_OK) {
		ca_file_log(w->log, w->cfg->users_dir, rc);
		return rc;
	}
	rc = user->name != NULL ? walk_user(w, fd, user) : walk_all(w, fd);
	(void)close(fd);
	return rc;
}

/* ---- a home ---- */

static enum ca_err
walk_home(struct ca_registered_state *w, const char *user,
    const struct ca_account *account)
{
	char path[PATH_MAX];
	int fd = -1;
	enum ca_err rc =
	    ca_sys_home(account->name, account->home, account->uid, path, &fd);

	if (rc == CA_OK) {
		w->login = user;
		w->owner = account;
		rc = ca_registered_dir(w, fd, path);
		(void)close(fd);
	} else if (rc != CA_ERR_NOT_FOUND) {
		ca_registered_warn(w, path, rc);
		rc = CA_OK;
	}
	/* other errors are logged, and the login continues without the home */
	return w->ended || rc == CA_ERR_MEMORY ? rc : CA_OK;
}

/* ~/.certauth of the user, whose account may have another name. */
static enum ca_err
walk_home_of(struct ca_registered_state *w, struct ca_account_user *user)
{
	struct ca_account account;
	const char *own = ca_account_own(user, w->log);
	const char *name = own != NULL ? own : user->name;
	enum ca_err rc = ca_account_find(name, &account);

	if (rc == CA_ERR_NOT_FOUND)
		return CA_OK;
	if (rc != CA_OK) {
		ca_log_err(w->log, "cannot look up the account %s: %m", name);
		return rc;
	}
	rc = walk_home(w, user->name, &account);
	ca_account_free(&account);
	return rc;
}

enum ca_err
ca_registered_walk(const struct ca_config *cfg, const struct ca_log *log,
    const char *user, ca_registered_visit *visit, void *ctx)
{
	struct ca_registered_state w = {
	    cfg, log, visit, ctx, user, NULL, CA_REGISTERED_HOME_BYTES, false};
	struct ca_account_user who = {.name = user};
	enum ca_err rc;

	if (user != NULL && !ca_login_valid(user, strlen(user)))
		return CA_OK; /* no directory can have this name */
	rc = walk_users_dir(&w, &who);
	if (rc == CA_OK && user != NULL && cfg->user_certificates)
		rc = walk_home_of(&w, &who);
	ca_account_user_clear(&who);
	return rc;
}
