/*
 * What somebody who wrote a name that does not fit may have meant: for
 * messages alone, nothing is decided by it.  Private to this room.
 */
#ifndef CA_MAP_DNHINT_H
#define CA_MAP_DNHINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Append to out the RFC 4514 form of a name in openssl's form with slashes,
 * such as /C=DE/O=Corp/CN=Alice: from its end, with commas between, and with
 * backslashes where they are needed.
 */
void ca_dnhint_slashes(const char *text, size_t len, struct ca_buf *out);

/*
 * How two different names in the canonical form of dn.h are nearly the same: a
 * static phrase about the certificate that has the one, or NULL.
 */
const char *ca_dnhint_near(
    const uint8_t *a, size_t alen, const uint8_t *b, size_t blen);

#endif
