/*
 * A request that the verifier made, and the response to it.
 */
#ifndef CA_MODULE_ASKED_H
#define CA_MODULE_ASKED_H

#include "base/log.h"
#include "base/reason.h"
#include "channel/channel.h"
#include "module/verifier.h"

/* The request, and how to ask it.  Begin with {.bytes = CA_BUF_INIT(0)}. */
struct ca_asked {
	struct ca_op_answer answer; /* of CA_OP_REQUEST, from the caller */
	struct ca_channel_settings set;
	struct ca_bytes request;
	struct ca_buf bytes; /* what all of these borrow from */
};

/* Take the message that asked->answer borrows from out of v, so that it outlasts
 * further operations.  CA_ERR_FORMAT: it is no answer to ask by. */
CA_MUST_CHECK enum ca_err ca_asked_take(
    struct ca_verifier *v, struct ca_asked *asked);
void ca_asked_clear(struct ca_asked *asked);

/* Who is asked. */
struct ca_asker {
	const struct ca_prompter *prompter;
	const struct ca_log *log;
	const char *user, *rhost; /* PAM_USER, PAM_RHOST; may be NULL */
};

/*
 * Get a response, by one channel after the other until one has something to say, and
 * append it to out.  On failure *reason is as of the channels, or
 * CA_R_NO_CREDENTIAL, CA_R_USERS_FILE.
 */
CA_MUST_CHECK enum ca_err ca_asked_response(const struct ca_asked *asked,
    const struct ca_asker *who, struct ca_buf *out, enum ca_reason *reason);

#endif
