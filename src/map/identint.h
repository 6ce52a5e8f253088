/*
 * Reading a certificate's values.  Private to ident.c, ident_names.c and
 * ident_add.c.
 */
#ifndef CA_MAP_IDENTINT_H
#define CA_MAP_IDENTINT_H

#include <openssl/asn1.h>

#include "map/ident.h"

/* Store why, a static phrase, and return err. */
enum ca_err ca_ident_refuse(
    struct ca_ident *id, enum ca_err err, const char *why);

/*
 * ---- ident_add.c: one more value ----
 * CA_ERR_LIMIT, CA_ERR_MEMORY; of strings CA_ERR_FORMAT, with why: the value
 * cannot be decoded, or has a NUL or another byte that the type forbids.  An
 * empty string is left out.
 */

/* Record the bytes of id->bytes from at on as a value of sel. */
CA_MUST_CHECK enum ca_err ca_ident_add_end(
    struct ca_ident *id, enum ca_selector sel, size_t at);
CA_MUST_CHECK enum ca_err ca_ident_add(
    struct ca_ident *id, enum ca_selector sel, const void *p, size_t len);
CA_MUST_CHECK enum ca_err ca_ident_add_hex(
    struct ca_ident *id, enum ca_selector sel, const void *p, size_t len);
CA_MUST_CHECK enum ca_err ca_ident_add_string(struct ca_ident *id,
    enum ca_selector sel, const ASN1_STRING *s, const char *why);
CA_MUST_CHECK enum ca_err ca_ident_add_ia5(struct ca_ident *id,
    enum ca_selector sel, const ASN1_IA5STRING *s, const char *why);

/* ---- ident_names.c: all values of a part of the certificate ---- */

CA_MUST_CHECK enum ca_err ca_ident_add_subject(struct ca_ident *id);

/* Every attribute of type nid in the subject. */
CA_MUST_CHECK enum ca_err ca_ident_add_attributes(
    struct ca_ident *id, enum ca_selector sel, int nid);

/* subjectAltName, and emailAddress of the subject if it has no rfc822Name. */
CA_MUST_CHECK enum ca_err ca_ident_add_alt_names(struct ca_ident *id);

/* Microsoft's SID extension: GeneralNames with one otherName. */
CA_MUST_CHECK enum ca_err ca_ident_add_sid(struct ca_ident *id);

#endif
