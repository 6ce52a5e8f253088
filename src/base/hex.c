/*
 * Hexadecimal digits, into a buffer (base/buf.h).
 */
#include "base/buf.h"

void
ca_buf_hex(struct ca_buf *b, const void *p, size_t len)
{
	static const char digit[] = "0123456789abcdef";
	const uint8_t *s = p;

	for (size_t i = 0; i < len; i++) {
		char two[2] = {digit[s[i] >> 4], digit[s[i] & 15]};
		ca_buf_put(b, two, 2);
	}
}
