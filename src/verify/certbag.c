#include "verify/certbag.h"
#include "base/buf.h"
#include "data/der.h"

#include <string.h>

#define DEPTH_MAX 16 /* elements of indefinite length inside each other */

#define SET 0x31
#define CONSTRUCTED 0x20

/* 1.2.840.113549.1.7.2 */
static const uint8_t signed_data[] = {
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02};

/* ---- BER: X.690 section 8.1 ---- */

/* Take a tag of one byte and a length.  *open: the length is indefinite. */
static enum ca_err
header(struct ca_reader *r, uint8_t *tag, size_t *len, bool *open)
{
	size_t n;

	if (r->left < 2 || (r->p[0] & 0x1f) == 0x1f)
		return CA_ERR_FORMAT;
	*tag = r->p[0];
	*len = r->p[1];
	*open = *len == 0x80;
	r->p += 2;
	r->left -= 2;
	if (*open)
		return (*tag & CONSTRUCTED) != 0 ? CA_OK : CA_ERR_FORMAT;
	if (*len < 0x80)
		return *len <= r->left ? CA_OK : CA_ERR_FORMAT;
	n = *len & 0x7f;
	if (n > 4 || n > r->left)
		return CA_ERR_FORMAT;
	for (*len = 0; n > 0; n--, r->p++, r->left--)
		*len = *len << 8 | *r->p;
	return *len <= r->left ? CA_OK : CA_ERR_FORMAT;
}

/* Take the two zero bytes that end an indefinite length, if they are next. */
static bool
at_end(struct ca_reader *r)
{
	if (r->left < 2 || r->p[0] != 0 || r->p[1] != 0)
		return false;
	r->p += 2;
	r->left -= 2;
	return true;
}

/* Take an element, without recursion: each byte of the input is read once. */
static enum ca_err
take(struct ca_reader *r, uint8_t *tag, struct ca_reader *content)
{
	unsigned depth = 0;
	uint8_t inner;
	size_t len;
	bool open;

	if (header(r, tag, &len, &open) != CA_OK)
		return CA_ERR_FORMAT;
	*content = ca_reader_of(r->p, len);
	if (!open) {
		r->p += len;
		r->left -= len;
		return CA_OK;
	}
	const uint8_t *from = r->p, *end = r->p;

	for (depth = 1; depth > 0;) {
		end = r->p;
		if (at_end(r)) {
			depth--;
			continue;
		}
		if (header(r, &inner, &len, &open) != CA_OK)
			return CA_ERR_FORMAT;
		if (open && ++depth > DEPTH_MAX)
			return CA_ERR_FORMAT;
		if (!open) {
			r->p += len;
			r->left -= len;
		}
	}
	*content = ca_reader_of(from, (size_t)(end - from));
	return CA_OK;
}

/* The same, if the element has this tag. */
static enum ca_err
expect(struct ca_reader *r, uint8_t tag, struct ca_reader *content)
{
	uint8_t is;

	if (r->left == 0 || r->p[0] != tag)
		return CA_ERR_FORMAT;
	return take(r, &is, content);
}

/* ---- ContentInfo and SignedData: RFC 5652 sections 3 and 5.1 ---- */

bool
ca_certbag_is(const uint8_t *p, size_t len)
{
	struct ca_reader r = ca_reader_of(p, len), type;
	uint8_t tag;
	size_t n;
	bool open;

	return header(&r, &tag, &n, &open) == CA_OK && tag == CA_DER_SEQUENCE &&
	       expect(&r, CA_DER_OID, &type) == CA_OK &&
	       ca_der_is(type, signed_data, sizeof signed_data);
}

/* certificates, crls and signerInfos of a SignedData; certs is empty if there
 * are none. */
static enum ca_err
open_bag(struct ca_reader r, struct ca_reader *certs)
{
	struct ca_reader info, type, data, content, skip, signers;

	*certs = ca_reader_of(NULL, 0);
	if (expect(&r, CA_DER_SEQUENCE, &info) != CA_OK || r.left > 0 ||
	    expect(&info, CA_DER_OID, &type) != CA_OK ||
	    !ca_der_is(type, signed_data, sizeof signed_data) ||
	    expect(&info, CA_DER_CONTEXT_0, &content) != CA_OK ||
	    info.left > 0 ||
	    expect(&content, CA_DER_SEQUENCE, &data) != CA_OK ||
	    content.left > 0 || expect(&data, CA_DER_INTEGER, &skip) != CA_OK ||
	    expect(&data, SET, &skip) != CA_OK ||
	    expect(&data, CA_DER_SEQUENCE, &content) != CA_OK ||
	    expect(&content, CA_DER_OID, &skip) != CA_OK)
		return CA_ERR_FORMAT;
	if (data.left > 0 && data.p[0] == CA_DER_CONTEXT_0 &&
	    expect(&data, CA_DER_CONTEXT_0, certs) != CA_OK)
		return CA_ERR_FORMAT;
	if (data.left > 0 && data.p[0] == (CA_DER_CONTEXT_0 | 1) &&
	    expect(&data, CA_DER_CONTEXT_0 | 1, &skip) != CA_OK)
		return CA_ERR_FORMAT;
	if (expect(&data, SET, &signers) != CA_OK || data.left > 0)
		return CA_ERR_FORMAT;
	return content.left == 0 && signers.left == 0 ? CA_OK
						      : CA_ERR_UNSUPPORTED;
}

enum ca_err
ca_certbag_each(const uint8_t *p, size_t len,
    enum ca_err (*each)(void *ctx, const uint8_t *der, size_t len), void *ctx)
{
	struct ca_reader certs, one;
	enum ca_err rc = open_bag(ca_reader_of(p, len), &certs);
	size_t found = 0;
	uint8_t tag;

	if (rc != CA_OK)
		return rc;
	while (certs.left > 0) {
		const uint8_t *at = certs.p;

		if ((rc = take(&certs, &tag, &one)) != CA_OK)
			return rc;
		/* the other choices are attribute certificates and old forms */
		if (tag != CA_DER_SEQUENCE)
			continue;
		found++;
		if ((rc = each(ctx, at, (size_t)(certs.p - at))) != CA_OK)
			return rc;
	}
	return found > 0 ? CA_OK : CA_ERR_NOT_FOUND;
}
