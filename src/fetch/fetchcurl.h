/*
 * The fetching itself, with libcurl; in certauth-fetch alone.
 */
#ifndef CA_FETCH_FETCHCURL_H
#define CA_FETCH_FETCHCURL_H

#include "fetch/fetchmsg.h"

/*
 * Fetch n addresses at the same time and write what comes as frames
 * (fetchmsg.h) to the descriptor `to`.  A server that hangs costs its own
 * transfer alone.  CA_ERR_MEMORY: libcurl does not work; CA_ERR_IO: nobody
 * reads the frames.
 */
CA_MUST_CHECK enum ca_err ca_fetch_curl(
    struct ca_fetch *f, size_t n, unsigned timeout, uint64_t max_bytes, int to);

#endif
