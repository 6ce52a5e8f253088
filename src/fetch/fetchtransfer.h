/*
 * Private to src/fetch: one transfer of certauth-fetch, with libcurl.
 */
#ifndef CA_FETCH_FETCHTRANSFER_H
#define CA_FETCH_FETCHTRANSFER_H

#include "fetch/fetchguard.h"
#include "fetch/fetchmsg.h"

/* The caller sets the first five fields and zeroes the rest. */
struct ca_fetch_transfer {
	struct ca_fetch *f;
	size_t no;        /* number of the address in frames */
	int to;           /* the frames are written to it */
	int64_t deadline; /* the caller's: milliseconds of its clock */
	uint64_t max;     /* bytes of content */
	/* read by the caller */
	CURL *easy;
	struct ca_fetch_guard guard;
	bool broken; /* frames cannot be written */
	/* private */
	struct curl_slist *headers;
	uint64_t skipped; /* bytes of the text of redirects */
	char error[CURL_ERROR_SIZE];
};

/*
 * Make t->easy, ready to run: its content goes to frames.  t must not move from
 * now on, and is to be closed, also on failure.  CA_ERR_UNSUPPORTED: libcurl
 * refuses an option; CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_fetch_transfer_open(struct ca_fetch_transfer *t);

/* Return whether t's address is a file: URL of something that is there and is
 * not a regular file.  A FIFO or a device would block libcurl, and with it all
 * other transfers: libcurl has no time limit for opening a file. */
bool ca_fetch_transfer_blocks(const struct ca_fetch_transfer *t);

/* Return whether the last response was a redirect. */
bool ca_fetch_transfer_redirected(const struct ca_fetch_transfer *t);

/* Write the last frames of t, with the result of libcurl, or with a reason why
 * it did not run. */
void ca_fetch_transfer_finish(struct ca_fetch_transfer *t, CURLcode result);
void ca_fetch_transfer_refuse(struct ca_fetch_transfer *t, const char *why);

/* Free what t holds.  t->easy must not be in a multi handle. */
void ca_fetch_transfer_close(struct ca_fetch_transfer *t);

#endif
