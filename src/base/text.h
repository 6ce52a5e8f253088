/*
 * Text of others, made fit to be printed beside ours.
 */
#ifndef CA_BASE_TEXT_H
#define CA_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CA_TEXT_STEP 16 /* bytes that one character can become */

/*
 * Take one character of the len (1 or more) bytes at p, or as many bytes as
 * belong to something unreadable, and write what is printed for it to out:
 * itself, with a backslash before it where special has it, or \xHH for each of
 * its bytes.  Returns the bytes taken; *outlen is how many were written.
 */
size_t ca_text_next(const uint8_t *p, size_t len, const char *special,
    char out[CA_TEXT_STEP], size_t *outlen);

/* One word of letters, digits and _ . / : @ + , % ~ - alone: it cannot be
 * taken for anything else in a line.  The empty text is none. */
bool ca_text_plain(const void *p, size_t len);

/*
 * The = at p[at] is not that of a `KEY=' of our lines: it stands behind a
 * blank, as in `profile = basic', or behind an attribute type of a name (RFC
 * 4514), such as CN or 1.2.3, with which an RDN begins there.  No type is a key
 * of ours.
 */
bool ca_text_separates(const void *p, size_t at);

#endif
