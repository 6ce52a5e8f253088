/*
 * Distinguished names as text.
 */
#ifndef CA_VERIFY_NAME_H
#define CA_VERIFY_NAME_H

#include <openssl/x509.h>

#include "base/buf.h"

/* Append a name in the form of RFC 4514 (most specific RDN first, UTF-8,
 * escapes). */
void ca_name_rfc4514(const X509_NAME *name, struct ca_buf *out);

/* Append a key identifier in hex; of a long one, the first 32 octets. */
void ca_name_key_id(const ASN1_OCTET_STRING *id, struct ca_buf *out);

#endif
