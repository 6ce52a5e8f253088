#include "crl/crlder.h"

/* CRLReason ::= ENUMERATED.  An unknown reason is treated as none. */
static enum ca_err
reason(struct ca_reader value, int *out)
{
	struct ca_reader v;

	if (ca_der_expect(&value, CA_DER_ENUMERATED, &v) != CA_OK ||
	    ca_read_end(&value) != CA_OK || !ca_der_integer_ok(v.p, v.left))
		return CA_ERR_FORMAT;
	*out = v.left == 1 && v.p[0] < 0x80 ? v.p[0] : -1;
	return CA_OK;
}

static enum ca_err
issuer(struct ca_reader value, struct ca_reader *out)
{
	struct ca_reader whole = value, names;

	if (ca_der_expect(&value, CA_DER_SEQUENCE, &names) != CA_OK ||
	    ca_read_end(&value) != CA_OK || names.left == 0)
		return CA_ERR_FORMAT;
	*out = whole;
	return CA_OK;
}

/* RFC 5280 section 5.3.2 */
static enum ca_err
invalidity_date(struct ca_reader value)
{
	struct ca_reader date;

	if (ca_der_expect(&value, CA_DER_GENERALIZEDTIME, &date) != CA_OK ||
	    ca_read_end(&value) != CA_OK ||
	    !ca_der_time_ok(CA_DER_GENERALIZEDTIME, date.left))
		return CA_ERR_FORMAT;
	return CA_OK;
}

/* Extension ::= SEQUENCE { OID, BOOLEAN DEFAULT FALSE, OCTET STRING } */
static enum ca_err
extension(struct ca_reader ext, bool *got_reason, struct ca_der_entry_exts *out)
{
	static const uint8_t id_reason[] = {0x55, 0x1d, 0x15};
	static const uint8_t id_invalidity[] = {0x55, 0x1d, 0x18};
	static const uint8_t id_issuer[] = {0x55, 0x1d, 0x1d};
	struct ca_reader oid, flag, value;
	bool critical = false;

	if (ca_der_expect(&ext, CA_DER_OID, &oid) != CA_OK ||
	    !ca_der_oid_ok(oid))
		return CA_ERR_FORMAT;
	if (ca_der_expect(&ext, CA_DER_BOOLEAN, &flag) == CA_OK) {
		/* DER does not encode FALSE, but real CRLs do */
		if (flag.left != 1 || (flag.p[0] != 0 && flag.p[0] != 0xff))
			return CA_ERR_FORMAT;
		critical = flag.p[0] != 0;
	}
	if (ca_der_expect(&ext, CA_DER_OCTET_STRING, &value) != CA_OK ||
	    ca_read_end(&ext) != CA_OK)
		return CA_ERR_FORMAT;
	if (ca_der_is(oid, id_reason, sizeof id_reason)) {
		/* RFC 5280 section 5.3.1 does not allow it to be critical, and
		 * OpenSSL then treats it as unknown */
		out->critical |= critical;
		if (*got_reason)
			return CA_ERR_FORMAT;
		*got_reason = true;
		return reason(value, &out->reason);
	}
	if (ca_der_is(oid, id_issuer, sizeof id_issuer)) {
		if (out->issuer.p != NULL)
			return CA_ERR_FORMAT;
		return issuer(value, &out->issuer);
	}
	out->critical |= critical;
	if (ca_der_is(oid, id_invalidity, sizeof id_invalidity))
		return invalidity_date(value);
	return CA_OK;
}

enum ca_err
ca_der_entry_exts(struct ca_reader r, struct ca_der_entry_exts *out)
{
	struct ca_reader exts, ext;
	bool got_reason = false;

	*out = (struct ca_der_entry_exts){-1, {NULL, 0}, false};
	if (ca_der_expect(&r, CA_DER_SEQUENCE, &exts) != CA_OK ||
	    ca_read_end(&r) != CA_OK)
		return CA_ERR_FORMAT;
	while (exts.left > 0)
		if (ca_der_expect(&exts, CA_DER_SEQUENCE, &ext) != CA_OK ||
		    extension(ext, &got_reason, out) != CA_OK)
			return CA_ERR_FORMAT;
	return CA_OK;
}
