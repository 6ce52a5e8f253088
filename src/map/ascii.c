#include "map/ascii.h"

#include <stdint.h>

void
ca_ascii_lower(void *p, size_t len)
{
	uint8_t *s = p;

	for (size_t i = 0; i < len; i++)
		if (s[i] >= 'A' && s[i] <= 'Z')
			s[i] = (uint8_t)(s[i] + ('a' - 'A'));
}

int
ca_ascii_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
