#include "client/sshway.h"
#include "base/tr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JUMPS_MAX 16

void
ca_ssh_way_clear(struct ca_ssh_way *way)
{
	ca_buf_free(&way->hosts);
	ca_buf_free(&way->logins);
}

/* ---- what a name must not contain ---- */

static bool
control_byte(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/* ssh copies login and host into `(user@host) ' without escaping. */
static bool
misleads(const char *text)
{
	return control_byte(text) || strpbrk(text, "()") != NULL;
}

static enum ca_err
refuse(const struct ca_log *log, const char *what, const char *text)
{
	ca_log_err(log,
	    "ssh is not started: %-s `%s' contains a parenthesis or a control "
	    "character, which would let a server pretend to be another one",
	    what, text);
	return CA_DENIED;
}

static enum ca_err
check_host(const struct ca_log *log, const struct ca_ssh_host *host)
{
	if (host->user != NULL && misleads(host->user))
		return refuse(log, N_("the login name"), host->user);
	for (size_t i = 0; i < host->names.n; i++)
		if (misleads(host->names.v[i]))
			return refuse(log, N_("the host"), host->names.v[i]);
	if (host->twice)
		return refuse(log, N_("a value of"), host->names.v[0]);
	return CA_OK;
}

/* ---- ssh's own options ---- */

/* Options with a value, of every version; -P has one since 9.4. */
static bool
takes_value(char option, int version)
{
	return strchr("BbcDEeFIiJLlmOopQRSWw", option) != NULL ||
	       (option == 'P' && version >= 904);
}

struct options {
	const char *config; /* -F */
	bool control;       /* a control byte in one of them, or the host */
};

/* Read the options at argv[*at], and move *at past them.  False: `--' ended
 * the options. */
static bool
read_options(struct options *o, char *const *argv, size_t *at, int version)
{
	for (; argv[*at] != NULL && argv[*at][0] == '-' && argv[*at][1] != '\0';
	     ++*at) {
		const char *s = argv[*at] + 1;

		if (strcmp(s, "-") == 0) {
			++*at;
			return false;
		}
		o->control = o->control || control_byte(s);
		while (*s != '\0' && !takes_value(*s, version))
			s++;
		if (*s == '\0')
			continue;
		const char *value = s[1] != '\0' ? s + 1 : argv[++*at];

		if (value == NULL)
			return false;
		o->control = o->control || control_byte(value);
		if (*s == 'F')
			o->config = value;
	}
	return true;
}

/* As ssh reads its options: before the host, and again after it up to the
 * command, which may contain anything. */
static struct options
options_of(char *const *argv, int version)
{
	struct options o = {NULL, false};
	size_t at = 0;

	bool more = read_options(&o, argv, &at, version);
	if (argv[at] == NULL)
		return o;
	o.control = o.control || control_byte(argv[at++]);
	if (more)
		(void)read_options(&o, argv, &at, version);
	return o;
}

/* ---- the hosts ---- */

enum ca_err
ca_ssh_login_put(struct ca_buf *b, const char *login)
{
	for (; *login != '\0'; login++)
		if (*login == ';' || *login == '%')
			ca_buf_fmt(b, "%%%02X", (unsigned)*login);
		else
			ca_buf_put(b, login, 1);
	return ca_buf_err(b);
}

static enum ca_err
put_host(struct ca_ssh_way *way, const struct ca_ssh_host *host)
{
	const char *sep = "";

	for (size_t i = 0; i < host->names.n; i++) {
		if (strpbrk(host->names.v[i], ",;") != NULL)
			continue; /* no host name contains these */
		ca_buf_fmt(&way->hosts, "%s%s", sep, host->names.v[i]);
		sep = ",";
	}
	way->proxy = way->proxy || host->proxy;
	enum ca_err rc = ca_buf_err(&way->hosts);
	return rc != CA_OK          ? rc
	       : host->user != NULL ? ca_ssh_login_put(&way->logins, host->user)
				    : CA_OK;
}

/* Resolve a hop of ProxyJump as the ssh that is started for it: that ssh gets
 * the same -F, and no other option. */
static enum ca_err
resolve_hop(const char *hop, const char *config, struct ca_ssh_host *host)
{
	char flag[] = "-F", end[] = "--";
	char *plain = NULL;
	enum ca_err rc;

	/* [ssh://][user@]host[:port]; ssh takes a port in a URI only */
	if (asprintf(&plain, "%s%s",
		strncmp(hop, "ssh://", 6) == 0 ? "" : "ssh://", hop) < 0)
		return CA_ERR_MEMORY;
	char *argv[] = {flag, (char *)(uintptr_t)config, end, plain, NULL};
	rc = ca_ssh_resolve(config != NULL ? argv : argv + 2, host);
	free(plain);
	return rc;
}

static enum ca_err put_jumps(
    struct ca_ssh_way *way, const char *jump, const char *config);

/* The first hop is reached as its own configuration says, each later hop
 * through the hop before it. */
static enum ca_err
put_hop(struct ca_ssh_way *way, const char *hop, const char *config, bool first)
{
	struct ca_ssh_host host;
	enum ca_err rc = resolve_hop(hop, config, &host);

	if (rc == CA_ERR_NOT_FOUND)
		return CA_OK; /* ssh will report it; its prompts are refused */
	if (rc != CA_OK)
		return rc;
	ca_buf_str(&way->hosts, ";");
	ca_buf_str(&way->logins, ";");
	host.proxy = host.proxy && first;
	if ((rc = check_host(way->log, &host)) == CA_OK &&
	    (rc = put_host(way, &host)) == CA_OK && first && host.jump != NULL)
		rc = put_jumps(way, host.jump, config);
	ca_ssh_host_clear(&host);
	return rc;
}

/* JUMPS_MAX ends a loop of jump hosts. */
static enum ca_err
put_jumps(struct ca_ssh_way *way, const char *jump, const char *config)
{
	char *list = strdup(jump), *save = NULL;
	enum ca_err rc = list != NULL ? CA_OK : CA_ERR_MEMORY;
	bool first = true;

	for (char *hop = list != NULL ? strtok_r(list, ",", &save) : NULL;
	     hop != NULL && rc == CA_OK; hop = strtok_r(NULL, ",", &save)) {
		if (way->hops++ >= JUMPS_MAX) {
			ca_log_warning(way->log,
			    "warning: prompts of jump hosts after the first %d "
			    "are not answered",
			    JUMPS_MAX);
			break;
		}
		rc = put_hop(way, hop, config, first);
		first = false;
	}
	free(list);
	return rc;
}

enum ca_err
ca_ssh_way_find(struct ca_ssh_way *way, char *const *argv, int version,
    const struct ca_ssh_host *target)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct options o = options_of(argv, version);

	if (o.control) {
		ret = refuse(way->log, N_("an option for"), target->names.v[0]);
		goto out;
	}
	if ((rc = check_host(way->log, target)) != CA_OK ||
	    (rc = put_host(way, target)) != CA_OK ||
	    (target->jump != NULL &&
		(rc = put_jumps(way, target->jump, o.config)) != CA_OK)) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	return ret;
}
