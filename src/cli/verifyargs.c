#include "cli/verifyargs.h"
#include "tool/cli.h"

#include <getopt.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum {
	OPT_CONFIG = 256,
	OPT_SERVICE,
	OPT_INTERMEDIATES,
	OPT_NO_CRL,
	OPT_OCSP,
	OPT_TIME,
	OPT_JSON,
	OPT_QUIET,
	OPT_DEBUG,
	/* these options are keys of the configuration */
	OPT_KEY,
	OPT_CA_DIR = OPT_KEY,
	OPT_INTERMEDIATES_DIR,
	OPT_CRL_DIR,
	OPT_CRL,
	OPT_CRL_ENGINE,
	OPT_CRL_SHORT_LIVED,
	OPT_REVOCATION,
	OPT_OCSP_DIR,
	OPT_PROFILE,
	OPT_MAX_DEPTH,
	OPT_EXPLICIT,
	OPT_INHIBIT_ANY,
	OPT_INHIBIT_MAP,
	OPT_PURPOSE, /* lists */
	OPT_POLICY,
	OPT_CRL_EXEMPT,
	OPT_KEYS_END,
};
_Static_assert(OPT_KEYS_END - OPT_KEY == CA_VERIFY_KEYS, "keys");

static const struct option options[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"service", required_argument, NULL, OPT_SERVICE},
    {"intermediates", required_argument, NULL, OPT_INTERMEDIATES},
    {"no-crl", no_argument, NULL, OPT_NO_CRL},
    {"ocsp", required_argument, NULL, OPT_OCSP},
    {"time", required_argument, NULL, OPT_TIME},
    {"json", no_argument, NULL, OPT_JSON},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"debug", no_argument, NULL, OPT_DEBUG},
    {"ca-dir", required_argument, NULL, OPT_CA_DIR},
    {"intermediates-dir", required_argument, NULL, OPT_INTERMEDIATES_DIR},
    {"crl-dir", required_argument, NULL, OPT_CRL_DIR},
    {"crl", required_argument, NULL, OPT_CRL},
    {"crl-engine", required_argument, NULL, OPT_CRL_ENGINE},
    {"crl-short-lived", required_argument, NULL, OPT_CRL_SHORT_LIVED},
    {"crl-exempt", required_argument, NULL, OPT_CRL_EXEMPT},
    {"revocation", required_argument, NULL, OPT_REVOCATION},
    {"ocsp-dir", required_argument, NULL, OPT_OCSP_DIR},
    {"profile", required_argument, NULL, OPT_PROFILE},
    {"max-depth", required_argument, NULL, OPT_MAX_DEPTH},
    {"explicit-policy", no_argument, NULL, OPT_EXPLICIT},
    {"inhibit-any", no_argument, NULL, OPT_INHIBIT_ANY},
    {"inhibit-map", no_argument, NULL, OPT_INHIBIT_MAP},
    {"purpose", required_argument, NULL, OPT_PURPOSE},
    {"policy", required_argument, NULL, OPT_POLICY},
    {NULL, 0, NULL, 0},
};

/* The key of the configuration, and the name of the option in messages. */
static const struct {
	const char *key, *option;
	bool path;
} keys[OPT_KEYS_END - OPT_KEY] = {
    [OPT_CA_DIR - OPT_KEY] = {"ca_dir", "--ca-dir", true},
    [OPT_INTERMEDIATES_DIR -
	OPT_KEY] = {"intermediates_dir", "--intermediates-dir", true},
    [OPT_CRL_DIR - OPT_KEY] = {"crl_dir", "--crl-dir", true},
    [OPT_CRL - OPT_KEY] = {"crl", "--crl"},
    [OPT_CRL_ENGINE - OPT_KEY] = {"crl_engine", "--crl-engine"},
    [OPT_CRL_SHORT_LIVED - OPT_KEY] = {"crl_short_lived", "--crl-short-lived"},
    [OPT_REVOCATION - OPT_KEY] = {"revocation", "--revocation"},
    [OPT_OCSP_DIR - OPT_KEY] = {"ocsp_dir", "--ocsp-dir", true},
    [OPT_CRL_EXEMPT - OPT_KEY] = {"crl_exempt", "--crl-exempt"},
    [OPT_PROFILE - OPT_KEY] = {"profile", "--profile"},
    [OPT_MAX_DEPTH - OPT_KEY] = {"max_depth", "--max-depth"},
    [OPT_EXPLICIT - OPT_KEY] = {"explicit_policy", "--explicit-policy"},
    [OPT_INHIBIT_ANY - OPT_KEY] = {"inhibit_any", "--inhibit-any"},
    [OPT_INHIBIT_MAP - OPT_KEY] = {"inhibit_map", "--inhibit-map"},
    [OPT_PURPOSE - OPT_KEY] = {"purpose", "--purpose"},
    [OPT_POLICY - OPT_KEY] = {"policy", "--policy"},
};

static void
add_word(struct ca_buf *list, const char *word)
{
	if (list->len > 0)
		ca_buf_str(list, " ");
	ca_buf_str(list, word);
}

static int
one_option(struct ca_verify_args *a, const struct ca_command *cmd, int c)
{
	switch (c) {
	case OPT_CONFIG:
		a->config = optarg;
		break;
	case OPT_SERVICE:
		a->service = optarg;
		break;
	case OPT_INTERMEDIATES:
		a->intermediates = optarg;
		break;
	case OPT_NO_CRL:
		a->no_crl = true;
		break;
	case OPT_OCSP:
		if (!ca_presented_add(&a->ocsp, optarg))
			return ca_cli_usage(cmd, "too many --ocsp");
		break;
	case OPT_TIME:
		if (ca_cli_time(optarg, &a->now) != CA_OK)
			return ca_cli_usage(cmd,
			    "--time %s is not a time in the format of RFC 3339, such as 2026-11-24T12:00:00Z",
			    optarg);
		break;
	case OPT_JSON:
		a->json = true;
		break;
	case OPT_QUIET:
		a->quiet = true;
		break;
	case OPT_DEBUG:
		a->debug = true;
		break;
	case OPT_PURPOSE:
		add_word(&a->purpose, optarg);
		break;
	case OPT_POLICY:
		add_word(&a->policy, optarg);
		break;
	case OPT_CRL_EXEMPT:
		add_word(&a->exempt, optarg);
		break;
	case OPT_EXPLICIT:
	case OPT_INHIBIT_ANY:
	case OPT_INHIBIT_MAP:
		a->key[c - OPT_KEY] = "yes";
		break;
	default:
		if (c < OPT_KEY || c >= OPT_KEYS_END)
			return ca_cli_usage(cmd, "unknown option");
		a->key[c - OPT_KEY] = optarg;
	}
	return CA_EXIT_OK;
}

/* Does OCSP alone count?  Who gives --ca-dir and --ocsp without a word about CRLs
 * wants that. */
static bool
by_ocsp(struct ca_verify_args *a)
{
	const char **sources = &a->key[OPT_REVOCATION - OPT_KEY];

	if (*sources == NULL && a->ocsp.n > 0)
		*sources = "ocsp";
	return *sources != NULL && strcmp(*sources, "ocsp") == 0;
}

int
ca_verify_args_parse(struct ca_verify_args *a, const struct ca_command *cmd,
    int argc, char **argv)
{
	int c, status;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?' || c == ':')
			return ca_cli_bad_option(cmd, argv);
		if ((status = one_option(a, cmd, c)) != CA_EXIT_OK)
			return status;
	}
	if (argc - optind != 1)
		return ca_cli_usage(
		    cmd, "exactly one certificate file is needed");
	a->cert = argv[optind];
	if (a->no_crl && a->key[OPT_CRL_DIR - OPT_KEY] != NULL)
		return ca_cli_usage(
		    cmd, "--crl-dir and --no-crl cannot be combined");
	if (a->no_crl &&
	    (a->ocsp.n > 0 || a->key[OPT_REVOCATION - OPT_KEY] != NULL))
		return ca_cli_usage(cmd,
		    "--no-crl checks no revocation; remove it, or --ocsp and --revocation");
	a->foreign = a->key[OPT_CA_DIR - OPT_KEY] != NULL &&
		     a->key[OPT_CRL_DIR - OPT_KEY] == NULL && !a->no_crl &&
		     !by_ocsp(a);
	if (a->no_crl || a->foreign)
		a->key[OPT_CRL - OPT_KEY] = "off";
	if (a->purpose.len > 0)
		a->key[OPT_PURPOSE - OPT_KEY] = ca_buf_text(&a->purpose);
	if (a->policy.len > 0)
		a->key[OPT_POLICY - OPT_KEY] = ca_buf_text(&a->policy);
	if (a->exempt.len > 0)
		a->key[OPT_CRL_EXEMPT - OPT_KEY] = ca_buf_text(&a->exempt);
	return CA_EXIT_OK;
}

/* The configuration accepts only absolute paths; an option may be relative to the
 * current directory. */
static enum ca_err
set_path(struct ca_config *cfg, const char *key, const char *path,
    const char *option, const struct ca_log *log)
{
	struct ca_buf full = CA_BUF_INIT(PATH_MAX);
	char cwd[PATH_MAX];
	enum ca_err rc;

	if (path[0] != '/' && getcwd(cwd, sizeof cwd) != NULL)
		ca_buf_fmt(&full, "%s/", cwd);
	ca_buf_str(&full, path);
	const char *text = ca_buf_text(&full);
	rc = text == NULL ? ca_buf_err(&full)
			  : ca_config_set(cfg, key, text, option, log);
	ca_buf_free(&full);
	return rc;
}

enum ca_err
ca_verify_args_configure(const struct ca_verify_args *a,
    const struct ca_log *log, struct ca_config **out)
{
	struct ca_config *cfg = ca_config_new();
	enum ca_err rc;

	*out = cfg;
	if (cfg == NULL)
		return CA_ERR_MEMORY;
	rc = ca_config_read(cfg,
	    a->config != NULL ? a->config : CA_SYSCONFDIR "/certauth.conf",
	    a->service, a->config != NULL, log);
	for (int i = 0; rc == CA_OK && i < OPT_KEYS_END - OPT_KEY; i++)
		if (a->key[i] != NULL)
			rc = (keys[i].path ? set_path : ca_config_set)(
			    cfg, keys[i].key, a->key[i], keys[i].option, log);
	return rc;
}
