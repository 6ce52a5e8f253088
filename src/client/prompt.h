/*
 * The text form of the client: find the prompt, make the answer
 * (docs/protocol.md, "Text form in a PAM conversation").
 */
#ifndef CA_CLIENT_PROMPT_H
#define CA_CLIENT_PROMPT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

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
