/*
 * The form of a response: RFC 6960 section 4.2.1, walked by a bounded cursor.
 */
#include "data/der.h"
#include "ocsp/ocspint.h"

#include <string.h>

/* [n] EXPLICIT, and the IMPLICIT tags of CertStatus */
enum {
	CONTEXT_1 = 0xa1,
	CONTEXT_2 = 0xa2,
	STATUS_GOOD = 0x80,
	STATUS_REVOKED = 0xa1,
	STATUS_UNKNOWN = 0x82,
};

static const uint8_t oid_basic[] = {
    0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01};
static const uint8_t oid_nonce[] = {
    0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02};

/* ---- pieces ---- */

/* Take an element that stands alone inside an explicit tag. */
static enum ca_err
inside(
    struct ca_reader *r, uint8_t explicit, uint8_t tag, struct ca_reader *out)
{
	struct ca_reader outer;

	if (ca_der_expect(r, explicit, &outer) != CA_OK ||
	    ca_der_expect(&outer, tag, out) != CA_OK)
		return CA_ERR_FORMAT;
	return ca_read_end(&outer);
}

static bool
next_is(const struct ca_reader *r, uint8_t tag)
{
	return r->left > 0 && r->p[0] == tag;
}

/* Take an element with this tag, and keep it with its header. */
static enum ca_err
whole(struct ca_reader *r, uint8_t tag, struct ca_bytes *out)
{
	const uint8_t *start = r->p;
	struct ca_reader content;

	if (ca_der_expect(r, tag, &content) != CA_OK)
		return CA_ERR_FORMAT;
	*out = (struct ca_bytes){start, (size_t)(r->p - start)};
	return CA_OK;
}

/* Section 4.2.2.1: as RFC 5280 section 4.1.2.5.2 has it. */
static enum ca_err
time_of(struct ca_reader content, int64_t *out)
{
	return content.left == 15 && ca_der_time(content.p, content.left, out)
		   ? CA_OK
		   : CA_ERR_FORMAT;
}

static enum ca_err
take_time(struct ca_reader *r, int64_t *out)
{
	struct ca_reader content;

	if (ca_der_expect(r, CA_DER_GENERALIZEDTIME, &content) != CA_OK)
		return CA_ERR_FORMAT;
	return time_of(content, out);
}

/* A value of one byte: an ENUMERATED or the version. */
static enum ca_err
small(struct ca_reader content, unsigned *out)
{
	if (content.left != 1 || content.p[0] > 0x7f)
		return CA_ERR_FORMAT;
	*out = content.p[0];
	return CA_OK;
}

/* One Extension (RFC 5280 section 4.1).  *unknown becomes true if it is critical
 * and not the nonce: that one says nothing about a certificate. */
static enum ca_err
take_extension(struct ca_reader *list, bool *unknown)
{
	struct ca_reader ext, oid, flag, value;
	bool critical = false;

	if (ca_der_expect(list, CA_DER_SEQUENCE, &ext) != CA_OK ||
	    ca_der_expect(&ext, CA_DER_OID, &oid) != CA_OK ||
	    !ca_der_oid_ok(oid))
		return CA_ERR_FORMAT;
	if (next_is(&ext, CA_DER_BOOLEAN)) {
		if (ca_der_expect(&ext, CA_DER_BOOLEAN, &flag) != CA_OK ||
		    flag.left != 1 || (flag.p[0] != 0 && flag.p[0] != 0xff))
			return CA_ERR_FORMAT;
		critical = flag.p[0] != 0;
	}
	if (ca_der_expect(&ext, CA_DER_OCTET_STRING, &value) != CA_OK)
		return CA_ERR_FORMAT;
	if (critical && !ca_der_is(oid, oid_nonce, sizeof oid_nonce))
		*unknown = true;
	return ca_read_end(&ext);
}

static enum ca_err
take_extensions(struct ca_reader *r, bool *unknown)
{
	struct ca_reader list;
	enum ca_err rc;

	if (!next_is(r, CONTEXT_1))
		return CA_OK;
	if (inside(r, CONTEXT_1, CA_DER_SEQUENCE, &list) != CA_OK)
		return CA_ERR_FORMAT;
	while (list.left > 0)
		if ((rc = take_extension(&list, unknown)) != CA_OK)
			return rc;
	return CA_OK;
}

/* ---- SingleResponse ---- */

static enum ca_err
take_cert_id(struct ca_reader *r, struct ca_ocsp_entry *out)
{
	struct ca_reader id, alg;

	if (ca_der_expect(r, CA_DER_SEQUENCE, &id) != CA_OK ||
	    ca_der_expect(&id, CA_DER_SEQUENCE, &alg) != CA_OK ||
	    ca_der_expect(&alg, CA_DER_OID, &out->hash) != CA_OK ||
	    ca_der_expect(&id, CA_DER_OCTET_STRING, &out->name_hash) != CA_OK ||
	    ca_der_expect(&id, CA_DER_OCTET_STRING, &out->key_hash) != CA_OK ||
	    ca_der_expect(&id, CA_DER_INTEGER, &out->serial) != CA_OK)
		return CA_ERR_FORMAT;
	return ca_read_end(&id);
}

static enum ca_err
take_revoked(struct ca_reader info, struct ca_ocsp_entry *out)
{
	struct ca_reader reason;
	unsigned v;

	out->says = CA_OCSP_SAYS_REVOKED;
	if (take_time(&info, &out->revoked_at) != CA_OK)
		return CA_ERR_FORMAT;
	if (next_is(&info, CA_DER_CONTEXT_0)) {
		if (inside(&info, CA_DER_CONTEXT_0, CA_DER_ENUMERATED,
			&reason) != CA_OK ||
		    small(reason, &v) != CA_OK)
			return CA_ERR_FORMAT;
		out->revoked_for = (int)v;
	}
	return ca_read_end(&info);
}

static enum ca_err
take_status(struct ca_reader *r, struct ca_ocsp_entry *out)
{
	struct ca_reader content;
	uint8_t tag;

	if (ca_der_next(r, &tag, &content) != CA_OK)
		return CA_ERR_FORMAT;
	if (tag == STATUS_REVOKED)
		return take_revoked(content, out);
	if (tag != STATUS_GOOD && tag != STATUS_UNKNOWN)
		return CA_ERR_FORMAT;
	out->says =
	    tag == STATUS_GOOD ? CA_OCSP_SAYS_GOOD : CA_OCSP_SAYS_UNKNOWN;
	return ca_read_end(&content);
}

enum ca_err
ca_ocsp_entry(struct ca_reader *r, struct ca_ocsp_entry *out)
{
	struct ca_reader single, next;
	enum ca_err rc;

	*out = (struct ca_ocsp_entry){
	    .says = CA_OCSP_SAYS_UNKNOWN, .revoked_for = -1};
	if (ca_der_expect(r, CA_DER_SEQUENCE, &single) != CA_OK)
		return CA_ERR_FORMAT;
	if ((rc = take_cert_id(&single, out)) != CA_OK ||
	    (rc = take_status(&single, out)) != CA_OK ||
	    (rc = take_time(&single, &out->this_update)) != CA_OK)
		return rc;
	if (next_is(&single, CA_DER_CONTEXT_0)) {
		out->has_next = true;
		if (inside(&single, CA_DER_CONTEXT_0, CA_DER_GENERALIZEDTIME,
			&next) != CA_OK ||
		    time_of(next, &out->next_update) != CA_OK)
			return CA_ERR_FORMAT;
	}
	if ((rc = take_extensions(&single, &out->critical)) != CA_OK)
		return rc;
	return ca_read_end(&single);
}

/* ---- ResponseData ---- */

static enum ca_err
take_version(struct ca_reader *r)
{
	struct ca_reader content;
	unsigned v;

	if (!next_is(r, CA_DER_CONTEXT_0))
		return CA_OK;
	if (inside(r, CA_DER_CONTEXT_0, CA_DER_INTEGER, &content) != CA_OK ||
	    small(content, &v) != CA_OK)
		return CA_ERR_FORMAT;
	return v == 0 ? CA_OK : CA_ERR_UNSUPPORTED;
}

static enum ca_err
take_responder(struct ca_reader *r, struct ca_ocsp_response *out)
{
	struct ca_reader outer, hash;

	out->by_key = next_is(r, CONTEXT_2);
	if (out->by_key) {
		if (inside(r, CONTEXT_2, CA_DER_OCTET_STRING, &hash) != CA_OK)
			return CA_ERR_FORMAT;
		out->responder = (struct ca_bytes){hash.p, hash.left};
		return CA_OK;
	}
	if (ca_der_expect(r, CONTEXT_1, &outer) != CA_OK ||
	    whole(&outer, CA_DER_SEQUENCE, &out->responder) != CA_OK)
		return CA_ERR_FORMAT;
	return ca_read_end(&outer);
}

static enum ca_err
check_entries(struct ca_reader r)
{
	struct ca_ocsp_entry entry;
	enum ca_err rc;

	for (size_t n = 0; r.left > 0; n++) {
		if (n == CA_OCSP_ENTRIES_MAX)
			return CA_ERR_LIMIT;
		if ((rc = ca_ocsp_entry(&r, &entry)) != CA_OK)
			return rc;
	}
	return CA_OK;
}

static enum ca_err
parse_data(struct ca_reader r, struct ca_ocsp_response *out)
{
	int64_t produced;
	enum ca_err rc;

	if ((rc = take_version(&r)) != CA_OK ||
	    (rc = take_responder(&r, out)) != CA_OK ||
	    (rc = take_time(&r, &produced)) != CA_OK)
		return rc;
	if (ca_der_expect(&r, CA_DER_SEQUENCE, &out->entries) != CA_OK)
		return CA_ERR_FORMAT;
	if ((rc = check_entries(out->entries)) != CA_OK ||
	    (rc = take_extensions(&r, &out->critical)) != CA_OK)
		return rc;
	return ca_read_end(&r);
}

/* ---- BasicOCSPResponse and what is around it ---- */

static enum ca_err
take_certs(struct ca_reader *r, struct ca_ocsp_response *out)
{
	struct ca_reader list;

	if (!next_is(r, CA_DER_CONTEXT_0))
		return CA_OK;
	if (inside(r, CA_DER_CONTEXT_0, CA_DER_SEQUENCE, &list) != CA_OK)
		return CA_ERR_FORMAT;
	while (list.left > 0) {
		if (out->ncerts == CA_OCSP_CERTS_MAX)
			return CA_ERR_LIMIT;
		if (whole(&list, CA_DER_SEQUENCE, &out->cert[out->ncerts]) !=
		    CA_OK)
			return CA_ERR_FORMAT;
		out->ncerts++;
	}
	return CA_OK;
}

static enum ca_err
parse_basic(struct ca_reader response, struct ca_ocsp_response *out)
{
	struct ca_reader r, tbs, bits;
	enum ca_err rc;

	if (ca_der_expect(&response, CA_DER_SEQUENCE, &r) != CA_OK ||
	    ca_read_end(&response) != CA_OK ||
	    whole(&r, CA_DER_SEQUENCE, &out->tbs) != CA_OK ||
	    whole(&r, CA_DER_SEQUENCE, &out->algorithm) != CA_OK ||
	    ca_der_expect(&r, CA_DER_BIT_STRING, &bits) != CA_OK)
		return CA_ERR_FORMAT;
	/* no unused bits */
	if (bits.left < 2 || bits.p[0] != 0)
		return CA_ERR_FORMAT;
	out->signature = (struct ca_bytes){bits.p + 1, bits.left - 1};
	if ((rc = take_certs(&r, out)) != CA_OK)
		return rc;
	if (ca_read_end(&r) != CA_OK)
		return CA_ERR_FORMAT;
	r = ca_reader_of(out->tbs.p, out->tbs.len);
	if (ca_der_expect(&r, CA_DER_SEQUENCE, &tbs) != CA_OK)
		return CA_ERR_FORMAT;
	return parse_data(tbs, out);
}

enum ca_err
ca_ocsp_parse(const struct ca_bytes *der, struct ca_ocsp_response *out)
{
	struct ca_reader all = ca_reader_of(der->p, der->len);
	struct ca_reader r, status, bytes, type, response;

	*out = (struct ca_ocsp_response){.ncerts = 0};
	if (der->len > CA_OCSP_MAX)
		return CA_ERR_LIMIT;
	if (ca_der_expect(&all, CA_DER_SEQUENCE, &r) != CA_OK ||
	    ca_read_end(&all) != CA_OK ||
	    ca_der_expect(&r, CA_DER_ENUMERATED, &status) != CA_OK ||
	    small(status, &out->status) != CA_OK)
		return CA_ERR_FORMAT;
	if (out->status != CA_OCSP_STATUS_OK)
		return CA_OK;
	if (inside(&r, CA_DER_CONTEXT_0, CA_DER_SEQUENCE, &bytes) != CA_OK ||
	    ca_read_end(&r) != CA_OK ||
	    ca_der_expect(&bytes, CA_DER_OID, &type) != CA_OK ||
	    ca_der_expect(&bytes, CA_DER_OCTET_STRING, &response) != CA_OK ||
	    ca_read_end(&bytes) != CA_OK)
		return CA_ERR_FORMAT;
	if (!ca_der_is(type, oid_basic, sizeof oid_basic))
		return CA_ERR_UNSUPPORTED;
	return parse_basic(response, out);
}
