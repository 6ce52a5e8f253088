#include "client/prompt.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64url.h"
#include "channel/pieces.h"

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
	size_t len = ca_base64url_span(p, CA_REQUEST_CHARS_MAX + 1);

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
	ca_buf_u8(out, at + piece == len ? CA_PIECE_LAST : CA_PIECE_MORE);
	return ca_buf_err(out);
}
