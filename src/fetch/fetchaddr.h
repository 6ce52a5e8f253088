/*
 * Tell addresses of this machine and of its own link from all others.  The rule
 * about redirects (fetchguard.h) needs it.  No name is resolved here.
 */
#ifndef CA_FETCH_FETCHADDR_H
#define CA_FETCH_FETCHADDR_H

#include <sys/socket.h>

enum ca_fetch_place {
	CA_FETCH_ELSEWHERE, /* private networks included */
	CA_FETCH_LOOPBACK,
	CA_FETCH_LINK_LOCAL, /* cloud metadata services included */
};

/*
 * Return the place that the kernel would connect to for sa.  0.0.0.0/8 and ::
 * are this machine.  An IPv6 address that contains an IPv4 address (mapped,
 * compatible, translated, NAT64, 6to4) has the place of the IPv4 address.  An
 * address of another family counts as loopback.
 */
enum ca_fetch_place ca_fetch_place_of(const struct sockaddr *sa);

/*
 * Return the place of the host of a URL, as far as its text shows it: an
 * address in any form that inet_aton(3) accepts, an IPv6 address with or
 * without brackets and zone, or a name of this machine (RFC 6761 section 6.3).
 * Any other name is elsewhere; its address is checked on connection.
 */
enum ca_fetch_place ca_fetch_place_of_host(const char *host);

#endif
