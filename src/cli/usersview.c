/*
 * `certauth users list` and `test`, and the certificates that they read.
 */
#include "cli/usersint.h"
#include "cli/commands.h"
#include "cli/usersedit.h"
#include "base/file.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "map/map.h"
#include "map/rule.h"
#include "map/users_file.h"
#include "tool/certargs.h"
#include "verify/certfile.h"

#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int
ca_users_failed(enum ca_err rc)
{
	/* other errors have been printed by the failed function */
	return rc == CA_ERR_MEMORY || rc == CA_ERR_CRYPTO
		   ? ca_cli_fail("%s", ca_err_text(rc))
		   : CA_EXIT_USAGE;
}

/* ---- certificates ---- */

enum ca_err
ca_users_read_cert(const struct ca_users_args *a, const char *path, X509 **out)
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
	if (rc == CA_OK && ca_certargs_other(path, &text))
		rc = CA_ERR_FORMAT;
	if (rc == CA_OK) {
		rc = certs == NULL ? CA_ERR_MEMORY
				   : ca_certfile_parse(a->crypto, text.p,
					 text.len, certs, &bad);
		if (rc != CA_OK || sk_X509_num(certs) == 0) {
			char refusal[CA_CERT_REFUSAL];
			const char *why = bad > 0 ? ca_certfile_refusal(text.p,
							text.len, refusal)
						  : NULL;

			if (why != NULL)
				ca_log_err(&a->log,
				    "%s has no certificate that can be used: "
				    "%-s",
				    path, why);
			else
				(void)ca_cli_fail("%s: %s", path,
				    ca_certargs_why(
					rc != CA_OK ? rc : CA_ERR_FORMAT));
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
	if (rule->keep_domain)
		(void)fputs(" keep-domain", stdout);
	putchar('\n');
	return CA_OK;
}

int
ca_users_list(const struct ca_users_args *a, int argc, char **argv)
{
	struct listing l = {argc > 0 ? argv[0] : NULL, 0};
	enum ca_err rc;

	if (argc > 1)
		return ca_cli_usage(a->cmd, "list takes at most one LOGIN");
	rc = ca_users_scan(a->path, 20, &a->log, list_rule, &l, NULL);
	if (rc != CA_OK)
		return ca_users_failed(rc);
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

/* The report has what a login would say.  What is wrong with the users file is logged
 * already; what is wrong with a directory is not. */
static bool
says_why(const struct ca_users_args *a, const struct ca_report *report,
    enum ca_err rc)
{
	enum ca_reason reason;

	if (rc == CA_OK || report == NULL)
		return rc == CA_OK;
	reason = ca_report_check_reason(report, CA_CHECK_MAPPING);
	return reason == CA_R_DIRECTORY ||
	       (reason == CA_R_USERS_FILE &&
		   a->cfg->directory == CA_DIRECTORY_LDAP);
}

int
ca_users_test(const struct ca_users_args *a, int argc, char **argv)
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
		return ca_cli_usage(a->cmd, "test takes one certificate file");
	}
	if (report != NULL)
		rc = ca_users_read_cert(a, argv[0], &cert);
	if (rc == CA_OK) {
		in.leaf = cert;
		rc =
		    ca_map_explain(&ctx, &in, report, &login, show_trial, NULL);
	}
	if (says_why(a, report, rc)) {
		struct ca_buf text = CA_BUF_INIT(400000);

		ca_report_text(report, 1u << CA_CHECK_MAPPING, &text);
		const char *t = ca_buf_text(&text);
		(void)fputs(t != NULL ? t : "out of memory\n", stdout);
		ca_buf_free(&text);
	}
	int status = rc != CA_OK     ? ca_users_failed(rc)
		     : login != NULL ? CA_EXIT_OK
				     : CA_EXIT_NO;
	free(login);
	X509_free(cert);
	ca_report_free(report);
	return status;
}
