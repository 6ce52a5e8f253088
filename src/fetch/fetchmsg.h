/*
 * The protocol between those who fetch (fetch.h) and certauth-fetch.
 *
 * The order goes to the standard input of certauth-fetch, up to the end of the
 * input.  It is a line "certauth-fetch 1 TIMEOUT MAXBYTES", then a line for
 * each address, "URL<tab>ETag<tab>Last-Modified".  The last two fields are
 * empty if they are not known.  A fourth field is an OCSP request in base64url,
 * which is posted.
 *
 * The answer comes from its standard output.  It is a sequence of frames:
 *
 *	type     1 byte, CA_FETCH_DATA to CA_FETCH_ERROR below
 *	address  3 bytes, big-endian: the address, counted from 0
 *	length   3 bytes, big-endian: bytes of payload
 *	payload
 *
 * A frame of one of the last three types is the last frame of its address.
 */
#ifndef CA_FETCH_FETCHMSG_H
#define CA_FETCH_FETCHMSG_H

#include "base/buf.h"
#include "base/err.h"
#include "fetch/fetch.h"

#define CA_FETCH_DATA 'D'     /* the next bytes of the content */
#define CA_FETCH_ETAG 'T'     /* ETag of the content, as text */
#define CA_FETCH_MODIFIED 'M' /* Last-Modified of the content, as text */
#define CA_FETCH_DONE 'O'     /* the content is complete; no bytes */
#define CA_FETCH_SAME 'N'     /* not modified; no bytes */
#define CA_FETCH_ERROR 'E'    /* the reason of a failure, as text */

#define CA_FETCH_HEAD 7            /* bytes before the payload */
#define CA_FETCH_PAYLOAD_MAX 32768 /* bytes */
#define CA_FETCH_ADDRESSES_MAX 10000
#define CA_FETCH_ORDER_MAX ((size_t)32 << 20) /* bytes */

/* ---- the order ---- */

/* Append the order for n addresses to out.  timeout is in seconds.  An etag or
 * last_modified that is not one line of text is left out.  CA_ERR_LIMIT: too
 * many addresses, a request is too long, or out is full; CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_fetch_order_put(struct ca_buf *out,
    const struct ca_fetch *f, size_t n, unsigned timeout, uint64_t max_bytes);

/*
 * Parse an order.  Free *f with free(); its strings point into text, which is
 * changed.  CA_ERR_FORMAT; CA_ERR_LIMIT: too many addresses; CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_fetch_order_parse(char *text, struct ca_fetch **f,
    size_t *n, unsigned *timeout, uint64_t *max_bytes);

/* ---- the answer ---- */

/* Append the head of a frame, CA_FETCH_HEAD bytes. */
void ca_fetch_head_put(struct ca_buf *out, char type, size_t no, size_t len);

/* The reader of frames.  The caller sets f, n and max_bytes, and zeroes the
 * rest. */
struct ca_fetch_input {
	struct ca_fetch *f; /* n of them; borrowed */
	size_t n;
	uint64_t max_bytes; /* of each content */
	size_t ended;       /* addresses whose last frame has come */
	uint64_t bytes;     /* of all contents together */
	/* private */
	uint8_t buf[CA_FETCH_HEAD + CA_FETCH_PAYLOAD_MAX];
	size_t len;
};

/*
 * Take the next len bytes of the answer.  Content is written to the address's
 * fd at once.  CA_ERR_FORMAT: a frame breaks the protocol, or follows the last
 * frame of its address; do not call this again then.  A content of more than
 * max_bytes, or an fd that cannot be written, ends its address with an error.
 */
CA_MUST_CHECK enum ca_err ca_fetch_input_take(
    struct ca_fetch_input *in, const uint8_t *p, size_t len);

#endif
