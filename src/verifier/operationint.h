/*
 * Private to the operations.
 */
#ifndef CA_VERIFIER_OPERATIONINT_H
#define CA_VERIFIER_OPERATIONINT_H

#include "auth/auth.h"
#include "verifier/operation.h"

/* Add a text to the answer; it is number o->n then. */
void ca_operation_text(struct ca_operation *o, const char *text, size_t len);

/* All texts are there: put them into the answer. */
void ca_operation_finish(struct ca_operation *o);

/* The lines about the outcome, for the module to log when the outcome has taken
 * effect. */
void ca_operation_outcome(struct ca_operation *o, struct ca_report *report,
    unsigned only, const char *event);

struct ca_context ca_operation_context(
    const struct ca_operation *o, const struct ca_op_body *body);
struct ca_auth_peer ca_operation_peer(
    const struct ca_operation *o, const struct ca_op_body *body);

/* The attempt ended before its checks. */
void ca_operation_abort(struct ca_report *report, enum ca_reason reason);

/* Each operation, whose result is the answer's err. */
CA_MUST_CHECK enum ca_err ca_operation_request(struct ca_operation *o,
    const struct ca_op_body *body, struct ca_report *report);
CA_MUST_CHECK enum ca_err ca_operation_judge(struct ca_operation *o,
    const struct ca_op_body *body, struct ca_report *report);
CA_MUST_CHECK enum ca_err ca_operation_recheck(struct ca_operation *o,
    const struct ca_op_body *body, struct ca_report *report);
CA_MUST_CHECK enum ca_err ca_operation_session(struct ca_operation *o,
    const struct ca_op_body *body, struct ca_report *report);

#endif
