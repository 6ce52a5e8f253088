/*
 * The text form: a request in each prompt, a response in pieces
 * (docs/protocol.md, "Text form in a PAM conversation").
 */
#ifndef CA_WIRE_PIECES_H
#define CA_WIRE_PIECES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define CA_RESPONSE_CHARS_MAX 32768
#define CA_ANSWERS_MAX 128
#define CA_ANSWER_DEFAULT 500
#define CA_REQUEST_CHARS_MAX 65536 /* CA_REQUEST_MAX bytes */
#define CA_PROMPT_MAX_MAX 999999   /* the largest M that a client reads */

/* ---- the host: collect the pieces ---- */

struct ca_pieces;

/* request: base64url text, copied.  max: M, at least 2.  NULL: no memory. */
struct ca_pieces *ca_pieces_new(const char *request, unsigned max);
void ca_pieces_free(struct ca_pieces *ps);

/* The prompt for the next answer, owned by ps and valid until the next call.
 * NULL: no memory. */
const char *ca_pieces_prompt(struct ca_pieces *ps);

/*
 * Add one answer, NUL-terminated.  *done: its mark says that it is the last.
 * CA_ERR_CONV: the answer is NULL or empty; CA_ERR_TRUNCATED: it has no mark;
 * CA_ERR_FORMAT: it is not base64url, or is only the mark of more; CA_DENIED:
 * it repeats the answer before; CA_ERR_LIMIT: too many answers or characters;
 * CA_ERR_MEMORY; CA_ERR_USAGE: called after an error or after the last answer.
 */
CA_MUST_CHECK enum ca_err ca_pieces_add(
    struct ca_pieces *ps, const char *answer, bool *done);

/* After the last answer: append the bytes of the response to out.
 * CA_ERR_FORMAT: the joined pieces are not base64url; CA_ERR_USAGE: the last
 * answer is missing; CA_ERR_LIMIT, CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_pieces_response(
    const struct ca_pieces *ps, struct ca_buf *out);

/* ---- the client: find the prompt, make the answer ---- */

struct ca_prompt {
	char *request;     /* base64url, owned */
	size_t next;       /* N */
	size_t max;        /* M */
	size_t start, end; /* offsets of the prompt in the text */
};

/*
 * Find the only certauth1 prompt in text: the word certauth1, not preceded by a
 * character of base64url, the request, next (no leading zeros, at most
 * CA_RESPONSE_CHARS_MAX), max (2 to CA_PROMPT_MAX_MAX) and the colon.
 * CA_ERR_NOT_FOUND: there is none; CA_ERR_FORMAT: it is malformed, or there is
 * more than one (a hostile host could show two); CA_ERR_MEMORY.  The text
 * around the prompt also comes from the host, and proves nothing.  The request
 * is not decoded.  The caller frees prompt->request with free(); NULL on an
 * error.
 */
CA_MUST_CHECK enum ca_err ca_prompt_find(
    const char *text, struct ca_prompt *prompt);

/*
 * Append the answer for a prompt: at most max characters, mark included, from
 * character next of response (base64url).  The same arguments give the same
 * answer.  If max is over 2, two consecutive answers are never equal: one of
 * them is made one character shorter.  CA_ERR_FORMAT: response is empty, next
 * is past its end, or max is below 2; CA_ERR_LIMIT: response is too long, or no
 * room in out.
 */
CA_MUST_CHECK enum ca_err ca_answer_cut(
    const char *response, size_t next, size_t max, struct ca_buf *out);

#endif
