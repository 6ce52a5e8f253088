/*
 * The hosts on the way that `certauth ssh' takes: the target, and the jump
 * hosts before it.
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
	bool proxy;           /* a ProxyCommand somewhere on the way */
	unsigned hops;        /* jump hosts, of those that were looked at */
};
#define CA_SSH_WAY(log)                                                        \
	{                                                                      \
		(log), CA_BUF_INIT(65536), CA_BUF_INIT(65536), false, 0        \
	}
void ca_ssh_way_clear(struct ca_ssh_way *way);

/*
 * Follow the way to target, which ca_ssh_resolve made of argv (ends with NULL;
 * version: of ssh).  CA_DENIED (logged): a login, a host's name or a
 * HostKeyAlias has a parenthesis or a control byte, or an option has the
 * latter: with it `(user@host) ' could be read as another host's.
 */
CA_MUST_CHECK enum ca_err ca_ssh_way_find(struct ca_ssh_way *way,
    char *const *argv, int version, const struct ca_ssh_host *target);

/* Append a login as it stands in CA_ENV_USER. */
CA_MUST_CHECK enum ca_err ca_ssh_login_put(struct ca_buf *b, const char *login);

#endif
