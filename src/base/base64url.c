#include "base/base64url.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789-_";

/* One more than the value of each character; 0: it is none. */
static const uint8_t digits[256] = {
    ['A'] = 1,
    ['B'] = 2,
    ['C'] = 3,
    ['D'] = 4,
    ['E'] = 5,
    ['F'] = 6,
    ['G'] = 7,
    ['H'] = 8,
    ['I'] = 9,
    ['J'] = 10,
    ['K'] = 11,
    ['L'] = 12,
    ['M'] = 13,
    ['N'] = 14,
    ['O'] = 15,
    ['P'] = 16,
    ['Q'] = 17,
    ['R'] = 18,
    ['S'] = 19,
    ['T'] = 20,
    ['U'] = 21,
    ['V'] = 22,
    ['W'] = 23,
    ['X'] = 24,
    ['Y'] = 25,
    ['Z'] = 26,
    ['a'] = 27,
    ['b'] = 28,
    ['c'] = 29,
    ['d'] = 30,
    ['e'] = 31,
    ['f'] = 32,
    ['g'] = 33,
    ['h'] = 34,
    ['i'] = 35,
    ['j'] = 36,
    ['k'] = 37,
    ['l'] = 38,
    ['m'] = 39,
    ['n'] = 40,
    ['o'] = 41,
    ['p'] = 42,
    ['q'] = 43,
    ['r'] = 44,
    ['s'] = 45,
    ['t'] = 46,
    ['u'] = 47,
    ['v'] = 48,
    ['w'] = 49,
    ['x'] = 50,
    ['y'] = 51,
    ['z'] = 52,
    ['0'] = 53,
    ['1'] = 54,
    ['2'] = 55,
    ['3'] = 56,
    ['4'] = 57,
    ['5'] = 58,
    ['6'] = 59,
    ['7'] = 60,
    ['8'] = 61,
    ['9'] = 62,
    ['-'] = 63,
    ['_'] = 64,
};

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
	return digits[(unsigned char)c] - 1;
}

bool
ca_base64url_char(char c)
{
	return digit(c) >= 0;
}

enum ca_err
ca_base64url_decode(struct ca_buf *out, const char *text, size_t len)
{
	uint8_t block[3 * GROUPS];
	size_t at = 0;

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
	size_t n = 0;

	while (n < len && ca_base64url_char(s[n]))
		n++;
	return n;
}
