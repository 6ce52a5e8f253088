/*
 * A CRL without its entries: what is kept of a streamed CRL for names, times and
 * extensions.
 */
#include "crl/window.h"

static void
put_sequence(struct ca_buf *b, size_t len)
{
	ca_buf_u8(b, CA_DER_SEQUENCE);
	if (len < 0x80) {
		ca_buf_u8(b, (uint8_t)len);
	} else if (len < 0x100) {
		ca_buf_u8(b, 0x81);
		ca_buf_u8(b, (uint8_t)len);
	} else if (len < 0x10000) {
		ca_buf_u8(b, 0x82);
		ca_buf_u16(b, (uint16_t)len);
	} else {
		ca_buf_u8(b, 0x83);
		ca_buf_u24(b, (uint32_t)len);
	}
}

enum ca_err
ca_crl_skeleton(struct scan *s)
{
	static const uint8_t no_signature[] = {CA_DER_BIT_STRING, 1, 0};
	struct ca_buf tbs = CA_BUF_INIT(1u << 20);
	struct ca_buf *out = &s->out->stripped;

	put_sequence(&tbs, s->head.len + s->exts.len);
	ca_buf_put(&tbs, s->head.p, s->head.len);
	ca_buf_put(&tbs, s->exts.p, s->exts.len);
	put_sequence(out, tbs.len + s->alg.len + sizeof no_signature);
	ca_buf_put(out, tbs.p, tbs.len);
	ca_buf_put(out, s->alg.p, s->alg.len);
	ca_buf_put(out, no_signature, sizeof no_signature);
	if (ca_buf_err(&tbs) != CA_OK && out->err == CA_OK)
		out->err = ca_buf_err(&tbs);
	ca_buf_free(&tbs);
	return ca_buf_err(out);
}
