#include "channel/session.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- time ---- */

/* Milliseconds of a clock that cannot be set.  CA_ERR_IO: there is no clock. */
static enum ca_err
clock_ms(const struct ca_channel_session *s, long long *out)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_BOOTTIME, &ts) != 0 &&
	    clock_gettime(CLOCK_MONOTONIC, &ts) != 0) {
		ca_log_err(
		    s->log, "helper %s: there is no clock: %m", s->set->helper);
		return CA_ERR_IO;
	}
	*out = (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
	return CA_OK;
}

static enum ca_err
wait_for(struct ca_channel_session *s, int fd, short events)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct pollfd p = {fd, events, 0};
	long long now;
	int n = 0;

	while (n <= 0) {
		if ((rc = clock_ms(s, &now)) != CA_OK) {
			ret = rc;
			goto out;
		}
		long long left = s->deadline - now;
		if (left <= 0) {
			s->reason = CA_R_HELPER_TIMEOUT;
			ret = CA_ERR_TIMEOUT;
			goto out;
		}
		n = poll(&p, 1, left > 60000 ? 60000 : (int)left);
		if (n < 0 && errno != EINTR) {
			ret = CA_ERR_IO;
			goto out;
		}
	}
	ret = CA_OK;
out:
	return ret;
}

/* ---- lines to the helper ---- */

static enum ca_err
send_lines(struct ca_channel_session *s, struct ca_buf *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	size_t done = 0;

	if ((rc = ca_buf_err(out)) != CA_OK) {
		ret = rc;
		goto out;
	}
	while (done < out->len) {
		ssize_t n = send(s->spawn.in, out->p + done, out->len - done,
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0) {
			done += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK) {
			s->silent = true;
			ret = CA_ERR_IO;
			goto out;
		}
		if ((rc = wait_for(s, s->spawn.in, POLLOUT)) != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	ret = CA_OK;
out:
	ca_buf_free(out);
	return ret;
}

/* ---- lines from the helper ---- */

static enum ca_err
next_line(struct ca_channel_session *s)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	uint8_t block[4096];

	while ((rc = ca_helper_input_next(&s->input, &s->msg)) ==
	       CA_ERR_NOT_FOUND) {
		if ((rc = wait_for(s, s->spawn.out, POLLIN)) != CA_OK) {
			ret = rc;
			goto out;
		}
		ssize_t n = read(s->spawn.out, block, sizeof block);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0) {
			s->silent = true;
			ret = CA_ERR_IO;
			goto out;
		}
		rc = ca_helper_input_add(&s->input, block, (size_t)n);
		if (rc != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	if (rc != CA_OK) {
		ca_log_err(s->log, "helper %s: sent an invalid line: %-s",
		    s->set->helper, ca_err_text(rc));
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	return ret;
}

/* Pass a question on.  The user's time for the answer does not count as the
 * helper's. */
static enum ca_err
pass_question(struct ca_channel_session *s, const char *text, bool echo)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf out = CA_BUF_INIT(CA_HELPER_LINE_MAX);
	struct ca_secret *answer = NULL;
	long long asked, answered;

	if ((rc = clock_ms(s, &asked)) != CA_OK) {
		ret = rc;
		goto out;
	}
	rc = s->prompter->ask(s->prompter->ctx, text, echo, &answer);
	if (rc != CA_OK) {
		s->reason = CA_R_CONVERSATION;
		ret = rc;
		goto out;
	}
	if ((rc = clock_ms(s, &answered)) != CA_OK) {
		ret = rc;
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
	ca_secret_free(answer);
	ca_buf_free(&out);
	return ret;
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
		s->prompter->info(
		    s->prompter->ctx, text, s->msg.verb == CA_HELPER_ERROR);
		return CA_OK;
	case CA_HELPER_ASK:
	case CA_HELPER_ASKECHO:
		return pass_question(s, text, s->msg.verb == CA_HELPER_ASKECHO);
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
	case CA_HELPER_UNSET:
	case CA_HELPER_HELLO:
	case CA_HELPER_REQUEST:
	case CA_HELPER_HOSTSIGN:
	case CA_HELPER_AGENT:
	case CA_HELPER_PKCS11:
	case CA_HELPER_WAIT:
	case CA_HELPER_KEYFILE:
	case CA_HELPER_CERTIFICATE:
	case CA_HELPER_USERCERTS:
	case CA_HELPER_SECRET:
	case CA_HELPER_PINLESS:
	case CA_HELPER_GO:
	case CA_HELPER_ANSWER:
	case CA_HELPER_NOANSWER:
		break;
	}
	return CA_ERR_FORMAT; /* the host's verb; the parser refuses it, too */
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
	long long now;

	s->reason = CA_R_HELPER;
	s->spawn = (struct ca_spawn){-1, -1, -1, -1};
	ca_helper_input_init(&s->input, CA_HELPER_CHILD);
	if ((rc = clock_ms(s, &now)) != CA_OK) {
		ret = rc;
		goto out;
	}
	s->deadline = now + 1000LL * ((long long)s->timeout + (long long)wait);
	if ((rc = ca_helper_start(s, &s->spawn)) != CA_OK) {
		ret = rc;
		goto out;
	}
	rc = talk(s, opening, out);
	ca_spawn_end(&s->spawn, &end);
	ca_helper_lacks(s, end.lacks);
	if (rc != CA_OK) {
		log_end(s, &end);
		ret = rc;
		goto out;
	}
	s->reason = CA_R_OK;
	ret = CA_OK;
out:
	ca_helper_input_clear(&s->input);
	ca_helper_msg_clear(&s->msg);
	ca_buf_free(opening);
	return ret;
}
