/*
 * Where certauth-fetch may be led.
 *
 * The first request goes to the address that root configured, wherever that
 * is.  A redirect is the word of whoever answered, so it is followed to http
 * and https alone, and not to a loopback or link-local address, unless the
 * first answer came from an address of that same kind.  The address is looked
 * at that is connected to, so that no name can hide it.  Behind a proxy there
 * is no such address: only a host that is written as one is seen.
 */
#ifndef CA_FETCH_FETCHGUARD_H
#define CA_FETCH_FETCHGUARD_H

#include <curl/curl.h>
#include <stdbool.h>

#include "fetch/fetchaddr.h"

#define CA_FETCH_REDIRECTS 5

/* Of one transfer; zeroed, but for easy. */
struct ca_fetch_guard {
	CURL *easy;
	unsigned hops;            /* redirects that were followed */
	enum ca_fetch_place home; /* who gave the first answer */
	char why[256];            /* it was refused, for a person; or "" */
};

/* Watch the connections of g->easy; g must outlive it.  False: no memory. */
bool ca_fetch_guard_watch(struct ca_fetch_guard *g);

/*
 * An answer of g->easy was a redirect: make the next address its URL, to be
 * asked by the caller.  False: it is not followed, and g->why says so.
 */
bool ca_fetch_guard_follow(struct ca_fetch_guard *g);

#endif
