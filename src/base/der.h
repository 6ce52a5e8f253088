/*
 * Strict DER (X.690): elements taken off a bounded cursor.
 */
#ifndef CA_BASE_DER_H
#define CA_BASE_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	CA_DER_BOOLEAN = 0x01,
	CA_DER_INTEGER = 0x02,
	CA_DER_BIT_STRING = 0x03,
	CA_DER_OCTET_STRING = 0x04,
	CA_DER_OID = 0x06,
	CA_DER_ENUMERATED = 0x0a,
	CA_DER_UTCTIME = 0x17,
	CA_DER_GENERALIZEDTIME = 0x18,
	CA_DER_SEQUENCE = 0x30,
	CA_DER_CONTEXT_0 = 0xa0,
};

/*
 * The header of an element in the first len bytes at p: its tag (one byte,
 * no high tag numbers), the header's length (2 to 6 bytes) and the content's.
 * CA_ERR_FORMAT: cut, an indefinite length, or one not written the shortest
 * way.  The content itself need not be there.
 */
CA_MUST_CHECK enum ca_err ca_der_header(const uint8_t *p, size_t len,
    uint8_t *tag, size_t *header, size_t *content);

/* Take the next element off r, which must hold it whole. */
CA_MUST_CHECK enum ca_err ca_der_next(
    struct ca_reader *r, uint8_t *tag, struct ca_reader *content);

/* The same, of this tag only. */
CA_MUST_CHECK enum ca_err ca_der_expect(
    struct ca_reader *r, uint8_t tag, struct ca_reader *content);

/* Contents of an INTEGER or ENUMERATED in the shortest form (X.690 section
 * 8.3.2: not all of the first nine bits alike). */
static inline bool
ca_der_integer_ok(const uint8_t *p, size_t len)
{
	return len == 1 || (len > 1 && !(p[0] == 0x00 && p[1] < 0x80) &&
			       !(p[0] == 0xff && p[1] >= 0x80));
}

/* Time of RFC 5280 section 4.1.2.5. */
static inline bool
ca_der_is_time(uint8_t tag)
{
	return tag == CA_DER_UTCTIME || tag == CA_DER_GENERALIZEDTIME;
}

/* Contents of an OBJECT IDENTIFIER in the shortest form (X.690 section
 * 8.19.2). */
bool ca_der_oid_ok(struct ca_reader oid);

/* The len bytes at p are r's, and all of them. */
bool ca_der_is(struct ca_reader r, const void *p, size_t len);

/*
 * Contents of a UTCTime or GeneralizedTime in the form of RFC 5280 section
 * 4.1.2.5 (13 or 15 bytes, with seconds and Z): *out is in seconds since 1970.
 * False: it is no such time, and *out is not to be used.  Needs no memory.
 */
bool ca_der_time(const uint8_t *p, size_t len, int64_t *out);

#endif
