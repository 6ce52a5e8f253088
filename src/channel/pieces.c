#include "channel/pieces.h"
#include "base/base64url.h"

#include <stdlib.h>
#include <string.h>

struct ca_pieces {
	char *request;
	unsigned max;
	struct ca_buf text; /* the answers received, without the marks */
	struct ca_buf prompt;
	size_t answers;
	size_t last; /* characters of the last answer, at the end of text */
	enum { OPEN, COMPLETE, FAILED } state;
	bool ignored; /* a foreign first answer */
};

struct ca_pieces *
ca_pieces_new(const char *request, unsigned max)
{
	struct ca_pieces *ps = calloc(1, sizeof *ps);

	if (ps == NULL)
		return NULL;
	ps->request = strdup(request);
	if (ps->request == NULL) {
		free(ps);
		return NULL;
	}
	ps->max = max;
	ps->text = CA_BUF_INIT(CA_RESPONSE_CHARS_MAX);
	ps->prompt = CA_BUF_INIT(SIZE_MAX / 2);
	ps->state = OPEN;
	return ps;
}

void
ca_pieces_free(struct ca_pieces *ps)
{
	if (ps == NULL)
		return;
	ca_buf_free(&ps->text);
	ca_buf_free(&ps->prompt);
	free(ps->request);
	free(ps);
}

const char *
ca_pieces_prompt(struct ca_pieces *ps)
{
	ca_buf_reset(&ps->prompt);
	ca_buf_str(&ps->prompt, "certauth1 ");
	ca_buf_str(&ps->prompt, ps->request);
	ca_buf_fmt(&ps->prompt, " next=%zu max=%u: ", ps->text.len, ps->max);
	return ca_buf_text(&ps->prompt);
}

/* An application that has only one response sends it to every prompt.  (An
 * earlier answer always had the mark of more, so its mark is not compared.) */
static bool
repeats(const struct ca_pieces *ps, const char *answer, size_t chars, char mark)
{
	return ps->answers > 0 && mark == CA_PIECE_MORE && chars == ps->last &&
	       memcmp(answer, ps->text.p + ps->text.len - chars, chars) == 0;
}

/* Errors as of ca_pieces_add; *len counts the mark. */
static enum ca_err
judge(const struct ca_pieces *ps, const char *answer, size_t *len_out)
{
	size_t len, chars;

	*len_out = 0;
	if (answer == NULL || answer[0] == '\0')
		return CA_ERR_CONV;
	len = strnlen(answer, CA_RESPONSE_CHARS_MAX + 2);
	if (len > CA_RESPONSE_CHARS_MAX + 1)
		return CA_ERR_LIMIT;
	*len_out = len;
	chars = ca_base64url_span(answer, len);
	if (chars == len)
		return CA_ERR_TRUNCATED;
	if (chars + 1 != len ||
	    (answer[chars] != CA_PIECE_MORE && answer[chars] != CA_PIECE_LAST))
		return CA_ERR_FORMAT;
	if (chars == 0 && answer[chars] == CA_PIECE_MORE)
		return CA_ERR_FORMAT; /* no progress */
	if (repeats(ps, answer, chars, answer[chars]))
		return CA_DENIED;
	if (chars > CA_RESPONSE_CHARS_MAX - ps->text.len)
		return CA_ERR_LIMIT;
	/* the answer number CA_ANSWERS_MAX must be the last */
	if (ps->answers + 1 >= CA_ANSWERS_MAX && answer[chars] == CA_PIECE_MORE)
		return CA_ERR_LIMIT;
	return CA_OK;
}

bool
ca_pieces_ignore(struct ca_pieces *ps, const char *answer)
{
	enum ca_err rc;
	size_t len;

	if (ps->state != OPEN || ps->answers > 0 || ps->ignored ||
	    answer == NULL)
		return false;
	rc = judge(ps, answer, &len);
	if (rc != CA_ERR_CONV && rc != CA_ERR_TRUNCATED && rc != CA_ERR_FORMAT)
		return false;
	ps->ignored = true;
	return true;
}

enum ca_err
ca_pieces_add(struct ca_pieces *ps, const char *answer, bool *done)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	size_t len;

	*done = false;
	if (ps->state != OPEN) {
		ret = CA_ERR_USAGE;
		goto out;
	}
	if ((rc = judge(ps, answer, &len)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ca_buf_put(&ps->text, answer, len - 1);
	if ((rc = ca_buf_err(&ps->text)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ps->answers++;
	ps->last = len - 1;
	*done = answer[len - 1] == CA_PIECE_LAST;
	if (*done)
		ps->state = COMPLETE;
	ret = CA_OK;
out:
	if (ret != CA_OK)
		ps->state = FAILED;
	return ret;
}

enum ca_err
ca_pieces_response(const struct ca_pieces *ps, struct ca_buf *out)
{
	if (ps->state != COMPLETE)
		return CA_ERR_USAGE;
	return ca_base64url_decode(out, (const char *)ps->text.p, ps->text.len);
}
