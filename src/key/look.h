/*
 * Whether a token is here, for a program that waits until it is removed or inserted.
 *
 * PKCS#11 modules are loaded into the process and threads wait in them, so the
 * process does nothing else, and ends by _exit(2): nothing here is freed.
 */
#ifndef CA_KEY_LOOK_H
#define CA_KEY_LOOK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

enum ca_look_at {
	CA_LOOK_UNKNOWN = 0, /* the modules do not tell */
	CA_LOOK_ABSENT,
	CA_LOOK_PRESENT,
};

struct ca_look;

/* Check that uri is a PKCS#11 URI that can be used, and append to name what people call
 * the token: its label, or the URI if it has none.  No module is loaded.  CA_ERR_USAGE
 * (logged), CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_look_check(
    const char *uri, const struct ca_log *log, struct ca_buf *name);

/*
 * Load and initialise the modules of p11-kit, or the one of the URI's module-path.
 * With events, a thread waits in each module for it to tell of a change; without, the
 * modules are only asked.  A module that crashes, or takes longer than 10 s for one
 * call, ends the process with a line on standard error.  Errors as for ca_key_p11;
 * CA_ERR_IO.  log must outlive *out.
 */
CA_MUST_CHECK enum ca_err ca_look_new(const char *uri, bool events,
    const struct ca_log *log, struct ca_look **out);

/* Ask the modules whether a token that the URI names is here.  No session is opened. */
enum ca_look_at ca_look_now(struct ca_look *look);

/* Wait until a module tells of a change, or the next look is due: after a second, or
 * after 5 if the modules tell of changes. */
void ca_look_wait(struct ca_look *look);

#endif
