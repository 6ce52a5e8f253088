/*
 * Hints for the writer of a name that does not match.  They are used in messages
 * only, and never decide anything.  Private to this room.
 */
#ifndef CA_MAP_DNHINT_H
#define CA_MAP_DNHINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Append to out the RFC 4514 form of a name in openssl's form with slashes,
 * such as /C=DE/O=Corp/CN=Alice: in reverse order, with commas, and with the
 * necessary backslashes.
 */
void ca_dnhint_slashes(const char *text, size_t len, struct ca_buf *out);

/*
 * Compare two different names in the canonical form of dn.h.  If they are nearly
 * the same, return a static phrase about the certificate, whose name is b; else
 * NULL.
 */
const char *ca_dnhint_near(
    const uint8_t *a, size_t alen, const uint8_t *b, size_t blen);

#endif
