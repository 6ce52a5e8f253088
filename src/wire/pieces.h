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

/* ---- the host's side: collect ---- */

struct ca_pieces;

/* request: base64url text, copied.  max: M. */
struct ca_pieces *ca_pieces_new(const char *request, unsigned max);
void ca_pieces_free(struct ca_pieces *ps);

/* The prompt for the next answer; owned by ps until the next call. NULL: no
 * memory. */
const char *ca_pieces_prompt(struct ca_pieces *ps);

/*
 * Take one answer (NUL-terminated; NULL is allowed and is CA_ERR_CONV, as an
 * empty one is).  CA_OK and *done as the mark says; CA_ERR_TRUNCATED: no mark;
 * CA_ERR_FORMAT: not base64url, or a foreign answer; CA_DENIED: the same
 * answer as before; CA_ERR_LIMIT: too many answers or characters.
 */
CA_MUST_CHECK enum ca_err ca_pieces_add(struct ca_pieces *ps,
    const char *answer, bool *done);

/* After done: append the response's bytes to out. */
CA_MUST_CHECK enum ca_err ca_pieces_response(const struct ca_pieces *ps,
    struct ca_buf *out);

/* ---- the client's side: find the prompt, cut the answer ---- */

struct ca_prompt {
	char *request; /* base64url, owned */
	size_t next;   /* N */
	size_t max;    /* M */
	size_t start, end; /* where it stands in the text */
};

/*
 * Find the one certauth1 prompt anywhere in text.  CA_ERR_NOT_FOUND: none;
 * CA_ERR_FORMAT: something that begins like one but is none, or more than one
 * (a hostile host could show two).  Free prompt->request with free().
 */
CA_MUST_CHECK enum ca_err ca_prompt_find(const char *text,
    struct ca_prompt *prompt);

/* Append the answer for a prompt: from character next of response (base64url)
 * at most max characters, mark included.  CA_ERR_FORMAT: next past the end or
 * max under 2. */
CA_MUST_CHECK enum ca_err ca_answer_cut(const char *response, size_t next,
    size_t max, struct ca_buf *out);

#endif
