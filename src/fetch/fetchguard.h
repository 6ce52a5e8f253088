/*
 * Which redirects certauth-fetch follows.
 *
 * The first request goes to the address that root configured, without a check.
 * A redirect comes from a server and is not trusted.  It is followed only to
 * http and https, and not to a loopback or link-local address, unless the first
 * response came from an address of the same kind.  The check uses the address
 * of the connection, so that no host name can hide it.  If a proxy is used, the
 * address of the connection is that of the proxy: then only a host that is
 * written as an address, or as a name of this machine, can be checked.
 */
#ifndef CA_FETCH_FETCHGUARD_H
#define CA_FETCH_FETCHGUARD_H

#include <curl/curl.h>
#include <stdbool.h>

#include "fetch/fetchaddr.h"

#define CA_FETCH_REDIRECTS 5

/* The state of one transfer.  The caller sets easy and zeroes the rest. */
struct ca_fetch_guard {
	CURL *easy;
	unsigned hops;            /* redirects followed so far */
	enum ca_fetch_place home; /* where the first response came from */
	char why[256];            /* why a redirect was refused, or "" */
};

/* Check the connections of g->easy from now on; g must outlive it.  False:
 * libcurl refused an option. */
bool ca_fetch_guard_watch(struct ca_fetch_guard *g);

/*
 * Call this if the response to g->easy is a redirect.  It sets the new URL; the
 * caller sends the request.  False: the redirect is refused, and g->why is the
 * reason.
 */
bool ca_fetch_guard_follow(struct ca_fetch_guard *g);

#endif
