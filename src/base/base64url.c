#include "base/base64url.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789-_";

#define GROUPS 64 /* of 3 bytes, or 4 characters, that are appended at once */

void
ca_base64url_encode(struct ca_buf *out, const void *p, size_t len)
{
	const uint8_t *s = p;
	char block[4 * GROUPS];
	size_t at = 0;

	while (len > 0) {
		size_t n = len < 3 ? len : 3;
		uint32_t v = (uint32_t)s[0] << 16;

		if (n > 1)
			v |= (uint32_t)s[1] << 8;
		if (n > 2)
			v |= s[2];
		if (at == sizeof block) {
			ca_buf_put(out, block, at);
			at = 0;
		}
		for (size_t i = 0; i <= n; i++)
			block[at++] = alphabet[v >> (18 - 6 * i) & 63];
		s += n;
		len -= n;
	}
	ca_buf_put(out, block, at);
}

bool
ca_base64url_char(char c)
{
	return memchr(alphabet, c, sizeof alphabet - 1) != NULL;
}

/* One more than the value of each character; 0: it is none. */
struct digits {
	uint8_t of[256];
};

static struct digits
make_digits(void)
{
	struct digits d = {{0}};

	for (size_t i = 0; i < sizeof alphabet - 1; i++)
		d.of[(unsigned char)alphabet[i]] = (uint8_t)(i + 1);
	return d;
}

enum ca_err
ca_base64url_decode(struct ca_buf *out, const char *text, size_t len)
{
	const struct digits digits = make_digits();
	uint8_t block[3 * GROUPS];
	size_t at = 0;

	if (len % 4 == 1)
		return CA_ERR_FORMAT;
	while (len > 0) {
		size_t n = len < 4 ? len : 4;
		uint32_t v = 0;

		for (size_t i = 0; i < n; i++) {
			int d = digits.of[(unsigned char)text[i]] - 1;

			if (d < 0)
				return CA_ERR_FORMAT;
			v |= (uint32_t)d << (18 - 6 * i);
		}
		/* the unused bits must be zero: one text for each value */
		if ((n == 2 && (v & 0xffff) != 0) ||
		    (n == 3 && (v & 0xff) != 0))
			return CA_ERR_FORMAT;
		if (at == sizeof block) {
			ca_buf_put(out, block, at);
			at = 0;
		}
		for (size_t i = 0; i + 1 < n; i++)
			block[at++] = (uint8_t)(v >> (16 - 8 * i));
		text += n;
		len -= n;
	}
	ca_buf_put(out, block, at);
	explicit_bzero(block, sizeof block); /* it may be of a secret */
	return ca_buf_err(out);
}

size_t
ca_base64url_span(const char *s, size_t len)
{
	const struct digits digits = make_digits();
	size_t n = 0;

	while (n < len && digits.of[(unsigned char)s[n]] != 0)
		n++;
	return n;
}
