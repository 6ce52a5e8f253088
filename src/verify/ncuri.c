/*
 * The host of a URI by RFC 3986: the whole text must be a URI with an
 * authority, and its host must be one that a constraint can name.
 */
#include "verify/nctext.h"

#include <string.h>

static bool
is_alpha(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_hex(uint8_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool
is_one_of(uint8_t c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* unreserved, sub-delims (appendix A), or a character of more */
static bool
is_char(uint8_t c, const char *more)
{
	return is_alpha(c) || is_digit(c) || is_one_of(c, "-._~!$&'()*+,;=") ||
	       is_one_of(c, more);
}

/* scheme ":" "//"; its length, or 0. */
static size_t
scheme_length(const uint8_t *p, size_t len)
{
	size_t n = 0;

	while (n < len &&
	       (is_alpha(p[n]) ||
		   (n > 0 && (is_digit(p[n]) || is_one_of(p[n], "+-.")))))
		n++;
	return n > 0 && len - n >= 3 && memcmp(p + n, "://", 3) == 0 ? n + 3
								     : 0;
}

/* path-abempty, "?" query, "#" fragment. */
static bool
is_rest(const uint8_t *p, size_t len)
{
	bool fragment = false;

	for (size_t i = 0; i < len; i++) {
		if (p[i] == '%' && len - i > 2 && is_hex(p[i + 1]) &&
		    is_hex(p[i + 2]))
			i += 2;
		else if (p[i] == '#' && !fragment)
			fragment = true;
		else if (!is_char(p[i], ":@/?"))
			return false;
	}
	return true;
}

/* The part after the userinfo: the length of the host without the port. */
static const char *
host_and_port(const uint8_t *p, size_t len, size_t *host)
{
	const uint8_t *colon = memchr(p, ':', len);

	*host = colon == NULL ? len : (size_t)(colon - p);
	for (size_t i = *host + 1; i < len; i++)
		if (!is_digit(p[i]))
			return "its authority is not HOST or HOST:PORT";
	return NULL;
}

static const char *
authority(const uint8_t *p, size_t len, uint8_t *copy, struct ca_nc_text *out)
{
	const uint8_t *at = memchr(p, '@', len);
	size_t user = at == NULL ? 0 : (size_t)(at - p), host;
	const char *why;

	if (memchr(p, '%', len) != NULL)
		return "its authority contains a %";
	for (size_t i = 0; i < user; i++)
		if (!is_char(p[i], ":"))
			return "its authority contains a character that is "
			       "invalid in a URI";
	if (at != NULL) {
		p += user + 1;
		len -= user + 1;
	}
	if (len > 0 && p[0] == '[')
		return "its host is an IP address";
	/* a second @ is refused as part of the host name */
	if ((why = host_and_port(p, len, &host)) != NULL ||
	    (why = ca_nc_host(p, host, copy, out)) != NULL)
		return why;
	if (ca_nc_host_is_number(out))
		return "its host is an IP address";
	if (memchr(p, '.', host) == NULL)
		return "its host is not a fully qualified domain name";
	out->scope = CA_NC_HOST;
	return NULL;
}

const char *
ca_nc_uri(const uint8_t *p, size_t len, uint8_t *copy, struct ca_nc_text *out)
{
	size_t begin = scheme_length(p, len), end = begin;

	if (begin == 0)
		return "it has no authority (SCHEME://HOST)";
	while (end < len && !is_one_of(p[end], "/?#"))
		end++;
	if (!is_rest(p + end, len - end))
		return "it contains a character that is invalid in a URI";
	return authority(p + begin, end - begin, copy, out);
}
