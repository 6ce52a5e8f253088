#include "channel/caller.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PASSWD_BYTES ((size_t)64 << 10)

struct ca_caller {
	struct ca_channel_user user;
	struct passwd pw;
	char *pw_text;
	char *agent;
	struct ca_bytes cert[CA_CALLER_CERTS_MAX];
};

void
ca_caller_free(struct ca_caller *caller)
{
	if (caller == NULL)
		return;
	for (size_t i = 0; i < caller->user.ncerts; i++)
		free((void *)caller->cert[i].p);
	free(caller->pw_text);
	free(caller->agent);
	free(caller);
}

enum ca_err
ca_caller_add_cert(struct ca_caller *caller, const void *der, size_t len)
{
	if (caller->user.ncerts == CA_CALLER_CERTS_MAX || len == 0)
		return CA_ERR_LIMIT;
	uint8_t *copy = malloc(len);
	if (copy == NULL)
		return CA_ERR_MEMORY;
	memcpy(copy, der, len);
	caller->cert[caller->user.ncerts++] = (struct ca_bytes){copy, len};
	/* cppcheck-suppress memleak ; ca_caller_free frees it */
	return CA_OK;
}

const struct ca_channel_user *
ca_caller_get0_user(const struct ca_caller *caller)
{
	return &caller->user;
}

bool
ca_caller_is_absent(int e)
{
	return e == 0 || e == ENOENT || e == ESRCH || e == EBADF || e == EPERM;
}

/* Look the account up by name, or by uid if name is NULL. */
static enum ca_err
look_up(struct ca_caller *c, const char *name, uid_t uid)
{
	struct passwd *found = NULL;
	int e;

	c->pw_text = malloc(PASSWD_BYTES);
	if (c->pw_text == NULL)
		return CA_ERR_MEMORY;
	if (name != NULL)
		e = getpwnam_r(name, &c->pw, c->pw_text, PASSWD_BYTES, &found);
	else
		e = getpwuid_r(uid, &c->pw, c->pw_text, PASSWD_BYTES, &found);
	if (found != NULL)
		return CA_OK;
	return ca_caller_is_absent(e) ? CA_ERR_NOT_FOUND : CA_ERR_IO;
}

/*
 * The environment is not trusted: the helper connects to the agent with the
 * rights of the user whose environment it is.  The environment of a service
 * belongs to the administrator who started the service, perhaps from a shell
 * with an agent; it is not the user's, even if the user is root.
 */
static enum ca_err
find_agent(struct ca_caller *c, bool service)
{
	const char *agent = getenv("SSH_AUTH_SOCK");

	if (service || getuid() != c->pw.pw_uid || agent == NULL ||
	    agent[0] != '/')
		return CA_OK;
	c->agent = strdup(agent);
	return c->agent != NULL ? CA_OK : CA_ERR_MEMORY;
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
ca_caller_new(const char *pam_user, const char *rhost, const struct ca_log *log,
    struct ca_caller **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_caller *c = calloc(1, sizeof *c);
	bool service = is_service();

	*out = NULL;
	if (c == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if (!ca_caller_possible(rhost)) {
		ca_log_debug(log,
		    "no helper is started: PAM_RHOST is set, so the user is "
		    "at another machine");
		ret = CA_ERR_NOT_FOUND;
		goto out;
	}
	if (service && (pam_user == NULL || pam_user[0] == '\0')) {
		ca_log_debug(log, "no helper is started: PAM_USER is not set");
		ret = CA_ERR_NOT_FOUND;
		goto out;
	}
	rc = look_up(c, service ? pam_user : NULL, getuid());
	if (rc != CA_OK) {
		ca_log_debug(log,
		    "no helper is started: the user's account cannot be read: "
		    "%-s",
		    ca_err_text(rc));
		ret = rc;
		goto out;
	}
	if ((rc = find_agent(c, service)) != CA_OK) {
		ret = rc;
		goto out;
	}
	c->user = (struct ca_channel_user){.uid = c->pw.pw_uid,
	    .gid = c->pw.pw_gid,
	    .name = c->pw.pw_name,
	    .home = c->pw.pw_dir,
	    .ssh_auth_sock = c->agent,
	    .service = service,
	    .cert = c->cert};
	*out = c;
	c = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_caller_free(c);
	return ret;
}
