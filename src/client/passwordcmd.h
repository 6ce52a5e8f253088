/*
 * Signed passwords: `certauth password', and `certauth credential' for git.
 */
#ifndef CA_CLIENT_PASSWORDCMD_H
#define CA_CLIENT_PASSWORDCMD_H

#include "client/client.h"
#include "tool/cli.h"

extern const struct ca_command ca_cmd_password, ca_cmd_credential;

/* One text: for which service, by what. */
struct ca_password_order {
	struct ca_log log;
	struct ca_client client; /* conf is the order's own */
	const char *section;     /* NULL: the options have it all */
	const char *service, *host, *user, *max; /* options, or NULL */
	const char *cert, *key, *p12;
	bool registered;
	char *login; /* that was meant in the end */
};

/* Read the configuration, choose, confirm, sign: the text is appended to out.  Errors are
 * logged; CA_ERR_USAGE: an option or the configuration is wrong.  ca_password_order_clear in every case. */
CA_MUST_CHECK enum ca_err ca_password_order(
    struct ca_password_order *order, struct ca_buf *out);
void ca_password_order_clear(struct ca_password_order *order);

#endif
