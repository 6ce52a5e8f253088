/*
 * `certauth sessions': options and dispatch.
 */
#include "sessions/sessions.h"
#include "base/tr.h"

#include <getopt.h>
#include <string.h>
#include <sys/resource.h>
#include <syslog.h>
#include <unistd.h>

#include "sessions/sessionsint.h"

static const char help[] =
    "usage: certauth sessions [list] [--json]\n"
    "       certauth sessions check [OPTIONS]\n"
    "       certauth sessions end ID | --user LOGIN | --sha256 PRINT [--force]\n"
    "\n"
    "  list      print the open sessions of logins by certificate, and whether\n"
    "            each certificate may log in now\n"
    "  check     do to each session whose certificate may not what on_revoked,\n"
    "            on_expired and on_unmapped of certauth.conf say\n"
    "  end       end sessions now\n"
    "\n"
    "  --force   check: end more sessions than end_max allows\n"
    "            end: a session whose service is not in end_services, too\n"
    "  --quiet   check: print errors only\n"
    "  --debug\n"
    "\n"
    "Sessions are recorded with sessions = yes and a session line of the module.\n"
    "certauth-sessions.path runs `certauth sessions check'.\n"
    "\n"
    "Exit status: 0 success, 1 a session was not ended or locked as it should be,\n"
    "2 wrong usage or an error.\n"
    "\n"
    "Example:\n"
    "  certauth crl update; certauth sessions check\n";

static int run(int argc, char **argv);

const struct ca_command ca_cmd_sessions = {
    "sessions", N_("list, check and end open sessions"), help, run};

enum { OPT_JSON = 256, OPT_FORCE, OPT_QUIET, OPT_USER, OPT_SHA256, OPT_DEBUG };

static const struct option options[] = {
    {"json", no_argument, NULL, OPT_JSON},
    {"force", no_argument, NULL, OPT_FORCE},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"user", required_argument, NULL, OPT_USER},
    {"sha256", required_argument, NULL, OPT_SHA256},
    {"debug", no_argument, NULL, OPT_DEBUG},
    {NULL, 0, NULL, 0},
};

enum verb { LIST, CHECK, END };

struct args {
	enum verb verb;
	bool json, quiet, debug;
	struct ca_sessions_choice choice;
};

/* Which options a verb takes. */
static bool
takes(enum verb verb, int c)
{
	switch (c) {
	case OPT_JSON:
		return verb == LIST;
	case OPT_QUIET:
		return verb == CHECK;
	case OPT_FORCE:
		return verb != LIST;
	case OPT_USER:
	case OPT_SHA256:
		return verb == END;
	default:
		return true;
	}
}

static int
one_option(void *ctx, const struct option *option)
{
	struct args *a = ctx;

	if (!takes(a->verb, option->val))
		return ca_cli_usage(&ca_cmd_sessions,
		    "--%s is not expected here", option->name);
	switch (option->val) {
	case OPT_JSON:
		a->json = true;
		break;
	case OPT_FORCE:
		a->choice.force = true;
		break;
	case OPT_QUIET:
		a->quiet = true;
		break;
	case OPT_USER:
		a->choice.user = optarg;
		break;
	case OPT_SHA256:
		a->choice.sha256 = optarg;
		break;
	default:
		a->debug = true;
	}
	return CA_EXIT_OK;
}

static int
check_choice(const struct args *a)
{
	const struct ca_sessions_choice *c = &a->choice;
	int n = (c->id != NULL) + (c->user != NULL) + (c->sha256 != NULL);

	if (a->verb == END && n != 1)
		return ca_cli_usage(&ca_cmd_sessions,
		    "end takes one of ID, --user and --sha256");
	if (c->id != NULL &&
	    (strlen(c->id) < 4 ||
		strspn(c->id, "0123456789abcdef") != strlen(c->id)))
		return ca_cli_usage(&ca_cmd_sessions,
		    "%s is not the beginning of an id: at least 4 of 0-9 and "
		    "a-f",
		    c->id);
	if ((c->user != NULL && c->user[0] == '\0') ||
	    (c->sha256 != NULL && c->sha256[0] == '\0'))
		return ca_cli_usage(
		    &ca_cmd_sessions, "--user and --sha256 take a value");
	return CA_EXIT_OK;
}

static int
parse_args(struct args *a, int argc, char **argv)
{
	int status = ca_cli_options(
	    &ca_cmd_sessions, argc, argv, options, one_option, a);

	if (status == CA_EXIT_OK && a->verb == END && optind < argc)
		a->choice.id = argv[optind++];
	if (status == CA_EXIT_OK && optind < argc)
		status = ca_cli_usage(
		    &ca_cmd_sessions, "%s is not expected here", argv[optind]);
	return status == CA_EXIT_OK ? check_choice(a) : status;
}

/* Each session that is ended takes one until its process has ended. */
static void
allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int
carry_out(const struct args *a)
{
	struct ca_sessions all = {.log = ca_cli_log(a->debug), .folder = -1};
	int status = CA_EXIT_USAGE;

	if (ca_sessions_read(&all, a->verb != LIST) == CA_OK) {
		if (a->verb == LIST)
			ca_sessions_judge(&all);
		status =
		    a->verb == LIST ? ca_sessions_print(&all, a->json)
		    : a->verb == CHECK
			? ca_sessions_check(&all, a->choice.force, a->quiet)
			: ca_sessions_end_chosen(&all, &a->choice);
	}
	ca_sessions_clear(&all);
	return status;
}

static int
run(int argc, char **argv)
{
	static const char *const verbs[] = {"list", "check", "end"};
	struct args a = {.verb = LIST};
	bool given = argc > 1 && argv[1][0] != '-';
	int status;

	if (given) {
		size_t i = 0;

		while (i < 3 && strcmp(argv[1], verbs[i]) != 0)
			i++;
		if (i == 3)
			return ca_cli_usage(&ca_cmd_sessions,
			    "%s is neither list, check nor end", argv[1]);
		a.verb = (enum verb)i;
		argc--;
		argv++;
	}
	if ((status = parse_args(&a, argc, argv)) != CA_EXIT_OK)
		return status;
	if (geteuid() != 0)
		return ca_cli_fail(
		    "only root may read the records of sessions; run: sudo "
		    "certauth sessions");
	openlog("certauth", LOG_PID, LOG_AUTHPRIV);
	allow_descriptors();
	return carry_out(&a);
}
