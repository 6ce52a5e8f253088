/*
 * Fetching several addresses at once into files, with libcurl.
 *
 * A server that hangs or serves rubbish costs its own transfer alone: all run
 * at the same time, each with its own limits.
 */
#ifndef CA_CLI_FETCH_H
#define CA_CLI_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct ca_fetch {
	/* in */
	const char *url;           /* http, https or file; borrowed */
	const char *etag;          /* If-None-Match, or NULL */
	const char *last_modified; /* If-Modified-Since, or NULL */
	int fd;                    /* open for writing, empty */
	/* out */
	bool done;                 /* the new content is in fd */
	bool not_modified;         /* there is nothing newer */
	char error[256];           /* where it is neither */
	char new_etag[256], new_last_modified[64]; /* "": none given */
	uint64_t bytes;
};

/*
 * Run them all; timeout is in seconds for each.  progress (may be NULL) is
 * called now and then.  The result of each transfer is in its struct; the
 * result here is CA_OK unless libcurl does not work: CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_fetch_all(struct ca_fetch *f, size_t n,
    unsigned timeout, uint64_t max_bytes,
    void (*progress)(void *ctx, size_t finished, uint64_t bytes), void *ctx);

/* An address that can be fetched: http, https or file. */
bool ca_fetch_can(const char *url);

#endif
