/*
 * What the ssh command says about itself and about a host.
 */
#ifndef CA_CLIENT_SSHINFO_H
#define CA_CLIENT_SSHINFO_H

#include <stdbool.h>

#include "base/err.h"
#include "client/client.h"

#define CA_SSH_PREFIX_SINCE 805  /* `(user@host) ' before each prompt */
#define CA_SSH_REQUIRE_SINCE 804 /* SSH_ASKPASS_REQUIRE */

/* The ssh to run: that of CERTAUTH_SSH, or ssh in PATH. */
const char *ca_ssh_program(void);

/* Its version, 902 for 9.2; 0: unknown. */
int ca_ssh_version(void);

struct ca_ssh_host {
	struct ca_list names; /* as given, HostName, HostKeyAlias */
	char *user;           /* the login; NULL: unknown */
	char *jump;           /* ProxyJump, or NULL */
	bool proxy;           /* there is a ProxyCommand */
	bool twice;    /* a name or login is in two lines: the value of one of
			* them contains a line end, and is not what it seems */
	bool tries;    /* NumberOfPasswordPrompts is as ssh has it by default */
	bool batch;    /* BatchMode */
	bool keyboard; /* keyboard-interactive may be tried */
};
void ca_ssh_host_clear(struct ca_ssh_host *host);

/*
 * Resolve a host by `ssh -G ARGS...`; argv ends with NULL.  CA_ERR_NOT_FOUND:
 * ssh rejects the arguments (it says why when it is run with them).
 */
CA_MUST_CHECK enum ca_err ca_ssh_resolve(
    char *const *argv, struct ca_ssh_host *host);

#endif
