#include "channel/session.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/stream.h"
#include "base/text.h"

/* rc, of a step that waits for the helper; remember what went wrong. */
static enum ca_err
note(struct ca_channel_session *s, enum ca_err rc)
{
	if (rc == CA_ERR_TIMEOUT)
		s->reason = CA_R_HELPER_TIMEOUT;
	s->silent = s->silent || rc == CA_ERR_IO;
	return rc;
}

/* ---- lines to the helper ---- */

static enum ca_err
send_lines(struct ca_channel_session *s, struct ca_buf *out)
{
	enum ca_err rc = ca_buf_err(out);

	if (rc == CA_OK)
		rc = note(s, ca_stream_send(s->spawn.in, out->p, out->len, -1,
				 s->deadline));
	ca_buf_free(out);
	return rc;
}

/* ---- lines from the helper ---- */

/* One that is malformed, or has no place where it comes. */
static enum ca_err
refuse_line(const struct ca_channel_session *s, enum ca_err rc)
{
	ca_log_err(s->log, "helper %s: sent an invalid line: %-s",
	    s->set->helper, ca_err_text(rc));
	return rc;
}

static enum ca_err
next_line(struct ca_channel_session *s)
{
	uint8_t block[4096];
	enum ca_err rc;

	while ((rc = ca_helper_input_next(&s->input, &s->msg)) ==
	       CA_ERR_NOT_FOUND) {
		rc = note(s, ca_stream_wait(s->spawn.out, POLLIN, s->deadline));
		if (rc != CA_OK)
			return rc;
		ssize_t n = read(s->spawn.out, block, sizeof block);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0) {
			s->silent = true;
			return CA_ERR_IO;
		}
		rc = ca_helper_input_add(&s->input, block, (size_t)n);
		if (rc != CA_OK)
			return rc;
	}
	return rc == CA_OK ? CA_OK : refuse_line(s, rc);
}

/* Pass a question on.  The user's time for the answer does not count as the
 * helper's. */
static enum ca_err
pass_question(struct ca_channel_session *s, const char *text)
{
	const struct ca_prompter *p = s->prompter;
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf out = CA_BUF_INIT(CA_HELPER_LINE_MAX);
	struct ca_secret *answer = NULL;
	long long asked = ca_stream_clock(), answered;

	if ((text = ca_kept_question(&s->kept, text)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if (s->msg.verb == CA_HELPER_CHOOSE)
		rc = p->choose(p->choose_ctx, text, &s->items, &answer);
	else
		rc = p->ask(
		    p->ctx, text, s->msg.verb == CA_HELPER_ASKECHO, &answer);
	if (rc != CA_OK) {
		s->reason = CA_R_CONVERSATION;
		ret = rc;
		goto out;
	}
	answered = ca_stream_clock();
	if (asked < 0 || answered < asked) {
		ret = CA_ERR_IO;
		goto out;
	}
	s->deadline += answered - asked;
	if (answer != NULL && ca_secret_len(answer) > CA_HELPER_ANSWER_MAX) {
		s->reason = CA_R_ANSWER_LIMIT;
		ret = CA_ERR_LIMIT;
		goto out;
	}
	if (answer != NULL)
		ca_helper_put_bytes(&out, CA_HELPER_ANSWER,
		    ca_secret_get0(answer), ca_secret_len(answer));
	else
		ca_helper_put(&out, CA_HELPER_NOANSWER);
	if ((rc = send_lines(s, &out)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_kept_clear(&s->kept);
	ca_buf_reset(&s->items);
	s->nitems = 0;
	ca_secret_free(answer);
	ca_buf_free(&out);
	return ret;
}

/* Show a message; or keep it for the next question what the user cannot do without. */
static void
pass_message(struct ca_channel_session *s, const char *text)
{
	const struct ca_prompter *p = s->prompter;
	bool error = s->msg.verb == CA_HELPER_ERROR;

	if (!p->silent)
		p->info(p->ctx, text, error);
	else if (error)
		ca_kept_error(&s->kept, text);
	else if (s->msg.verb == CA_HELPER_NOTE)
		ca_kept_note(&s->kept, text);
}

/* Keep the URI of the token for the session.  It is the user's own text, and no
 * reason to refuse a response. */
static void
take_token(struct ca_channel_session *s, const char *text)
{
	if (s->token == NULL || s->token->len > 0 ||
	    !ca_text_token_uri(text, CA_HELPER_TEXT_MAX))
		ca_log_debug(s->log,
		    "helper %s: the URI of its token is not used",
		    s->set->helper);
	else
		ca_buf_str(s->token, text);
}

/* Act on one line.  *done: it was the last line. */
static enum ca_err
handle(struct ca_channel_session *s, struct ca_buf *out, bool *done)
{
	const char *text = ca_buf_text(&s->msg.arg);

	if (text == NULL)
		return CA_ERR_MEMORY;
	switch (s->msg.verb) {
	case CA_HELPER_INFO:
	case CA_HELPER_ERROR:
	case CA_HELPER_NOTE:
		pass_message(s, text);
		return CA_OK;
	case CA_HELPER_ITEM:
		if (s->nitems++ == CA_HELPER_ITEMS_MAX)
			return refuse_line(s, CA_ERR_LIMIT);
		ca_buf_put(&s->items, text, s->msg.arg.len + 1);
		return ca_buf_err(&s->items);
	case CA_HELPER_CHOOSE:
		if (s->prompter->choose == NULL || s->nitems == 0)
			return refuse_line(s, CA_ERR_FORMAT);
		return pass_question(s, text);
	case CA_HELPER_ASK:
	case CA_HELPER_ASKECHO:
		return pass_question(s, text);
	case CA_HELPER_TOKEN:
		take_token(s, text);
		return CA_OK;
	case CA_HELPER_RESPONSE:
		ca_buf_put(out, s->msg.arg.p, s->msg.arg.len);
		*done = true;
		return ca_buf_err(out);
	case CA_HELPER_NONE:
		ca_log(s->log, CA_LOG_INFO,
		    "helper: no key can sign this request: %s", text);
		s->reason = CA_R_NO_CREDENTIAL;
		return CA_ERR_NOT_FOUND;
	case CA_HELPER_FAILED:
		ca_log(s->log, CA_LOG_NOTICE, "helper: %s", text);
		return CA_ERR_CANCELLED;
	default: /* the host's verb; the parser refuses it, too */
		return refuse_line(s, CA_ERR_FORMAT);
	}
}

static enum ca_err
talk(struct ca_channel_session *s, struct ca_buf *opening, struct ca_buf *out)
{
	enum ca_err rc = send_lines(s, opening);
	bool done = false;

	for (unsigned lines = 0; rc == CA_OK && !done; lines++) {
		if (lines == CA_HELPER_LINES) {
			ca_log_err(s->log, "helper %s: sent more than %d lines",
			    s->set->helper, CA_HELPER_LINES);
			return CA_ERR_LIMIT;
		}
		if ((rc = next_line(s)) == CA_OK)
			rc = handle(s, out, &done);
	}
	return rc;
}

/* ---- the process ---- */

static void
log_end(const struct ca_channel_session *s, const struct ca_spawn_end *end)
{
	if (s->reason == CA_R_HELPER_TIMEOUT)
		ca_log_err(s->log,
		    "helper %s: did not finish within %u s and was killed",
		    s->set->helper, s->timeout);
	else if (end->how == CA_SPAWN_FAILED) {
		errno = end->value;
		ca_log_err(s->log, "helper %s: %-s failed: %m", s->set->helper,
		    end->step);
	} else if (s->silent && end->how == CA_SPAWN_SIGNAL)
		ca_log_err(s->log, "helper %s: was killed by signal %d",
		    s->set->helper, end->value);
	else if (s->silent)
		ca_log_err(s->log,
		    "helper %s: exited with status %d without a result",
		    s->set->helper, end->value);
}

enum ca_err
ca_channel_session(struct ca_channel_session *s, unsigned wait,
    struct ca_buf *opening, struct ca_buf *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_spawn_end end;

	s->reason = CA_R_HELPER;
	s->spawn = (struct ca_spawn){-1, -1, -1, -1};
	s->kept = CA_KEPT_INIT;
	s->nitems = 0;
	s->items = CA_BUF_INIT(CA_HELPER_ITEMS_MAX * (CA_HELPER_TEXT_MAX + 1));
	ca_helper_input_init(&s->input, CA_HELPER_CHILD);
	s->deadline = ca_stream_clock() +
		      1000LL * ((long long)s->timeout + (long long)wait);
	if ((rc = ca_helper_start(s, &s->spawn)) != CA_OK) {
		ret = rc;
		goto out;
	}
	rc = talk(s, opening, out);
	ca_spawn_end(&s->spawn, &end);
	ca_helper_lacks(s, end.lacks);
	if (rc != CA_OK) {
		/* another channel may make the response */
		if (s->token != NULL)
			ca_buf_reset(s->token);
		log_end(s, &end);
		ret = rc;
		goto out;
	}
	s->reason = CA_R_OK;
	ret = CA_OK;
out:
	ca_helper_input_clear(&s->input);
	ca_helper_msg_clear(&s->msg);
	ca_kept_clear(&s->kept);
	ca_buf_free(&s->items);
	ca_buf_free(opening);
	return ret;
}
