/*
 * Private to logshow.c and logprint.c.
 */
#ifndef CA_AUDIT_LOGSHOWINT_H
#define CA_AUDIT_LOGSHOWINT_H

#include "audit/logshow.h"
#include "base/buf.h"

/* One attempt to print. */
struct ca_logshow_entry {
	const struct ca_logrecord *record;
	const struct ca_logline *a;
	const char *command; /* that explains it, or NULL */
	const char *sha256;  /* of the certificate that the command needs, or
			      * NULL */
};

enum { CA_LOGSHOW_OUTCOMES = 4 };

/* The outcomes of a line of an open session. */
extern const char *const ca_logshow_outcomes[CA_LOGSHOW_OUTCOMES];

struct ca_logshow_count {
	size_t shown, granted;
	size_t refused[CA_REASON_COUNT + 1]; /* by reason; the last: others */
	size_t trial;                        /* with mode = audit */
	size_t sessions;                     /* lines of open sessions */
	size_t session[CA_LOGSHOW_OUTCOMES]; /* the same by outcome */
	size_t marked;     /* written by a process of a user other than root */
	size_t unknown;    /* the log does not say which user wrote it */
	size_t damaged;    /* entries of another form */
	size_t imitations; /* entries of a program that is not the service's */
	bool wanted;       /* a command needs a certificate that is not here */
};

void ca_logshow_row(
    const struct ca_logshow_entry *e, bool first, struct ca_buf *out);
void ca_logshow_json(const struct ca_logshow_entry *e, struct ca_buf *out);
void ca_logshow_summary(const struct ca_logshow_count *c, struct ca_buf *out);
void ca_logshow_remarks(
    const struct ca_logshow_count *c, const char *read, struct ca_buf *out);

#endif
