/*
 * A request that the verifier made, and the response to it.
 */
#ifndef CA_MODULE_ASKED_H
#define CA_MODULE_ASKED_H

#include <security/pam_modules.h>

#include "base/log.h"
#include "base/reason.h"
#include "channel/channel.h"
#include "channel/helper.h"
#include "module/verifier.h"

/* The request, and how to ask it.  Begin with CA_ASKED_INIT. */
#define CA_ASKED_INIT                                                          \
	{                                                                      \
		.bytes = CA_BUF_INIT(0), .held = CA_BUF_INIT(0),               \
		.token = CA_BUF_INIT(CA_HELPER_TEXT_MAX)                       \
	}

struct ca_asked {
	struct ca_op_answer answer; /* of CA_OP_REQUEST, from the caller */
	struct ca_op_ready said;    /* by its worker, before it saw a client */
	struct ca_channel_settings set;
	struct ca_bytes request;
	struct ca_buf bytes, held; /* what all of these borrow from */
	struct ca_buf
	    token; /* the URI of the token that signed; may be empty */
};

/* Take the messages that asked->answer and v->said borrow from out of v, so that they
 * outlast further operations.  CA_ERR_FORMAT: one cannot ask by them. */
CA_MUST_CHECK enum ca_err ca_asked_take(
    struct ca_verifier *v, struct ca_asked *asked);
void ca_asked_clear(struct ca_asked *asked);

/* Who is asked. */
struct ca_asker {
	const struct ca_prompter *prompter;
	const struct ca_log *log;
	/* Borrow PAM_USER and PAM_RHOST, which may be NULL.  The application may
	 * set them in a conversation, so nobody keeps them over one. */
	enum ca_err (*items)(void *ctx, const char **user, const char **rhost);
	void *ctx;
	pam_handle_t *pamh; /* whose application may show lists */
};

/*
 * Get a response, by one channel after the other until one has something to say, and
 * append it to out.  asked->token gets the token that signed.  On failure *reason is as of the channels, or
 * CA_R_NO_CREDENTIAL, CA_R_USERS_FILE.
 */
CA_MUST_CHECK enum ca_err ca_asked_response(struct ca_asked *asked,
    const struct ca_asker *who, struct ca_buf *out, enum ca_reason *reason);

#endif
