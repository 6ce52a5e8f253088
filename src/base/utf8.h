/*
 * UTF-8 (RFC 3629): decode and check text of others.
 */
#ifndef CA_BASE_UTF8_H
#define CA_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decode one character of the len bytes at p into *c.  Returns its length in
 * bytes, or 0: the sequence is invalid or truncated, an overlong form or a
 * surrogate, or len is 0.
 */
size_t ca_utf8_next(const uint8_t *p, size_t len, uint32_t *c);

/* False for a control character (C0, DEL, C1), a line or paragraph separator, a
 * bidirectional control, a zero-width character, a tag, or a noncharacter. */
bool ca_utf8_printable(uint32_t c);

/* Are the len bytes valid UTF-8, and every character printable?  True for 0
 * bytes. */
bool ca_utf8_text(const void *p, size_t len);

#endif
