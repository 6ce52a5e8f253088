/*
 * The options of `certauth verify`, most of them keys of the configuration.
 */
#ifndef CA_CLI_VERIFYARGS_H
#define CA_CLI_VERIFYARGS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "cli/presented.h"
#include "config/config.h"
#include "tool/cli.h"

#define CA_VERIFY_KEYS 16 /* options that are keys */

struct ca_verify_args {
	const char *config, *service, *intermediates, *cert;
	const char *key[CA_VERIFY_KEYS];
	struct ca_buf purpose, policy, exempt; /* lists, with spaces between */
	bool no_crl, json, quiet, debug;
	struct ca_presented_ocsp ocsp;
	bool foreign; /* --ca-dir without --crl-dir: the site's CRLs are
		       of other CAs */
	long long now;
};

/* Parse the options.  The caller sets a->now and the three lists, zeroes the rest, and
 * frees the lists; a borrows from argv.  Returns CA_EXIT_OK, or CA_EXIT_USAGE after
 * printing the error in the name of cmd. */
int ca_verify_args_parse(struct ca_verify_args *a, const struct ca_command *cmd,
    int argc, char **argv);

/* Make the configuration of these options.  The caller frees *out, also after an
 * error.  CA_ERR_MEMORY, and the errors of ca_config_read and ca_config_set. */
CA_MUST_CHECK enum ca_err ca_verify_args_configure(
    const struct ca_verify_args *a, const struct ca_log *log,
    struct ca_config **out);

#endif
