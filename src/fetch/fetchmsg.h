/*
 * What `certauth crl update` and certauth-fetch say to each other.
 *
 * The order, on the fetcher's standard input, which ends with it: a line
 * "certauth-fetch 1 TIMEOUT MAXBYTES", then a line for each address,
 * "URL<tab>ETag<tab>Last-Modified", the last two empty if not known.
 *
 * The answer, on its standard output: frames of a type (1 byte), the number of
 * the address (3 bytes), a length (3 bytes) and so many bytes.  One of the
 * last three types ends its address.
 */
#ifndef CA_FETCH_FETCHMSG_H
#define CA_FETCH_FETCHMSG_H

#include "base/buf.h"
#include "base/err.h"
#include "fetch/fetch.h"

#define CA_FETCH_DATA 'D'     /* more of the content */
#define CA_FETCH_ETAG 'T'     /* of what comes, as text */
#define CA_FETCH_MODIFIED 'M' /* Last-Modified of what comes, as text */
#define CA_FETCH_DONE 'O'     /* the content is complete; no bytes */
#define CA_FETCH_SAME 'N'     /* not modified; no bytes */
#define CA_FETCH_ERROR 'E'    /* why it could not be fetched, as text */

#define CA_FETCH_HEAD 7            /* bytes before the payload */
#define CA_FETCH_PAYLOAD_MAX 32768 /* bytes */
#define CA_FETCH_ADDRESSES_MAX 10000
#define CA_FETCH_ORDER_MAX ((size_t)32 << 20) /* bytes */

/* ---- the order ---- */

/* Append the order to out.  CA_ERR_LIMIT. */
CA_MUST_CHECK enum ca_err ca_fetch_order_put(struct ca_buf *out,
    const struct ca_fetch *f, size_t n, unsigned timeout, uint64_t max_bytes);

/*
 * Parse one; *f is to be freed with free() and points into text, which is
 * changed for it.  CA_ERR_FORMAT, CA_ERR_LIMIT, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_fetch_order_parse(char *text, struct ca_fetch **f,
    size_t *n, unsigned *timeout, uint64_t *max_bytes);

/* ---- the answer ---- */

/* The head of a frame, CA_FETCH_HEAD bytes. */
void ca_fetch_head_put(struct ca_buf *out, char type, size_t no, size_t len);

/* The reader of frames.  Zeroed but for what the caller sets. */
struct ca_fetchin {
	struct ca_fetch *f; /* n of them; borrowed */
	size_t n;
	uint64_t max_bytes; /* of each content */
	size_t ended;       /* how many have */
	uint64_t bytes;     /* of all of them together */
	/* own */
	uint8_t buf[CA_FETCH_HEAD + CA_FETCH_PAYLOAD_MAX];
	size_t len;
};

/*
 * Take len bytes that came: content goes to the address's fd at once.  What
 * breaks a rule above, or comes for an address that has ended, is
 * CA_ERR_FORMAT, and nothing further is to be taken.  A content beyond
 * max_bytes ends its address with an error, as does an fd that cannot be
 * written.
 */
CA_MUST_CHECK enum ca_err ca_fetchin_take(
    struct ca_fetchin *in, const uint8_t *p, size_t len);

#endif
