#include "base/text.h"
#include "base/utf8.h"

#include <string.h>

size_t
ca_text_next(const uint8_t *p, size_t len, const char *special,
    char out[CA_TEXT_STEP], size_t *outlen)
{
	uint32_t c = 0;
	size_t n = ca_utf8_next(p, len, &c), at = 0;

	if (n == 0 || !ca_utf8_printable(c)) {
		/* an invalid sequence is taken byte by byte */
		if (n == 0)
			n = 1;
		for (size_t i = 0; i < n; i++) {
			static const char digit[] = "0123456789abcdef";

			out[at++] = '\\';
			out[at++] = 'x';
			out[at++] = digit[p[i] >> 4];
			out[at++] = digit[p[i] & 15];
		}
		*outlen = at;
		return n;
	}
	if (n == 1 && strchr(special, (int)c) != NULL)
		out[at++] = '\\';
	memcpy(out + at, p, n);
	*outlen = at + n;
	return n;
}

bool
ca_text_ascii(const char *s, size_t max)
{
	size_t n = 0;

	while (n <= max && s[n] >= ' ' && s[n] <= '~')
		n++;
	return n > 0 && n <= max && s[n] == '\0';
}

bool
ca_text_token_uri(const char *text, size_t max)
{
	/* p11-kit leaves blanks out, also of the name of an attribute */
	return ca_text_ascii(text, max) && strncmp(text, "pkcs11:", 7) == 0 &&
	       strpbrk(text, " \"\\<>^`{|}") == NULL &&
	       strstr(text, "pin-value=") == NULL &&
	       strstr(text, "pin-source=") == NULL &&
	       strstr(text, "pinfile=") == NULL;
}

bool
ca_text_plain(const void *p, size_t len)
{
	const char *s = p;

	for (size_t i = 0; i < len; i++)
		if (s[i] == '\0' ||
		    strchr("0123456789abcdefghijklmnopqrstuvwxyz"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ_./:@+,%~-",
			s[i]) == NULL)
			return false;
	return len > 0;
}
