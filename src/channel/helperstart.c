/*
 * Start the helper as the user, with all of the user's groups and an environment
 * made for the user.  It is certauth-sign, or certauth; both take the arguments
 * `sign --helper'.
 */
#include <errno.h>
#include <grp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "channel/session.h"
#include "confine/program.h"

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

/* ---- confinement ---- */

/*
 * A helper of root has no capabilities, but root's files, and a PKCS#11 module in it
 * may be anyone's; the host's helper acts for clients that have not logged in.
 */
bool
ca_helper_confined(const struct ca_channel_session *s)
{
	return (s->host || s->user->uid == 0) && !s->set->helper_free;
}

void
ca_helper_lacks(const struct ca_channel_session *s, int lacks)
{
	if ((lacks & CA_CONFINE_NO_LANDLOCK) != 0)
		ca_log(s->log, CA_LOG_WARNING,
		    "helper %s: this kernel has no Landlock, so a PKCS#11 module "
		    "in the helper can change every file of user ID %u",
		    s->set->helper, (unsigned)s->user->uid);
	if ((lacks & CA_CONFINE_NO_SECCOMP) != 0)
		ca_log(s->log, CA_LOG_WARNING,
		    "helper %s: system calls cannot be filtered on this machine, "
		    "so a PKCS#11 module in the helper can execute programs as "
		    "user ID %u",
		    s->set->helper, (unsigned)s->user->uid);
}

/* What is executed: the helper, or certauth-confine, which executes it. */
struct command {
	char name[16]; /* of the helper: certauth chooses its command by it */
	int confiner;  /* a descriptor, or -1 */
	const char *argv[2 * CA_CONFINE_WRITABLE_MAX + 8];
	size_t n;
};

static void
put_helper(struct command *c, const char *path)
{
	(void)snprintf(c->name, sizeof c->name, "%s",
	    is_named(path, "certauth-sign") ? "certauth-sign" : "certauth");
	c->argv[c->n++] = c->name;
	c->argv[c->n++] = "sign";
	c->argv[c->n++] = "--helper";
	c->argv[c->n] = NULL;
}

/* params has the descriptor and the path of the helper. */
static enum ca_err
confine(const struct ca_channel_session *s, struct command *c,
    struct ca_spawn_params *p)
{
	if (s->set->nhelper_write > CA_CONFINE_WRITABLE_MAX)
		return CA_ERR_LIMIT;
	c->argv[c->n++] = "certauth-confine";
	if (s->set->helper_network)
		c->argv[c->n++] = "-n";
	for (size_t i = 0; i < s->set->nhelper_write; i++) {
		c->argv[c->n++] = "-w";
		c->argv[c->n++] = s->set->helper_write[i];
	}
	c->argv[c->n++] = "--";
	c->argv[c->n++] = p->path;
	enum ca_err rc =
	    ca_spawn_open(ca_channel_confiner, s->log, &c->confiner);
	if (rc == CA_OK)
		p->path = ca_channel_confiner;
	return rc;
}

/* ---- start ---- */

/* Start the helper as the user; params has neither argv nor who. */
static enum ca_err
start(const struct ca_channel_session *s, const struct ca_spawn_params *params,
    struct ca_spawn *spawn)
{
	const struct ca_channel_user *user = s->user;
	const struct ca_log *log = s->log;
	struct command c = {.confiner = -1};
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_become who = {.uid = user->uid, .gid = user->gid};
	struct ca_spawn_params p = *params;
	gid_t *groups = NULL;

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
	if (ca_helper_confined(s)) {
		if ((rc = confine(s, &c, &p)) != CA_OK) {
			ret = rc;
			goto out;
		}
		p.pass = &params->exec_fd;
		p.exec_fd = c.confiner;
	}
	put_helper(&c, params->path);
	/* execve does not write to them */
	p.argv = (char *const *)(uintptr_t)c.argv;
	if ((rc = ca_spawn_start(&p, spawn)) != CA_OK) {
		ca_log_err(
		    log, "helper %s: cannot be started: %m", params->path);
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	if (c.confiner >= 0)
		(void)close(c.confiner);
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
ca_helper_start(const struct ca_channel_session *s, struct ca_spawn *spawn)
{
	const char *path = s->set->helper;
	enum ca_err ret = CA_ERR_UNSET, rc;
	char *env[ENV_MAX] = {NULL};
	struct ca_spawn_params p = {.exec_fd = -1,
	    .path = path,
	    .envp = env,
	    .cpu_seconds = s->timeout};

	if ((rc = ca_spawn_open(path, s->log, &p.exec_fd)) != CA_OK ||
	    (rc = make_environment(s->user, env)) != CA_OK ||
	    (rc = start(s, &p, spawn)) != CA_OK) {
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
