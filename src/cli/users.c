/* certauth users: edit and test the users file. */
#include "cli/commands.h"
#include "cli/usersedit.h"
#include "cli/usersint.h"
#include "base/file.h"
#include "base/tr.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "map/map.h"
#include "map/rule.h"
#include "map/users_file.h"
#include "verify/certfile.h"

#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
    "usage: certauth users COMMAND [OPTIONS]\n"
    "\n"
    "Edit and test the users file, which maps certificates to logins.\n"
    "\n"
    "  add LOGIN SELECTOR [OPTION ...]   append a rule\n"
    "  add LOGIN --cert CERT.pem         append the sha256: rule of a certificate\n"
    "  remove LOGIN [SELECTOR]           remove rules\n"
    "  list [LOGIN]                      show the rules, and check every line\n"
    "  test CERT.pem                     show which rules map, which do not, and why\n"
    "  compile                           create the index, for a large file\n"
    "  update                            make the index of the LDAP directory\n"
    "\n"
    "  --file FILE, --config FILE        use another users file or configuration\n"
    "  --user U --service S --rhost H    test: simulate this login\n"
    "  --force                           update: accept far fewer accounts\n"
    "\n"
    "Exit status: 0 done; 1 nothing to do, or the certificate does not map;\n"
    "2 an error.  certauth-users(5) describes selectors and options.\n"
    "\n"
    "Example:\n"
    "  certauth users add alice email:alice@corp.example 'issuer=CN=Corp CA'\n";

static int run(int argc, char **argv);

const struct ca_command ca_cmd_users = {
    "users", N_("edit and test the users file"), help, run};

enum {
	OPT_FILE = 256,
	OPT_CONFIG,
	OPT_CERT,
	OPT_USER,
	OPT_SERVICE,
	OPT_RHOST,
	OPT_FORCE
};

static const struct option options[] = {
    {"file", required_argument, NULL, OPT_FILE},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"cert", required_argument, NULL, OPT_CERT},
    {"user", required_argument, NULL, OPT_USER},
    {"service", required_argument, NULL, OPT_SERVICE},
    {"rhost", required_argument, NULL, OPT_RHOST},
    {"force", no_argument, NULL, OPT_FORCE},
    {NULL, 0, NULL, 0},
};

/* ---- the commands ---- */

static enum ca_err
put_sha256(const struct ca_users_args *a, const char *path, struct ca_buf *out)
{
	X509 *cert;
	unsigned char *der = NULL;
	uint8_t hash[32];
	enum ca_err rc = ca_users_read_cert(a, path, &cert);

	if (rc != CA_OK)
		return rc;
	int len = i2d_X509(cert, &der);
	rc = len <= 0 ? CA_ERR_MEMORY
		      : ca_crypto_sha256(a->crypto, der, (size_t)len, hash);
	if (rc == CA_OK) {
		ca_buf_str(out, " sha256:");
		ca_buf_hex(out, hash, sizeof hash);
	}
	OPENSSL_free(der);
	X509_free(cert);
	return rc;
}

/* Append a word, quoted if the users file requires it. */
static void
put_word(struct ca_buf *line, const char *word)
{
	bool quote = strpbrk(word, " \t") != NULL && strchr(word, '"') == NULL;

	ca_buf_fmt(line, "%s%s%s%s", line->len > 0 ? " " : "",
	    quote ? "\"" : "", word, quote ? "\"" : "");
}

static int
users_add(const struct ca_users_args *a, int argc, char **argv)
{
	struct ca_buf line = CA_BUF_INIT(CA_RULE_LINE_MAX);
	size_t n = 0;
	enum ca_err rc = CA_OK;

	if (argc < (a->cert != NULL ? 1 : 2))
		return ca_cli_usage(&ca_cmd_users,
		    "add needs LOGIN and "
		    "SELECTOR, or LOGIN --cert FILE");
	for (int i = 0; i < argc; i++) {
		put_word(&line, argv[i]);
		if (i == 0 && a->cert != NULL)
			rc = put_sha256(a, a->cert, &line);
	}
	const char *text = ca_buf_text(&line);
	if (rc == CA_OK && text == NULL) {
		ca_log_err(&a->log, "the rule is longer than %d bytes",
		    CA_RULE_LINE_MAX);
		rc = CA_ERR_LIMIT;
	}
	if (rc == CA_OK)
		rc = ca_users_add(a->path, text, &a->log, &n);
	ca_buf_free(&line);
	if (rc != CA_OK)
		return ca_users_failed(rc);
	if (n == 0)
		printf("%s already has this rule\n", a->path);
	return n > 0 ? CA_EXIT_OK : CA_EXIT_NO;
}

static int
users_remove(const struct ca_users_args *a, int argc, char **argv)
{
	size_t n;
	enum ca_err rc;

	if (argc < 1 || argc > 2)
		return ca_cli_usage(&ca_cmd_users,
		    "remove takes LOGIN, and optionally SELECTOR");
	rc = ca_users_remove(
	    a->path, argv[0], argc > 1 ? argv[1] : NULL, &a->log, &n);
	if (rc != CA_OK)
		return ca_users_failed(rc);
	printf("%zu line%s removed\n", n, n == 1 ? "" : "s");
	return n > 0 ? CA_EXIT_OK : CA_EXIT_NO;
}

static int
users_compile(const struct ca_users_args *a, int argc, char **argv)
{
	size_t n;
	enum ca_err rc;

	(void)argv;
	if (argc != 0)
		return ca_cli_usage(&ca_cmd_users, "compile takes no argument");
	if ((rc = ca_map_compile(a->crypto, a->path, &a->log, &n)) != CA_OK)
		return ca_users_failed(rc);
	printf("%s.cdb: %zu rules\n", a->path, n);
	return CA_EXIT_OK;
}

static const struct {
	const char *name;
	int (*run)(const struct ca_users_args *a, int argc, char **argv);
} commands[] = {
    {"add", users_add},
    {"remove", users_remove},
    {"list", ca_users_list},
    {"test", ca_users_test},
    {"compile", users_compile},
    {"update", ca_users_update},
};

/* ---- arguments ---- */

/* The users file: of the option, else of the configuration. */
static int
configure(struct ca_users_args *a)
{
	const char *conf =
	    a->config != NULL ? a->config : CA_SYSCONFDIR "/certauth.conf";
	enum ca_err rc;

	a->log = ca_cli_log(false);
	if ((a->cfg = ca_config_new()) == NULL)
		return ca_users_failed(CA_ERR_MEMORY);
	/* with --file, an error in the configuration does not matter */
	if (a->file == NULL || a->config != NULL) {
		rc = ca_config_read(
		    a->cfg, conf, a->service, a->config != NULL, &a->log);
		if (rc != CA_OK)
			return ca_users_failed(rc);
	}
	if (a->file != NULL && a->file[0] != '/') {
		char cwd[PATH_MAX];

		if (getcwd(cwd, sizeof cwd) == NULL ||
		    snprintf(a->path, sizeof a->path, "%s/%s", cwd, a->file) >=
			(int)sizeof a->path)
			return ca_cli_fail(
			    "%s: the path is too long, or the current directory is unknown",
			    a->file);
	} else if (snprintf(a->path, sizeof a->path, "%s",
		       a->file != NULL ? a->file : a->cfg->users) >=
		   (int)sizeof a->path) {
		return ca_cli_fail("the path of the users file is too long");
	}
	rc = ca_config_set(a->cfg, "users", a->path, "--file", &a->log);
	if (rc == CA_OK)
		rc = ca_crypto_new(&a->crypto);
	return rc == CA_OK ? CA_EXIT_OK : ca_users_failed(rc);
}

static int
run(int argc, char **argv)
{
	struct ca_users_args a = {.cmd = &ca_cmd_users};
	int c, status;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (c) {
		case OPT_FILE:
			a.file = optarg;
			break;
		case OPT_CONFIG:
			a.config = optarg;
			break;
		case OPT_CERT:
			a.cert = optarg;
			break;
		case OPT_USER:
			a.user = optarg;
			break;
		case OPT_SERVICE:
			a.service = optarg;
			break;
		case OPT_RHOST:
			a.rhost = optarg;
			break;
		case OPT_FORCE:
			a.force = true;
			break;
		default:
			return ca_cli_bad_option(&ca_cmd_users, argv);
		}
	argc -= optind;
	argv += optind;
	if (argc < 1)
		return ca_cli_usage(&ca_cmd_users,
		    "a command is needed: add, remove, list, test, compile or update");
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (strcmp(commands[i].name, argv[0]) != 0)
			continue;
		status = configure(&a);
		if (status == CA_EXIT_OK)
			status = commands[i].run(&a, argc - 1, argv + 1);
		ca_crypto_free(a.crypto);
		ca_config_free(a.cfg);
		return status;
	}
	return ca_cli_usage(&ca_cmd_users, "unknown command: %s", argv[0]);
}
