/*
 * The transfers, with libcurl.  Only certauth-fetch links this file.
 */
#ifndef CA_FETCH_FETCHCURL_H
#define CA_FETCH_FETCHCURL_H

#include "fetch/fetchmsg.h"

/*
 * Fetch n addresses at the same time and write the results as frames
 * (fetchmsg.h) to the descriptor `to`.  Each transfer may take timeout seconds
 * and max_bytes bytes; a server that hangs delays only its own transfer.
 * CA_ERR_UNSUPPORTED: libcurl refuses an option that is needed here;
 * CA_ERR_IO: the frames cannot be written, libcurl cannot wait for its
 * sockets, or there is no clock; CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_fetch_curl(
    struct ca_fetch *f, size_t n, unsigned timeout, uint64_t max_bytes, int to);

#endif
