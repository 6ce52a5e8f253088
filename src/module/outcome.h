/*
 * The lines of the log that say how a login ended.  An administrator, and `certauth
 * log', take them for the verdict, so a worker that was taken over must not write one.
 */
#ifndef CA_MODULE_OUTCOME_H
#define CA_MODULE_OUTCOME_H

#include <stdbool.h>

#include "base/log.h"
#include "base/reason.h"
#include "op/op.h"

/* What the lines of an answer are about. */
struct ca_outcome {
	enum ca_op op;
	bool audit;                         /* mode = audit */
	const char *user, *service, *rhost; /* NULL or "": not set */
};

/* Has the line an outcome in it?  In text of others, = and " are escaped. */
bool ca_outcome_in(const char *line);

/* Are the lines of the answer those of its result: the first is its outcome, for this
 * user and service, and no other has one? */
bool ca_outcome_fits(
    const struct ca_outcome *about, const struct ca_op_answer *answer);

/* Log the lines of an answer that fits. */
void ca_outcome_log(
    const struct ca_log *log, const struct ca_op_answer *answer);

/* Log the outcome where no verifier was asked, or none gave a verdict.  event: what
 * stands before it. */
void ca_outcome_none(const struct ca_log *log, const char *event,
    enum ca_reason reason, const struct ca_outcome *about);

#endif
