/*
 * Text of others in quotes, into a buffer (base/buf.h).
 */
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/utf8.h"

void
ca_buf_escaped(
    struct ca_buf *b, const void *text, size_t len, const char *special)
{
	const uint8_t *p = text;
	char out[CA_TEXT_STEP];
	size_t n;

	for (size_t i = 0; i < len;) {
		i += ca_text_next(p + i, len - i, special, out, &n);
		ca_buf_put(b, out, n);
	}
}

void
ca_buf_quote(struct ca_buf *b, const void *p, size_t len)
{
	ca_buf_u8(b, '"');
	ca_buf_escaped(b, p, len, "\\\"=");
	ca_buf_u8(b, '"');
}

void
ca_buf_json(struct ca_buf *b, const void *p, size_t len)
{
	const uint8_t *s = p;

	ca_buf_u8(b, '"');
	while (len > 0) {
		uint32_t c;
		size_t n = ca_utf8_next(s, len, &c);

		if (n == 0) {
			ca_buf_str(b, "\\ufffd");
			n = 1;
		} else if (c == '"' || c == '\\') {
			ca_buf_u8(b, '\\');
			ca_buf_put(b, s, n);
		} else if (!ca_utf8_printable(c) && c < 0x10000) {
			ca_buf_fmt(b, "\\u%04x", (unsigned)c);
		} else if (!ca_utf8_printable(c)) {
			ca_buf_fmt(b, "\\u%04x\\u%04x",
			    (unsigned)(0xd800 + ((c - 0x10000) >> 10)),
			    (unsigned)(0xdc00 + ((c - 0x10000) & 0x3ff)));
		} else {
			ca_buf_put(b, s, n);
		}
		s += n;
		len -= n;
	}
	ca_buf_u8(b, '"');
}
