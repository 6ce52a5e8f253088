/*
 * base64url without padding (RFC 4648 section 5), strictly: no padding, no
 * white space, no other alphabet, and the unused bits of the last character
 * are zero, so that each byte string has exactly one text.
 */
#ifndef CA_BASE_BASE64URL_H
#define CA_BASE_BASE64URL_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Append the text of the len bytes at p to out. */
void ca_base64url_encode(struct ca_buf *out, const void *p, size_t len);

/* Append the bytes of the len characters at text to out.  CA_ERR_FORMAT: not
 * such a text; out may then hold a part of it.  Otherwise ca_buf_err(out). */
CA_MUST_CHECK enum ca_err ca_base64url_decode(
    struct ca_buf *out, const char *text, size_t len);

#endif
