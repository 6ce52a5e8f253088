/*
 * The response by the PAM conversation, piece by piece.
 */
#include "channel/channel.h"

#include <time.h>

#include "base/base64url.h"
#include "channel/pieces.h"

/* Seconds of a clock that cannot be set, and that runs during suspend if the
 * kernel has such a clock.  CA_ERR_IO: there is no clock. */
static enum ca_err
uptime(time_t *out)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_BOOTTIME, &ts) != 0 &&
	    clock_gettime(CLOCK_MONOTONIC, &ts) != 0)
		return CA_ERR_IO;
	*out = ts.tv_sec;
	return CA_OK;
}

/* CA_ERR_EXPIRED: the request's lifetime, counted from began, is over. */
static enum ca_err
check_lifetime(unsigned lifetime, time_t began)
{
	time_t now;
	enum ca_err rc = uptime(&now);

	if (rc != CA_OK)
		return rc;
	return now - began > (time_t)lifetime ? CA_ERR_EXPIRED : CA_OK;
}

static enum ca_reason
reason_of(enum ca_err rc)
{
	static const struct {
		enum ca_err err;
		enum ca_reason reason;
	} reasons[] = {
	    {CA_OK, CA_R_OK},
	    {CA_DENIED, CA_R_ANSWER_REPEATED},
	    {CA_ERR_TRUNCATED, CA_R_ANSWER_CUT},
	    {CA_ERR_FORMAT, CA_R_ANSWER_MALFORMED},
	    {CA_ERR_LIMIT, CA_R_ANSWER_LIMIT},
	    {CA_ERR_CONV, CA_R_ANSWER_EMPTY},
	    {CA_ERR_EXPIRED, CA_R_REQUEST_EXPIRED},
	};

	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
		if (reasons[i].err == rc)
			return reasons[i].reason;
	}
	return CA_R_INTERNAL;
}

/* Is this the one answer that first_answer = ignore discards?  It may be a password:
 * nothing of it is logged, not even its length. */
static bool
discarded(const struct ca_channel *channel, struct ca_pieces *ps,
    const struct ca_secret *answer)
{
	if (!channel->set->ignore_first || answer == NULL ||
	    !ca_pieces_ignore(ps, ca_secret_get0(answer)))
		return false;
	ca_log_debug(channel->log,
	    "first_answer=ignore: the first answer is no piece of a response; "
	    "it is discarded, and the first prompt is shown again");
	if (channel->set->ignored != NULL)
		channel->prompter->info(
		    channel->prompter->ctx, channel->set->ignored, false);
	return true;
}

/* Show one prompt and add its answer to ps, if it is not discarded.  The answer is
 * wiped and freed. */
static enum ca_err
one_piece(struct ca_pieces *ps, const struct ca_channel *channel,
    size_t *pieces, bool *done, enum ca_reason *reason)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct ca_prompter *prompter = channel->prompter;
	struct ca_secret *answer = NULL;
	const char *prompt = ca_pieces_prompt(ps);

	*reason = CA_R_INTERNAL;
	*done = false;
	if (prompt == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	rc = prompter->ask(prompter->ctx, prompt, false, &answer);
	if (rc != CA_OK) {
		*reason = rc == CA_ERR_CONV ? CA_R_CONVERSATION : CA_R_INTERNAL;
		ret = rc;
		goto out;
	}
	if (!discarded(channel, ps, answer)) {
		rc = ca_pieces_add(
		    ps, answer != NULL ? ca_secret_get0(answer) : NULL, done);
		*reason = reason_of(rc);
		if (rc != CA_OK) {
			ret = rc;
			goto out;
		}
		(*pieces)++;
	}
	ret = CA_OK;
out:
	ca_secret_free(answer);
	return ret;
}

enum ca_err
ca_channel_conversation(const struct ca_channel *channel,
    const struct ca_bytes *request, struct ca_buf *out, enum ca_reason *reason)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf text = CA_BUF_INIT(CA_REQUEST_CHARS_MAX);
	struct ca_pieces *ps = NULL;
	time_t began;
	bool done = false;
	size_t pieces = 0;

	*reason = CA_R_INTERNAL;
	ca_base64url_encode(&text, request->p, request->len);
	if (ca_buf_text(&text) != NULL)
		ps =
		    ca_pieces_new(ca_buf_text(&text), channel->set->max_answer);
	if (ps == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = uptime(&began)) != CA_OK) {
		ret = rc;
		goto out;
	}
	/* ca_pieces_add and ca_pieces_ignore bound the number of rounds */
	while (!done) {
		rc = one_piece(ps, channel, &pieces, &done, reason);
		if (rc != CA_OK) {
			ret = rc;
			goto out;
		}
		if ((rc = check_lifetime(channel->set->lifetime, began)) !=
		    CA_OK) {
			*reason = reason_of(rc);
			ret = rc;
			goto out;
		}
	}
	ca_log_debug(channel->log, "the response came in %zu answers", pieces);
	if ((rc = ca_pieces_response(ps, out)) != CA_OK) {
		*reason = reason_of(rc);
		ret = rc;
		goto out;
	}
	*reason = CA_R_OK;
	ret = CA_OK;
out:
	ca_pieces_free(ps);
	ca_buf_free(&text);
	return ret;
}
