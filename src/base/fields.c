/*
 * Fields of fixed size, for the cursor and the writer of base/buf.h: numbers by their
 * width, byte strings of a known length, the end.
 */
#include "base/buf.h"

/* ---- reader ---- */

enum ca_err
ca_read_u8(struct ca_reader *r, uint8_t *out)
{
	uint64_t v;

	if (ca_read_number(r, 1, &v) != CA_OK)
		return CA_ERR_FORMAT;
	*out = (uint8_t)v;
	return CA_OK;
}

enum ca_err
ca_read_u16(struct ca_reader *r, uint16_t *out)
{
	uint64_t v;

	if (ca_read_number(r, 2, &v) != CA_OK)
		return CA_ERR_FORMAT;
	*out = (uint16_t)v;
	return CA_OK;
}

enum ca_err
ca_read_u32(struct ca_reader *r, uint32_t *out)
{
	uint64_t v;

	if (ca_read_number(r, 4, &v) != CA_OK)
		return CA_ERR_FORMAT;
	*out = (uint32_t)v;
	return CA_OK;
}

enum ca_err
ca_read_u64(struct ca_reader *r, uint64_t *out)
{
	return ca_read_number(r, 8, out);
}

enum ca_err
ca_read_bytes(struct ca_reader *r, size_t len, const uint8_t **out)
{
	if (r->left < len)
		return CA_ERR_FORMAT;
	*out = r->p;
	r->p += len;
	r->left -= len;
	return CA_OK;
}

enum ca_err
ca_read_end(const struct ca_reader *r)
{
	return r->left == 0 ? CA_OK : CA_ERR_FORMAT;
}

/* ---- writer ---- */

void
ca_buf_u16(struct ca_buf *b, uint16_t v)
{
	ca_buf_number(b, v, 2);
}

void
ca_buf_u24(struct ca_buf *b, uint32_t v)
{
	ca_buf_number(b, v, 3);
}

void
ca_buf_u64(struct ca_buf *b, uint64_t v)
{
	ca_buf_number(b, v, 8);
}
