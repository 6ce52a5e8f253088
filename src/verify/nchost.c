/*
 * Host names under name constraints: RFC 1034 section 3.5, RFC 1123 section
 * 2.1.
 */
#include "verify/nctext.h"

#define HOST_MAX 253 /* RFC 1034 section 3.1: 255 with length octets */
#define LABEL_MAX 63

static bool
is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

const char *
ca_nc_host(const uint8_t *p, size_t len, uint8_t *copy, struct ca_nc_text *out)
{
	static const char why[] = "its host is not a valid host name "
				  "(letters, digits, hyphens, single dots)";
	size_t label = 0;

	if (len == 0 || len > HOST_MAX)
		return why;
	for (size_t i = 0; i < len; i++) {
		copy[i] = lower(p[i]);
		if (p[i] == '.') {
			if (label == 0 || p[i - 1] == '-')
				return why;
			label = 0;
			continue;
		}
		if (!is_alnum(p[i]) && p[i] != '_' &&
		    (p[i] != '-' || label == 0))
			return why;
		if (++label > LABEL_MAX)
			return why;
		out->loose = out->loose || p[i] == '_';
	}
	if (label == 0 || p[len - 1] == '-')
		return why;
	out->host = copy;
	out->host_len = len;
	return NULL;
}

bool
ca_nc_host_is_number(const struct ca_nc_text *text)
{
	for (size_t i = text->host_len; i > 0 && text->host[i - 1] != '.'; i--)
		if (text->host[i - 1] < '0' || text->host[i - 1] > '9')
			return false;
	return true;
}
