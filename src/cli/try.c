#include "cli/try.h"
#include "base/tr.h"
#include "cli/commands.h"

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "channel/pieces.h"

#define TRANSCRIPT_MAX ((size_t)1 << 20)

static const char help[] =
    "usage: certauth try [OPTIONS] SERVICE [USER]\n"
    "\n"
    "Log in to a PAM service of this machine as an application would.  The prompts\n"
    "are answered with your certificate and key.  The output shows the log messages\n"
    "of all modules, the results of pam_authenticate and pam_acct_mgmt, and the\n"
    "environment of the session.  No session is opened.  Compare `openssl s_client\n"
    "-cert -key' for a TLS server.  Run this command as root to test sshd or login,\n"
    "or as the user to test a screen locker.\n"
    "\n"
    "  --cert FILE --key KEY | --p12 FILE | --registered   see `certauth sign';\n"
    "                   the defaults are in ~/.config/certauth/config\n"
    "  --rhost HOST     simulate a login from this host\n"
    "  --pam-dir DIR    read the service's file in DIR instead of /etc/pam.d\n"
    "  --no-account     call only pam_authenticate\n"
    "  --json\n"
    "\n"
    "Exit status: 0 both calls returned PAM_SUCCESS, 1 denied, 2 error.\n"
    "\n"
    "Example:\n"
    "  certauth try --cert alice.pem --key alice.key sshd alice\n";

static int run(int argc, char **argv);

const struct ca_command ca_cmd_try = {"try",
    N_("log in to a PAM service of this machine, and show the result"), help,
    run};

/* ---- output ---- */

static void
on_log(void *ctx, const char *line)
{
	struct ca_try *t = ctx;

	ca_try_say(t, "log    ", line);
	if (t->logged.len > 0)
		ca_buf_str(&t->logged, ",");
	ca_buf_json(&t->logged, line, strlen(line));
}

static const char *
code_name(int code)
{
	static const struct {
		int code;
		const char *name;
	} names[] = {
#define NAME(c) {c, #c}
	    NAME(PAM_SUCCESS),
	    NAME(PAM_OPEN_ERR),
	    NAME(PAM_SYMBOL_ERR),
	    NAME(PAM_SERVICE_ERR),
	    NAME(PAM_SYSTEM_ERR),
	    NAME(PAM_BUF_ERR),
	    NAME(PAM_PERM_DENIED),
	    NAME(PAM_AUTH_ERR),
	    NAME(PAM_CRED_INSUFFICIENT),
	    NAME(PAM_AUTHINFO_UNAVAIL),
	    NAME(PAM_USER_UNKNOWN),
	    NAME(PAM_MAXTRIES),
	    NAME(PAM_NEW_AUTHTOK_REQD),
	    NAME(PAM_ACCT_EXPIRED),
	    NAME(PAM_CONV_ERR),
	    NAME(PAM_IGNORE),
	    NAME(PAM_ABORT),
	    NAME(PAM_MODULE_UNKNOWN),
	    NAME(PAM_CONV_AGAIN),
	    NAME(PAM_INCOMPLETE),
#undef NAME
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].code == code)
			return names[i].name;
	return "unknown PAM code";
}

/* ---- the transaction ---- */

static void
print_result(struct ca_try *t, pam_handle_t *pamh)
{
	struct ca_buf b = CA_BUF_INIT(2 * TRANSCRIPT_MAX);
	char **env = pam_getenvlist(pamh);
	const void *user = NULL;
	const char *text;

	(void)pam_get_item(pamh, PAM_USER, &user);
	ca_buf_fmt(&b, "{\"authenticate\":\"%s\",\"account\":\"%s\"",
	    code_name(t->auth),
	    t->account_ran ? code_name(t->account) : "not run");
	if (user != NULL) {
		ca_try_say(t, "user   ", user);
		ca_buf_str(&b, ",\"user\":");
		ca_buf_json(&b, user, strlen(user));
	}
	ca_buf_str(&b, ",\"environment\":[");
	for (size_t i = 0; env != NULL && env[i] != NULL; i++) {
		ca_try_say(t, "session", env[i]);
		ca_buf_str(&b, i > 0 ? "," : "");
		ca_buf_json(&b, env[i], strlen(env[i]));
		free(env[i]);
	}
	free(env);
	ca_buf_str(&b, "],\"log\":[");
	ca_buf_put(&b, t->logged.p, t->logged.len);
	ca_buf_str(&b, "]}");
	if (t->json && (text = ca_buf_text(&b)) != NULL)
		(void)puts(text);
	ca_buf_free(&b);
}

static void
call(struct ca_try *t, const char *name, int code, pam_handle_t *pamh)
{
	struct ca_buf b = CA_BUF_INIT(4096);

	ca_buf_fmt(&b, "%s (%s)", code_name(code), pam_strerror(pamh, code));
	ca_try_say(t, name, ca_buf_text(&b) != NULL ? ca_buf_text(&b) : "");
	ca_buf_free(&b);
}

static int
transaction(struct ca_try *t)
{
	const struct pam_conv conv = {ca_try_converse, t};
	pam_handle_t *pamh = NULL;
	int code = t->pam_dir != NULL
		       ? pam_start_confdir(
			     t->service, t->user, &conv, t->pam_dir, &pamh)
		       : pam_start(t->service, t->user, &conv, &pamh);

	if (code != PAM_SUCCESS)
		return ca_cli_fail("pam_start returned %s", code_name(code));
	if (t->rhost != NULL)
		code = pam_set_item(pamh, PAM_RHOST, t->rhost);
	ca_trylog_begin(on_log, t);
	t->auth = t->account =
	    code == PAM_SUCCESS ? pam_authenticate(pamh, 0) : code;
	call(t, "pam_authenticate", t->auth, pamh);
	if (t->auth == PAM_SUCCESS && !t->no_account) {
		t->account_ran = true;
		t->account = pam_acct_mgmt(pamh, 0);
		call(t, "pam_acct_mgmt", t->account, pamh);
	}
	ca_trylog_end();
	print_result(t, pamh);
	(void)pam_end(pamh, t->account);
	if (fflush(stdout) != 0)
		return ca_cli_fail("cannot write to standard output");
	return t->account == PAM_SUCCESS ? CA_EXIT_OK : CA_EXIT_NO;
}

/* libpam silently uses the service "other" if the file of the service does not
 * exist. */
static void
look_for_service(const struct ca_try *t)
{
	const char *const dirs[] = {
	    t->pam_dir != NULL ? t->pam_dir : "/etc/pam.d",
	    t->pam_dir != NULL ? NULL : "/usr/lib/pam.d"};
	char path[PATH_MAX];

	for (size_t i = 0; i < 2 && dirs[i] != NULL; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dirs[i], t->service);
		if (access(path, F_OK) == 0)
			return;
	}
	(void)ca_cli_fail(
	    "there is no %s/%s, so libpam uses the service `other'; `certauth doctor' lists the services that use pam_certauth",
	    dirs[0], t->service);
}

/* ---- options ---- */

enum {
	OPT_CERT = 256,
	OPT_KEY,
	OPT_P12,
	OPT_REGISTERED,
	OPT_RHOST,
	OPT_PAM_DIR,
	OPT_NO_ACCOUNT,
	OPT_JSON,
};

static const struct option options[] = {
    {"cert", required_argument, NULL, OPT_CERT},
    {"key", required_argument, NULL, OPT_KEY},
    {"p12", required_argument, NULL, OPT_P12},
    {"registered", no_argument, NULL, OPT_REGISTERED},
    {"rhost", required_argument, NULL, OPT_RHOST},
    {"pam-dir", required_argument, NULL, OPT_PAM_DIR},
    {"no-account", no_argument, NULL, OPT_NO_ACCOUNT},
    {"json", no_argument, NULL, OPT_JSON},
    {NULL, 0, NULL, 0},
};

static void
one_option(struct ca_try *t, int c)
{
	switch (c) {
	case OPT_CERT:
		t->cert = optarg;
		break;
	case OPT_KEY:
		t->key = optarg;
		break;
	case OPT_P12:
		t->p12 = optarg;
		break;
	case OPT_REGISTERED:
		t->registered = true;
		break;
	case OPT_RHOST:
		t->rhost = optarg;
		break;
	case OPT_PAM_DIR:
		t->pam_dir = optarg;
		break;
	case OPT_NO_ACCOUNT:
		t->no_account = true;
		break;
	default:
		t->json = true;
	}
}

static int
parse_args(struct ca_try *t, int argc, char **argv)
{
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?' || c == ':')
			return ca_cli_bad_option(&ca_cmd_try, argv);
		one_option(t, c);
	}
	if (argc - optind < 1 || argc - optind > 2)
		return ca_cli_usage(&ca_cmd_try,
		    "the arguments are SERVICE, and optionally USER");
	t->service = argv[optind];
	t->user = argv[optind + 1]; /* NULL: not given */
	if (t->service[0] == '\0' || strchr(t->service, '/') != NULL)
		return ca_cli_usage(&ca_cmd_try,
		    "%s is not a valid name of a PAM service", t->service);
	return CA_EXIT_OK;
}

static enum ca_err
prepare(struct ca_try *t)
{
	struct ca_client *c = &t->client;
	struct ca_list *local = ca_client_local_names();
	enum ca_err rc = CA_ERR_MEMORY;

	if (local != NULL)
		rc = ca_client_conf_load(
		    (const char *const *)local->v, local->n, &t->log, &c->conf);
	ca_client_names_free(local);
	if (rc == CA_OK)
		rc = ca_client_conf_options(
		    c->conf, t->cert, t->key, t->p12, t->registered);
	if (rc != CA_OK)
		return rc;
	ca_ask_configure(&c->ask, c->conf->askpass);
	return ca_crypto_new(&c->crypto);
}

static int
run(int argc, char **argv)
{
	struct ca_try t = {.log = ca_cli_log(false),
	    .response = CA_BUF_INIT(CA_RESPONSE_CHARS_MAX),
	    .logged = CA_BUF_INIT(TRANSCRIPT_MAX)};
	int status = parse_args(&t, argc, argv);

	t.client.log = &t.log;
	if (status == CA_EXIT_OK && prepare(&t) != CA_OK)
		status = CA_EXIT_USAGE;
	if (status == CA_EXIT_OK) {
		look_for_service(&t);
		status = transaction(&t);
		if (status == CA_EXIT_NO)
			(void)fprintf(stderr,
			    "To check the certificate, run: certauth explain --service SERVICE --user USER CERT\nTo check the set-up, run: certauth doctor\n");
	}
	ca_client_conf_free(t.client.conf);
	ca_crypto_free(t.client.crypto);
	ca_buf_free(&t.response);
	ca_buf_free(&t.logged);
	free(t.request);
	return status;
}
