/*
 * The text form of the host: a request in each prompt, a response in pieces
 * (docs/protocol.md, "Text form in a PAM conversation").
 */
#ifndef CA_CHANNEL_PIECES_H
#define CA_CHANNEL_PIECES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define CA_RESPONSE_CHARS_MAX 32768
#define CA_ANSWERS_MAX 128
#define CA_ANSWER_DEFAULT 500
#define CA_REQUEST_CHARS_MAX 65536 /* CA_REQUEST_MAX bytes */
#define CA_PIECE_MORE '+'          /* the mark behind a piece */
#define CA_PIECE_LAST '.'
#define CA_PROMPT_MAX_MAX 999999 /* the largest M that a client reads */

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

/*
 * first_answer = ignore: an application answered the first prompt by itself, with the
 * password of its form.  True, once for ps: no answer was added so far, and this one is
 * foreign, which means that ca_pieces_add would return CA_ERR_TRUNCATED or
 * CA_ERR_FORMAT, or that it is empty.  Nothing of it is kept: the next prompt is the
 * first one again, with the same bytes.  False: the answer must be added.
 */
CA_MUST_CHECK bool ca_pieces_ignore(struct ca_pieces *ps, const char *answer);

/* After the last answer: append the bytes of the response to out.
 * CA_ERR_FORMAT: the joined pieces are not base64url; CA_ERR_USAGE: the last
 * answer is missing; CA_ERR_LIMIT, CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_pieces_response(
    const struct ca_pieces *ps, struct ca_buf *out);

#endif
