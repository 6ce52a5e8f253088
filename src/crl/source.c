#include "crl/source.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BEGIN "-----BEGIN X509 CRL-----"
#define END "-----END X509 CRL-----"
#define LINE_MAX_ 64       /* longer lines are none of the two */
#define BOM "\xef\xbb\xbf" /* of UTF-8, as editors of Windows put it first */

/* Less than a file of PEM has; a SEQUENCE with one byte of length has no more
 * than that. */
#define SHORT_DER 129

static enum ca_err
read_at(struct ca_crl_source *src, uint8_t *dst, size_t cap, size_t *len)
{
	for (;;) {
		ssize_t n = pread(src->fd, dst, cap, (off_t)src->off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return CA_ERR_IO;
		src->off += (uint64_t)n;
		*len = (size_t)n;
		return CA_OK;
	}
}

/* At least one byte in raw; CA_ERR_NOT_FOUND at the end of the file. */
static enum ca_err
fill(struct ca_crl_source *src)
{
	enum ca_err rc;

	if (src->at < src->rawlen)
		return CA_OK;
	src->at = src->rawlen = 0;
	rc = read_at(src, src->raw, sizeof src->raw, &src->rawlen);
	if (rc != CA_OK)
		return rc;
	return src->rawlen > 0 ? CA_OK : CA_ERR_NOT_FOUND;
}

/* The rest of a line without its end and without blanks behind it; nothing of
 * one that is longer than max characters with them. */
static enum ca_err
line(struct ca_crl_source *src, char *out, size_t max)
{
	size_t n = 0;
	bool any = false, cut = false;
	enum ca_err rc;

	while ((rc = fill(src)) == CA_OK) {
		const uint8_t *p = src->raw + src->at;
		size_t left = src->rawlen - src->at;
		const uint8_t *end = memchr(p, '\n', left);
		size_t len = end != NULL ? (size_t)(end - p) : left;
		size_t fits = len < max - n ? len : max - n;

		any = true;
		cut |= fits < len;
		memcpy(out + n, p, fits);
		n += fits;
		src->at += len + (end != NULL);
		if (end != NULL)
			break;
	}
	if (rc != CA_OK && (rc != CA_ERR_NOT_FOUND || !any))
		return rc;
	if (cut)
		n = 0;
	while (n > 0 &&
	       (out[n - 1] == '\r' || out[n - 1] == ' ' || out[n - 1] == '\t'))
		n--;
	out[n] = '\0';
	return CA_OK;
}

static void
restart(struct ca_crl_source *src, uint64_t off)
{
	src->off = off;
	src->at = src->rawlen = 0;
	src->bits = 0;
	src->chars = src->pad = 0;
	src->ended = false;
}

/*
 * A CRL in DER begins with a SEQUENCE, 0x30; so may the text before PEM ("0
 * s:/CN=...").  What follows in DER is a length: of several bytes, which is no
 * text, or of a CRL too short to be PEM.
 */
static bool
begins_as_der(const uint8_t *p, size_t len)
{
	return len > 0 && p[0] == 0x30 &&
	       (len <= SHORT_DER || (p[1] > 0x80 && p[1] <= 0x84));
}

enum ca_err
ca_crl_source_open(struct ca_crl_source *src, int fd)
{
	enum ca_err rc;

	src->fd = fd;
	src->begin = UINT64_MAX;
	restart(src, 0);
	if ((rc = read_at(src, src->raw, SHORT_DER + 1, &src->rawlen)) != CA_OK)
		return rc;
	src->pem = src->rawlen > 0 && !begins_as_der(src->raw, src->rawlen);
	restart(src, 0);
	return CA_OK;
}

/* A line that begins a CRL, behind a byte order mark or without. */
static bool
begins_crl(const char *text)
{
	if (strncmp(text, BOM, sizeof BOM - 1) == 0)
		text += sizeof BOM - 1;
	return strcmp(text, BEGIN) == 0;
}

/* The place in the file of the next byte of raw. */
static uint64_t
where(const struct ca_crl_source *src)
{
	return src->off - (src->rawlen - src->at);
}

enum ca_err
ca_crl_source_next(struct ca_crl_source *src)
{
	char text[LINE_MAX_ + 1];
	enum ca_err rc;

	if (!src->pem) {
		if (src->begin != UINT64_MAX)
			return CA_ERR_NOT_FOUND;
		src->begin = 0;
		restart(src, 0);
		return CA_OK;
	}
	/* the reader may have stopped inside a CRL that is bad or of no
	 * interest: search for the next BEGIN line from that CRL's beginning */
	if (src->begin != UINT64_MAX && !src->ended)
		restart(src, src->begin);
	do {
		if ((rc = line(src, text, LINE_MAX_)) != CA_OK)
			return rc;
	} while (!begins_crl(text));
	src->begin = where(src);
	restart(src, src->begin);
	return CA_OK;
}

void
ca_crl_source_rewind(struct ca_crl_source *src)
{
	restart(src, src->begin);
}

/* A base64 character's value plus one; 0: none of the alphabet. */
enum { PAD = 65, BLANK, DASH };
static const uint8_t value[256] = {
    ['A'] = 1,
    ['B'] = 2,
    ['C'] = 3,
    ['D'] = 4,
    ['E'] = 5,
    ['F'] = 6,
    ['G'] = 7,
    ['H'] = 8,
    ['I'] = 9,
    ['J'] = 10,
    ['K'] = 11,
    ['L'] = 12,
    ['M'] = 13,
    ['N'] = 14,
    ['O'] = 15,
    ['P'] = 16,
    ['Q'] = 17,
    ['R'] = 18,
    ['S'] = 19,
    ['T'] = 20,
    ['U'] = 21,
    ['V'] = 22,
    ['W'] = 23,
    ['X'] = 24,
    ['Y'] = 25,
    ['Z'] = 26,
    ['a'] = 27,
    ['b'] = 28,
    ['c'] = 29,
    ['d'] = 30,
    ['e'] = 31,
    ['f'] = 32,
    ['g'] = 33,
    ['h'] = 34,
    ['i'] = 35,
    ['j'] = 36,
    ['k'] = 37,
    ['l'] = 38,
    ['m'] = 39,
    ['n'] = 40,
    ['o'] = 41,
    ['p'] = 42,
    ['q'] = 43,
    ['r'] = 44,
    ['s'] = 45,
    ['t'] = 46,
    ['u'] = 47,
    ['v'] = 48,
    ['w'] = 49,
    ['x'] = 50,
    ['y'] = 51,
    ['z'] = 52,
    ['0'] = 53,
    ['1'] = 54,
    ['2'] = 55,
    ['3'] = 56,
    ['4'] = 57,
    ['5'] = 58,
    ['6'] = 59,
    ['7'] = 60,
    ['8'] = 61,
    ['9'] = 62,
    ['+'] = 63,
    ['/'] = 64,
    ['='] = PAD,
    [' '] = BLANK,
    ['\t'] = BLANK,
    ['\r'] = BLANK,
    ['\n'] = BLANK,
    ['-'] = DASH,
};

/* The line that ends a block; a group must not be left half done. */
static enum ca_err
end_line(struct ca_crl_source *src)
{
	char text[LINE_MAX_ + 1];
	enum ca_err rc = line(src, text, LINE_MAX_);

	if (rc != CA_OK)
		return rc == CA_ERR_NOT_FOUND ? CA_ERR_FORMAT : rc;
	if (src->chars != 0 || strcmp(text, END) != 0)
		return CA_ERR_FORMAT;
	src->ended = true;
	return CA_OK;
}

/* One whole group of four: 3 bytes, fewer with padding. */
static enum ca_err
group(struct ca_crl_source *src, uint8_t *dst, size_t *n)
{
	uint32_t b = src->bits;

	/* bits that padding leaves over must be zero: one way to write it */
	if ((src->pad == 1 && (b & 0xff) != 0) ||
	    (src->pad == 2 && (b & 0xffff) != 0))
		return CA_ERR_FORMAT;
	dst[(*n)++] = (uint8_t)(b >> 16);
	if (src->pad < 2)
		dst[(*n)++] = (uint8_t)(b >> 8);
	if (src->pad < 1)
		dst[(*n)++] = (uint8_t)b;
	src->bits = 0;
	src->chars = 0;
	return CA_OK;
}

static enum ca_err
read_pem(struct ca_crl_source *src, uint8_t *dst, size_t cap, size_t *len)
{
	size_t n = 0;
	enum ca_err rc;

	while (!src->ended && cap - n >= 3) {
		if ((rc = fill(src)) != CA_OK)
			return rc == CA_ERR_NOT_FOUND ? CA_ERR_FORMAT : rc;
		uint8_t v = value[src->raw[src->at]];
		if (v == DASH) {
			if ((rc = end_line(src)) != CA_OK)
				return rc;
			continue;
		}
		src->at++;
		if (v == BLANK)
			continue;
		/* nothing but the end follows padding */
		if (v == 0 || (v == PAD && src->chars < 2) ||
		    (src->pad > 0 && v != PAD))
			return CA_ERR_FORMAT;
		if (v == PAD)
			src->pad++;
		src->bits = src->bits << 6 | (v == PAD ? 0u : v - 1u);
		if (++src->chars == 4 && (rc = group(src, dst, &n)) != CA_OK)
			return rc;
	}
	*len = n;
	return CA_OK;
}

enum ca_err
ca_crl_source_read(
    struct ca_crl_source *src, uint8_t *dst, size_t cap, size_t *len)
{
	if (src->pem)
		return read_pem(src, dst, cap, len);
	return read_at(src, dst, cap, len);
}
