/*
 * `certauth ocsp list|update`: options and dispatch.
 */
#include "ocspadmin/ocspadmin.h"
#include "base/tr.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "ocspadmin/ocspupdate.h"

static const char help[] =
    "usage: certauth ocsp list|update [OPTIONS]\n"
    "\n"
    "  list      print the stored OCSP response about each registered certificate\n"
    "            and CA certificate that names a responder\n"
    "  update    fetch the responses whose life is half over into ocsp_dir; a\n"
    "            response is replaced only by a valid one that is not older\n"
    "\n"
    "  --config FILE\n"
    "  --timeout N     update: seconds per transfer (20)\n"
    "  --dry-run       update: fetch and check, but change nothing\n"
    "  --quiet, --debug\n"
    "\n"
    "Logins use the responses with revocation = ocsp or any.  The timer\n"
    "certauth-ocsp-update.timer runs `certauth ocsp update'.\n"
    "\n"
    "Exit status: 0 success, 1 a response is missing or could not be fetched, 2\n"
    "wrong usage or configuration.\n"
    "\n"
    "Example:\n"
    "  certauth ocsp update && certauth ocsp list\n";

static int run(int argc, char **argv);

const struct ca_command ca_cmd_ocsp = {
    "ocsp", N_("list and fetch OCSP responses"), help, run};

enum {
	OPT_CONFIG = 256,
	OPT_TIMEOUT,
	OPT_DRY_RUN,
	OPT_QUIET,
	OPT_DEBUG,
};

static const struct option options[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"dry-run", no_argument, NULL, OPT_DRY_RUN},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"debug", no_argument, NULL, OPT_DEBUG},
    {NULL, 0, NULL, 0},
};

struct args {
	struct ca_ocspadmin_run *run;
	bool debug;
};

static int
one_option(void *ctx, const struct option *option)
{
	struct args *a = ctx;
	struct ca_crladmin_run *r = &a->run->base;
	char *end;
	unsigned long n;

	switch (option->val) {
	case OPT_CONFIG:
		r->config = optarg;
		return CA_EXIT_OK;
	case OPT_TIMEOUT:
		n = strtoul(optarg, &end, 10);
		if (*optarg < '0' || *optarg > '9' || *end != '\0' || n < 1 ||
		    n > 86400)
			return ca_cli_usage(
			    &ca_cmd_ocsp, "--timeout takes 1 to 86400 seconds");
		r->timeout = (unsigned)n;
		return CA_EXIT_OK;
	case OPT_DRY_RUN:
		r->dry_run = true;
		return CA_EXIT_OK;
	case OPT_QUIET:
		r->quiet = true;
		return CA_EXIT_OK;
	default:
		a->debug = true;
		return CA_EXIT_OK;
	}
}

static int
parse_args(struct args *a, int argc, char **argv)
{
	int status =
	    ca_cli_options(&ca_cmd_ocsp, argc, argv, options, one_option, a);

	if (status == CA_EXIT_OK && optind < argc)
		status = ca_cli_usage(
		    &ca_cmd_ocsp, "%s is not expected here", argv[optind]);
	return status;
}

static int
configure(struct ca_crladmin_run *r)
{
	enum ca_err rc;

	if ((r->cfg = ca_config_new()) == NULL)
		return ca_cli_fail("%s", ca_err_text(CA_ERR_MEMORY));
	rc = ca_config_read(r->cfg,
	    r->config != NULL ? r->config : CA_SYSCONFDIR "/certauth.conf",
	    NULL, r->config != NULL, &r->log);
	return rc == CA_OK ? CA_EXIT_OK : CA_EXIT_USAGE;
}

static int
run(int argc, char **argv)
{
	struct ca_ocspadmin_run r = {
	    .base = {.dir = -1, .lock = -1, .timeout = 20}};
	struct args a = {.run = &r};
	int status;

	if (argc < 2 ||
	    (strcmp(argv[1], "list") != 0 && strcmp(argv[1], "update") != 0))
		return ca_cli_usage(
		    &ca_cmd_ocsp, "the first argument must be list or update");
	const bool update = strcmp(argv[1], "update") == 0;
	if ((status = parse_args(&a, argc - 1, argv + 1)) != CA_EXIT_OK)
		return status;
	r.base.log = ca_cli_log(a.debug);
	if ((status = configure(&r.base)) == CA_EXIT_OK &&
	    (status = ca_ocspadmin_open(&r, update)) == CA_EXIT_OK)
		status =
		    update ? ca_ocspadmin_update(&r) : ca_ocspadmin_list(&r);
	ca_ocspadmin_close(&r);
	return status;
}
