/*
 * KRB5PrincipalName of a PKINIT certificate (RFC 4556 section 3.2.2).  Private
 * to this room.
 */
#ifndef CA_MAP_KRB_H
#define CA_MAP_KRB_H

#include <openssl/asn1.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Append the principal in the otherName's value as a/b@REALM.  CA_ERR_FORMAT:
 * the DER is malformed, bytes are left over, or a part has a NUL;
 * CA_ERR_UNSUPPORTED: a part is empty, not ASCII, or has / @ or a backslash, so
 * the text would be ambiguous.
 */
CA_MUST_CHECK enum ca_err ca_krb_principal(
    const ASN1_TYPE *value, struct ca_buf *out);

#endif
