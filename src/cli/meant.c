#include "cli/meant.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/rules.h"
#include "cli/ssh.h"
#include "cli/sshinfo.h"

static bool
called_by_ssh(void)
{
	char path[64], name[32] = "";

	(void)snprintf(path, sizeof path, "/proc/%ld/comm", (long)getppid());
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, name, sizeof name - 1);
	(void)close(fd);
	return n > 0 && strcmp(name, "ssh\n") == 0;
}

/* Split one set of `certauth ssh': NAME,NAME */
static enum ca_err
add_set(struct ca_list *names, const char *set, size_t len)
{
	const char *end = set + len;
	enum ca_err rc = CA_OK;

	while (set < end && rc == CA_OK) {
		size_t n = strcspn(set, ",;");
		char *name = strndup(set, n);

		rc = name != NULL ? ca_client_names_add(names, name)
				  : CA_ERR_MEMORY;
		free(name);
		set += n + 1;
	}
	return rc;
}

static bool
has(const struct ca_list *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (ca_host_equal(names->v[i], name))
			return true;
	return false;
}

/* The names of the host that ssh calls host; alone those, where it is not one
 * that `certauth ssh' resolved: a jump host asks with its own. */
static enum ca_err
names_of(struct ca_meant *m, const char *sets, const char *host)
{
	enum ca_err rc = CA_OK;

	for (const char *s = sets; s != NULL && rc == CA_OK;) {
		size_t len = strcspn(s, ";");

		rc = add_set(m->names, s, len);
		if (rc != CA_OK || has(m->names, host))
			break;
		ca_client_names_clear(m->names);
		s = s[len] == ';' ? s + len + 1 : NULL;
	}
	return rc == CA_OK ? ca_client_names_add(m->names, host) : rc;
}

/* This ssh itself wrote the `(user@host) ' at the start. */
static bool
prefix_trusted(void)
{
	const char *told = getenv(CA_ENV_PREFIX);

	if (told != NULL)
		return strcmp(told, "1") == 0;
	return ca_ssh_version() >= CA_SSH_PREFIX_SINCE;
}

/* An ssh before 8.5: what `certauth ssh' was told, unless there are jump
 * hosts, whose prompts look like those of the target. */
static enum ca_err
meant_by_old_ssh(struct ca_meant *m, const char *sets)
{
	const char *user = getenv(CA_ENV_USER);

	if (sets == NULL || strchr(sets, ';') != NULL) {
		ca_log_err(m->log,
		    "not signed: this ssh is older than "
		    "OpenSSH 8.5 and does not say which host asks; %-s",
		    sets == NULL ? "use `certauth ssh' instead of ssh"
				 : "with jump hosts a newer one is needed");
		return CA_DENIED;
	}
	if (user != NULL && (m->user = strdup(user)) == NULL)
		return CA_ERR_MEMORY;
	return add_set(m->names, sets, strlen(sets));
}

static enum ca_err
meant_here(struct ca_meant *m)
{
	ca_client_names_free(m->names);
	m->names = ca_client_local_names();
	m->here = true;
	return m->names != NULL ? CA_OK : CA_ERR_MEMORY;
}

enum ca_err
ca_meant_find(struct ca_meant *m)
{
	const char *sets = getenv(CA_ENV_HOSTS);
	char *host = NULL;
	enum ca_err rc;

	if ((m->names = calloc(1, sizeof *m->names)) == NULL)
		return CA_ERR_MEMORY;
	rc = ca_rules_prefix(m->text, &m->user, &host);
	if (rc == CA_OK && prefix_trusted()) {
		rc = names_of(m, sets, host);
	} else if (rc == CA_OK || (rc == CA_ERR_NOT_FOUND &&
				      (called_by_ssh() || sets != NULL))) {
		/* what stands there, the server may have written */
		free(m->user);
		m->user = NULL;
		if (prefix_trusted()) {
			ca_log_err(m->log, "not signed: ssh did not say which "
					   "host asks");
			rc = CA_DENIED;
		} else {
			rc = meant_by_old_ssh(m, sets);
		}
	} else if (rc == CA_ERR_NOT_FOUND) {
		rc = meant_here(m);
	}
	free(host);
	return rc;
}

void
ca_meant_clear(struct ca_meant *m)
{
	ca_client_names_free(m->names);
	free(m->user);
	m->names = NULL;
	m->user = NULL;
}
