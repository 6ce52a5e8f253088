/*
 * Fetching several addresses at once, by certauth-fetch: a program of its own,
 * which alone loads libcurl, which has no rights, and which can write nothing
 * but what it has received into a pipe.  What comes out of that pipe is
 * believed in no more than what a server says: bytes of a candidate CRL.
 */
#ifndef CA_FETCH_FETCH_H
#define CA_FETCH_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CA_FETCH_ETAG_MAX 256
#define CA_FETCH_DATE_MAX 64

struct ca_fetch {
	/* in */
	const char *url;           /* http, https or file; borrowed */
	const char *etag;          /* If-None-Match, or NULL */
	const char *last_modified; /* If-Modified-Since, or NULL */
	int fd;                    /* open for writing, empty */
	/* out */
	bool ended;                       /* nothing more comes */
	bool done;                        /* the new content is in fd */
	bool not_modified;                /* there is nothing newer */
	char error[256];                  /* where it is neither */
	char new_etag[CA_FETCH_ETAG_MAX]; /* "": none given */
	char new_last_modified[CA_FETCH_DATE_MAX]; /* "": none given */
	uint64_t bytes;
};

typedef void ca_fetch_progress(void *ctx, size_t finished, uint64_t bytes);

/*
 * Run them all in one certauth-fetch; timeout is in seconds for each, after
 * which, and some seconds more, the program is killed.  progress (may be NULL)
 * is called now and then.  The result of each transfer is in its struct.
 * CA_ERR_NOT_FOUND: there is no certauth-fetch; CA_ERR_IO (errno): it could
 * not be started; CA_ERR_MEMORY, CA_ERR_LIMIT: too many addresses.
 */
CA_MUST_CHECK enum ca_err ca_fetch_all(struct ca_fetch *f, size_t n,
    unsigned timeout, uint64_t max_bytes, ca_fetch_progress *progress,
    void *ctx);

/* An address that can be fetched: http, https or file. */
bool ca_fetch_can(const char *url);

#endif
