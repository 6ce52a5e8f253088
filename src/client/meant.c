#include "client/meant.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/tr.h"
#include "client/starter.h"
#include "client/client.h"
#include "client/rules.h"
#include "client/ssh.h"
#include "client/sshway.h"

/* ---- which program asks ---- */

/* The name under which the ssh that may ask was started.  The kernel cuts the
 * names of programs to this length. */
static void
ssh_name(char name[CA_CALLER_NAME_MAX + 1])
{
	const char *path =
	    getenv(CA_ENV_HOSTS) != NULL ? ca_ssh_program() : "ssh";
	const char *slash = strrchr(path, '/');

	(void)snprintf(name, CA_CALLER_NAME_MAX + 1, "%s",
	    slash != NULL ? slash + 1 : path);
}

static bool
is_sudo(const struct ca_caller *caller)
{
	return strcmp(caller->name, "sudo") == 0 ||
	       strcmp(caller->name, "sudoedit") == 0;
}

/* The text of any program may contain a request of this machine's su or of
 * another host; only for ssh and sudo is it known what they show. */
static enum ca_err
refuse_caller(
    const struct ca_log *log, const struct ca_caller *caller, const char *ssh)
{
	if (is_sudo(caller))
		ca_log_err(log,
		    "not signed: rule 1, the host: a program named `%s' asks, "
		    "but it does not run as root, so it is not sudo",
		    caller->name);
	else
		ca_log_err(log,
		    "not signed: rule 1, the host: `%s' asks, but only %s or "
		    "sudo may ask. If `%s' is a script that calls "
		    "certauth-askpass, use `exec' in it; else answer with "
		    "`certauth sign --pieces'",
		    caller->name, ssh, caller->name);
	return CA_DENIED;
}

/* ---- what `certauth ssh' resolved ---- */

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

/* user is the n-th of the logins as `certauth ssh' wrote them; an empty one
 * matches any user, because ssh did not say the login. */
static bool
login_is(const char *logins, size_t n, const char *user)
{
	struct ca_buf own = CA_BUF_INIT(4096);
	bool same = false;

	for (; logins != NULL && n > 0; n--) {
		logins = strchr(logins, ';');
		logins += logins != NULL;
	}
	if (logins != NULL && ca_ssh_login_put(&own, user) == CA_OK) {
		size_t len = strcspn(logins, ";");

		same = len == 0 ||
		       (len == own.len && memcmp(logins, own.p, len) == 0);
	}
	ca_buf_free(&own);
	return same;
}

/* Find the host that ssh calls host among those that `certauth ssh' resolved,
 * with the right login, and keep its names. */
static enum ca_err
names_of(struct ca_meant *m, const char *sets, const char *host)
{
	const char *logins = getenv(CA_ENV_USER);
	enum ca_err rc = CA_OK;
	bool known = false;
	size_t n = 0;

	for (const char *s = sets; s != NULL; n++) {
		size_t len = strcspn(s, ";");

		if ((rc = add_set(m->names, s, len)) != CA_OK)
			return rc;
		known = known || has(m->names, host);
		if (has(m->names, host) &&
		    (logins == NULL || login_is(logins, n, m->user)))
			return CA_OK;
		ca_client_names_clear(m->names);
		s = s[len] == ';' ? s + len + 1 : NULL;
	}
	/* the command of a ProxyCommand may run another ssh, which asks */
	if (!known && getenv(CA_ENV_PROXY) != NULL)
		return ca_client_names_add(m->names, host);
	if (known)
		ca_log_err(m->log,
		    "not signed: rule 2, the login: ssh asks for the login %s "
		    "at %s, but `certauth ssh' was started for another login",
		    m->user, host);
	else
		ca_log_err(m->log,
		    "not signed: rule 1, the host: ssh asks for the login %s "
		    "at %s, which is neither the host that `certauth ssh' was "
		    "started for nor a jump host before it",
		    m->user, host);
	return CA_DENIED;
}

/* ---- ssh ---- */

/* This version of ssh writes `(user@host) ' at the start. */
static bool
prefix_trusted(void)
{
	const char *told = getenv(CA_ENV_PREFIX);

	if (told != NULL)
		return strcmp(told, "1") == 0;
	return ca_ssh_version() >= CA_SSH_PREFIX_SINCE;
}

/* An ssh before 8.5: the host is the one that `certauth ssh' was started for,
 * unless there are jump hosts, whose prompts look like those of the target. */
static enum ca_err
meant_by_old_ssh(struct ca_meant *m, const char *sets)
{
	const char *user = getenv(CA_ENV_USER);

	if (sets == NULL || strchr(sets, ';') != NULL) {
		ca_log_err(m->log,
		    "not signed: rule 1, the host: this ssh is older than "
		    "OpenSSH 8.5 and does not say which host asks; %-s",
		    sets == NULL ? N_("use `certauth ssh' instead of ssh")
				 : N_("jump hosts need OpenSSH 8.5 or later"));
		return CA_DENIED;
	}
	if (user != NULL && (m->user = strdup(user)) == NULL)
		return CA_ERR_MEMORY;
	return add_set(m->names, sets, strlen(sets));
}

static int
octal(const char *s)
{
	for (int i = 1; i <= 3; i++)
		if (s[0] != '\\' || s[i] < '0' || s[i] > '7')
			return 0;
	return (s[1] - '0') * 64 + (s[2] - '0') * 8 + s[3] - '0';
}

/*
 * Without a UTF-8 locale, ssh writes each byte beyond ASCII as \ooo, and leaves
 * a backslash as it is.  Read such bytes if they make text; CORP\303 is text
 * already.
 */
static enum ca_err
read_escapes(char **text)
{
	char *read = strdup(*text), *to = read;

	if (read == NULL)
		return CA_ERR_MEMORY;
	for (const char *s = *text; *s != '\0';) {
		int byte = octal(s);
		bool escaped = byte >= 0x80 && byte <= 0xff;

		*to++ = escaped ? (char)(unsigned char)byte : *s;
		s += escaped ? 4 : 1;
	}
	*to = '\0';
	if (!ca_utf8_text(read, strlen(read))) {
		free(read);
		return CA_OK;
	}
	free(*text);
	*text = read; /* transferred */
	return CA_OK;
}

static enum ca_err
meant_by_ssh(struct ca_meant *m)
{
	const char *sets = getenv(CA_ENV_HOSTS);
	char *host = NULL;
	enum ca_err rc;

	if (!prefix_trusted())
		return meant_by_old_ssh(m, sets);
	rc = ca_rules_ssh_text(
	    m->text, m->prompt->start, m->prompt->end, &m->user, &host);
	if (rc == CA_ERR_NOT_FOUND) {
		ca_log_err(m->log, "not signed: rule 1, the host: "
				   "ssh did not say which host asks");
		rc = CA_DENIED;
	} else if (rc == CA_DENIED) {
		ca_log_err(m->log,
		    "not signed: rule 1, the host: the text seems to come from "
		    "%s, but it contains more than whole lines before the "
		    "prompt, so it may come from another host",
		    host);
	} else if (rc == CA_OK && (rc = read_escapes(&m->user)) == CA_OK &&
		   (rc = read_escapes(&host)) == CA_OK) {
		rc = sets != NULL ? names_of(m, sets, host)
				  : ca_client_names_add(m->names, host);
	}
	free(host);
	return rc;
}

/* ---- sudo ---- */

static enum ca_err
meant_here(struct ca_meant *m)
{
	/* sudo adds nothing, so any other text comes from elsewhere */
	if (m->prompt->start != 0 ||
	    !ca_rules_prompt_ends(m->text, m->prompt->end)) {
		ca_log_err(m->log,
		    "not signed: rule 1, the host: sudo asks, but "
		    "its text contains more than the prompt of "
		    "certauth");
		return CA_DENIED;
	}
	ca_client_names_free(m->names);
	m->names = ca_client_local_names();
	m->here = true;
	return m->names != NULL ? CA_OK : CA_ERR_MEMORY;
}

enum ca_err
ca_meant_find(struct ca_meant *m)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	char ssh[CA_CALLER_NAME_MAX + 1];
	struct ca_caller caller;

	if ((m->names = calloc(1, sizeof *m->names)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = ca_caller_find(m->log, &caller)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ssh_name(ssh);
	if (is_sudo(&caller) && caller.root)
		rc = meant_here(m);
	else if (strcmp(caller.name, ssh) == 0)
		rc = meant_by_ssh(m);
	else
		rc = refuse_caller(m->log, &caller, ssh);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	return ret;
}

enum ca_asker
ca_meant_asker(const struct ca_log *log)
{
	char ssh[CA_CALLER_NAME_MAX + 1];
	struct ca_caller caller;

	if (ca_caller_find(log, &caller) != CA_OK)
		return CA_ASKER_OTHER;
	ssh_name(ssh);
	if (caller.root && is_sudo(&caller))
		return CA_ASKER_SUDO;
	return strcmp(caller.name, ssh) == 0 ? CA_ASKER_SSH : CA_ASKER_OTHER;
}

void
ca_meant_clear(struct ca_meant *m)
{
	ca_client_names_free(m->names);
	free(m->user);
	m->names = NULL;
	m->user = NULL;
}
