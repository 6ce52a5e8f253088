/*
 * Which host and login the user means if a program asks through askpass: client
 * rules 1 and 2 of docs/protocol.md.
 */
#ifndef CA_CLIENT_MEANT_H
#define CA_CLIENT_MEANT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "client/prompt.h"

struct ca_meant {
	const char *text; /* the question; a host wrote most of it */
	const struct ca_prompt *prompt; /* where the prompt is in text */
	const struct ca_log *log;
	struct ca_list *names; /* result: of the host; owned */
	char *user;            /* result: the login; NULL: not known */
	bool here;             /* result: it is this machine: sudo asks */
};

/*
 * If ssh asks, the host is that of its `(user@host) ' and of the environment
 * that `certauth ssh' set; if sudo asks, it is this machine.  Any other program
 * is refused, because it may show a text of any origin.  CA_DENIED: it is not
 * known which host asks (logged); CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_meant_find(struct ca_meant *m);

/* Which program asks, as ca_meant_find understands it. */
enum ca_asker { CA_ASKER_OTHER, CA_ASKER_SSH, CA_ASKER_SUDO };
enum ca_asker ca_meant_asker(const struct ca_log *log);

void ca_meant_clear(struct ca_meant *m); /* frees the results */

#endif
