/*
 * The hosts that `certauth ssh' connects to: the target, and the jump hosts
 * before it.
 */
#ifndef CA_CLIENT_SSHWAY_H
#define CA_CLIENT_SSHWAY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "client/sshinfo.h"

struct ca_ssh_way {
	const struct ca_log *log;
	struct ca_buf hosts;  /* CA_ENV_HOSTS */
	struct ca_buf logins; /* CA_ENV_USER */
	bool proxy;           /* one of them is reached by a ProxyCommand */
	unsigned hops;        /* number of jump hosts resolved */
};
#define CA_SSH_WAY(log)                                                        \
	{                                                                      \
		(log), CA_BUF_INIT(65536), CA_BUF_INIT(65536), false, 0        \
	}
void ca_ssh_way_clear(struct ca_ssh_way *way);

/*
 * Resolve the jump hosts before target, which ca_ssh_resolve made of argv (ends
 * with NULL); version is that of ssh.  CA_DENIED (logged): a login, a host name
 * or a HostKeyAlias has a parenthesis or a control byte, or an option has a
 * control byte: `(user@host) ' could then be taken for that of another host.
 */
CA_MUST_CHECK enum ca_err ca_ssh_way_find(struct ca_ssh_way *way,
    char *const *argv, int version, const struct ca_ssh_host *target);

/* Append a login in the form that CA_ENV_USER has. */
CA_MUST_CHECK enum ca_err ca_ssh_login_put(struct ca_buf *b, const char *login);

#endif
