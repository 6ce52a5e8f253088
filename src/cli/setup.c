#include "cli/setup.h"
#include "cli/commands.h"
#include "base/file.h"
#include "base/tr.h"
#include "crladmin/crladmin.h"
#include "doctor/doctor.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "usage: certauth setup [OPTIONS]\n"
    "\n"
    "Set up a host: create the directories, import CAs and CRLs, fetch the CRLs whose\n"
    "address is known, add a rule for a login, enable certauth-verifier.socket, run\n"
    "`certauth doctor'.  It can be repeated.  PAM's files are not changed; the lines\n"
    "to add are shown.\n"
    "\n"
    "  --ca FILE         one or more CA certificates: PEM, DER or PKCS#7 (may be\n"
    "                    repeated); self-signed ones become trust anchors, others\n"
    "                    are only used to build certification paths\n"
    "  --anchor FILE     as --ca, but each certificate becomes a trust anchor\n"
    "  --crl FILE        a CRL of one of the CAs (may be repeated)\n"
    "  --no-fetch        do not fetch CRLs now\n"
    "  --user LOGIN      permit this login, for the certificate of --cert FILE or for\n"
    "                    --selector SELECTOR, see certauth-users(5)\n"
    "  --cert FILE       a user's certificate; it also gives its CRL's address\n"
    "  --service NAME    the PAM service whose lines are shown; default: sshd\n"
    "  --confdir DIR     use DIR instead of /etc/certauth\n"
    "\n"
    "Exit status: 0 done, 1 something is missing or wrong, 2 wrong use.\n"
    "\n"
    "Example:\n"
    "  certauth setup --ca ca.pem --crl ca.crl --user alice --cert alice.pem\n";

static int run(int argc, char **argv);
const struct ca_command ca_cmd_setup = {
    "setup", N_("set up a host for logins by certificate"), help, run};

enum {
	OPT_CA = 256,
	OPT_ANCHOR,
	OPT_CRL,
	OPT_NO_FETCH,
	OPT_USER,
	OPT_CERT,
	OPT_SELECTOR,
	OPT_SERVICE,
	OPT_CONFDIR
};

static const struct option options[] = {
    {"ca", required_argument, NULL, OPT_CA},
    {"anchor", required_argument, NULL, OPT_ANCHOR},
    {"crl", required_argument, NULL, OPT_CRL},
    {"no-fetch", no_argument, NULL, OPT_NO_FETCH},
    {"user", required_argument, NULL, OPT_USER},
    {"cert", required_argument, NULL, OPT_CERT},
    {"selector", required_argument, NULL, OPT_SELECTOR},
    {"service", required_argument, NULL, OPT_SERVICE},
    {"confdir", required_argument, NULL, OPT_CONFDIR},
    {NULL, 0, NULL, 0},
};

#define FILES_MAX 64

struct setup {
	const char *ca[FILES_MAX], *crl[FILES_MAX];
	bool anchor[FILES_MAX]; /* ca[i] was given by --anchor */
	size_t nca, ncrl;
	const char *user, *cert, *selector, *service, *confdir;
	bool no_fetch, wrong; /* a step failed */
	char *const *argv;
	char conf[PATH_MAX];
	struct ca_config *cfg;
	struct ca_log log;
};

/* ---- directories and configuration ---- */

/* Create a directory of mode 0755, regardless of the umask, or correct an existing
 * one.
 */
static bool
make_dir(const char *path)
{
	struct stat st;

	if (mkdir(path, 0755) == 0)
		return chmod(path, 0755) == 0;
	if (errno != EEXIST || stat(path, &st) != 0) {
		(void)ca_cli_fail("%s: %s", path, strerror(errno));
		return false;
	}
	if (!S_ISDIR(st.st_mode)) {
		(void)ca_cli_fail("%s is not a directory", path);
		return false;
	}
	if (st.st_uid != geteuid() && st.st_uid != 0) {
		(void)ca_cli_fail(
		    "%s belongs to another user; run as root: chown root %s",
		    path, path);
		return false;
	}
	if ((st.st_mode & 022) == 0)
		return true;
	printf(
	    "  %s was writable by group or others; the permissions were corrected\n",
	    path);
	return chmod(path, st.st_mode & 07755) == 0;
}

/* If there is no configuration, create one with the paths of this folder. */
static bool
make_conf(const struct setup *s)
{
	struct ca_buf text = CA_BUF_INIT(65536);
	struct stat st;
	bool ok = true;

	if (lstat(s->conf, &st) == 0)
		return true;
	ca_buf_fmt(&text,
	    "# created by certauth setup; see certauth.conf(5)\n"
	    "[default]\nca_dir = %s/ca\ncrl_dir = %s/crl\n"
	    "intermediates_dir = %s/intermediates\nusers = %s/users\n"
	    "users_dir = %s/users.d\n",
	    s->confdir, s->confdir, s->confdir, s->confdir, s->confdir);
	if (ca_file_replace(s->conf, text.p, text.len, 0644) != CA_OK) {
		(void)ca_cli_fail("%s: %s", s->conf, strerror(errno));
		ok = false;
	}
	ca_buf_free(&text);
	return ok;
}

static bool
prepare(struct setup *s)
{
	const char *dirs[5];
	size_t n = 0;

	if (!make_dir(s->confdir) || !make_conf(s))
		return false;
	if ((s->cfg = ca_config_new()) == NULL ||
	    ca_config_read(s->cfg, s->conf, NULL, false, &s->log) != CA_OK)
		return false;
	dirs[n++] = s->cfg->ca_dir;
	dirs[n++] = s->cfg->crl_dir;
	if (s->cfg->intermediates_dir != NULL)
		dirs[n++] = s->cfg->intermediates_dir;
	dirs[n++] = s->cfg->users_dir;
	for (size_t i = 0; i < n; i++)
		if (!make_dir(dirs[i]))
			return false;
	return true;
}

/* ---- the other commands ---- */

/* Is the configuration not that of /etc/certauth? */
static bool
is_elsewhere(const struct setup *s)
{
	return strcmp(s->confdir, CA_SYSCONFDIR) != 0;
}

/* Run another command.  argv ends with NULL; --config is added if needed. */
static int
also(struct setup *s, const struct ca_command *cmd, const char *const *argv)
{
	char *all[16];
	struct stat st;
	int n = 0;

	while (n < 12 && argv[n] != NULL) {
		all[n] = (char *)argv[n];
		n++;
	}
	/* the commands read /etc/certauth/certauth.conf by themselves */
	if (is_elsewhere(s) && stat(s->conf, &st) == 0) {
		all[n++] = (char *)"--config";
		all[n++] = s->conf;
	}
	all[n] = NULL;
	optind = 0; /* reset getopt */
	(void)fflush(stdout);
	return cmd->run(n, all);
}

static void
add_user(struct setup *s)
{
	const char *by_cert[] = {
	    "users", "add", s->user, "--cert", s->cert, NULL};
	const char *by_selector[] = {
	    "users", "add", s->user, s->selector, NULL};
	const char *verify[] = {"verify", "--quiet", s->cert, NULL};

	printf("Logins permitted by %s:\n", s->cfg->users);
	/* 1: the file already has the line */
	if (also(s, &ca_cmd_users,
		s->selector == NULL ? by_cert : by_selector) == CA_EXIT_USAGE) {
		s->wrong = true;
		return;
	}
	printf("  %s\n", s->user);
	if (s->cert == NULL)
		return;
	if (also(s, &ca_cmd_verify, verify) == CA_EXIT_OK) {
		printf("  %s would be accepted\n", s->cert);
	} else {
		printf(
		    "  %s would be refused; to see why, run: certauth explain%s%s %s\n",
		    s->cert, is_elsewhere(s) ? " --config " : "",
		    is_elsewhere(s) ? s->conf : "", s->cert);
		s->wrong = true;
	}
}

static void
import_cas(struct setup *s)
{
	struct ca_crypto *crypto = NULL;
	struct ca_setup_count n = {0, 0};

	if (ca_crypto_new(&crypto) != CA_OK) {
		(void)ca_cli_fail("cannot initialise libcrypto");
		s->wrong = true;
		return;
	}
	if (s->nca > 0)
		puts("Trust anchors and intermediates:");
	for (size_t i = 0; i < s->nca; i++)
		if (!ca_setup_ca(s->cfg, crypto, s->ca[i], s->anchor[i], &n))
			s->wrong = true;
	if (s->nca > 0 && n.anchors + n.intermediates + n.there == 0)
		s->wrong = true;
	if (n.intermediates > 0 && n.anchors + n.there == 0)
		printf(
		    "  No trust anchor was added to %s: a certification path ends at a self-signed CA; add that CA with --ca.\n  To trust an intermediate without the CAs above it, add it with --anchor.\n",
		    s->cfg->ca_dir);
	ca_crypto_free(crypto);
}

/* Learn the addresses of CRLs from every certificate that was given. */
static void
learn(struct setup *s)
{
	const char *path[FILES_MAX + 1];
	size_t n = 0;

	for (; n < s->nca; n++)
		path[n] = s->ca[n];
	if (s->cert != NULL)
		path[n++] = s->cert;
	if (n > 0 && !ca_setup_learn(s->cfg, path, n))
		s->wrong = true;
}

static void
import(struct setup *s)
{
	static const char *const update[] = {"crl", "update", NULL};

	import_cas(s);
	if (s->ncrl > 0)
		puts("CRLs:");
	for (size_t i = 0; i < s->ncrl; i++)
		if (!ca_setup_crl(s->cfg, s->crl[i]))
			s->wrong = true;
	learn(s);
	if (!s->no_fetch) {
		puts("CRLs with a known address:");
		if (also(s, &ca_cmd_crl, update) != CA_EXIT_OK)
			s->wrong = true;
	}
}

/* ---- instructions for the administrator ---- */

static void
show_pam(const struct setup *s)
{
	bool sshd = strcmp(s->service, "sshd") == 0;
	bool other = is_elsewhere(s);

	printf(
	    "\nNow add this line at the top of /etc/pam.d/%s, and keep a root shell open\nuntil you have logged in once (the existing lines below remain as the fallback):\n\n  auth sufficient "
	    "pam_certauth.so%s%s\n\n",
	    s->service, other ? " config=" : "", other ? s->conf : "");
	if (sshd)
		puts("sshd also needs, in /etc/ssh/sshd_config:\n\n"
		     "  UsePAM yes\n  KbdInteractiveAuthentication yes\n");
	puts("To keep the CRLs current, run:\n\n"
	     "  systemctl enable --now certauth-crl-update.timer\n");
}

static int
one_option(struct setup *s, int c)
{
	switch (c) {
	case OPT_CA:
	case OPT_ANCHOR:
		if (s->nca == FILES_MAX)
			return ca_cli_usage(
			    &ca_cmd_setup, "at most 64 files can be given");
		s->anchor[s->nca] = c == OPT_ANCHOR;
		s->ca[s->nca++] = optarg;
		return CA_EXIT_OK;
	case OPT_CRL:
		if (s->ncrl == FILES_MAX)
			return ca_cli_usage(
			    &ca_cmd_setup, "at most 64 files can be given");
		s->crl[s->ncrl++] = optarg;
		return CA_EXIT_OK;
	case OPT_NO_FETCH:
		s->no_fetch = true;
		return CA_EXIT_OK;
	case OPT_USER:
		s->user = optarg;
		return CA_EXIT_OK;
	case OPT_CERT:
		s->cert = optarg;
		return CA_EXIT_OK;
	case OPT_SELECTOR:
		s->selector = optarg;
		return CA_EXIT_OK;
	case OPT_SERVICE:
		s->service = optarg;
		return CA_EXIT_OK;
	case OPT_CONFDIR:
		s->confdir = optarg;
		return CA_EXIT_OK;
	default:
		return ca_cli_bad_option(&ca_cmd_setup, s->argv);
	}
}

static int
check_args(struct setup *s)
{
	if (s->user != NULL && s->cert == NULL && s->selector == NULL)
		return ca_cli_usage(
		    &ca_cmd_setup, "--user needs --cert or --selector");
	if (s->user == NULL && s->selector != NULL)
		return ca_cli_usage(&ca_cmd_setup, "--selector needs --user");
	/* never NULL: run presets it, and getopt_long requires a value
	 *
	 * NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	if (s->confdir[0] != '/' ||
	    snprintf(s->conf, sizeof s->conf, "%s/certauth.conf", s->confdir) >=
		(int)sizeof s->conf)
		return ca_cli_usage(&ca_cmd_setup,
		    "--confdir needs an absolute path, not too long");
	if (strchr(s->service, '/') != NULL || s->service[0] == '\0')
		return ca_cli_usage(&ca_cmd_setup,
		    "--service needs the name of a file in /etc/pam.d");
	return CA_EXIT_OK;
}

static int
run(int argc, char **argv)
{
	struct setup s = {.service = "sshd",
	    .confdir = CA_SYSCONFDIR,
	    .argv = argv,
	    .log = ca_cli_log(false)};
	static const char *const doctor[] = {"doctor", NULL};
	int c, status;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		if ((status = one_option(&s, c)) != CA_EXIT_OK)
			return status;
	if (optind < argc)
		return ca_cli_usage(
		    &ca_cmd_setup, "unexpected argument: %s", argv[optind]);
	if ((status = check_args(&s)) != CA_EXIT_OK)
		return status;
	if (!prepare(&s)) {
		ca_config_free(s.cfg);
		return CA_EXIT_NO;
	}
	import(&s);
	if (s.user != NULL)
		add_user(&s);
	s.wrong = !ca_setup_socket(is_elsewhere(&s)) || s.wrong;
	show_pam(&s);
	/* warnings (1) do not fail setup; the administrator judges them */
	if (also(&s, &ca_cmd_doctor, doctor) == CA_EXIT_USAGE)
		s.wrong = true;
	ca_config_free(s.cfg);
	return s.wrong ? CA_EXIT_NO : CA_EXIT_OK;
}
