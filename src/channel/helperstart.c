/*
 * Start the helper as the user, with all of the user's groups and an environment
 * made for the user.  It is certauth-sign, or certauth; both take the arguments
 * `sign --helper'.
 */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "channel/session.h"

#define GROUPS_MAX 65536
#define ENV_MAX 6

/* Get all groups of the user.  *out is to be freed with free(). */
static enum ca_err
user_groups(const struct ca_channel_user *user, gid_t **out, size_t *n)
{
	int count = 64;
	gid_t *list = NULL;

	for (;;) {
		int had = count;
		gid_t *more = reallocarray(list, (size_t)count, sizeof *list);

		if (more == NULL) {
			free(list);
			return CA_ERR_MEMORY;
		}
		list = more;
		if (getgrouplist(user->name, user->gid, list, &count) >= 0) {
			*out = list;
			*n = (size_t)count;
			return CA_OK;
		}
		count = count > had ? count : 2 * had;
		if (count > GROUPS_MAX) {
			free(list);
			return CA_ERR_LIMIT;
		}
	}
}

static bool
is_named(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash != NULL ? slash + 1 : path, name) == 0;
}

/* Start the helper as the user; params has neither argv nor who. */
static enum ca_err
start(const struct ca_spawn_params *params, const struct ca_channel_user *user,
    const struct ca_log *log, struct ca_spawn *spawn)
{
	char name[] = "certauth-sign", sub[] = "sign", option[] = "--helper";
	char *const argv[] = {name, sub, option, NULL};
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_become who = {.uid = user->uid, .gid = user->gid};
	struct ca_spawn_params p = *params;
	gid_t *groups = NULL;

	/* certauth chooses its command by its name */
	if (!is_named(p.path, name))
		name[strlen("certauth")] = '\0';
	p.argv = argv;
	if (geteuid() == 0) {
		rc = user_groups(user, &groups, &who.ngroups);
		if (rc != CA_OK) {
			ret = rc;
			goto out;
		}
		who.groups = groups;
		p.who = &who;
	} else if (geteuid() != user->uid) {
		ca_log_err(log,
		    "helper %s: only root can start it as another user, %s",
		    p.path, user->name);
		ret = CA_ERR_IO;
		goto out;
	}
	if ((rc = ca_spawn_start(&p, spawn)) != CA_OK) {
		ca_log_err(log, "helper %s: cannot be started: %m", p.path);
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	free(groups);
	return ret;
}

/* Each string of v is to be freed with free(), also on failure. */
static enum ca_err
make_environment(const struct ca_channel_user *user, char *v[ENV_MAX])
{
	const char *const name[] = {"HOME=", "USER=", "LOGNAME="};
	const char *const value[] = {user->home, user->name, user->name};

	for (size_t i = 0; i < 3; i++) {
		struct ca_buf b = CA_BUF_INIT(8192);

		ca_buf_str(&b, name[i]);
		ca_buf_str(&b, value[i]);
		v[i] = ca_buf_take(&b, NULL);
		ca_buf_free(&b);
		if (v[i] == NULL)
			return CA_ERR_MEMORY;
	}
	v[3] = strdup("PATH=/usr/local/bin:/usr/bin:/bin");
	v[4] = strdup("LC_ALL=C.UTF-8");
	v[5] = NULL;
	return v[3] != NULL && v[4] != NULL ? CA_OK : CA_ERR_MEMORY;
}

enum ca_err
ca_helper_start(const char *path, const struct ca_channel_user *user,
    unsigned cpu_seconds, const struct ca_log *log, struct ca_spawn *spawn)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	char *env[ENV_MAX] = {NULL};
	struct ca_spawn_params p = {.exec_fd = -1,
	    .path = path,
	    .envp = env,
	    .cpu_seconds = cpu_seconds};

	if ((rc = ca_spawn_open(path, log, &p.exec_fd)) != CA_OK ||
	    (rc = make_environment(user, env)) != CA_OK ||
	    (rc = start(&p, user, log, spawn)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	if (p.exec_fd >= 0)
		(void)close(p.exec_fd);
	for (size_t i = 0; i < ENV_MAX; i++)
		free(env[i]);
	return ret;
}
