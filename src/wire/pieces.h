/*
 * The text form: requests in prompts, responses in pieces (docs/protocol.md,
 * "Text form in a PAM conversation").
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

/* ---- the host's side: collect ---- */

struct ca_pieces;

/* request: base64url text, copied.  max: M, 2 at least.  NULL: no memory. */
struct ca_pieces *ca_pieces_new(const char *request, unsigned max);
void ca_pieces_free(struct ca_pieces *ps);

/* The prompt for the next answer; owned by ps until the next call. NULL: no
 * memory. */
const char *ca_pieces_prompt(struct ca_pieces *ps);

/*
 * Take one answer (NUL-terminated; NULL is allowed and is CA_ERR_CONV, as an
 * empty one is).  CA_OK and *done as the mark says; CA_ERR_TRUNCATED: no mark;
 * CA_ERR_FORMAT: not base64url, a mark of more with nothing before it, or a
 * foreign answer; CA_DENIED: the same answer as the one before; CA_ERR_LIMIT:
 * too many answers or characters.  After an error, and after the last answer,
 * there is no going on: CA_ERR_USAGE.
 */
CA_MUST_CHECK enum ca_err ca_pieces_add(
    struct ca_pieces *ps, const char *answer, bool *done);

/* After done: append the response's bytes to out.  CA_ERR_FORMAT: the pieces
 * together are not base64url; CA_ERR_USAGE: not complete. */
CA_MUST_CHECK enum ca_err ca_pieces_response(
    const struct ca_pieces *ps, struct ca_buf *out);

/* ---- the client's side: find the prompt, cut the answer ---- */

struct ca_prompt {
	char *request;     /* base64url, owned */
	size_t next;       /* N */
	size_t max;        /* M */
	size_t start, end; /* where it stands in the text */
};

/*
 * Find the one certauth1 prompt anywhere in text: the word where no character
 * of base64url stands before it, the request, next (without leading zeros, up
 * to CA_RESPONSE_CHARS_MAX), max (2 to CA_PROMPT_MAX_MAX) and the colon.
 * CA_ERR_NOT_FOUND: none; CA_ERR_FORMAT: something that begins like one but is
 * none, or more than one (a hostile host could show two).  What stands around
 * it is the host's text as well, and proves nothing.  The request is not
 * decoded here.  Free prompt->request with free(); it is NULL on an error.
 */
CA_MUST_CHECK enum ca_err ca_prompt_find(
    const char *text, struct ca_prompt *prompt);

/*
 * Append the answer for a prompt: from character next of response (base64url)
 * at most max characters, mark included.  The same arguments give the same
 * answer, and two answers in a row are never the same (one of them is cut one
 * character shorter where max is over 2).  CA_ERR_FORMAT: an empty response,
 * next past its end, or max under 2; CA_ERR_LIMIT: it has too many characters.
 */
CA_MUST_CHECK enum ca_err ca_answer_cut(
    const char *response, size_t next, size_t max, struct ca_buf *out);

#endif
