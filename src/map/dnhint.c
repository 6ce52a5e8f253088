#include "map/dnhint.h"
#include "map/ascii.h"
#include "map/dn.h"

#include <stdbool.h>
#include <string.h>

/* Return the length of TYPE= at p; 0: the slash before p is part of a value. */
static size_t
type_at(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && ((p[n] >= '0' && p[n] <= '9') || p[n] == '.' ||
			      (p[n] >= 'A' && p[n] <= 'Z') ||
			      (p[n] >= 'a' && p[n] <= 'z')))
		n++;
	return n > 0 && n < len && p[n] == '=' ? n + 1 : 0;
}

void
ca_dnhint_slashes(const char *text, size_t len, struct ca_buf *out)
{
	size_t end = len;

	for (size_t at = len; at-- > 0;) {
		size_t type =
		    text[at] != '/' ? 0 : type_at(text + at + 1, end - at - 1);

		if (type == 0)
			continue;
		if (end < len)
			ca_buf_u8(out, ',');
		ca_buf_put(out, text + at + 1, type);
		for (size_t i = at + 1 + type; i < end; i++) {
			if (strchr(",+\"\\<>;", text[i]) != NULL)
				ca_buf_u8(out, '\\');
			ca_buf_u8(out, (uint8_t)text[i]);
		}
		end = at;
	}
}

/* ---- the canonical form ---- */

/* Return the length of the pair at p, with its first byte; 0: malformed. */
static size_t
pair_len(const uint8_t *p, size_t left)
{
	if (left < 2 || left < 7 + (size_t)p[1])
		return 0;
	const uint8_t *n = p + 3 + p[1];
	size_t value =
	    (size_t)n[0] << 24 | (size_t)n[1] << 16 | (size_t)n[2] << 8 | n[3];

	return value <= left - 7 - p[1] ? 7 + (size_t)p[1] + value : 0;
}

/* Return the length of the RDN at p; 0: malformed. */
static size_t
rdn_len(const uint8_t *p, size_t left)
{
	size_t n = pair_len(p, left);

	while (n > 0 && n < left && p[n] == '+') {
		size_t more = pair_len(p + n, left - n);

		if (more == 0)
			return 0;
		n += more;
	}
	return n;
}

static bool
same_folded(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t x = a[i], y = b[i];

		ca_ascii_lower(&x, 1);
		ca_ascii_lower(&y, 1);
		if (x != y)
			return false;
	}
	return true;
}

/* Return true if a has the RDNs of b in reverse order. */
static bool
reversed(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t n;

	for (size_t at = 0; at < len; at += n) {
		n = rdn_len(a + at, len - at);
		if (n == 0 || !same_folded(a + at, b + (len - at - n), n))
			return false;
	}
	return true;
}

const char *
ca_dnhint_near(const uint8_t *a, size_t alen, const uint8_t *b, size_t blen)
{
	if (alen != blen || alen == 0)
		return NULL;
	if (same_folded(a, b, alen))
		return "the names differ only in upper and lower case; add ignorecase to accept the name of the certificate";
	if (reversed(a, b, alen))
		return "the certificate has the same name in reverse order; write the most specific attribute first";
	return NULL;
}
