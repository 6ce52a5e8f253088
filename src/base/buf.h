/*
 * A reader that cannot read past its end, and a writer that keeps its first
 * failure.
 */
#ifndef CA_BASE_BUF_H
#define CA_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* ---- reader: a cursor over borrowed bytes ---- */

struct ca_reader {
	const uint8_t *p; /* the next byte; borrowed */
	size_t left;      /* bytes from p to the end */
};

static inline struct ca_reader
ca_reader_of(const void *p, size_t len)
{
	return (struct ca_reader){p, len};
}

/*
 * Read a big-endian number of 1 to 8 bytes.  CA_ERR_FORMAT: the input
 * is too short; the cursor and *out are unchanged.
 */
CA_MUST_CHECK enum ca_err ca_read_number(
    struct ca_reader *r, int bytes, uint64_t *out);
CA_MUST_CHECK enum ca_err ca_read_u8(struct ca_reader *r, uint8_t *out);
CA_MUST_CHECK enum ca_err ca_read_u16(struct ca_reader *r, uint16_t *out);
CA_MUST_CHECK enum ca_err ca_read_u32(struct ca_reader *r, uint32_t *out);
CA_MUST_CHECK enum ca_err ca_read_u64(struct ca_reader *r, uint64_t *out);

/* Borrow the next len bytes.  CA_ERR_FORMAT: fewer are left. */
CA_MUST_CHECK enum ca_err ca_read_bytes(
    struct ca_reader *r, size_t len, const uint8_t **out);

/*
 * Read a TLS vector (RFC 8446 section 3.4): a length of lenbytes (1, 2 or 3)
 * bytes, then that many bytes; out reads these.  CA_ERR_FORMAT: the length is
 * not within min..max, or is larger than what is left.
 */
CA_MUST_CHECK enum ca_err ca_read_vector(struct ca_reader *r, int lenbytes,
    size_t min, size_t max, struct ca_reader *out);

/* CA_OK if nothing is left, CA_ERR_FORMAT otherwise. */
CA_MUST_CHECK enum ca_err ca_read_end(const struct ca_reader *r);

/* A borrowed byte string. */
struct ca_bytes {
	const uint8_t *p;
	size_t len;
};

/* ---- writer: a buffer that grows up to a maximum ---- */

struct ca_buf {
	uint8_t *p;
	size_t len;
	size_t cap;
	size_t max;      /* bytes; more is an error, nothing is truncated */
	enum ca_err err; /* CA_OK, or the first failure */
};

#define CA_BUF_INIT(maximum) ((struct ca_buf){NULL, 0, 0, (maximum), CA_OK})

/*
 * The functions that append return no error: call ca_buf_err() once at the end.
 * After a failure nothing more is appended, and ca_buf_text() returns NULL.
 * CA_ERR_LIMIT: longer than max; CA_ERR_MEMORY.
 */
void ca_buf_put(struct ca_buf *b, const void *p, size_t len);
/* A big-endian number of 1 to 8 bytes; CA_ERR_LIMIT: v does not fit. */
void ca_buf_number(struct ca_buf *b, uint64_t v, int bytes);
void ca_buf_u8(struct ca_buf *b, uint8_t v);
void ca_buf_u16(struct ca_buf *b, uint16_t v);
void ca_buf_u24(struct ca_buf *b, uint32_t v);
void ca_buf_u64(struct ca_buf *b, uint64_t v);
void ca_buf_str(struct ca_buf *b, const char *s); /* without its NUL */
void ca_buf_fmt(struct ca_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void ca_buf_hex(struct ca_buf *b, const void *p, size_t len); /* lower case */

/*
 * A TLS vector whose length is not known yet: begin reserves lenbytes (1, 2 or
 * 3) bytes for the length and returns their offset; end fills them in.
 * CA_ERR_LIMIT: the content is too long for the length field.
 */
size_t ca_buf_vector_begin(struct ca_buf *b, int lenbytes);
void ca_buf_vector_end(struct ca_buf *b, size_t begin, int lenbytes);

/*
 * Append text for people to read: printable UTF-8 is copied; control characters
 * (C0, DEL, C1), invalid UTF-8, bidirectional overrides and line separators
 * become \xHH, and a backslash becomes \\.
 */
void ca_buf_escape(struct ca_buf *b, const void *p, size_t len);

/* As ca_buf_escape, but a backslash is copied: for text already escaped. */
void ca_buf_printable(struct ca_buf *b, const void *p, size_t len);

/* As ca_buf_printable, with a backslash before each byte of special. */
void ca_buf_escaped(
    struct ca_buf *b, const void *text, size_t len, const char *special);

/*
 * Append text of others to a line of key=value pairs: in double quotes, escaped
 * as by ca_buf_escape, with \" for a quote and \= for an equals sign, so that
 * no part of it looks like one of the line's own pairs.
 */
void ca_buf_quote(struct ca_buf *b, const void *p, size_t len);

/* Append text as one word for sh(1): as it is, if it is a plain word, else in
 * single quotes.  Control characters are kept. */
void ca_buf_shell(struct ca_buf *b, const char *text);

/* As ca_buf_quote, but an = is not escaped after an attribute type of a name
 * (RFC 4514), as in `no CRL of CN=Corp CA,O=Corp', and after a blank, as in
 * `crl = prefer'.  Neither looks like a key of our lines. */
void ca_buf_quote_names(struct ca_buf *b, const void *p, size_t len);

/*
 * Append a name in the form of RFC 4514, in double quotes and otherwise
 * unchanged: the text between the quotes can be used for `subject:' in the
 * users file.  A character that RFC 4514 does not allow becomes \HH.
 */
void ca_buf_quote_dn(struct ca_buf *b, const void *p, size_t len);

/* Append a JSON string in double quotes (RFC 8259 section 7); invalid UTF-8
 * becomes U+FFFD. */
void ca_buf_json(struct ca_buf *b, const void *p, size_t len);

/* Append before, then "name": and value as a string of JSON; nothing for NULL. */
void ca_buf_member(
    struct ca_buf *b, const char *before, const char *name, const char *value);

CA_MUST_CHECK enum ca_err ca_buf_err(const struct ca_buf *b);

/* The content with a NUL after it, owned by b; NULL after a failure. */
const char *ca_buf_text(struct ca_buf *b);

/* Give the bytes (and a NUL after them) to the caller, who frees them with
 * free(); NULL after a failure.  b is empty afterwards. */
char *ca_buf_take(struct ca_buf *b, size_t *len);

/* Empty b and forget a failure.  max is kept. */
void ca_buf_reset(struct ca_buf *b);

/* Wipe and free the content: a buffer may hold a secret. */
void ca_buf_free(struct ca_buf *b);

#endif
