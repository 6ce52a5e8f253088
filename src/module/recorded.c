#include "module/recorded.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/passwd.h"
#include "module/pam.h"
#include "module/variables.h"
#include "session/record.h"

/* In the environment of PAM: the id of the login. */
#define VARIABLE "CERTAUTH_LOGIN_ID"
#define DATA "certauth_recorded"
#define TIDY_MAX 4096 /* entries: a login must not pay for very many others */

/* What this transaction has recorded; "": nothing. */
struct recorded {
	char login[CA_SESSION_ID];
	char named[CA_SESSION_ID]; /* by the environment: of another process */
	char session[CA_SESSION_ID];
};

static uint64_t
now_is(void)
{
	const time_t now = time(NULL);

	return now > 0 ? (uint64_t)now : 0;
}

static void
tell(const struct ca_log *log, const char *what, enum ca_err err)
{
	ca_log_warning(log,
	    "the %-s is not recorded, so that `certauth sessions' cannot end "
	    "it: %s: %-s",
	    what, CA_SESSION_DIR,
	    err == CA_ERR_IO ? strerror(errno) : ca_err_text(err));
}

/* ---- what the transaction knows ---- */

static void
data_free(pam_handle_t *pamh, void *data, int status)
{
	/* a child of the application may end the transaction for itself: no record
	 * goes away with it */
	(void)pamh, (void)status;
	free(data);
}

static struct recorded
recorded(pam_handle_t *pamh)
{
	const void *data = NULL;
	struct recorded none = {"", "", ""};

	if (pam_get_data(pamh, DATA, &data) != PAM_SUCCESS || data == NULL)
		return none;
	return *(const struct recorded *)data;
}

static bool
keep(pam_handle_t *pamh, const struct recorded *what)
{
	struct recorded *data = malloc(sizeof *data);

	if (data == NULL)
		return false;
	*data = *what;
	if (pam_set_data(pamh, DATA, data, data_free) == PAM_SUCCESS)
		return true;
	free(data);
	return false;
}

static bool
set_variable(pam_handle_t *pamh, const char *id)
{
	char text[sizeof VARIABLE + CA_SESSION_ID];

	(void)stpcpy(stpcpy(text, VARIABLE "="), id);
	return pam_putenv(pamh, text) == PAM_SUCCESS;
}

static void
unset_variable(pam_handle_t *pamh)
{
	if (pam_getenv(pamh, VARIABLE) != NULL)
		(void)pam_putenv(pamh, VARIABLE);
}

/* CA_ERR_NOT_FOUND: there is none; CA_ERR_IO: errno. */
static enum ca_err
remove_from(int folder, const char *id)
{
	if (ca_session_remove(folder, id))
		return CA_OK;
	return errno == ENOENT ? CA_ERR_NOT_FOUND : CA_ERR_IO;
}

static enum ca_err
remove_record(const char *folder, const char *id)
{
	enum ca_err rc;
	int fd;

	if ((rc = ca_session_folder(folder, false, &fd)) != CA_OK)
		return rc;
	rc = remove_from(fd, id);
	(void)close(fd);
	return rc;
}

/* ---- the login ---- */

static enum ca_err
store_login(const struct ca_session *s, char id[CA_SESSION_ID])
{
	enum ca_err rc;
	int folder;

	rc = ca_session_folder(CA_SESSION_LOGINS, true, &folder);
	if (rc != CA_OK)
		return rc;
	ca_session_tidy(folder, true, TIDY_MAX);
	rc = ca_session_store(folder, s, id);
	int e = errno;
	(void)close(folder);
	errno = e;
	return rc;
}

/* The limits of a user who starts su or sudo are those of the process: such a user must
 * not come in unrecorded.  The record of the session will be longer than this one. */
static bool
is_limit_of_user(int e)
{
	return e == EFBIG || e == EMFILE;
}

static bool
may_write(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) != 0 ||
	    limit.rlim_cur >= CA_SESSION_MAX)
		return true;
	errno = EFBIG;
	return false;
}

enum ca_err
ca_recorded_login(pam_handle_t *pamh, const struct ca_log *log,
    const char *service, const struct ca_op_texts *argv,
    const struct ca_op_answer *granted)
{
	struct recorded what = {"", "", ""};
	struct ca_session s = {.service = service,
	    .user = granted->login,
	    .rule = granted->rule,
	    .subject = ca_variables_value(&granted->env, "CERTAUTH_SUBJECT"),
	    .sha256 = ca_variables_value(&granted->env, "CERTAUTH_SHA256"),
	    .kept = granted->kept,
	    .at = now_is(),
	    .uptime = ca_session_uptime()};
	enum ca_err rc;

	if (geteuid() != 0)
		return CA_OK;
	for (; s.argc < argv->n && s.argc < CA_SESSION_ARGS; s.argc++)
		s.argv[s.argc] = argv->v[s.argc];
	rc = may_write() ? store_login(&s, what.login) : CA_ERR_IO;
	if (rc == CA_OK &&
	    (!set_variable(pamh, what.login) || !keep(pamh, &what))) {
		unset_variable(pamh);
		(void)!remove_record(CA_SESSION_LOGINS, what.login);
		rc = CA_ERR_MEMORY;
	}
	int e = rc == CA_ERR_IO ? errno : 0;
	if (rc != CA_OK)
		tell(log, "login", rc);
	return is_limit_of_user(e) ? CA_ERR_LIMIT : CA_OK;
}

void
ca_recorded_forget(pam_handle_t *pamh)
{
	struct recorded what = recorded(pamh);

	unset_variable(pamh);
	if (what.login[0] == '\0' && what.named[0] == '\0')
		return;
	if (what.login[0] != '\0')
		(void)!remove_record(CA_SESSION_LOGINS, what.login);
	what.login[0] = what.named[0] = '\0';
	if (!keep(pamh, &what))
		(void)pam_set_data(pamh, DATA, NULL, NULL);
}

/* ---- the session ---- */

/* Take the record of the login away: whoever removes it, has it. */
static enum ca_err
claim(const char *id, struct ca_buf *bytes, struct ca_session *out)
{
	enum ca_err rc, removed;
	int folder;

	rc = ca_session_folder(CA_SESSION_LOGINS, false, &folder);
	if (rc != CA_OK)
		return rc;
	rc = ca_session_load(folder, id, bytes, out);
	removed = remove_from(folder, id);
	(void)close(folder);
	return rc != CA_OK ? rc : removed;
}

struct opening {
	const char *service, *user, *rhost, *tty;
};

static bool
look(pam_handle_t *pamh, struct opening *o)
{
	return ca_pam_item(pamh, PAM_SERVICE, &o->service) &&
	       ca_pam_item(pamh, PAM_USER, &o->user) &&
	       ca_pam_item(pamh, PAM_RHOST, &o->rhost) &&
	       ca_pam_item(pamh, PAM_TTY, &o->tty) && o->service != NULL &&
	       o->user != NULL;
}

/* Is it the login of this session?  One transaction may have a session of another user,
 * as that of sudo; between two processes the name is all there is. */
static bool
belongs(const struct ca_session *login, const struct opening *o, bool own)
{
	const uint64_t up = ca_session_uptime();

	if (strcmp(login->service, o->service) != 0)
		return false;
	/* who started su may stop it for any time */
	return own ||
	       (strcmp(login->user, o->user) == 0 && login->uptime <= up &&
		   up - login->uptime <= CA_SESSION_LOGIN_LIFE);
}

static enum ca_err
store_session(struct ca_session *s, char id[CA_SESSION_ID])
{
	struct ca_passwd account = {0};
	enum ca_err rc;
	int folder = -1;

	rc = ca_passwd_find(s->account, 0, &account);
	if (rc == CA_OK) {
		s->uid = account.pw.pw_uid;
		rc = ca_session_self(&s->process);
	}
	free(account.text);
	if (rc == CA_OK)
		rc = ca_session_folder(CA_SESSION_SESSIONS, true, &folder);
	if (rc == CA_OK)
		rc = ca_session_store(folder, s, id);
	int e = errno;
	if (folder >= 0)
		(void)close(folder);
	errno = e;
	return rc;
}

static enum ca_err
record_session(
    pam_handle_t *pamh, struct ca_session *s, const struct opening *o)
{
	struct recorded what = {"", "", ""};
	enum ca_err rc;

	s->account = o->user;
	s->rhost = o->rhost;
	s->tty = o->tty;
	s->logind = pam_getenv(pamh, "XDG_SESSION_ID");
	s->opened = now_is();
	rc = store_session(s, what.session);
	if (rc == CA_OK && !keep(pamh, &what)) {
		(void)!remove_record(CA_SESSION_SESSIONS, what.session);
		rc = CA_ERR_MEMORY;
	}
	return rc;
}

void
ca_recorded_take(pam_handle_t *pamh)
{
	const char *variable = pam_getenv(pamh, VARIABLE);
	struct recorded what = recorded(pamh);

	if (!ca_session_is_id(variable) || what.login[0] != '\0' ||
	    what.named[0] != '\0')
		return;
	(void)stpcpy(what.named, variable);
	if (keep(pamh, &what))
		unset_variable(pamh);
}

/* The id of the login: what the transaction has itself goes before a variable, which
 * the user may have set by pam_env. */
static bool
find_login(pam_handle_t *pamh, char id[CA_SESSION_ID], bool *own, bool *named)
{
	const char *variable = pam_getenv(pamh, VARIABLE);
	struct recorded what = recorded(pamh);

	*own = what.login[0] != '\0';
	*named = *own || what.named[0] != '\0' || variable != NULL;
	id[0] = '\0';
	if (*own)
		(void)stpcpy(id, what.login);
	else if (what.named[0] != '\0')
		(void)stpcpy(id, what.named);
	else if (variable != NULL && ca_session_is_id(variable))
		(void)stpcpy(id, variable);
	unset_variable(pamh);
	return id[0] != '\0';
}

enum ca_err
ca_recorded_open(pam_handle_t *pamh, const struct ca_log *log)
{
	enum ca_err ret = CA_ERR_UNSET, rc = CA_ERR_NOT_FOUND;
	struct ca_buf bytes = CA_BUF_INIT(CA_SESSION_MAX);
	char id[CA_SESSION_ID];
	struct ca_session s = {0};
	struct opening o = {0};
	bool own, named;

	if (find_login(pamh, id, &own, &named) && geteuid() == 0)
		rc = claim(id, &bytes, &s);
	if (rc == CA_OK && (!look(pamh, &o) || !belongs(&s, &o, own)))
		rc = CA_ERR_NOT_FOUND;
	if (rc == CA_ERR_NOT_FOUND && named && geteuid() == 0)
		ca_log_warning(log,
		    "the session is not recorded: %-s names no login by "
		    "certificate of this service and user in the last %d "
		    "seconds",
		    own ? "this transaction" : VARIABLE, CA_SESSION_LOGIN_LIFE);
	if (rc == CA_ERR_NOT_FOUND) {
		ret = rc;
		goto out;
	}
	if (rc != CA_OK || (rc = record_session(pamh, &s, &o)) != CA_OK) {
		tell(log, "session", rc);
		/* what is absent here is no login */
		ret = rc == CA_ERR_NOT_FOUND ? CA_ERR_IO : rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_buf_free(&bytes);
	return ret;
}

enum ca_err
ca_recorded_close(pam_handle_t *pamh, const struct ca_log *log)
{
	struct recorded what = recorded(pamh);
	enum ca_err rc;

	if (what.session[0] == '\0')
		return CA_ERR_NOT_FOUND;
	(void)pam_set_data(pamh, DATA, NULL, NULL);
	rc = remove_record(CA_SESSION_SESSIONS, what.session);
	/* a check that saw the end of the process first has removed it */
	if (rc != CA_OK && rc != CA_ERR_NOT_FOUND)
		ca_log_warning(log,
		    "the record %s of a session that is closed cannot be "
		    "removed: %-s",
		    what.session, ca_err_text(rc));
	return rc;
}
