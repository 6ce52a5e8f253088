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

#include "base/bounds.h"
#include "base/buf.h"
#include "base/text.h"
#include "channel/session.h"
#include "confine/program.h"

#define GROUPS_MAX 65536
#define OWN_ENV 5 /* variables of every helper */
#define ENV_MAX (OWN_ENV + CA_HELPER_ENV_MAX + 1)

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

/* NAME=VALUE, to be freed with free(); NULL: no memory. */
static char *
variable(const char *name, const char *value)
{
	struct ca_buf b = CA_BUF_INIT(8192);
	char *text;

	ca_buf_fmt(&b, "%s=%s", name, value);
	text = ca_buf_take(&b, NULL);
	ca_buf_free(&b);
	return text;
}

/* The value of a variable in the user's environment, or NULL. */
static const char *
value_of(const struct ca_channel_session *s, const char *name)
{
	const char *value = s->user->environment ? getenv(name) : NULL;

	if (value == NULL || ca_text_ascii(value, CA_HELPER_VALUE_MAX))
		return value;
	ca_log_debug(s->log,
	    "the helper does not get the variable %s: its value has not 1 to %d "
	    "characters of ASCII",
	    name, CA_HELPER_VALUE_MAX);
	return NULL;
}

/* Each string of v is to be freed with free(), also on failure. */
static enum ca_err
make_environment(const struct ca_channel_session *s, char *v[ENV_MAX])
{
	const char *const own[OWN_ENV][2] = {{"HOME", s->user->home},
	    {"USER", s->user->name}, {"LOGNAME", s->user->name},
	    {"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"LC_ALL", "C.UTF-8"}};
	size_t n = 0;

	if (s->set->nhelper_env > CA_HELPER_ENV_MAX)
		return CA_ERR_LIMIT;
	for (; n < OWN_ENV; n++) {
		if ((v[n] = variable(own[n][0], own[n][1])) == NULL)
			return CA_ERR_MEMORY;
	}
	for (size_t i = 0; i < s->set->nhelper_env; i++) {
		const char *item = s->set->helper_env[i], *value = NULL;
		bool whole = strchr(item, '=') != NULL;

		if (!whole && (value = value_of(s, item)) == NULL)
			continue;
		v[n] = whole ? strdup(item) : variable(item, value);
		if (v[n++] == NULL)
			return CA_ERR_MEMORY;
	}
	return CA_OK;
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
	    (rc = make_environment(s, env)) != CA_OK ||
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
