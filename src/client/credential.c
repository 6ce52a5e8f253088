/*
 * certauth credential: a credential helper of git (gitcredentials(7)).
 */
#include "client/passwordcmd.h"
#include "base/tr.h"

#include <stdlib.h>
#include <string.h>

#include "client/terminal.h"

#define LINE_MAX_BYTES 65536 /* git's own bound of a line is the same */

/* What git says about the password that it wants. */
struct wanted {
	char *protocol, *host, *username;
};

/* NAME=VALUE; names that are not known here are ignored, as git asks. */
static enum ca_err
take_line(struct wanted *w, const char *line)
{
	const struct {
		const char *name;
		char **value;
	} known[] = {{"protocol=", &w->protocol}, {"host=", &w->host},
	    {"username=", &w->username}};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		size_t len = strlen(known[i].name);

		if (strncmp(line, known[i].name, len) != 0)
			continue;
		free(*known[i].value);
		*known[i].value = strdup(line + len);
		if (*known[i].value == NULL)
			return CA_ERR_MEMORY;
	}
	return CA_OK;
}

/* host:port, [address]:port */
static void
cut_port(char *host)
{
	size_t end = strcspn(host, host[0] == '[' ? "]" : ":");

	if (host[0] == '[' && host[end] == ']')
		memmove(host, host + 1, --end);
	host[end] = '\0';
}

/* Up to an empty line, or the end. */
static enum ca_err
read_wanted(struct wanted *w)
{
	enum ca_err rc = CA_OK;
	bool more = true;

	while (rc == CA_OK && more) {
		struct ca_buf line = CA_BUF_INIT(LINE_MAX_BYTES);

		rc = ca_terminal_stdin_line(NULL, &line);
		more = rc == CA_OK && line.len > 0;
		if (more)
			rc = ca_buf_text(&line) != NULL
				 ? take_line(w, ca_buf_text(&line))
				 : CA_ERR_MEMORY;
		ca_buf_free(&line);
	}
	if (w->host != NULL)
		cut_port(w->host);
	return rc == CA_ERR_NOT_FOUND ? CA_OK : rc;
}

static bool
fits(const struct wanted *w, const struct ca_client_conf *conf)
{
	return conf->host != NULL && conf->service != NULL &&
	       ca_host_equal(conf->host, w->host) &&
	       (w->username == NULL || conf->user == NULL ||
		   strcmp(w->username, conf->user) == 0);
}

/* The section [service NAME] for that host and login, of all or, if only is not NULL, of
 * that name; NULL: none.  Of two, none: a password for the mail server is nothing for the
 * web server of the same host. */
static enum ca_err
find_section(const struct wanted *w, const struct ca_log *log,
    const struct ca_list *services, const char *only, const char **out)
{
	for (size_t i = 0; i < services->n; i++) {
		const char *name = services->v[i];
		struct ca_client_conf *conf = NULL;

		if (only != NULL && strcmp(name, only) != 0)
			continue;
		enum ca_err rc =
		    ca_client_conf_load_service(name, NULL, log, &conf);
		if (rc != CA_OK)
			return rc;
		bool fit = fits(w, conf);
		ca_client_conf_free(conf);
		if (!fit)
			continue;
		if (*out != NULL) {
			ca_log_err(log,
			    "host %s is in [service %s] and [service %s]; name "
			    "one: helper = !certauth credential %s",
			    w->host, *out, name, name);
			return CA_ERR_USAGE;
		}
		*out = name;
	}
	return CA_OK;
}

static enum ca_err
answer(const struct wanted *w, const char *section)
{
	struct ca_password_order o = {
	    .log = ca_cli_log(false), .section = section, .user = w->username};

	/* an address in a repository, or a redirect, may have made it so */
	if (w->protocol == NULL || strcmp(w->protocol, "https") != 0) {
		ca_log_err(&o.log,
		    "no password for %s: git would send it without "
		    "encryption, or to another kind of server; use https://",
		    w->host);
		return CA_OK;
	}
	struct ca_buf text = CA_BUF_INIT(CA_PASSWORD_TEXT_MAX);
	enum ca_err rc = ca_password_order(&o, &text);
	if (rc == CA_OK && (printf("username=%s\npassword=%s\n", o.login,
				ca_buf_text(&text)) < 0 ||
			       fflush(stdout) != 0))
		rc = CA_ERR_IO;
	ca_buf_free(&text);
	ca_password_order_clear(&o);
	return rc;
}

static int
run(int argc, char **argv)
{
	struct wanted w = {NULL, NULL, NULL};
	struct ca_list services = {NULL, 0};
	struct ca_log log = ca_cli_log(false);
	const char *section = NULL;
	enum ca_err rc;

	if (argc != 2 && argc != 3)
		return ca_cli_usage(
		    &ca_cmd_credential, "give one of get, store, erase");
	/* a password that is used once is not worth keeping */
	if (strcmp(argv[argc - 1], "get") != 0)
		return CA_EXIT_OK;
	const char *only = argc == 3 ? argv[1] : NULL;
	ca_cli_keep_memory();
	rc = read_wanted(&w);
	if (rc == CA_OK && w.host != NULL)
		rc = ca_client_conf_services(&log, &services);
	if (rc == CA_OK && w.host != NULL)
		rc = find_section(&w, &log, &services, only, &section);
	if (rc == CA_OK && section != NULL)
		rc = answer(&w, section);
	ca_client_names_clear(&services);
	free(w.protocol);
	free(w.host);
	free(w.username);
	/* without a section, git asks elsewhere */
	return rc == CA_OK ? CA_EXIT_OK : CA_EXIT_NO;
}

const struct ca_command ca_cmd_credential = {"credential",
    N_("give git a signed password (a credential helper)"),
    N_("usage: certauth credential get|store|erase\n"
       "       certauth credential SECTION get|store|erase\n"
       "\n"
       "Git starts this command, see gitcredentials(7).  In ~/.gitconfig:\n"
       "\n"
       "    [credential]\n"
       "        helper = !certauth credential\n"
       "\n"
       "A request for a host that a section [service NAME] of\n"
       "~/.config/certauth/config has gets a signed password; any other gets nothing,\n"
       "and git asks elsewhere.  If several have the host, the helper names one:\n"
       "!certauth credential SECTION.  Git sends the same password with each request,\n"
       "so the host needs password_use = window for this service.\n"),
    run, true};
