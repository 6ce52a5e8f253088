/* certauth users: the users file, from the command line. */
#include "cli/commands.h"
#include "cli/usersedit.h"
#include "base/file.h"
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
    "The users file says which certificate may log in as whom.\n"
    "\n"
    "  add LOGIN SELECTOR [OPTION ...]   append a line\n"
    "  add LOGIN --cert CERT.pem         the same, as sha256: of a certificate\n"
    "  remove LOGIN [SELECTOR]           take lines away\n"
    "  list [LOGIN]                      show the rules, and check every line\n"
    "  test CERT.pem                     try the rules: which map, which not, why\n"
    "  compile                           make an index, for a large file\n"
    "\n"
    "  --file FILE, --config FILE        another users file or configuration\n"
    "  --user U --service S --rhost H    test: as if for this login\n"
    "\n"
    "Exit status: 0 done; 1 nothing to do, or the certificate does not map;\n"
    "2 a mistake.  certauth-users(5) describes selectors and options.\n"
    "\n"
    "Example:\n"
    "  certauth users add alice email:alice@corp.example 'issuer=CN=Corp CA'\n";

static int run(int argc, char **argv);

const struct ca_command ca_cmd_users = {
    "users", "edit and try the users file", help, run};

enum { OPT_FILE = 256, OPT_CONFIG, OPT_CERT, OPT_USER, OPT_SERVICE, OPT_RHOST };

static const struct option options[] = {
    {"file", required_argument, NULL, OPT_FILE},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"cert", required_argument, NULL, OPT_CERT},
    {"user", required_argument, NULL, OPT_USER},
    {"service", required_argument, NULL, OPT_SERVICE},
    {"rhost", required_argument, NULL, OPT_RHOST},
    {NULL, 0, NULL, 0},
};

struct args {
	const char *file, *config, *cert, *user, *service, *rhost;
	struct ca_config *cfg;
	struct ca_crypto *crypto;
	struct ca_log log;
	char path[PATH_MAX]; /* of the users file, absolute */
};

static int
failed(enum ca_err rc)
{
	/* told already, where it was found */
	return rc == CA_ERR_MEMORY || rc == CA_ERR_CRYPTO
		   ? ca_cli_fail("%s", ca_err_text(rc))
		   : CA_EXIT_USAGE;
}

/* ---- certificates ---- */

static enum ca_err
read_cert(const struct args *a, const char *path, X509 **out)
{
	struct ca_buf text = CA_BUF_INIT(CA_CERTFILE_MAX);
	STACK_OF(X509) *certs = sk_X509_new_null();
	size_t bad = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum ca_err rc =
	    fd < 0 ? CA_ERR_IO : ca_file_read_fd(fd, CA_CERTFILE_MAX, &text);

	*out = NULL;
	if (rc == CA_ERR_IO)
		ca_log_err(&a->log, "cannot read %s: %m", path);
	if (rc == CA_OK) {
		rc = certs == NULL ? CA_ERR_MEMORY
				   : ca_certfile_parse(a->crypto, text.p,
					 text.len, certs, &bad);
		if (rc != CA_OK || sk_X509_num(certs) == 0) {
			const char *why =
			    bad > 0 ? ca_certfile_refusal(text.p, text.len)
				    : NULL;

			ca_log_err(&a->log, "%s holds no certificate%-s%-s",
			    path, why != NULL ? " that can be used: " : "",
			    why != NULL ? why : "");
			rc = CA_ERR_FORMAT;
		}
	}
	if (rc == CA_OK)
		*out = sk_X509_shift(certs);
	sk_X509_pop_free(certs, X509_free);
	ca_buf_free(&text);
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

static enum ca_err
put_sha256(const struct args *a, const char *path, struct ca_buf *out)
{
	X509 *cert;
	unsigned char *der = NULL;
	uint8_t hash[32];
	enum ca_err rc = read_cert(a, path, &cert);

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

/* ---- the commands ---- */

/* A word as it must stand in the file. */
static void
put_word(struct ca_buf *line, const char *word)
{
	bool quote = strpbrk(word, " \t") != NULL && strchr(word, '"') == NULL;

	ca_buf_fmt(line, "%s%s%s%s", line->len > 0 ? " " : "",
	    quote ? "\"" : "", word, quote ? "\"" : "");
}

static int
users_add(const struct args *a, int argc, char **argv)
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
		ca_log_err(
		    &a->log, "the line has over %d bytes", CA_RULE_LINE_MAX);
		rc = CA_ERR_LIMIT;
	}
	if (rc == CA_OK)
		rc = ca_users_add(a->path, text, &a->log, &n);
	ca_buf_free(&line);
	if (rc != CA_OK)
		return failed(rc);
	if (n == 0)
		printf("%s has this rule already\n", a->path);
	return n > 0 ? CA_EXIT_OK : CA_EXIT_NO;
}

static int
users_remove(const struct args *a, int argc, char **argv)
{
	size_t n;
	enum ca_err rc;

	if (argc < 1 || argc > 2)
		return ca_cli_usage(&ca_cmd_users, "remove needs LOGIN and "
						   "perhaps SELECTOR");
	rc = ca_users_remove(
	    a->path, argv[0], argc > 1 ? argv[1] : NULL, &a->log, &n);
	if (rc != CA_OK)
		return failed(rc);
	printf("%zu line%s removed\n", n, n == 1 ? "" : "s");
	return n > 0 ? CA_EXIT_OK : CA_EXIT_NO;
}

static void
print(const char *text)
{
	struct ca_buf out = CA_BUF_INIT(400000);

	ca_buf_printable(&out, text, strlen(text));
	const char *t = ca_buf_text(&out);
	(void)fputs(t != NULL ? t : "?", stdout);
	ca_buf_free(&out);
}

struct listing {
	const char *login;
	size_t n;
};

static enum ca_err
list_rule(
    void *ctx, const struct ca_rule *rule, const struct ca_users_line *line)
{
	struct listing *l = ctx;

	if (l->login != NULL && strcmp(l->login, rule->login) != 0)
		return CA_OK;
	l->n++;
	printf("%6u  %-16s %-6s ", line->number, rule->login,
	    ca_selector_strong(rule->sel) ? "strong" : "weak");
	print(rule->selector);
	if (rule->issuer != NULL)
		(void)fputs(" issuer", stdout);
	if (rule->from != NULL)
		printf(" from=%s", rule->from);
	if (rule->service != NULL)
		printf(" service=%s", rule->service);
	if (rule->has_until)
		(void)fputs(" until", stdout);
	if (rule->ignorecase)
		(void)fputs(" ignorecase", stdout);
	putchar('\n');
	return CA_OK;
}

static int
users_list(const struct args *a, int argc, char **argv)
{
	struct listing l = {argc > 0 ? argv[0] : NULL, 0};
	enum ca_err rc;

	if (argc > 1)
		return ca_cli_usage(&ca_cmd_users, "list takes one LOGIN");
	rc = ca_users_scan(a->path, 20, &a->log, list_rule, &l, NULL);
	if (rc != CA_OK)
		return failed(rc);
	return l.n > 0 ? CA_EXIT_OK : CA_EXIT_NO;
}

static void
show_trial(void *ctx, const struct ca_map_trial *t)
{
	(void)ctx;
	print(t->file);
	if (t->line != 0)
		printf(":%u", t->line);
	(void)fputs(": ", stdout);
	print(t->login);
	(void)fputs(" ", stdout);
	print(t->selector);
	(void)fputs(t->matched ? ": yes, " : ": no, ", stdout);
	print(t->why);
	if (t->made != NULL) {
		(void)fputs(": ", stdout);
		print(t->made);
	}
	putchar('\n');
}

static int
users_test(const struct args *a, int argc, char **argv)
{
	struct ca_report *report = ca_report_new();
	struct ca_map_input in = {
	    .user = a->user, .service = a->service, .rhost = a->rhost};
	const struct ca_context ctx = {a->crypto, a->cfg, &a->log, time(NULL)};

	char *login = NULL;
	X509 *cert = NULL;
	enum ca_err rc = CA_ERR_MEMORY;

	if (argc != 1) {
		ca_report_free(report);
		return ca_cli_usage(&ca_cmd_users, "test needs a certificate");
	}
	if (report != NULL)
		rc = read_cert(a, argv[0], &cert);
	if (rc == CA_OK) {
		in.leaf = cert;
		rc =
		    ca_map_explain(&ctx, &in, report, &login, show_trial, NULL);
	}
	if (rc == CA_OK) {
		struct ca_buf text = CA_BUF_INIT(400000);

		ca_report_text(report, 1u << CA_CHECK_MAPPING, &text);
		const char *t = ca_buf_text(&text);
		(void)fputs(t != NULL ? t : "out of memory\n", stdout);
		ca_buf_free(&text);
	}
	int status = rc != CA_OK     ? failed(rc)
		     : login != NULL ? CA_EXIT_OK
				     : CA_EXIT_NO;
	free(login);
	X509_free(cert);
	ca_report_free(report);
	return status;
}

static int
users_compile(const struct args *a, int argc, char **argv)
{
	size_t n;
	enum ca_err rc;

	(void)argv;
	if (argc != 0)
		return ca_cli_usage(&ca_cmd_users, "compile takes no argument");
	if ((rc = ca_map_compile(a->crypto, a->path, &a->log, &n)) != CA_OK)
		return failed(rc);
	printf("%s.cdb: %zu rules\n", a->path, n);
	return CA_EXIT_OK;
}

static const struct {
	const char *name;
	int (*run)(const struct args *a, int argc, char **argv);
} commands[] = {
    {"add", users_add},
    {"remove", users_remove},
    {"list", users_list},
    {"test", users_test},
    {"compile", users_compile},
};

/* ---- arguments ---- */

/* The users file that is meant: by option, else by the configuration. */
static int
configure(struct args *a)
{
	const char *conf =
	    a->config != NULL ? a->config : CA_SYSCONFDIR "/certauth.conf";
	enum ca_err rc;

	a->log = ca_cli_log(false);
	if ((a->cfg = ca_config_new()) == NULL)
		return failed(CA_ERR_MEMORY);
	/* with --file, a mistake elsewhere need not be in the way */
	if (a->file == NULL || a->config != NULL) {
		rc = ca_config_read(
		    a->cfg, conf, a->service, a->config != NULL, &a->log);
		if (rc != CA_OK)
			return failed(rc);
	}
	if (a->file != NULL && a->file[0] != '/') {
		char cwd[PATH_MAX];

		if (getcwd(cwd, sizeof cwd) == NULL ||
		    snprintf(a->path, sizeof a->path, "%s/%s", cwd, a->file) >=
			(int)sizeof a->path)
			return ca_cli_fail("%s: no usable path", a->file);
	} else if (snprintf(a->path, sizeof a->path, "%s",
		       a->file != NULL ? a->file : a->cfg->users) >=
		   (int)sizeof a->path) {
		return ca_cli_fail("the path is too long");
	}
	rc = ca_config_set(a->cfg, "users", a->path, "--file", &a->log);
	if (rc == CA_OK)
		rc = ca_crypto_new(&a->crypto);
	return rc == CA_OK ? CA_EXIT_OK : failed(rc);
}

static int
run(int argc, char **argv)
{
	struct args a = {0};
	int c, status;

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
		default:
			return ca_cli_usage(&ca_cmd_users, "see above");
		}
	argc -= optind;
	argv += optind;
	if (argc < 1)
		return ca_cli_usage(&ca_cmd_users, "which command?");
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
	return ca_cli_usage(&ca_cmd_users, "no such command: %s", argv[0]);
}
