/*
 * Strict base64url without padding (RFC 4648 section 5).  Padding, white space
 * and other alphabets are rejected, and the unused bits of the last character
 * must be zero, so that each byte string has exactly one text.
 */
#ifndef CA_BASE_BASE64URL_H
#define CA_BASE_BASE64URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

bool ca_base64url_char(char c); /* c is of the alphabet */

/* How many of the len characters at s, from the first, are of the alphabet. */
size_t ca_base64url_span(const char *s, size_t len);

/* Append the text of the len bytes at p to out. */
void ca_base64url_encode(struct ca_buf *out, const void *p, size_t len);

/* Decode the len characters at text, and append the bytes to out.
 * CA_ERR_FORMAT: text is not base64url; out may then hold a part of it.
 * Otherwise the result is ca_buf_err(out). */
CA_MUST_CHECK enum ca_err ca_base64url_decode(
    struct ca_buf *out, const char *text, size_t len);

#endif
