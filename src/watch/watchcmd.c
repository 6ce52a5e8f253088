/*
 * The arguments of certauth watch.
 */
#include "watch/watch.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/tr.h"
#include "client/clientconf.h"
#include "watch/watchint.h"

#define URI_MAX 1024

/* Whoever reads what is said may be stopped, and must not stop the watch. */
static void
tell(void *ctx, enum ca_log_level level, const char *line)
{
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};

	(void)ctx;
	(void)level;
	if (poll(&p, 1, 0) == 1)
		(void)fprintf(stderr, "certauth: %s\n", line);
}

static int
watch(const char *uri, const char *name, const struct ca_log *log)
{
	struct ca_client_conf *conf = NULL;
	int only = -1, status = CA_EXIT_NO;
	enum ca_err rc = ca_client_conf_load(NULL, 0, log, &conf);

	if (rc != CA_OK)
		return CA_EXIT_USAGE;
	rc = ca_watch_only(uri, &only);
	if (rc == CA_ERR_CANCELLED) {
		ca_log(log, CA_LOG_INFO,
		    "another process watches the token %s of this session",
		    name);
		status = CA_EXIT_OK;
	} else {
		/* two that watch are better than none */
		if (rc != CA_OK)
			ca_log_warning(log,
			    "no lock file can be made in XDG_RUNTIME_DIR (%s): %m",
			    getenv("XDG_RUNTIME_DIR"));
		status = ca_watch_run(uri, name, conf->lock_command,
		    conf->insert_command, only, log);
	}
	ca_client_conf_free(conf);
	return status;
}

static int
take_option(void *ctx, const struct option *option)
{
	(void)option;
	*(const char **)ctx = optarg;
	return CA_EXIT_OK;
}

static int
run(int argc, char **argv)
{
	static const struct option options[] = {
	    {"token", required_argument, NULL, 't'}, {NULL, 0, NULL, 0}};
	struct ca_log log = ca_cli_log(false);
	struct ca_buf name = CA_BUF_INIT(4 * URI_MAX);
	const char *uri = NULL, *from = "--token";
	bool nothing = false;
	int status = ca_cli_options(
	    &ca_cmd_watch, argc, argv, options, take_option, &uri);

	log.tell = tell;
	if (status != CA_EXIT_OK)
		return status;
	if (optind < argc)
		return ca_cli_usage(
		    &ca_cmd_watch, "%s: unknown argument", argv[optind]);
	if (uri == NULL) {
		uri = getenv("CERTAUTH_TOKEN");
		from = "CERTAUTH_TOKEN";
		/* a desktop starts it for each user */
		nothing = uri == NULL || uri[0] == '\0';
	}
	if (nothing) {
		ca_log(&log, CA_LOG_INFO,
		    "nothing to watch: the login was not made with a token "
		    "(CERTAUTH_TOKEN is not set)");
		return CA_EXIT_OK;
	}
	if (!ca_text_token_uri(uri, URI_MAX))
		return ca_cli_fail(
		    "%s is not a PKCS#11 URI (pkcs11:...) of at most %d "
		    "characters of ASCII without a PIN",
		    from, URI_MAX);
	if (ca_look_check(uri, &log, &name) == CA_OK &&
	    ca_buf_text(&name) != NULL)
		status = watch(uri, ca_buf_text(&name), &log);
	else
		status = CA_EXIT_USAGE;
	ca_buf_free(&name);
	return status;
}

const struct ca_command ca_cmd_watch = {"watch",
    N_("lock the session when the token of the login is removed"),
    N_("usage: certauth watch [--token URI]\n"
       "\n"
       "Waits until the token is removed with which this session was opened\n"
       "(CERTAUTH_TOKEN), and locks the session: loginctl lock-session, or what\n"
       "lock_command of ~/.config/certauth/config says.  insert_command is run when\n"
       "the token is inserted again.  The session is never unlocked.  A token that is\n"
       "not here at the start, or of which no module tells anything, counts as removed.\n"
       "Without CERTAUTH_TOKEN and --token there is nothing to watch.\n"
       "\n"
       "  --token URI  the token (RFC 7512); certauth tokens shows the URIs\n"
       "\n"
       "The systemd unit certauth-watch.service of the user, or the desktop's\n"
       "autostart, starts it.  Only one watches a session and token.\n"
       "\n"
       "Exit status: 0 ended by a signal, nothing to watch, or already watched;\n"
       "1 error, 2 wrong arguments or configuration.\n"
       "\n"
       "Example:\n"
       "  certauth watch --token 'pkcs11:token=Card%20A'\n"),
    run, true};
