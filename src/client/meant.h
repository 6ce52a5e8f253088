/*
 * Which host and login are meant, when a program asks through askpass: client
 * rules 1 and 2 of docs/protocol.md.
 */
#ifndef CA_CLIENT_MEANT_H
#define CA_CLIENT_MEANT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "wire/pieces.h"

struct ca_meant {
	const char *text; /* what is shown; a host wrote most of it */
	const struct ca_prompt *prompt; /* where the prompt stands in it */
	const struct ca_log *log;
	struct ca_list *names; /* result: of the host; owned */
	char *user;            /* result: the login; NULL: nothing said it */
	bool here;             /* result: this machine: sudo asks */
};

/*
 * Under ssh, from its `(user@host) ' and what `certauth ssh' left in the
 * environment; under sudo, this machine.  Any other program is refused: it
 * may show a text of anybody's.  CA_DENIED: it cannot be known which host asks
 * (logged); CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_meant_find(struct ca_meant *m);

void ca_meant_clear(struct ca_meant *m); /* frees the results */

#endif
