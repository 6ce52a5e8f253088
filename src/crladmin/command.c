/*
 * `certauth crl list|compile|update`: options and dispatch.
 */
#include "crladmin/crladmin.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "crladmin/crlcompile.h"
#include "crladmin/crllist.h"
#include "crladmin/crlrun.h"
#include "crladmin/crlupdate.h"

static const char help[] =
    "usage: certauth crl list|compile|update [OPTIONS] [FILE ...]\n"
    "\n"
    "  list      print each CRL of crl_dir: issuer, state, dates, entries\n"
    "  compile   make an index for each CRL (or for each FILE of crl_dir): a\n"
    "            login then takes the same time for a CRL of any size\n"
    "  update    fetch the CRLs from the addresses in the CA certificates\n"
    "            (cRLDistributionPoints), crl_url and --url, then compile;\n"
    "            a CRL is replaced only by a valid CRL that is not older\n"
    "\n"
    "  --config FILE --ca-dir DIR --intermediates-dir DIR --crl-dir DIR\n"
    "  --url URL       update: an additional address (may be repeated)\n"
    "  --timeout N     update: seconds for each transfer (default 60)\n"
    "  --dry-run       update: fetch and check, but change nothing\n"
    "  --force         compile: replace every index, also if it is up to date\n"
    "  --quiet, --debug\n"
    "\n"
    "Exit status: 0 success, 1 a CRL failed, 2 wrong usage or configuration.\n"
    "\n"
    "Example:\n"
    "  certauth crl update --url http://pki.example/corp.crl\n";

static int run(int argc, char **argv);

const struct ca_command ca_cmd_crl = {
    "crl", "list, compile and fetch CRLs", help, run};

enum {
	OPT_CONFIG = 256,
	OPT_CA_DIR,
	OPT_INTERMEDIATES_DIR,
	OPT_CRL_DIR,
	OPT_URL,
	OPT_TIMEOUT,
	OPT_DRY_RUN,
	OPT_FORCE,
	OPT_QUIET,
	OPT_DEBUG,
};

static const struct option options[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"ca-dir", required_argument, NULL, OPT_CA_DIR},
    {"intermediates-dir", required_argument, NULL, OPT_INTERMEDIATES_DIR},
    {"crl-dir", required_argument, NULL, OPT_CRL_DIR},
    {"url", required_argument, NULL, OPT_URL},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"dry-run", no_argument, NULL, OPT_DRY_RUN},
    {"force", no_argument, NULL, OPT_FORCE},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"debug", no_argument, NULL, OPT_DEBUG},
    {NULL, 0, NULL, 0},
};

#define URLS_MAX 256

struct args {
	const char *config, *ca_dir, *intermediates_dir, *crl_dir;
	const char *url[URLS_MAX];
	struct ca_crladmin_run *run;
	bool debug;
};

static int
one_option(struct args *a, int c)
{
	char *end;
	unsigned long n;

	switch (c) {
	case OPT_CONFIG:
		a->config = optarg;
		return CA_EXIT_OK;
	case OPT_CA_DIR:
		a->ca_dir = optarg;
		return CA_EXIT_OK;
	case OPT_INTERMEDIATES_DIR:
		a->intermediates_dir = optarg;
		return CA_EXIT_OK;
	case OPT_CRL_DIR:
		a->crl_dir = optarg;
		return CA_EXIT_OK;
	case OPT_URL:
		if (a->run->nurls == URLS_MAX)
			return ca_cli_usage(&ca_cmd_crl,
			    "--url can be given at most 256 times");
		a->url[a->run->nurls++] = optarg;
		return CA_EXIT_OK;
	case OPT_TIMEOUT:
		n = strtoul(optarg, &end, 10);
		if (*optarg < '0' || *optarg > '9' || *end != '\0' || n < 1 ||
		    n > 86400)
			return ca_cli_usage(
			    &ca_cmd_crl, "--timeout takes 1 to 86400 seconds");
		a->run->timeout = (unsigned)n;
		return CA_EXIT_OK;
	case OPT_DRY_RUN:
		a->run->dry_run = true;
		return CA_EXIT_OK;
	case OPT_FORCE:
		a->run->force = true;
		return CA_EXIT_OK;
	case OPT_QUIET:
		a->run->quiet = true;
		return CA_EXIT_OK;
	default:
		a->debug = true;
		return CA_EXIT_OK;
	}
}

/* A path on the command line may be relative; the configuration takes absolute
 * paths only. */
static enum ca_err
set_path(struct ca_config *cfg, const char *key, const char *path,
    const struct ca_log *log)
{
	char *full;
	enum ca_err rc;

	if (path == NULL)
		return CA_OK;
	if ((full = realpath(path, NULL)) == NULL) {
		ca_log_err(log, "%s: %m", path);
		return CA_ERR_CONFIG;
	}
	rc = ca_config_set(cfg, key, full, "option", log);
	free(full);
	return rc;
}

static enum ca_err
configure(
    const struct args *a, const struct ca_log *log, struct ca_config **out)
{
	struct ca_config *cfg = ca_config_new();
	enum ca_err rc;

	if ((*out = cfg) == NULL)
		return CA_ERR_MEMORY;
	rc = ca_config_read(cfg,
	    a->config != NULL ? a->config : CA_SYSCONFDIR "/certauth.conf",
	    NULL, a->config != NULL, log);
	if (rc == CA_OK)
		rc = set_path(cfg, "ca_dir", a->ca_dir, log);
	if (rc == CA_OK)
		rc = set_path(
		    cfg, "intermediates_dir", a->intermediates_dir, log);
	if (rc == CA_OK)
		rc = set_path(cfg, "crl_dir", a->crl_dir, log);
	return rc;
}

static int
dispatch(struct ca_crladmin_run *r, const char *what, char **file, int n)
{
	int status;

	if (strcmp(what, "compile") != 0 && n > 0)
		return ca_cli_usage(&ca_cmd_crl, "crl %s takes no FILE", what);
	if ((status = ca_crladmin_open(r)) != CA_EXIT_OK)
		return status;
	if (strcmp(what, "list") == 0)
		return ca_crladmin_list(r);
	if (strcmp(what, "compile") == 0)
		return ca_crladmin_compile(r, file, n);
	return ca_crladmin_update(r);
}

static int
run(int argc, char **argv)
{
	struct ca_crladmin_run r = {.dir = -1, .lock = -1, .timeout = 60};
	struct args a = {.run = &r};
	int c, status = CA_EXIT_OK;

	if (argc < 2 ||
	    (strcmp(argv[1], "list") != 0 && strcmp(argv[1], "compile") != 0 &&
		strcmp(argv[1], "update") != 0))
		return ca_cli_usage(&ca_cmd_crl,
		    "the first argument must be list, compile or update");
	const char *what = argv[1];
	argc--;
	argv++;
	opterr = 0;
	while (status == CA_EXIT_OK &&
	       (c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?' || c == ':')
			status = ca_cli_usage(&ca_cmd_crl,
			    "%s: unknown option, or its value is missing",
			    argv[optind - 1]);
		else
			status = one_option(&a, c);
	}
	if (status != CA_EXIT_OK)
		return status;
	r.url = a.url;
	r.log = ca_cli_log(a.debug);
	if (configure(&a, &r.log, &r.cfg) != CA_OK)
		status = CA_EXIT_USAGE;
	else
		status = dispatch(&r, what, argv + optind, argc - optind);
	ca_crladmin_close(&r);
	return status;
}
