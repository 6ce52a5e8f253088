#include "data/pem.h"

#include <string.h>

#define BEGIN "-----BEGIN "
#define END "-----END "
#define DASHES "-----"
#define LABEL_MAX 64
#define LINE 64 /* characters of base64 in a line, RFC 7468 section 2 */

static bool
starts(struct ca_reader r, const char *what)
{
	size_t len = strlen(what);

	return r.left >= len && memcmp(r.p, what, len) == 0;
}

static void
skip(struct ca_reader *r, size_t n)
{
	r->p += n;
	r->left -= n;
}

/* Move r to the first place of what; false: there is none. */
static bool
find(struct ca_reader *r, const char *what)
{
	const uint8_t *at =
	    r->left > 0 ? memmem(r->p, r->left, what, strlen(what)) : NULL;

	if (at == NULL)
		return false;
	skip(r, (size_t)(at - r->p));
	return true;
}

/* Take a label and the dashes after it.  RFC 7468 section 3: printable, and no
 * dash at its end. */
static bool
take_label(struct ca_reader *r, struct ca_reader *label)
{
	size_t n = 0;

	while (n < r->left && n < LABEL_MAX && r->p[n] >= 0x20 &&
	       r->p[n] < 0x7f && r->p[n] != '-')
		n++;
	if (n == 0 || n + strlen(DASHES) > r->left ||
	    memcmp(r->p + n, DASHES, strlen(DASHES)) != 0)
		return false;
	*label = ca_reader_of(r->p, n);
	skip(r, n + strlen(DASHES));
	return true;
}

/* Is what stands between begin and p on its line only blanks and a byte order
 * mark? */
static bool
begins_line(const uint8_t *begin, const uint8_t *p)
{
	while (p > begin && (p[-1] == ' ' || p[-1] == '\t'))
		p--;
	if (p - begin >= 3 && memcmp(p - 3, "\xef\xbb\xbf", 3) == 0)
		p -= 3;
	return p == begin || p[-1] == '\n' || p[-1] == '\r';
}

/* Move r behind the next BEGIN marker; a marker in the middle of a line is
 * text. */
static bool
take_begin(struct ca_reader *r, struct ca_reader *label)
{
	const uint8_t *begin = r->p;

	while (find(r, BEGIN)) {
		const uint8_t *at = r->p;

		skip(r, strlen(BEGIN));
		if (begins_line(begin, at) && take_label(r, label))
			return true;
	}
	return false;
}

enum ca_err
ca_pem_next(struct ca_reader *r, struct ca_pem *out)
{
	struct ca_reader label;

	*out = (struct ca_pem){{NULL, 0}, {NULL, 0}};
	if (!take_begin(r, &out->label))
		return CA_ERR_NOT_FOUND;
	out->body.p = r->p;
	/* neither base64 nor a header has five dashes */
	if (!find(r, DASHES) || !starts(*r, END))
		return CA_ERR_FORMAT;
	out->body.left = (size_t)(r->p - out->body.p);
	skip(r, strlen(END));
	if (!take_label(r, &label) || label.left != out->label.left ||
	    memcmp(label.p, out->label.p, label.left) != 0)
		return CA_ERR_FORMAT;
	return CA_OK;
}

bool
ca_pem_is(const void *p, size_t len)
{
	struct ca_reader r = ca_reader_of(p, len), label;

	return take_begin(&r, &label);
}

bool
ca_pem_label(const struct ca_pem *pem, const char *label)
{
	return pem->label.left == strlen(label) &&
	       memcmp(pem->label.p, label, pem->label.left) == 0;
}

/* ---- headers ---- */

/* The base64 of a block: after its headers, which end with an empty line. */
static struct ca_reader
payload(const struct ca_pem *pem)
{
	struct ca_reader r = pem->body;
	const uint8_t *colon = r.left > 0 ? memrchr(r.p, ':', r.left) : NULL;
	size_t newlines = 0;

	if (colon == NULL)
		return r;
	skip(&r, (size_t)(colon - r.p));
	while (r.left > 0 && newlines < 2) {
		if (*r.p == '\n')
			newlines++;
		else if (*r.p != '\r' && *r.p != ' ' && *r.p != '\t')
			newlines = 0;
		skip(&r, 1);
	}
	return r;
}

bool
ca_pem_has_headers(const struct ca_pem *pem)
{
	return pem->body.left > 0 &&
	       memchr(pem->body.p, ':', pem->body.left) != NULL;
}

/* ---- base64 ---- */

static int
value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

static bool
blank(uint8_t c)
{
	return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

enum ca_err
ca_pem_decode(const struct ca_pem *pem, struct ca_buf *der)
{
	struct ca_reader r = payload(pem);
	uint32_t bits = 0;
	size_t n = 0, pads = 0;

	for (; r.left > 0; skip(&r, 1)) {
		int v = value(*r.p);

		if (blank(*r.p))
			continue;
		if (*r.p == '=')
			pads++;
		else if (v < 0 || pads > 0)
			return CA_ERR_FORMAT;
		bits = bits << 6 | (v < 0 ? 0 : (uint32_t)v);
		if (++n % 4 != 0)
			continue;
		if (pads > 2)
			return CA_ERR_FORMAT;
		const uint8_t three[] = {
		    (uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits};
		ca_buf_put(der, three, 3 - pads);
		bits = 0;
	}
	return n % 4 != 0 ? CA_ERR_FORMAT : ca_buf_err(der);
}

/* ---- for libcrypto ---- */

static void
put_marker(struct ca_buf *out, const char *which, const struct ca_pem *pem)
{
	ca_buf_str(out, which);
	ca_buf_put(out, pem->label.p, pem->label.left);
	ca_buf_str(out, DASHES "\n");
}

/* The headers line by line, without carriage returns, and the empty line. */
static void
put_headers(struct ca_buf *out, struct ca_reader r)
{
	bool empty = true;

	for (; r.left > 0; skip(&r, 1)) {
		if (*r.p == '\r')
			continue;
		if (*r.p == '\n' && empty)
			continue;
		empty = *r.p == '\n';
		ca_buf_u8(out, *r.p);
	}
	ca_buf_str(out, empty ? "\n" : "\n\n");
}

void
ca_pem_put(const struct ca_pem *pem, struct ca_buf *out)
{
	struct ca_reader text = payload(pem);
	size_t column = 0;

	put_marker(out, BEGIN, pem);
	if (ca_pem_has_headers(pem))
		put_headers(out,
		    ca_reader_of(pem->body.p, (size_t)(text.p - pem->body.p)));
	for (; text.left > 0; skip(&text, 1)) {
		if (blank(*text.p))
			continue;
		ca_buf_u8(out, *text.p);
		if (++column % LINE == 0)
			ca_buf_str(out, "\n");
	}
	if (column % LINE != 0)
		ca_buf_str(out, "\n");
	put_marker(out, END, pem);
}
