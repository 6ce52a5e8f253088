#include "ldap/ldapmsg.h"

void
ca_ldap_frame_put(struct ca_buf *out, char type, const void *p, size_t len)
{
	ca_buf_u8(out, (uint8_t)type);
	ca_buf_number(out, len, 3);
	ca_buf_put(out, p, len);
}

enum ca_err
ca_ldap_frame_read(
    struct ca_reader *r, size_t max, char *type, struct ca_reader *payload)
{
	struct ca_reader at = *r;
	const uint8_t *p;
	uint64_t len;
	uint8_t t;

	if (ca_read_u8(&at, &t) != CA_OK ||
	    ca_read_number(&at, 3, &len) != CA_OK)
		return CA_ERR_TRUNCATED;
	if (len > max)
		return CA_ERR_FORMAT;
	if (ca_read_bytes(&at, (size_t)len, &p) != CA_OK)
		return CA_ERR_TRUNCATED;
	*type = (char)t;
	*payload = ca_reader_of(p, (size_t)len);
	*r = at;
	return CA_OK;
}

void
ca_ldap_sum_put(struct ca_buf *out, const struct ca_ldap_sum *sum)
{
	ca_buf_number(out, sum->entries, 4);
	ca_buf_number(out, sum->pages, 4);
	ca_buf_number(out, sum->nameless, 4);
	ca_buf_number(out, sum->referrals, 4);
	ca_buf_number(out, sum->weak, 4);
}

enum ca_err
ca_ldap_sum_read(struct ca_reader *r, struct ca_ldap_sum *out)
{
	if (ca_read_u32(r, &out->entries) != CA_OK ||
	    ca_read_u32(r, &out->pages) != CA_OK ||
	    ca_read_u32(r, &out->nameless) != CA_OK ||
	    ca_read_u32(r, &out->referrals) != CA_OK ||
	    ca_read_u32(r, &out->weak) != CA_OK)
		return CA_ERR_FORMAT;
	return ca_read_end(r);
}
