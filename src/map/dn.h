/*
 * Distinguished names, compared by what they mean: the sequence of RDNs, each
 * a set of (attribute type, value) pairs, with the types as OIDs and the
 * values as UTF-8, whatever string type a certificate uses for them.  Private
 * to this room.
 *
 * Both the text form (RFC 4514) and an X509_NAME become one canonical string
 * of bytes; two names are equal if these are.  For each pair:
 *
 *	1 byte     ',' the pair begins an RDN, '+' it belongs to the one before
 *	1 byte     length of the OID's content octets, and these
 *	1 byte     'S' text, 'D' a value of another type, as its DER
 *	4 bytes    length of the value, big-endian, and the value
 *
 * in the order of the DER, most significant RDN first; the pairs of one RDN
 * are sorted, since they are a set.  No name makes an empty string.
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
 * specific RDN first; space around `,`, `+` and `=` is allowed).  fold: with
 * A-Z in text values made a-z.  CA_ERR_FORMAT with *why, a static phrase;
 * CA_ERR_LIMIT (over 64 pairs or 16 KiB), CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_dn_parse(const char *text, size_t len, bool fold,
    struct ca_buf *out, const char **why);

/*
 * Append the canonical form of a certificate's name.  CA_ERR_FORMAT: a value
 * cannot be decoded or holds a NUL; such a name must never match anything.
 */
CA_MUST_CHECK enum ca_err ca_dn_from_name(
    const X509_NAME *name, bool fold, struct ca_buf *out);

/*
 * A string of a certificate as UTF-8, in memory to OPENSSL_free.
 * CA_ERR_FORMAT: cannot be decoded, or holds a NUL.
 */
CA_MUST_CHECK enum ca_err ca_dn_utf8(
    const ASN1_STRING *s, unsigned char **out, size_t *len);

#endif
