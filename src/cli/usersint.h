/*
 * Inside `certauth users`: users.c has the options and the commands that change
 * the file, usersview.c those that show it.  Private to them.
 */
#ifndef CA_CLI_USERSINT_H
#define CA_CLI_USERSINT_H

#include <limits.h>
#include <openssl/x509.h>

#include "base/log.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "tool/cli.h"

struct ca_users_args {
	const struct ca_command *cmd; /* for messages about its usage */
	const char *file, *config, *cert, *user, *service, *rhost;
	bool force;
	struct ca_config *cfg;
	struct ca_crypto *crypto;
	struct ca_log log;
	char path[PATH_MAX]; /* of the users file, absolute */
};

/* The exit status for rc.  Prints a message only if nothing has been printed. */
int ca_users_failed(enum ca_err rc);

/* Read the first certificate of a file.  Errors are printed.  The caller frees
 * *out. */
CA_MUST_CHECK enum ca_err ca_users_read_cert(
    const struct ca_users_args *a, const char *path, X509 **out);

/* The commands `list` and `test`; an exit status. */
int ca_users_list(const struct ca_users_args *a, int argc, char **argv);
int ca_users_test(const struct ca_users_args *a, int argc, char **argv);

/* The command `update` (usersupdate.c); an exit status. */
int ca_users_update(const struct ca_users_args *a, int argc, char **argv);

#endif
