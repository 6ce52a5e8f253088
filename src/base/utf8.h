/*
 * UTF-8 (RFC 3629), as far as text from others must be judged.
 */
#ifndef CA_BASE_UTF8_H
#define CA_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decode one character of the len bytes at p into *c.  Returns its length in
 * bytes, or 0 for an invalid or cut sequence, an overlong form, a surrogate,
 * or len == 0.
 */
size_t ca_utf8_next(const uint8_t *p, size_t len, uint32_t *c);

/* Not a control character (C0, DEL, C1), a line or paragraph separator, a
 * bidirectional control, a character without width, a tag, or a noncharacter.
 */
bool ca_utf8_printable(uint32_t c);

/* All of the len bytes are valid UTF-8 and printable; 0 bytes are. */
bool ca_utf8_text(const void *p, size_t len);

#endif
