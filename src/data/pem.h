/*
 * A reader of PEM (RFC 7468) on a bounded cursor, for the files that people
 * have: text before, between and after the blocks, a byte order mark, CRLF,
 * blanks before a line, a block on one line, and two blocks with no line end
 * between them, as `cat' joins files whose last line has no end.
 */
#ifndef CA_DATA_PEM_H
#define CA_DATA_PEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* One block; everything is borrowed from the text. */
struct ca_pem {
	struct ca_reader label; /* such as CERTIFICATE; not empty */
	struct ca_reader body; /* headers and base64, between the two markers */
};

/*
 * Take the next block off r.  CA_ERR_NOT_FOUND: there is none; CA_ERR_FORMAT: a
 * block is not closed, or by another label.
 */
CA_MUST_CHECK enum ca_err ca_pem_next(struct ca_reader *r, struct ca_pem *out);

/* Does the text have the beginning of a block? */
bool ca_pem_is(const void *p, size_t len);

bool ca_pem_label(const struct ca_pem *pem, const char *label);

/* Does it have headers (RFC 1421 section 4.6)?  OpenSSL writes them to keys that
 * it encrypts, and then the base64 is not DER. */
bool ca_pem_has_headers(const struct ca_pem *pem);

/* Append the bytes that the base64 stands for to der; headers are skipped.
 * CA_ERR_FORMAT: it is not base64; CA_ERR_LIMIT, CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_pem_decode(
    const struct ca_pem *pem, struct ca_buf *der);

/* Append the block to out in lines as libcrypto reads them.  Errors are those of
 * ca_buf_err(out). */
void ca_pem_put(const struct ca_pem *pem, struct ca_buf *out);

#endif
