#include "cli/explain.h"
#include "cli/commands.h"
#include "base/file.h"
#include "base/tr.h"
#include "tool/pamfile.h"

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: certauth explain [OPTIONS] CERT.pem\n"
    "\n"
    "Show whether a login with this certificate would be granted, and why: each\n"
    "check, the certification path with the CRLs used for each certificate, every\n"
    "rule of the users file, and the PAM code.  No login takes place and no key is\n"
    "used, so the signature is not checked; `certauth try' makes a real login.\n"
    "CERT.pem may also contain intermediates after the certificate.\n"
    "\n"
    "  --service S        PAM service: its section of the configuration, and\n"
    "                     the module's arguments in /etc/pam.d/S\n"
    "  --user U           the login; default: the login that the certificate maps to\n"
    "  --rhost H          the host that the login comes from; default: this host\n"
    "  --config FILE      use only this configuration, without /etc/pam.d\n"
    "  --pam-dir DIR      use DIR instead of /etc/pam.d\n"
    "  --intermediates FILE, --ocsp FILE   further certificates; OCSP responses\n"
    "  --time 2026-11-24T12:00:00Z   use this time instead of the current time\n"
    "  --json, --debug\n"
    "\n"
    "Exit status: 0 would be granted, 1 would be denied, 2 error.\n"
    "\n"
    "Example:\n"
    "  certauth explain --service sshd --user alice alice.pem\n";

static int run(int argc, char **argv);

const struct ca_command ca_cmd_explain = {
    "explain", N_("show why a login would be granted or denied"), help, run};

enum {
	OPT_SERVICE = 256,
	OPT_USER,
	OPT_RHOST,
	OPT_CONFIG,
	OPT_PAM_DIR,
	OPT_INTERMEDIATES,
	OPT_OCSP,
	OPT_TIME,
	OPT_JSON,
	OPT_DEBUG,
};

static const struct option options[] = {
    {"service", required_argument, NULL, OPT_SERVICE},
    {"user", required_argument, NULL, OPT_USER},
    {"rhost", required_argument, NULL, OPT_RHOST},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"pam-dir", required_argument, NULL, OPT_PAM_DIR},
    {"intermediates", required_argument, NULL, OPT_INTERMEDIATES},
    {"ocsp", required_argument, NULL, OPT_OCSP},
    {"time", required_argument, NULL, OPT_TIME},
    {"json", no_argument, NULL, OPT_JSON},
    {"debug", no_argument, NULL, OPT_DEBUG},
    {NULL, 0, NULL, 0},
};

struct args {
	const char *config, *pam_dir, *intermediates;
	struct ca_presented_ocsp ocsp;
	bool json, debug;
};

static int
one_option(struct args *a, struct ca_explain *e, int c)
{
	long long t;

	switch (c) {
	case OPT_SERVICE:
		e->peer.service = optarg;
		break;
	case OPT_USER:
		e->peer.user = optarg;
		break;
	case OPT_RHOST:
		e->peer.rhost = optarg;
		break;
	case OPT_CONFIG:
		a->config = optarg;
		break;
	case OPT_PAM_DIR:
		a->pam_dir = optarg;
		break;
	case OPT_INTERMEDIATES:
		a->intermediates = optarg;
		break;
	case OPT_OCSP:
		if (!ca_presented_add(&a->ocsp, optarg))
			return ca_cli_usage(&ca_cmd_explain, "too many --ocsp");
		break;
	case OPT_TIME:
		if (ca_cli_time(optarg, &t) != CA_OK)
			return ca_cli_usage(&ca_cmd_explain,
			    "--time %s is not a time in the format of RFC 3339, such as 2026-11-24T12:00:00Z",
			    optarg);
		e->now = (time_t)t;
		break;
	case OPT_JSON:
		a->json = true;
		break;
	default:
		a->debug = true;
	}
	return CA_EXIT_OK;
}

static int
parse_args(struct args *a, struct ca_explain *e, int argc, char **argv)
{
	int c, status;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?' || c == ':')
			return ca_cli_bad_option(&ca_cmd_explain, argv);
		if ((status = one_option(a, e, c)) != CA_EXIT_OK)
			return status;
	}
	if (argc - optind != 1)
		return ca_cli_usage(
		    &ca_cmd_explain, "exactly one certificate file is needed");
	e->cert = argv[optind];
	return CA_EXIT_OK;
}

/* ---- the configuration, as the module would have it ---- */

struct found {
	char *argv[CA_PAM_ARGS_MAX];
	int argc;
	char *where;
};

static void
take_line(void *ctx, const struct ca_pam_line *line)
{
	struct found *f = ctx;

	if (f->where != NULL || strcasecmp(line->type, "auth") != 0 ||
	    !ca_pamfile_is_ours(line))
		return;
	if (asprintf(&f->where, "%s:%u", line->file, line->number) < 0) {
		f->where = NULL;
		return;
	}
	for (int i = 0; i < line->argc; i++)
		if ((f->argv[f->argc] = strdup(line->argv[i])) != NULL)
			f->argc++;
}

static enum ca_err
load(const struct args *a, struct ca_explain *e, const struct ca_log *log)
{
	const char *dir = a->pam_dir != NULL ? a->pam_dir : "/etc/pam.d";
	struct found f = {.argc = 0};
	char full[PATH_MAX];
	enum ca_err rc = CA_OK;

	if (a->config != NULL) {
		if (realpath(a->config, full) == NULL) {
			ca_log_err(log, "%s: %m", a->config);
			return CA_ERR_CONFIG;
		}
		if (asprintf(&f.argv[0], "config=%s", full) < 0)
			return CA_ERR_MEMORY;
		f.argc = 1;
	} else if (e->peer.service[0] != '\0' &&
		   strchr(e->peer.service, '/') == NULL) {
		rc = ca_pamfile_walk(dir, e->peer.service, true, take_line, &f);
	}
	(void)rc; /* a service without a file has no arguments */
	if (a->config == NULL)
		rc =
		    asprintf(&e->source, "%s%s%s",
			CA_SYSCONFDIR "/certauth.conf",
			f.where != NULL ? " and the arguments at "
			: e->peer.service[0] == '\0'
			    ? ""
			    : "; the service has no auth line with pam_certauth.so",
			f.where != NULL ? f.where : "") < 0
			? CA_ERR_MEMORY
			: CA_OK;
	else
		rc = (e->source = strdup(full)) == NULL ? CA_ERR_MEMORY : CA_OK;
	if (rc == CA_OK)
		rc = ca_config_load(f.argc, (const char **)f.argv,
		    e->peer.service, log, &e->cfg);
	for (int i = 0; i < f.argc; i++)
		free(f.argv[i]);
	free(f.where);
	return rc;
}

/* ---- the result ---- */

static bool
want_colour(void)
{
	const char *no = getenv("NO_COLOR");

	return (no == NULL || no[0] == '\0') && ca_cli_draws(STDOUT_FILENO);
}

static int
print(const struct args *a, struct ca_explain *e)
{
	struct ca_buf out = CA_BUF_INIT((size_t)1 << 30);
	const char *text;

	e->colour = !a->json && want_colour();
	if (a->json)
		ca_explain_json(e, &out);
	else
		ca_explain_text(e, &out);
	text = ca_buf_text(&out);
	bool bad =
	    text == NULL || fputs(text, stdout) == EOF || fflush(stdout) != 0;
	ca_buf_free(&out);
	return bad ? ca_cli_fail("cannot write to standard output")
		   : CA_EXIT_OK;
}

static int
explain(const struct args *a, struct ca_explain *e, struct ca_crypto *crypto)
{
	struct ca_log log = ca_cli_log(a->debug);
	struct ca_presented certs = {.crypto = crypto,
	    .log = &log,
	    .report = e->report,
	    .check = CA_CHECK_SIGNATURE};
	int status =
	    ca_presented_read(&certs, e->cert, a->intermediates, &a->ocsp);
	enum ca_err rc;

	if (status != CA_EXIT_OK)
		goto out;
	rc = load(a, e, &log);
	if (rc == CA_OK) {
		ca_explain_judge(e, &certs);
	} else {
		/* the module returns this for every error of the configuration */
		e->reason = CA_R_CONFIG;
		ca_report_abort(e->report, CA_R_CONFIG, NULL);
		e->pam = ca_explain_pam(
		    rc == CA_ERR_MEMORY ? rc : CA_ERR_CONFIG, "PAM_AUTH_ERR");
	}
	if ((status = print(a, e)) != CA_EXIT_OK)
		goto out;
	status = e->granted ? CA_EXIT_OK : CA_EXIT_NO;
	if (e->cfg == NULL || strcmp(e->pam, "PAM_AUTHINFO_UNAVAIL") == 0 ||
	    strcmp(e->pam, "PAM_SERVICE_ERR") == 0) {
		(void)ca_cli_fail(
		    "the set-up has an error; to find it, run: certauth doctor");
		status = CA_EXIT_USAGE;
	}
out:
	ca_presented_clear(&certs);
	return status;
}

static int
run(int argc, char **argv)
{
	struct ca_explain e = {.peer = {"", NULL, NULL},
	    .now = time(NULL),
	    .report = ca_report_new()};
	struct args a = {NULL};
	struct ca_crypto *crypto = NULL;
	int status = parse_args(&a, &e, argc, argv);

	if (status != CA_EXIT_OK)
		goto out;
	if (e.report == NULL || ca_crypto_new(&crypto) != CA_OK) {
		status = ca_cli_fail("out of memory");
		goto out;
	}
	status = explain(&a, &e, crypto);
out:
	for (size_t i = 0; i < e.nrules; i++) {
		free(e.rule[i].file);
		free(e.rule[i].login);
		free(e.rule[i].selector);
		free(e.rule[i].made);
		free(e.rule[i].why);
	}
	free(e.rule);
	free(e.source);
	ca_auth_result_clear(&e.result);
	ca_report_free(e.report);
	ca_config_free(e.cfg);
	ca_crypto_free(crypto);
	return status;
}
