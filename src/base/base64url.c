#include "base/base64url.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789-_";

void
ca_base64url_encode(struct ca_buf *out, const void *p, size_t len)
{
	const uint8_t *s = p;

	while (len > 0) {
		size_t n = len < 3 ? len : 3;
		uint32_t v = (uint32_t)s[0] << 16;

		if (n > 1)
			v |= (uint32_t)s[1] << 8;
		if (n > 2)
			v |= s[2];
		char four[4];
		for (int i = 0; i < 4; i++)
			four[i] = alphabet[v >> (18 - 6 * i) & 63];
		ca_buf_put(out, four, n + 1);
		s += n;
		len -= n;
	}
}

int
ca_base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	return c >= '0' && c <= '9' ? c - '0' + 52 : -1;
}

static int
digit(char c)
{
	if (c == '-')
		return 62;
	return c == '_' ? 63 : ca_base64_value(c);
}

bool
ca_base64url_char(char c)
{
	return digit(c) >= 0;
}

enum ca_err
ca_base64url_decode(struct ca_buf *out, const char *text, size_t len)
{
	if (len % 4 == 1)
		return CA_ERR_FORMAT;
	while (len > 0) {
		size_t n = len < 4 ? len : 4;
		uint32_t v = 0;

		for (size_t i = 0; i < n; i++) {
			int d = digit(text[i]);

			if (d < 0)
				return CA_ERR_FORMAT;
			v |= (uint32_t)d << (18 - 6 * i);
		}
		/* the unused bits must be zero: one text for each value */
		if ((n == 2 && (v & 0xffff) != 0) ||
		    (n == 3 && (v & 0xff) != 0))
			return CA_ERR_FORMAT;
		uint8_t three[3] = {
		    (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
		ca_buf_put(out, three, n - 1);
		text += n;
		len -= n;
	}
	return ca_buf_err(out);
}

size_t
ca_base64url_span(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && ca_base64url_char(s[n]))
		n++;
	return n;
}
