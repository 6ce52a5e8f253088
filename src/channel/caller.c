#include "channel/caller.h"

#include <stdlib.h>
#include <unistd.h>

/* The agent of the environment, which is the user's. */
static const char *
find_agent(void)
{
	const char *agent = getenv("SSH_AUTH_SOCK");

	return agent != NULL && agent[0] == '/' ? agent : NULL;
}

static bool
is_service(void)
{
	return getuid() == 0 && geteuid() == 0;
}

bool
ca_caller_possible(const char *rhost)
{
	return !is_service() || rhost == NULL || rhost[0] == '\0';
}

enum ca_err
ca_caller_user(const char *pam_user, const char *rhost,
    const struct ca_log *log, struct ca_passwd *account,
    struct ca_channel_user *user)
{
	const struct passwd *pw = &account->pw;
	bool service = is_service();
	enum ca_err rc;

	if (!ca_caller_possible(rhost)) {
		ca_log_debug(log,
		    "no helper is started: PAM_RHOST is set, so the user is "
		    "at another machine");
		return CA_ERR_NOT_FOUND;
	}
	if (service && (pam_user == NULL || pam_user[0] == '\0')) {
		ca_log_debug(log, "no helper is started: PAM_USER is not set");
		return CA_ERR_NOT_FOUND;
	}
	rc = ca_passwd_find(service ? pam_user : NULL, getuid(), account);
	if (rc != CA_OK) {
		ca_log_debug(log,
		    "no helper is started: the user's account cannot be read: "
		    "%-s",
		    ca_err_text(rc));
		return rc;
	}
	/*
	 * The environment is not trusted: the helper uses what it names with the
	 * rights of the user whose environment it is.  The environment of a service
	 * belongs to the administrator who started the service, perhaps from a shell
	 * with an agent; it is not the user's, even if the user is root.
	 */
	bool theirs = !service && getuid() == pw->pw_uid;
	*user = (struct ca_channel_user){.uid = pw->pw_uid,
	    .gid = pw->pw_gid,
	    .name = pw->pw_name,
	    .home = pw->pw_dir,
	    .ssh_auth_sock = theirs ? find_agent() : NULL,
	    .service = service,
	    .environment = theirs};
	return CA_OK;
}
