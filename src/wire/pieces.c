#include "wire/pieces.h"
#include "base/base64url.h"

#include <stdlib.h>
#include <string.h>

#define MARK_MORE '+'
#define MARK_LAST '.'

/* ---- the host ---- */

struct ca_pieces {
	char *request;
	unsigned max;
	struct ca_buf text; /* the answers received, without the marks */
	struct ca_buf prompt;
	size_t answers;
	size_t last; /* characters of the last answer, at the end of text */
	enum { OPEN, COMPLETE, FAILED } state;
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
	ca_buf_fmt(&ps->prompt, "certauth1 %s next=%zu max=%u: ", ps->request,
	    ps->text.len, ps->max);
	return ca_buf_text(&ps->prompt);
}

static size_t
span_base64url(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && ca_base64url_char(s[n]))
		n++;
	return n;
}

/* An application that has only one response sends it to every prompt.  (An
 * earlier answer always had the mark of more, so its mark is not compared.) */
static bool
repeats(const struct ca_pieces *ps, const char *answer, size_t chars, char mark)
{
	return ps->answers > 0 && mark == MARK_MORE && chars == ps->last &&
	       memcmp(answer, ps->text.p + ps->text.len - chars, chars) == 0;
}

static enum ca_err
judge(const struct ca_pieces *ps, const char *answer, size_t len)
{
	size_t chars = span_base64url(answer, len);

	if (chars == len)
		return CA_ERR_TRUNCATED;
	if (chars + 1 != len ||
	    (answer[chars] != MARK_MORE && answer[chars] != MARK_LAST))
		return CA_ERR_FORMAT;
	if (chars == 0 && answer[chars] == MARK_MORE)
		return CA_ERR_FORMAT; /* no progress */
	if (repeats(ps, answer, chars, answer[chars]))
		return CA_DENIED;
	if (chars > CA_RESPONSE_CHARS_MAX - ps->text.len)
		return CA_ERR_LIMIT;
	/* the answer number CA_ANSWERS_MAX must be the last */
	if (ps->answers + 1 >= CA_ANSWERS_MAX && answer[chars] == MARK_MORE)
		return CA_ERR_LIMIT;
	return CA_OK;
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
	if (answer == NULL || answer[0] == '\0') {
		ret = CA_ERR_CONV;
		goto out;
	}
	len = strnlen(answer, CA_RESPONSE_CHARS_MAX + 2);
	if (len > CA_RESPONSE_CHARS_MAX + 1) {
		ret = CA_ERR_LIMIT;
		goto out;
	}
	if ((rc = judge(ps, answer, len)) != CA_OK) {
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
	*done = answer[len - 1] == MARK_LAST;
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

/* ---- the client ---- */

static bool
skip_text(const char **at, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(*at, text, len) != 0)
		return false;
	*at += len;
	return true;
}

/* A decimal number without sign or leading zero, at most max. */
static bool
skip_number(const char **at, size_t max, size_t *out)
{
	const char *p = *at;
	size_t v = 0;

	if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		v = 10 * v + (size_t)(*p - '0');
		if (v > max)
			return false;
	}
	*out = v;
	*at = p;
	return true;
}

static const char start[] = "certauth1 ";

/*
 * The beginning of the next prompt, or NULL.  A character of base64url before
 * the word means that it is the end of a request, which is arbitrary text.
 */
static const char *
find_start(const char *text, const char *from)
{
	const char *p = from;

	while ((p = strstr(p, start)) != NULL) {
		if (p == text || !ca_base64url_char(p[-1]))
			return p;
		p += sizeof start - 1;
	}
	return NULL;
}

/* Read the prompt at *at, and advance *at past its colon. */
static enum ca_err
read_prompt(const char **at, struct ca_prompt *prompt)
{
	const char *p = *at + sizeof start - 1, *request = p;
	size_t len = span_base64url(p, CA_REQUEST_CHARS_MAX + 1);

	if (len == 0 || len > CA_REQUEST_CHARS_MAX)
		return CA_ERR_FORMAT;
	p += len;
	if (!skip_text(&p, " next=") ||
	    !skip_number(&p, CA_RESPONSE_CHARS_MAX, &prompt->next) ||
	    !skip_text(&p, " max=") ||
	    !skip_number(&p, CA_PROMPT_MAX_MAX, &prompt->max) ||
	    prompt->max < 2 || !skip_text(&p, ":"))
		return CA_ERR_FORMAT;
	prompt->request = strndup(request, len);
	if (prompt->request == NULL)
		return CA_ERR_MEMORY;
	*at = p;
	return CA_OK;
}

enum ca_err
ca_prompt_find(const char *text, struct ca_prompt *prompt)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_prompt got = {NULL};
	const char *first, *end;

	*prompt = (struct ca_prompt){NULL};
	if ((first = find_start(text, text)) == NULL) {
		ret = CA_ERR_NOT_FOUND;
		goto out;
	}
	end = first;
	if ((rc = read_prompt(&end, &got)) != CA_OK) {
		ret = rc;
		goto out;
	}
	/* with two prompts, it is unknown which one the user meant */
	if (find_start(text, first + sizeof start - 1) != NULL) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	got.start = (size_t)(first - text);
	got.end = (size_t)(end - text);
	*prompt = got;
	got.request = NULL; /* transferred */
	ret = CA_OK;
out:
	free(got.request);
	return ret;
}

/*
 * How many characters the piece at `at` has, if the piece before it, of
 * `before` characters, ended there.  A full piece equal to the one before is
 * made one character shorter, because the host refuses an answer that repeats
 * the one before.
 */
static size_t
piece_len(
    const char *response, size_t len, size_t at, size_t before, size_t room)
{
	if (len - at <= room)
		return len - at; /* the last piece: its mark differs */
	if (before == room && room > 1 &&
	    memcmp(response + at, response + at - before, before) == 0)
		return room - 1;
	return room;
}

enum ca_err
ca_answer_cut(const char *response, size_t next, size_t max, struct ca_buf *out)
{
	size_t len = strlen(response), at = 0, piece = 0;

	if (max < 2 || next > len || len == 0)
		return CA_ERR_FORMAT;
	if (len > CA_RESPONSE_CHARS_MAX)
		return CA_ERR_LIMIT;
	while (at < next) {
		piece = piece_len(response, len, at, piece, max - 1);
		at += piece;
	}
	if (at != next) {
		/* none of our pieces ends there: begin a new one */
		at = next;
		piece = 0;
	}
	piece = piece_len(response, len, at, piece, max - 1);
	ca_buf_put(out, response + at, piece);
	ca_buf_u8(out, at + piece == len ? MARK_LAST : MARK_MORE);
	return ca_buf_err(out);
}
