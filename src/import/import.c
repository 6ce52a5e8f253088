#include "import/import.h"
#include "base/tr.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: certauth import pam_pkcs11 FILE [ARGUMENT ...]\n"
    "       certauth import sssd FILE [ARGUMENT ...]\n"
    "       certauth import pam_p11 FILE LOGIN\n"
    "\n"
    "Prints the certauth.conf and the users lines that correspond to another\n"
    "module's configuration, as a proposal to check and install.  Comments and\n"
    "standard error name each setting without a counterpart, with the reason.\n"
    "No file is changed.\n"
    "\n"
    "  FILE        pam_pkcs11.conf (its map files are read too), sssd.conf, or\n"
    "              a user's authorized_certificates\n"
    "  ARGUMENT    the module's arguments in pam.d\n"
    "  --conf      print only certauth.conf\n"
    "  --users     print only the users file\n"
    "\n"
    "Exit status: 0 everything was translated; 1 a setting has no counterpart;\n"
    "2 an error.\n"
    "\n"
    "Example:\n"
    "  certauth import pam_pkcs11 --users /etc/pam_pkcs11/pam_pkcs11.conf\n";

static int run(int argc, char **argv);

const struct ca_command ca_cmd_import = {"import",
    N_("translate the configuration of pam_pkcs11, SSSD or pam_p11"), help,
    run};

enum { OPT_CONF = 256, OPT_USERS, OPT_HELP };

static const struct option options[] = {
    {"conf", no_argument, NULL, OPT_CONF},
    {"users", no_argument, NULL, OPT_USERS},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static const struct {
	const char *name;
	enum ca_err (*import)(struct ca_import *im, const struct ca_buf *text,
	    int argc, char **argv);
	const char *usage; /* printed after CA_ERR_USAGE */
} importers[] = {
    {"pam_pkcs11", ca_import_pam_pkcs11, NULL},
    {"sssd", ca_import_sssd, NULL},
    {"pam_p11", ca_import_pam_p11,
	"pam_p11 needs the LOGIN of the user whose file it is"},
};
#define NIMPORTERS (sizeof importers / sizeof *importers)

static const char head[] =
    "# A proposal by `certauth import %s %s`: read it before it is used.\n";

static int
print(struct ca_import *im, const char *kind, bool conf, bool users)
{
	const char *c = im->conf.len > 0 ? ca_buf_text(&im->conf) : "";
	const char *u = im->users.len > 0 ? ca_buf_text(&im->users) : "";

	if (c == NULL || u == NULL)
		return ca_cli_fail("out of memory, or too much to print");
	if (conf || !users) {
		if (!conf)
			puts("# ==== /etc/certauth/certauth.conf ====");
		printf(head, kind, im->file);
		printf("[default]\n%s", c);
	}
	if (users || !conf) {
		if (!users)
			puts("\n# ==== /etc/certauth/users ====");
		printf(head, kind, im->file);
		printf("%s", u);
	}
	if (fflush(stdout) != 0)
		return ca_cli_fail("cannot write: %s", strerror(errno));
	return im->gaps > 0 ? CA_EXIT_NO : CA_EXIT_OK;
}

static int
import(size_t which, const char *file, int argc, char **argv, bool conf,
    bool users)
{
	struct ca_import *im = calloc(1, sizeof *im);
	struct ca_buf text = CA_BUF_INIT(CA_IMPORT_BYTES + 1);
	int status = CA_EXIT_USAGE;
	enum ca_err rc;

	if (im == NULL || (im->scratch = ca_config_new()) == NULL) {
		free(im);
		return ca_cli_fail("out of memory");
	}
	im->file = file;
	im->conf = CA_BUF_INIT(CA_IMPORT_MAPS);
	im->users = CA_BUF_INIT(2 * CA_IMPORT_MAPS);
	ca_rule_init(&im->rule);
	if ((rc = ca_import_read(file, CA_IMPORT_BYTES, &text)) != CA_OK)
		(void)ca_cli_fail("%s: %s", file, ca_err_text(rc));
	else if ((rc = importers[which].import(im, &text, argc, argv)) == CA_OK)
		status = print(im, importers[which].name, conf, users);
	else if (rc == CA_ERR_USAGE)
		(void)ca_cli_usage(
		    &ca_cmd_import, "%s", importers[which].usage);
	else if (rc != CA_ERR_FORMAT) /* reported already */
		(void)ca_cli_fail("%s", ca_err_text(rc));
	ca_rule_free(&im->rule);
	ca_buf_free(&im->conf);
	ca_buf_free(&im->users);
	ca_buf_free(&text);
	ca_config_free(im->scratch);
	free(im);
	return status;
}

static int
run(int argc, char **argv)
{
	bool conf = false, users = false;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case OPT_CONF:
			conf = true;
			break;
		case OPT_USERS:
			users = true;
			break;
		case OPT_HELP:
			ca_cli_help(&ca_cmd_import, stdout);
			return CA_EXIT_OK;
		default:
			return ca_cli_bad_option(&ca_cmd_import, argv);
		}
	}
	if (conf && users)
		return ca_cli_usage(&ca_cmd_import,
		    "--conf and --users exclude each other; without them, both files are printed");
	if (argc - optind < 2)
		return ca_cli_usage(&ca_cmd_import,
		    "a kind (pam_pkcs11, sssd, pam_p11) and a file are required");
	for (size_t i = 0; i < NIMPORTERS; i++)
		if (strcmp(argv[optind], importers[i].name) == 0)
			return import(i, argv[optind + 1], argc - optind - 2,
			    argv + optind + 2, conf, users);
	return ca_cli_usage(&ca_cmd_import,
	    "unknown kind %s; use pam_pkcs11, sssd or pam_p11", argv[optind]);
}
