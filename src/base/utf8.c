#include "base/utf8.h"

size_t
ca_utf8_next(const uint8_t *p, size_t len, uint32_t *c)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n;
	uint32_t v;

	if (len == 0)
		return 0;
	if (p[0] < 0x80) {
		*c = p[0];
		return 1;
	}
	if ((p[0] & 0xe0) == 0xc0) {
		n = 2;
		v = p[0] & 0x1fu;
	} else if ((p[0] & 0xf0) == 0xe0) {
		n = 3;
		v = p[0] & 0x0fu;
	} else if ((p[0] & 0xf8) == 0xf0) {
		n = 4;
		v = p[0] & 0x07u;
	} else {
		return 0;
	}
	if (len < n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (p[i] & 0x3fu);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*c = v;
	return n;
}

bool
ca_utf8_printable(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return false;
	if (c == 0x61c) /* Arabic letter mark, also a direction mark */
		return false;
	if (c >= 0x200b && c <= 0x200f) /* zero width, direction marks */
		return false;
	if (c >= 0x2028 && c <= 0x202e) /* separators, embeddings */
		return false;
	if (c >= 0x2060 && c <= 0x206f) /* invisible, isolates */
		return false;
	if (c >= 0xfff9 && c <= 0xfffb) /* interlinear annotation */
		return false;
	if (c >= 0xe0000 && c <= 0xe007f) /* tags */
		return false;
	if ((c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe)
		return false; /* noncharacters */
	if (c == 0xfeff)
		return false;
	return true;
}

bool
ca_utf8_text(const void *p, size_t len)
{
	const uint8_t *s = p;

	while (len > 0) {
		uint32_t c;

		/* most text is ASCII */
		if (*s >= 0x20 && *s < 0x7f) {
			s++;
			len--;
			continue;
		}
		size_t n = ca_utf8_next(s, len, &c);

		if (n == 0 || !ca_utf8_printable(c))
			return false;
		s += n;
		len -= n;
	}
	return true;
}
