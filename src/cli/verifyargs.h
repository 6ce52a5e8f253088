/*
 * The options of `certauth verify`, most of them keys of the configuration.
 */
#ifndef CA_CLI_VERIFYARGS_H
#define CA_CLI_VERIFYARGS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "tool/cli.h"

#define CA_VERIFY_KEYS 12 /* options that are keys */

struct ca_verify_args {
	const char *config, *service, *intermediates, *cert;
	const char *key[CA_VERIFY_KEYS];
	struct ca_buf purpose, policy; /* lists, with spaces between */
	bool no_crl, json, quiet, debug;
	bool foreign; /* --ca-dir alone: the site's CRLs are another CA's */
	long long now;
};

/* CA_EXIT_OK, or CA_EXIT_USAGE, told in the name of cmd.  a: zeroed but for now and the two
 * lists, which the caller frees; what it borrows is argv's. */
int ca_verify_args_parse(struct ca_verify_args *a, const struct ca_command *cmd,
    int argc, char **argv);

/* The configuration that they ask for, for the caller to free, also after an
 * error.  CA_ERR_MEMORY, and what ca_config_read and ca_config_set say. */
CA_MUST_CHECK enum ca_err ca_verify_args_configure(
    const struct ca_verify_args *a, const struct ca_log *log,
    struct ca_config **out);

#endif
