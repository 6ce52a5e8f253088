/* certauth log: the attempts in the journal and in log files. */
#include "audit/audit.h"
#include "base/tr.h"
#include "audit/logline.h"
#include "audit/logshow.h"
#include "audit/logsource.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FILES_MAX 64

static const char help[] =
    "usage: certauth log [OPTIONS]\n"
    "\n"
    "Show the logins that pam_certauth granted or refused, and why: from the journal\n"
    "or, if this host has none, from /var/log/auth.log and /var/log/secure with their\n"
    "rotated files.  For a refused login, the command that explains it is shown.\n"
    "What `certauth sessions' did to open sessions is shown too.\n"
    "\n"
    "  --since TIME     7d, 12h, 2026-11-24, or 2026-11-24T12:00:00Z\n"
    "  --denied         only refused logins\n"
    "  --user U, --service S, --reason CODE    only these\n"
    "  --file FILE      read FILE (lines of syslog, or `journalctl -o export';\n"
    "                   gzip too); -: standard input; may be repeated\n"
    "  --config FILE    for users_dir, where certificates are looked for\n"
    "  --json           one object for each line\n"
    "\n"
    "Exit status: 0 logins were shown, 1 there are none, 2 error, or a source could\n"
    "not be read completely.\n"
    "\n"
    "Example:\n"
    "  certauth log --since 7d --denied\n";

static int run(int argc, char **argv);

const struct ca_command ca_cmd_log = {
    "log", N_("show which logins were granted or refused, and why"), help, run};

enum {
	OPT_SINCE = 256,
	OPT_DENIED,
	OPT_USER,
	OPT_SERVICE,
	OPT_REASON,
	OPT_FILE,
	OPT_CONFIG,
	OPT_JSON,
};

static const struct option options[] = {
    {"since", required_argument, NULL, OPT_SINCE},
    {"denied", no_argument, NULL, OPT_DENIED},
    {"user", required_argument, NULL, OPT_USER},
    {"service", required_argument, NULL, OPT_SERVICE},
    {"reason", required_argument, NULL, OPT_REASON},
    {"file", required_argument, NULL, OPT_FILE},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"json", no_argument, NULL, OPT_JSON},
    {NULL, 0, NULL, 0},
};

struct args {
	struct ca_logshow_filter filter;
	const char *file[FILES_MAX], *config;
	size_t files;
	bool json;
};

/* ---- --since ---- */

/* 7d, 12h, 30m: before now. */
static bool
span(const char *text, time_t now, time_t *out)
{
	static const struct {
		char unit;
		long seconds;
	} units[] = {
	    {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7L * 86400}};
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 6 || text[digits] == '\0' ||
	    text[digits + 1] != '\0')
		return false;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (units[i].unit == text[digits]) {
			*out = now - strtol(text, NULL, 10) * units[i].seconds;
			return true;
		}
	return false;
}

/* A day, from its beginning here. */
static bool
day(const char *text, time_t *out)
{
	struct tm tm = {0}, back;
	const char *end = strptime(text, "%Y-%m-%d", &tm);

	if (strlen(text) != 10 || end == NULL || *end != '\0')
		return false;
	tm.tm_isdst = -1;
	back = tm;
	*out = mktime(&back);
	return *out != (time_t)-1 && back.tm_mday == tm.tm_mday;
}

static bool
since(const char *text, time_t *out)
{
	long long seconds;

	if (span(text, time(NULL), out) || day(text, out))
		return true;
	if (ca_cli_time(text, &seconds) != CA_OK)
		return false;
	*out = (time_t)seconds;
	return true;
}

/* ---- the command ---- */

static bool
is_reason(const char *code)
{
	for (int i = 0; i < CA_REASON_COUNT; i++)
		if (strcmp(ca_reason_code((enum ca_reason)i), code) == 0)
			return true;
	return strcmp(code, CA_LOG_ADMINISTRATOR) == 0 ||
	       strcmp(code, CA_LOG_PROCESS_ENDED) == 0;
}

static int
one_option(struct args *a, int c, char **argv)
{
	switch (c) {
	case OPT_SINCE:
		if (!since(optarg, &a->filter.since))
			return ca_cli_usage(&ca_cmd_log,
			    "--since needs 7d, 12h, 2026-11-24 or 2026-11-24T12:00:00Z, not %s",
			    optarg);
		break;
	case OPT_DENIED:
		a->filter.denied = true;
		break;
	case OPT_USER:
		a->filter.user = optarg;
		break;
	case OPT_SERVICE:
		a->filter.service = optarg;
		break;
	case OPT_REASON:
		if (!is_reason(optarg))
			return ca_cli_usage(&ca_cmd_log,
			    "%s is no reason code; certauth(1) lists them",
			    optarg);
		a->filter.reason = optarg;
		break;
	case OPT_FILE:
		if (a->files == FILES_MAX)
			return ca_cli_usage(
			    &ca_cmd_log, "too many files (%d)", FILES_MAX);
		a->file[a->files++] = optarg;
		break;
	case OPT_CONFIG:
		a->config = optarg;
		break;
	case OPT_JSON:
		a->json = true;
		break;
	default:
		return ca_cli_bad_option(&ca_cmd_log, argv);
	}
	return CA_EXIT_OK;
}

static int
show(const struct args *a, const struct ca_context *context)
{
	struct ca_logshow *s = ca_logshow_new(&a->filter, a->json, context);
	struct ca_logsource source = {.since = a->filter.since,
	    .visit = ca_logshow_record,
	    .ctx = s,
	    .read = "the log"};
	int status = CA_EXIT_OK;

	if (s == NULL)
		return ca_cli_fail("%s", ca_err_text(CA_ERR_MEMORY));
	if (a->files == 0)
		status = ca_logsource_system(&source);
	for (size_t i = 0; i < a->files; i++) {
		int got = ca_logsource_file(&source, a->file[i]);

		if (got != CA_EXIT_OK)
			status = got;
	}
	const char *read = a->files > 1 ? "these files" : source.read;
	size_t shown = ca_logshow_end(
	    s, status == CA_EXIT_OK ? read : NULL, source.state.damaged);
	if (fflush(stdout) != 0 || ferror(stdout) != 0)
		status = ca_cli_fail("standard output: write error");
	ca_logshow_free(s);
	if (status == CA_EXIT_OK && shown == 0)
		status = CA_EXIT_NO;
	return status;
}

static int
run(int argc, char **argv)
{
	struct args a = {0};
	struct ca_log log = ca_cli_log(false);
	struct ca_log silent = {0};
	struct ca_config *cfg = NULL;
	struct ca_crypto *crypto = NULL;
	int c, status = CA_EXIT_OK;

	opterr = 0;
	while (status == CA_EXIT_OK &&
	       (c = getopt_long(argc, argv, "", options, NULL)) != -1)
		status = one_option(&a, c, argv);
	if (status == CA_EXIT_OK && optind < argc)
		status = ca_cli_usage(&ca_cmd_log,
		    "unexpected argument %s; name a file with --file",
		    argv[optind]);
	if (status != CA_EXIT_OK)
		return status;
	/* without a configuration, only registered certificates are not found */
	if ((cfg = ca_config_new()) != NULL &&
	    ca_config_read(cfg,
		a.config != NULL ? a.config : CA_SYSCONFDIR "/certauth.conf",
		NULL, a.config != NULL,
		a.config != NULL ? &log : &silent) != CA_OK) {
		if (a.config != NULL)
			status = CA_EXIT_USAGE;
		ca_config_free(cfg);
		cfg = NULL;
	}
	if (cfg != NULL && ca_crypto_new(&crypto) != CA_OK)
		crypto = NULL;
	const struct ca_context context = {crypto, cfg, &silent, time(NULL)};
	if (status == CA_EXIT_OK)
		status =
		    show(&a, cfg != NULL && crypto != NULL ? &context : NULL);
	ca_crypto_free(crypto);
	ca_config_free(cfg);
	return status;
}
