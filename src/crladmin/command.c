/*
 * `certauth crl list|compile|update|addresses`: options and dispatch.
 */
#include "crladmin/crladmin.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/tr.h"
#include "crladmin/crladdresses.h"
#include "crladmin/crlcompile.h"
#include "crladmin/crllist.h"
#include "crladmin/crlrun.h"
#include "crladmin/crlupdate.h"

static const char help[] =
    "usage: certauth crl list|compile|update|addresses [OPTIONS] [FILE ...]\n"
    "\n"
    "  list      print each CRL of crl_dir: issuer, state, dates, entries\n"
    "  compile   make an index for each CRL (or for each FILE of crl_dir): a\n"
    "            login then takes the same time for a CRL of any size\n"
    "  update    fetch the CRLs from all known addresses, then compile;\n"
    "            a CRL is replaced only by a valid CRL that is not older\n"
    "  addresses print the known addresses of each CA's CRLs: of crl_url, of the\n"
    "            CAs' certificates, users_dir and --from (cRLDistributionPoints)\n"
    "\n"
    "  --config FILE --ca-dir DIR --intermediates-dir DIR --crl-dir DIR\n"
    "  --from CERT     update, addresses: remember the addresses in a certificate\n"
    "                  that a CA of this host issued (may be repeated)\n"
    "  --forget URL    addresses: remove a remembered address\n"
    "  --url URL --timeout N   update: one more address; seconds per transfer\n"
    "  --dry-run       update: fetch and check, but change nothing\n"
    "  --force         compile: replace every index, also if it is up to date\n"
    "  --quiet, --debug\n"
    "\n"
    "Exit status: 0 success, 1 a CRL or an address failed or is missing, 2 wrong\n"
    "usage or configuration.\n"
    "\n"
    "Example:\n"
    "  certauth crl update --url http://pki.example/corp.crl\n";

static int run(int argc, char **argv);

const struct ca_command ca_cmd_crl = {
    "crl", N_("list, compile and fetch CRLs"), help, run};

enum {
	OPT_CONFIG = 256,
	OPT_CA_DIR,
	OPT_INTERMEDIATES_DIR,
	OPT_CRL_DIR,
	OPT_URL,
	OPT_FROM,
	OPT_FORGET,
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
    {"from", required_argument, NULL, OPT_FROM},
    {"forget", required_argument, NULL, OPT_FORGET},
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
	const char *url[URLS_MAX], *from[URLS_MAX], *forget;
	struct ca_crladmin_run *run;
	bool debug;
};

/* Add a value of an option that may be repeated. */
static int
one_more(const char **v, size_t *n, const char *option)
{
	if (*n == URLS_MAX)
		return ca_cli_usage(
		    &ca_cmd_crl, "%s can be given at most 256 times", option);
	v[(*n)++] = optarg;
	return CA_EXIT_OK;
}

static int
one_option(void *ctx, const struct option *option)
{
	struct args *a = ctx;
	char *end;
	unsigned long n;

	switch (option->val) {
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
		return one_more(a->url, &a->run->nurls, "--url");
	case OPT_FROM:
		return one_more(a->from, &a->run->nfrom, "--from");
	case OPT_FORGET:
		a->forget = optarg;
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

/* The options that choose the files, for commands in messages. */
static void
put_again(const struct args *a, struct ca_buf *out)
{
	const char *const option[] = {"--config", a->config, "--ca-dir",
	    a->ca_dir, "--intermediates-dir", a->intermediates_dir, "--crl-dir",
	    a->crl_dir};

	for (size_t i = 0; i < sizeof option / sizeof *option; i += 2)
		if (option[i + 1] != NULL) {
			ca_buf_fmt(out, " %s ", option[i]);
			ca_buf_shell(out, option[i + 1]);
		}
}

static const char *const commands[] = {
    "list", "compile", "update", "addresses"};
enum { LIST, COMPILE, UPDATE, ADDRESSES, NCOMMANDS };

/* Which options belong to which command? */
static int
check_args(const struct args *a, int what, int nfiles)
{
	const struct ca_crladmin_run *r = a->run;

	if (what != COMPILE && nfiles > 0)
		return ca_cli_usage(
		    &ca_cmd_crl, "crl %s takes no FILE", commands[what]);
	if (r->nfrom > 0 && what != UPDATE && what != ADDRESSES)
		return ca_cli_usage(&ca_cmd_crl,
		    "--from is for `crl update' and `crl addresses'");
	if (a->forget != NULL && what != ADDRESSES)
		return ca_cli_usage(
		    &ca_cmd_crl, "--forget is for `crl addresses'");
	return CA_EXIT_OK;
}

static int
dispatch(const struct args *a, int what, char **file, int n)
{
	struct ca_crladmin_run *r = a->run;
	int status;

	if ((status = ca_crladmin_open(r)) != CA_EXIT_OK)
		return status;
	switch (what) {
	case LIST:
		return ca_crladmin_list(r);
	case COMPILE:
		return ca_crladmin_compile(r, file, n);
	case ADDRESSES:
		return ca_crladmin_addresses(r, a->forget);
	default:
		return ca_crladmin_update(r);
	}
}

static int
parse_args(struct args *a, int argc, char **argv)
{
	int status =
	    ca_cli_options(&ca_cmd_crl, argc, argv, options, one_option, a);

	return status;
}

static int
run(int argc, char **argv)
{
	struct ca_crladmin_run r = {.dir = -1, .lock = -1, .timeout = 60};
	struct args a = {.run = &r};
	struct ca_buf again = CA_BUF_INIT(32768);
	int status, what = 0;

	while (what < NCOMMANDS &&
	       (argc < 2 || strcmp(argv[1], commands[what]) != 0))
		what++;
	if (what == NCOMMANDS)
		return ca_cli_usage(&ca_cmd_crl,
		    "the first argument must be list, compile, update or "
		    "addresses");
	argc--;
	argv++;
	if ((status = parse_args(&a, argc, argv)) != CA_EXIT_OK ||
	    (status = check_args(&a, what, argc - optind)) != CA_EXIT_OK)
		return status;
	put_again(&a, &again);
	r.url = a.url;
	r.from = a.from;
	r.config = a.config;
	r.again = ca_buf_text(&again);
	r.log = ca_cli_log(a.debug);
	if (configure(&a, &r.log, &r.cfg) != CA_OK)
		status = CA_EXIT_USAGE;
	else
		status = dispatch(&a, what, argv + optind, argc - optind);
	ca_crladmin_close(&r);
	ca_buf_free(&again);
	return status;
}
