#include "crladmin/crladmin.h"
#include "crl/crldir.h"
#include "crl/index_read.h"
#include "verify/verify.h"

#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
    "usage: certauth crl list|compile|update [OPTIONS] [FILE ...]\n"
    "\n"
    "  list      the CRLs of crl_dir: issuer, age, entries, index\n"
    "  compile   make the index beside each CRL (or each FILE of crl_dir), so\n"
    "            that a login costs the same whatever the CRL's size\n"
    "  update    fetch the CRLs that the CAs of ca_dir name\n"
    "            (cRLDistributionPoints) and those of crl_url, then compile;\n"
    "            a CRL is replaced only by one that verifies and is no older\n"
    "\n"
    "  --config FILE --ca-dir DIR --intermediates-dir DIR --crl-dir DIR\n"
    "  --url URL       update: one more address (may be repeated)\n"
    "  --timeout N     update: seconds for each transfer (60)\n"
    "  --dry-run       update: fetch and check, change nothing\n"
    "  --force         compile: also where the index is good\n"
    "  --quiet, --debug\n"
    "\n"
    "Exit status: 0 all well, 1 something failed, 2 usage or configuration.\n"
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
	struct ca_crl_run *run;
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
			return ca_cli_usage(&ca_cmd_crl, "too many --url");
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

/* A person's path may be relative; the configuration's is absolute. */
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
dispatch(struct ca_crl_run *r, const char *what, char **file, int n)
{
	int status;

	if (strcmp(what, "compile") != 0 && n > 0)
		return ca_cli_usage(&ca_cmd_crl, "%s takes no file", what);
	if ((status = ca_crl_run_open(r)) != CA_EXIT_OK)
		return status;
	if (strcmp(what, "list") == 0)
		return ca_crl_list(r);
	if (strcmp(what, "compile") == 0)
		return ca_crl_compile(r, file, n);
	return ca_crl_update(r);
}

static int
run(int argc, char **argv)
{
	struct ca_crl_run r = {.dir = -1, .lock = -1, .timeout = 60};
	struct args a = {.run = &r};
	int c, status = CA_EXIT_OK;

	if (argc < 2 ||
	    (strcmp(argv[1], "list") != 0 && strcmp(argv[1], "compile") != 0 &&
		strcmp(argv[1], "update") != 0))
		return ca_cli_usage(
		    &ca_cmd_crl, "list, compile or update is needed");
	const char *what = argv[1];
	argc--;
	argv++;
	opterr = 0;
	while (status == CA_EXIT_OK &&
	       (c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?' || c == ':')
			status = ca_cli_usage(&ca_cmd_crl,
			    "%s: no such option, or it lacks its value",
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
	ca_crl_run_close(&r);
	return status;
}

/* ---- list ---- */

static void
when(const ASN1_TIME *t, char out[32])
{
	struct tm tm;

	if (t == NULL || !ASN1_TIME_to_tm(t, &tm) ||
	    strftime(out, 32, "%Y-%m-%d %H:%M", &tm) == 0)
		(void)snprintf(out, 32, "%s", t == NULL ? "never" : "?");
}

static const char *
index_state(struct ca_crl_run *r, const char *name)
{
	struct ca_crl_index *idx = NULL;
	struct stat st;
	uint32_t n;
	enum ca_err rc;

	if (fstatat(r->dir, name, &st, 0) != 0)
		return "gone";
	rc = ca_crl_index_open(r->crypto, r->dir, name, &st, &idx, &n);
	ca_crl_index_free(idx);
	switch (rc) {
	case CA_OK:
		return "indexed";
	case CA_ERR_NOT_FOUND:
		return "not indexed";
	case CA_ERR_STALE:
		return "index of an older file";
	case CA_ERR_UNSUPPORTED:
		return "index of another version";
	default:
		return "index damaged";
	}
}

/* How the CRL stands now; *bad is set where a login cannot use it. */
static const char *
state(struct ca_crl_run *r, struct ca_crl *crl, bool *bad)
{
	X509_CRL *x = ca_crl_get0_x509(crl);

	*bad = true;
	if (ca_crl_trouble(crl) != CA_R_OK)
		return ca_crl_get0_trouble_text(crl);
	if (ca_crl_signer(crl, r->cas) == NULL)
		return "by none of the CAs";
	if (X509_cmp_time(X509_CRL_get0_lastUpdate(x), NULL) > 0)
		return "not yet valid";
	if (ca_crl_end(x, r->cfg) <= time(NULL))
		return X509_CRL_get0_nextUpdate(x) != NULL
			   ? "expired"
			   : "expired: older than crl_no_next_update";
	*bad = false;
	return "current";
}

static bool
list_one(struct ca_crl_run *r, struct ca_crl *crl)
{
	X509_CRL *x = ca_crl_get0_x509(crl);
	struct ca_buf issuer = CA_BUF_INIT(65536), line = CA_BUF_INIT(200000);
	char last[32], next[32];
	const char *text;
	bool bad = true;

	ca_buf_fmt(&line, "%s: ", ca_crl_get0_name(crl));
	if (x == NULL) {
		ca_buf_str(&line, ca_crl_get0_trouble_text(crl));
	} else {
		ca_name_rfc4514(X509_CRL_get_issuer(x), &issuer);
		when(X509_CRL_get0_lastUpdate(x), last);
		when(X509_CRL_get0_nextUpdate(x), next);
		text = ca_buf_text(&issuer);
		ca_buf_fmt(&line, "%s, %s", text != NULL ? text : "?",
		    state(r, crl, &bad));
		ca_crl_about(x, &line);
		ca_buf_fmt(&line, ", from %s, next %s, %" PRIu64 " entries, %s",
		    last, next, ca_crl_entries(crl),
		    index_state(r, ca_crl_get0_name(crl)));
	}
	ca_buf_free(&issuer);
	issuer = CA_BUF_INIT(400000);
	ca_buf_printable(&issuer, line.p, line.len);
	text = ca_buf_text(&issuer);
	puts(text != NULL ? text : "out of memory");
	ca_buf_free(&issuer);
	ca_buf_free(&line);
	return !bad;
}

int
ca_crl_list(struct ca_crl_run *r)
{
	struct ca_list names = {NULL, 0};
	int status = CA_EXIT_OK;
	char buf[256];
	enum ca_err rc = ca_crl_names(r->dir, &names);

	if (rc != CA_OK)
		return ca_cli_fail("%s: %s", r->cfg->crl_dir, ca_err_text(rc));
	for (size_t i = 0; i < names.n; i++) {
		struct ca_crls crls = {NULL, 0};
		struct stat st = {0};

		(void)fstatat(r->dir, names.v[i], &st, 0);
		rc = ca_crl_read_file(r, names.v[i], &crls);
		if (rc != CA_OK && crls.n == 0) {
			printf("%s: %s\n", names.v[i],
			    ca_crldir_why(rc, &st, buf));
			status = CA_EXIT_NO;
		}
		for (size_t k = 0; k < crls.n; k++)
			if (!list_one(r, crls.v[k]))
				status = CA_EXIT_NO;
		ca_crls_clear(&crls);
	}
	ca_crl_names_free(&names);
	return status;
}
