/*
 * Text of others, escaped so that it can be printed beside ours.
 */
#ifndef CA_BASE_TEXT_H
#define CA_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CA_TEXT_STEP 16 /* bytes that one character can become */

/*
 * Take one character, or one invalid byte, of the len (1 or more) bytes at p,
 * and write its printable form to out: the character, with a backslash before
 * it if special contains it, or \xHH for each byte.  Returns how many bytes
 * were taken; *outlen is how many were written.
 */
size_t ca_text_next(const uint8_t *p, size_t len, const char *special,
    char out[CA_TEXT_STEP], size_t *outlen);

/* Is the text one word of letters, digits and _ . / : @ + , % ~ - only?  Such a
 * word needs no quotes in a line.  The empty text is not one. */
bool ca_text_plain(const void *p, size_t len);

/* Has the text 1 to max characters, all of them printable ASCII (blanks included)? */
bool ca_text_ascii(const char *s, size_t max);

/*
 * Does the = at p[at] certainly not belong to a `KEY=' of our lines?  It
 * follows a blank, as in `profile = basic', or an attribute type (CN, 1.2.3) at
 * the beginning of an RDN of a name (RFC 4514).  No attribute type is a key of
 * ours.
 */
bool ca_text_separates(const void *p, size_t at);

/* True if text is a PKCS#11 URI by its scheme, which is compared without regard
 * to case (RFC 3986 section 3.1, RFC 7512 section 2.3). */
bool ca_text_pkcs11(const char *text);

/* Is text a PKCS#11 URI that may be passed on to a session: 1 to max characters of
 * those that a URI may have (RFC 3986), with the scheme in lower case, and without a
 * PIN or the name of a file that has one? */
bool ca_text_token_uri(const char *text, size_t max);

#endif
