#include "fetch/fetchaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define HOST_MAX 256

/* a is in network byte order. */
static enum ca_fetch_place
place_of_v4(const uint8_t a[4])
{
	/* Linux connects to itself for 0.0.0.0 */
	if (a[0] == 127 || a[0] == 0)
		return CA_FETCH_LOOPBACK;
	if (a[0] == 169 && a[1] == 254)
		return CA_FETCH_LINK_LOCAL;
	return CA_FETCH_ELSEWHERE;
}

/* Return the IPv4 address that the IPv6 address a contains, or NULL. */
static const uint8_t *
carried_v4(const uint8_t a[16])
{
	static const uint8_t prefix[][12] = {
	    /* ::/96, compatible; this makes :: and ::1 part of 0.0.0.0/8 */
	    {0},
	    /* ::ffff:0:0/96, mapped */
	    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff},
	    /* ::ffff:0:0:0/96, translated (RFC 2765) */
	    {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0},
	    /* 64:ff9b::/96, NAT64 (RFC 6052) */
	    {0, 0x64, 0xff, 0x9b},
	};

	for (size_t i = 0; i < sizeof prefix / sizeof *prefix; i++)
		if (memcmp(a, prefix[i], sizeof prefix[i]) == 0)
			return a + sizeof prefix[i];
	/* 2002::/16, 6to4 (RFC 3056) */
	return a[0] == 0x20 && a[1] == 0x02 ? a + 2 : NULL;
}

static enum ca_fetch_place
place_of_v6(const uint8_t a[16])
{
	const uint8_t *v4 = carried_v4(a);

	if (v4 != NULL)
		return place_of_v4(v4);
	if (a[0] == 0xfe && (a[1] & 0xc0) == 0x80)
		return CA_FETCH_LINK_LOCAL;
	return CA_FETCH_ELSEWHERE;
}

enum ca_fetch_place
ca_fetch_place_of(const struct sockaddr *sa)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	uint8_t v4[4];

	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&in, sa, sizeof in);
		memcpy(v4, &in.sin_addr, sizeof v4);
		return place_of_v4(v4);
	case AF_INET6:
		memcpy(&in6, sa, sizeof in6);
		return place_of_v6(in6.sin6_addr.s6_addr);
	default:
		return CA_FETCH_LOOPBACK;
	}
}

static bool
is_local_name(const char *host)
{
	static const char tail[] = ".localhost";
	size_t len = strlen(host), n = sizeof tail - 1;

	return strcasecmp(host, "localhost") == 0 ||
	       strcasecmp(host, "localhost.localdomain") == 0 ||
	       (len > n && strcasecmp(host + len - n, tail) == 0);
}

enum ca_fetch_place
ca_fetch_place_of_host(const char *host)
{
	char text[HOST_MAX];
	struct in6_addr in6;
	struct in_addr in;
	size_t len;

	if (host[0] == '[')
		host++;
	len = strcspn(host, "]%");
	if (len >= sizeof text)
		return CA_FETCH_ELSEWHERE; /* longer than any DNS name */
	memcpy(text, host, len);
	while (len > 0 && text[len - 1] == '.')
		len--;
	text[len] = '\0';
	if (inet_pton(AF_INET6, text, &in6) == 1)
		return place_of_v6(in6.s6_addr);
	if (inet_aton(text, &in) != 0) {
		uint8_t v4[4];

		memcpy(v4, &in, sizeof v4);
		return place_of_v4(v4);
	}
	return is_local_name(text) ? CA_FETCH_LOOPBACK : CA_FETCH_ELSEWHERE;
}
