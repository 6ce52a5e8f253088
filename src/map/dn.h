/*
 * Distinguished names, compared by their meaning: a sequence of RDNs, each a set
 * of (attribute type, value) pairs.  Types are compared as OIDs and values as
 * UTF-8, independent of the string type in the certificate.  Private to this
 * room.
 *
 * Both the text form (RFC 4514) and an X509_NAME become one canonical string
 * of bytes; two names are equal if their strings are equal.  For each pair:
 *
 *	1 byte     ',' the pair begins an RDN, '+' it continues the RDN
 *	1 byte     length of the OID's content octets, and the octets
 *	1 byte     'S' text, 'D' the DER of a value of another type
 *	4 bytes    length of the value, big-endian, and the value
 *
 * in the order of the DER, most significant RDN first; the pairs of one RDN
 * are sorted, since they are a set.  An empty name gives an empty string.
 */
#ifndef CA_MAP_DN_H
#define CA_MAP_DN_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Append the canonical form of the len characters at text (RFC 4514: most
 * specific RDN first; space around `,`, `+` and `=` is allowed).  fold: replace
 * A-Z by a-z in text values.  CA_ERR_FORMAT with *why, a static phrase;
 * CA_ERR_LIMIT (over 64 pairs or 16 KiB), CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_dn_parse(const char *text, size_t len, bool fold,
    struct ca_buf *out, const char **why);

/*
 * The same for a name whose most significant RDN stands first, as X.500 and Active
 * Directory write it: DC=com,DC=corp,CN=Corp CA.
 */
CA_MUST_CHECK enum ca_err ca_dn_parse_x500(
    const char *text, size_t len, struct ca_buf *out, const char **why);

/*
 * Append the canonical form of a certificate's name.  CA_ERR_FORMAT: a value
 * cannot be decoded or holds a NUL; the caller must not match such a name.
 */
CA_MUST_CHECK enum ca_err ca_dn_from_name(
    const X509_NAME *name, bool fold, struct ca_buf *out);

/*
 * Convert a string of a certificate to UTF-8; the caller frees *out with
 * OPENSSL_free.  CA_ERR_FORMAT: s cannot be decoded, or holds a NUL.
 */
CA_MUST_CHECK enum ca_err ca_dn_utf8(
    const ASN1_STRING *s, unsigned char **out, size_t *len);

#endif
