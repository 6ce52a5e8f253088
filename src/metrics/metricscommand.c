/* certauth metrics: write what a fleet is watched by, for Prometheus. */
#include "metrics/metrics.h"
#include "metrics/metricscerts.h"
#include "metrics/metricsstate.h"
#include "metrics/metricstext.h"
#include "metrics/metricsverifier.h"
#include "base/file.h"
#include "base/tr.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STATE_DIR "/var/lib/certauth/metrics"
#define SUFFIX ".prom"
#define TEXT_MAX ((size_t)16 << 20)

static const char help[] =
    "usage: certauth metrics [OPTIONS]\n"
    "\n"
    "Print metrics in the text format of Prometheus, for the textfile collector of\n"
    "node_exporter: logins by service, outcome and reason, the life of each CRL, CA\n"
    "and host certificate, indexes of users, restarts of the resident verifier.\n"
    "certauth-metrics.timer does it every five minutes, if it is enabled.\n"
    "\n"
    "Each entry of the log counts once, also if it was rotated.  Counting begins with\n"
    "the first run.\n"
    "\n"
    "  --output FILE    replace FILE in one step; its name must end in .prom\n"
    "  --state DIR      where the counters are kept, instead of\n"
    "                   /var/lib/certauth/metrics\n"
    "  --file FILE      count the lines of this file of syslog, not of the journal\n"
    "  --config FILE    instead of /etc/certauth/certauth.conf\n"
    "\n"
    "Exit status: 0 complete, 1 something could not be read, 2 nothing was written.\n"
    "\n"
    "Example:\n"
    "  certauth metrics --output /var/lib/prometheus/node-exporter/certauth.prom\n";

static int run(int argc, char **argv);

const struct ca_command ca_cmd_metrics = {"metrics",
    N_("write metrics of logins and CRLs for Prometheus"), help, run};

enum { OPT_OUTPUT = 256, OPT_STATE, OPT_FILE, OPT_CONFIG };

static const struct option options[] = {
    {"output", required_argument, NULL, OPT_OUTPUT},
    {"state", required_argument, NULL, OPT_STATE},
    {"file", required_argument, NULL, OPT_FILE},
    {"config", required_argument, NULL, OPT_CONFIG},
    {NULL, 0, NULL, 0},
};

struct args {
	const char *output, *state, *file, *config;
};

/* ---- the file ---- */

/*
 * The directory may belong to another user than the one who runs this as root
 * (prometheus).  That user must not lead the file elsewhere by a link in its place,
 * so a link is refused, and the directory that was opened is written to.
 */
static int
write_file(const char *path, const struct ca_buf *text)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	char dir[4096] = ".";
	enum ca_err rc = CA_ERR_IO;
	int fd;

	if (slash != NULL && snprintf(dir, sizeof dir, "%.*s",
				 slash == path ? 1 : (int)(slash - path),
				 path) >= (int)sizeof dir)
		return ca_cli_fail("%s: the path is too long", path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return ca_cli_fail(
		    "%s does not exist, so nothing was written; create it, or "
		    "name the directory of node_exporter's textfile collector "
		    "with --output",
		    dir);
	if (fd < 0)
		return ca_cli_fail(
		    "%s must be a directory that can be opened, and no link: %s",
		    dir, strerror(errno));
	if (fchdir(fd) == 0)
		rc = ca_file_replace(name, text->p, text->len, 0644);
	int saved = errno;
	(void)close(fd);
	if (rc == CA_OK)
		return CA_EXIT_OK;
	return ca_cli_fail("%s cannot be written: %s", path,
	    rc == CA_ERR_IO ? strerror(saved) : ca_err_text(rc));
}

static int
write_text(const char *path, const struct ca_buf *text)
{
	if (ca_buf_err(text) != CA_OK)
		return ca_cli_fail("%s", ca_err_text(ca_buf_err(text)));
	if (path != NULL)
		return write_file(path, text);
	if (fwrite(text->p, 1, text->len, stdout) != text->len ||
	    fflush(stdout) != 0)
		return ca_cli_fail("standard output: write error");
	return CA_EXIT_OK;
}

/* ---- what is written ---- */

/* Count the entries that came since the last run.  *read: all of them. */
static int
count(const struct args *a, struct ca_metrics_logins *l, bool *read)
{
	struct ca_metrics_login_visit *visit = calloc(1, sizeof *visit);
	struct ca_logsource s = {
	    .visit = ca_metrics_login_record, .ctx = visit};
	int status;

	if (visit == NULL)
		return ca_cli_fail("%s", ca_err_text(CA_ERR_MEMORY));
	visit->to = l;
	visit->pam_dir = "/etc/pam.d";
	l->at.lost = false;
	status = a->file != NULL ? ca_logfollow_file(&s, a->file, &l->at)
				 : ca_logfollow_system(&s, &l->at);
	l->gaps += l->at.lost;
	l->damaged += s.state.damaged;
	*read = status == CA_EXIT_OK;
	free(visit);
	return CA_EXIT_OK;
}

static bool
put_configured(struct ca_crladmin_run *r, struct ca_buf *out)
{
	bool ok = ca_crladmin_open(r) == CA_EXIT_OK;

	if (r->crypto == NULL || r->cas == NULL)
		return false;
	ca_metrics_cas_put(r, out);
	if (r->dir >= 0 && !ca_metrics_crls_put(r, out))
		ok = false;
	if (!ca_metrics_host_put(r, out))
		ok = false;
	ca_metrics_users_put(r, out);
	/* last: it may change crl of the configuration */
	if (!ca_metrics_ocsp_put(r, out))
		ok = false;
	return ok;
}

static bool
put_all(const struct args *a, const struct ca_metrics_logins *l, bool read,
    struct ca_buf *out)
{
	struct ca_crladmin_run r = {
	    .dir = -1, .lock = -1, .quiet = true, .log = ca_cli_log(false)};
	const struct ca_metrics_label build[] = {{"version", CA_VERSION},
	    {"libcrypto", OpenSSL_version(OPENSSL_VERSION_STRING)},
	    {NULL, NULL}};
	bool ok = read, valid;

	ca_metrics_head(out, "certauth_build_info", "gauge",
	    "The version of certauth, and of libcrypto; always 1.");
	ca_metrics_sample(out, "certauth_build_info", build, 1);
	ca_metrics_logins_put(l, out);
	ca_metrics_single(out, "certauth_log_read", "gauge",
	    "1 if the log could be read completely.", read);
	valid =
	    (r.cfg = ca_config_new()) != NULL &&
	    ca_config_read(r.cfg,
		a->config != NULL ? a->config : CA_SYSCONFDIR "/certauth.conf",
		NULL, a->config != NULL, &r.log) == CA_OK;
	ca_metrics_single(out, "certauth_config_valid", "gauge",
	    "1 if the configuration has no mistake; with one, logins by certificate fail.",
	    valid);
	if (!valid || !put_configured(&r, out))
		ok = false;
	ca_crladmin_close(&r);
	if (!ca_metrics_verifier_put(out))
		ok = false;
	ca_metrics_single(out, "certauth_metrics_timestamp_seconds", "gauge",
	    "When these metrics were written.", (long long)time(NULL));
	return ok;
}

/* The state is written first: a run that is killed here loses no entry, and counts
 * none twice. */
static int
make(const struct args *a, struct ca_metrics_logins *l)
{
	struct ca_buf out = CA_BUF_INIT(TEXT_MAX);
	int lock = -1, status = ca_metrics_state_open(a->state, &lock, l);
	bool read = false, complete = false;

	if (status == CA_EXIT_OK)
		status = count(a, l, &read);
	if (status == CA_EXIT_OK)
		status = ca_metrics_state_write(a->state, l);
	if (status == CA_EXIT_OK) {
		complete = put_all(a, l, read, &out);
		status = write_text(a->output, &out);
	}
	if (lock >= 0)
		(void)close(lock);
	ca_buf_free(&out);
	if (status == CA_EXIT_OK && !complete)
		status = CA_EXIT_NO;
	return status;
}

/* ---- options ---- */

static int
one_option(struct args *a, int c, char **argv)
{
	switch (c) {
	case OPT_OUTPUT:
		a->output = optarg;
		break;
	case OPT_STATE:
		a->state = optarg;
		break;
	case OPT_FILE:
		a->file = optarg;
		break;
	case OPT_CONFIG:
		a->config = optarg;
		break;
	default:
		return ca_cli_bad_option(&ca_cmd_metrics, argv);
	}
	return CA_EXIT_OK;
}

/* node_exporter reads names that end so; a temporary file has another end. */
static bool
is_prom(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	size_t len = strlen(name), n = sizeof SUFFIX - 1;

	return len > n && strcmp(name + len - n, SUFFIX) == 0;
}

static int
run(int argc, char **argv)
{
	struct args a = {.state = STATE_DIR};
	struct ca_metrics_logins *l;
	int c, status = CA_EXIT_OK;

	opterr = 0;
	while (status == CA_EXIT_OK &&
	       (c = getopt_long(argc, argv, "", options, NULL)) != -1)
		status = one_option(&a, c, argv);
	if (status == CA_EXIT_OK && optind < argc)
		status = ca_cli_usage(&ca_cmd_metrics,
		    "unexpected argument %s; name a file with --output",
		    argv[optind]);
	if (status == CA_EXIT_OK && a.output != NULL && !is_prom(a.output))
		status = ca_cli_usage(&ca_cmd_metrics,
		    "the name of %s must end in " SUFFIX
		    ": node_exporter reads no other file",
		    a.output);
	if (status != CA_EXIT_OK)
		return status;
	if ((l = calloc(1, sizeof *l)) == NULL)
		return ca_cli_fail("%s", ca_err_text(CA_ERR_MEMORY));
	status = make(&a, l);
	free(l);
	return status;
}
