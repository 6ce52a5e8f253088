/*
 * Fetch several addresses at once.  A separate program, certauth-fetch, does
 * it: only that program loads libcurl, it runs without rights, and it can write
 * to nothing but a pipe.  What comes out of the pipe is trusted no more than
 * the server is: it is the bytes of a candidate CRL or OCSP response.
 */
#ifndef CA_FETCH_FETCH_H
#define CA_FETCH_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CA_FETCH_ETAG_MAX 256
#define CA_FETCH_DATE_MAX 64
#define CA_FETCH_OCSP_MAX 1024 /* bytes */

struct ca_fetch {
	/* in */
	const char *url;           /* http, https or file; borrowed */
	const char *etag;          /* If-None-Match, or NULL */
	const char *last_modified; /* If-Modified-Since, or NULL */
	/* an OCSP request in DER, which is posted to an http or https address (RFC
	 * 6960 appendix A.1); NULL: none.  Borrowed. */
	const void *ocsp;
	size_t ocsplen; /* 1 to CA_FETCH_OCSP_MAX */
	int fd;         /* open for writing, empty */
	/* out */
	bool ended;                       /* the transfer is over */
	bool done;                        /* the new content is in fd */
	bool not_modified;                /* the server has nothing newer */
	char error[256];                  /* if neither: the reason */
	char new_etag[CA_FETCH_ETAG_MAX]; /* "": not sent */
	char new_last_modified[CA_FETCH_DATE_MAX]; /* "": not sent */
	uint64_t bytes; /* of the new content so far */
};

/* finished: transfers that are over; bytes: of all contents together. */
typedef void ca_fetch_progress(void *ctx, size_t finished, uint64_t bytes);

struct ca_fetch_limits {
	unsigned timeout; /* seconds of one transfer */
	unsigned grace;   /* seconds after that, until the process is killed */
	uint64_t max_bytes; /* of each content */
};

/*
 * Run the n transfers in one certauth-fetch process.  After timeout and grace, the
 * process is killed, and the call returns.  progress (may be NULL) is called at
 * least four times a second.
 * CA_OK means that the process ran; the result of each transfer is in its
 * struct.  CA_ERR_NOT_FOUND: certauth-fetch is not installed; CA_ERR_IO
 * (errno): it could not be started; CA_ERR_LIMIT: too many addresses;
 * CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_fetch_all(struct ca_fetch *f, size_t n,
    const struct ca_fetch_limits *limits, ca_fetch_progress *progress,
    void *ctx);

/* Return whether url can be fetched: http, https, or file without a host. */
bool ca_fetch_can(const char *url);

#endif
