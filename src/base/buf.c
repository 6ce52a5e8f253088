#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reader ---- */

enum ca_err
ca_read_number(struct ca_reader *r, int bytes, uint64_t *out)
{
	uint64_t v = 0;

	if (r->left < (size_t)bytes)
		return CA_ERR_FORMAT;
	for (int i = 0; i < bytes; i++)
		v = v << 8 | r->p[i];
	r->p += bytes;
	r->left -= (size_t)bytes;
	*out = v;
	return CA_OK;
}

enum ca_err
ca_read_vector(struct ca_reader *r, int lenbytes, size_t min, size_t max,
    struct ca_reader *out)
{
	struct ca_reader at = *r;
	uint64_t len;

	if (ca_read_number(&at, lenbytes, &len) != CA_OK)
		return CA_ERR_FORMAT;
	if (len < min || len > max || len > at.left)
		return CA_ERR_FORMAT;
	*out = ca_reader_of(at.p, (size_t)len);
	at.p += len;
	at.left -= (size_t)len;
	*r = at;
	return CA_OK;
}

/* ---- writer ---- */

/* Make room for len more bytes and a NUL.  This does not use realloc, which
 * would leave the old block in memory without wiping it. */
static bool
grow(struct ca_buf *b, size_t len)
{
	if (b->err != CA_OK)
		return false;
	/* below SIZE_MAX, so that adding the NUL cannot overflow */
	size_t max = b->max < SIZE_MAX / 2 ? b->max : SIZE_MAX / 2;
	if (len > max || b->len > max - len) {
		b->err = CA_ERR_LIMIT;
		return false;
	}
	size_t need = b->len + len + 1;
	if (need <= b->cap)
		return true;
	size_t cap = b->cap < 64 ? 64 : b->cap;
	while (cap < need)
		cap += cap / 2;
	uint8_t *p = malloc(cap);
	if (p == NULL) {
		b->err = CA_ERR_MEMORY;
		return false;
	}
	if (b->len > 0)
		memcpy(p, b->p, b->len);
	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	free(b->p);
	b->p = p;
	b->cap = cap;
	return true;
}

void
ca_buf_put(struct ca_buf *b, const void *p, size_t len)
{
	if (!grow(b, len))
		return;
	if (len > 0)
		memcpy(b->p + b->len, p, len);
	b->len += len;
}

void
ca_buf_number(struct ca_buf *b, uint64_t v, int bytes)
{
	uint8_t be[8] = {0};

	if (bytes < 8 && v >> (8 * bytes) != 0 && b->err == CA_OK)
		b->err = CA_ERR_LIMIT;
	for (int i = 0; i < bytes; i++)
		be[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
	ca_buf_put(b, be, (size_t)bytes);
}

void
ca_buf_u8(struct ca_buf *b, uint8_t v)
{
	ca_buf_number(b, v, 1);
}

void
ca_buf_str(struct ca_buf *b, const char *s)
{
	ca_buf_put(b, s, strlen(s));
}

void
ca_buf_fmt(struct ca_buf *b, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	/* NOLINTNEXTLINE(clang-analyzer-valist.*): va_start is above */
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		if (b->err == CA_OK)
			b->err = CA_ERR_LIMIT; /* longer than INT_MAX */
	} else if (grow(b, (size_t)n)) {
		(void)vsnprintf(
		    (char *)b->p + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

size_t
ca_buf_vector_begin(struct ca_buf *b, int lenbytes)
{
	size_t at = b->len;

	ca_buf_number(b, 0, lenbytes);
	return at;
}

void
ca_buf_vector_end(struct ca_buf *b, size_t begin, int lenbytes)
{
	if (b->err != CA_OK)
		return;
	size_t len = b->len - begin - (size_t)lenbytes;
	if (len >> (8 * lenbytes) != 0) {
		b->err = CA_ERR_LIMIT;
		return;
	}
	for (int i = 0; i < lenbytes; i++)
		b->p[begin + (size_t)i] =
		    (uint8_t)(len >> (8 * (lenbytes - 1 - i)));
}

enum ca_err
ca_buf_err(const struct ca_buf *b)
{
	return b->err;
}

const char *
ca_buf_text(struct ca_buf *b)
{
	if (!grow(b, 0))
		return NULL;
	b->p[b->len] = '\0';
	return (const char *)b->p;
}

char *
ca_buf_take(struct ca_buf *b, size_t *len)
{
	if (ca_buf_text(b) == NULL)
		return NULL;
	char *p = (char *)b->p;
	if (len != NULL)
		*len = b->len;
	b->p = NULL; /* transferred */
	b->len = b->cap = 0;
	return p;
}

void
ca_buf_reset(struct ca_buf *b)
{
	b->len = 0;
	b->err = CA_OK;
}

void
ca_buf_free(struct ca_buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	free(b->p);
	b->p = NULL;
	b->len = b->cap = 0;
}
