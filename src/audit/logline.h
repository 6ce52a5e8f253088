/*
 * One attempt, as the module wrote it into the log, or what became of an open session, as
 * `certauth sessions' wrote it: the text after the syslog tag.  docs/operations.md
 * describes the form.  Everything in the text may have been chosen by a client, or by
 * another program that imitates the module.
 */
#ifndef CA_AUDIT_LOGLINE_H
#define CA_AUDIT_LOGLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "report/report.h"

/* Bytes of a message at most: a line of the log (CA_LOG_LINE_MAX), and what libpam
 * and syslog write before it. */
#define CA_LOGLINE_MAX 16384

/* Reasons of lines of sessions that are no reason codes: `certauth sessions end' ended it;
 * its process ended without closing it. */
#define CA_LOG_ADMINISTRATOR "administrator"
#define CA_LOG_PROCESS_ENDED "process-ended"

/* Texts are not escaped, and end with a NUL; NULL: the line has none. */
struct ca_logline {
	const char *service; /* as libpam writes it, before the facts */
	const char *event;   /* "login", "account", "session" */
	const char *proof;   /* "password"; NULL: a response to a request */
	const char *mode;    /* "enforce"; "audit": the outcome had no effect */
	/* granted, denied, accepted or rejected; of a session ended, locked,
	 * warned or noted */
	const char *outcome;
	const char *reason;
	const char *also;   /* reasons, separated by commas */
	const char *waived; /* a reason */
	const char *detail;
	const char *fact[CA_FACTS]; /* names are in the form of RFC 4514 */
	unsigned count;             /* of equal lines that syslog made one */
	bool session;               /* of an open session: no attempt */
	/* what the pointers above point to */
	char text[2 * CA_LOGLINE_MAX];
	size_t used;
};

/*
 * Parse a message of len bytes.  CA_ERR_NOT_FOUND: the message is not about an
 * attempt; CA_ERR_FORMAT: it begins as one, and is damaged or not the module's.
 */
CA_MUST_CHECK enum ca_err ca_logline_parse(
    const char *message, size_t len, struct ca_logline *out);

/* Return true if the line is of an attempt that was not refused. */
bool ca_logline_granted(const struct ca_logline *a);

#endif
