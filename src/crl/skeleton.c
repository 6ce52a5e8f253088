/*
 * A CRL without its entries: what is kept of a streamed CRL for names, times and
 * extensions.
 */
#include "crl/window.h"

#include <time.h>

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
ca_crlread_strip(struct scan *s)
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

int64_t
ca_crl_time(const uint8_t *p, size_t len)
{
	struct tm tm = {0}, is;
	int v[7], n = 0;
	size_t i = 0;

	if ((len != 13 && len != 15) || p[len - 1] != 'Z')
		return 0;
	for (; i + 1 < len; i += 2) {
		if (p[i] < '0' || p[i] > '9' || p[i + 1] < '0' ||
		    p[i + 1] > '9')
			return 0;
		v[n++] = (p[i] - '0') * 10 + p[i + 1] - '0';
	}
	/* UTCTime: 50..99 is 19YY (RFC 5280 section 4.1.2.5.1) */
	tm.tm_year =
	    len == 15 ? v[0] * 100 + v[1] - 1900 : v[0] + (v[0] < 50 ? 100 : 0);
	const int *m = len == 15 ? v + 2 : v + 1;
	tm.tm_mon = m[0] - 1;
	tm.tm_mday = m[1];
	tm.tm_hour = m[2];
	tm.tm_min = m[3];
	tm.tm_sec = m[4];
	is = tm;
	int64_t t = (int64_t)timegm(&is);
	/* timegm makes the first of March out of the 29th of February */
	return is.tm_mon == tm.tm_mon && is.tm_mday == tm.tm_mday &&
		       is.tm_hour == tm.tm_hour && is.tm_min == tm.tm_min &&
		       is.tm_sec == tm.tm_sec
		   ? t
		   : 0;
}
