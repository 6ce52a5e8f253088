/*
 * Which addresses are this machine or its own link, for the rule on redirects
 * of `certauth crl update` (fetchguard.h).  No network is asked.
 */
#ifndef CA_FETCH_FETCHADDR_H
#define CA_FETCH_FETCHADDR_H

#include <sys/socket.h>

enum ca_fetch_place {
	CA_FETCH_ELSEWHERE, /* private networks among it */
	CA_FETCH_LOOPBACK,
	CA_FETCH_LINK_LOCAL, /* cloud metadata services among it */
};

/*
 * Where sa leads, as the kernel would connect to it: 0.0.0.0/8 and :: are this
 * machine, and an IPv4 address inside an IPv6 one (mapped, compatible,
 * translated, NAT64, 6to4) is what it would be alone.  What is no IP address
 * counts as loopback.
 */
enum ca_fetch_place ca_fetch_place_of(const struct sockaddr *sa);

/*
 * Where the host of a URL leads, as far as its text tells: an address in any of
 * the forms that inet_aton(3) takes, an IPv6 address with or without brackets
 * and zone, or a name that stands for this machine (RFC 6761 section 6.3).  Any
 * other name is elsewhere: where it leads, its connection shows.
 */
enum ca_fetch_place ca_fetch_place_of_host(const char *host);

#endif
