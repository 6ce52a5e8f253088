/*
 * A strict reader of DER (X.690) on a bounded cursor.
 */
#ifndef CA_DATA_DER_H
#define CA_DATA_DER_H

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
 * Read the header of an element from the first len bytes at p: its tag (one
 * byte), and the lengths of the header (2 to 6 bytes) and of the content.
 * CA_ERR_FORMAT: the header is truncated, the tag number is above 30, or the
 * length is indefinite or not in the shortest form.  The content itself may be
 * incomplete.
 */
CA_MUST_CHECK enum ca_err ca_der_header(const uint8_t *p, size_t len,
    uint8_t *tag, size_t *header, size_t *content);

/* Take the next element off r.  CA_ERR_FORMAT: as above, or r does not contain
 * the whole element. */
CA_MUST_CHECK enum ca_err ca_der_next(
    struct ca_reader *r, uint8_t *tag, struct ca_reader *content);

/* The same, if the element has this tag; otherwise CA_ERR_FORMAT, and r is
 * unchanged. */
CA_MUST_CHECK enum ca_err ca_der_expect(
    struct ca_reader *r, uint8_t tag, struct ca_reader *content);

/* Are these the contents of an INTEGER or ENUMERATED in the shortest form
 * (X.690 section 8.3.2: the first nine bits are not all equal)? */
static inline bool
ca_der_integer_ok(const uint8_t *p, size_t len)
{
	return len == 1 || (len > 1 && !(p[0] == 0x00 && p[1] < 0x80) &&
			       !(p[0] == 0xff && p[1] >= 0x80));
}

/* Is it the tag of a Time (RFC 5280 section 4.1.2.5)? */
static inline bool
ca_der_is_time(uint8_t tag)
{
	return tag == CA_DER_UTCTIME || tag == CA_DER_GENERALIZEDTIME;
}

/*
 * Is it a Time that every libcrypto reads?  From OpenSSL 3.5 on, one that is
 * shorter than the form of RFC 5280 section 4.1.2.5 is refused.  Whether it is a
 * date says ca_der_time.
 */
static inline bool
ca_der_time_ok(uint8_t tag, size_t len)
{
	return (tag == CA_DER_UTCTIME && len >= 13) ||
	       (tag == CA_DER_GENERALIZEDTIME && len >= 15);
}

/* Are these the contents of an OBJECT IDENTIFIER in the shortest form (X.690
 * section 8.19.2)? */
bool ca_der_oid_ok(struct ca_reader oid);

/* Does r consist of exactly the len bytes at p? */
bool ca_der_is(struct ca_reader r, const void *p, size_t len);

/*
 * Convert the contents of a UTCTime or GeneralizedTime in the form of RFC 5280
 * section 4.1.2.5 (13 or 15 bytes, with seconds and Z) to seconds since 1970.
 * False: they have another form, and *out must not be used.  Allocates nothing.
 */
bool ca_der_time(const uint8_t *p, size_t len, int64_t *out);

#endif
