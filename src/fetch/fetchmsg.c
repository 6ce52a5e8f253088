#include "fetch/fetchmsg.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/base64url.h"

static bool
is_http(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0 ||
	       strncasecmp(url, "https://", 8) == 0;
}

bool
ca_fetch_can(const char *url)
{
	return is_http(url) || strncasecmp(url, "file:///", 8) == 0;
}

/* Return whether p is one line of text without a tab, as the state file
 * needs. */
static bool
is_line(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
			return false;
	return true;
}

/* ---- the order ---- */

static void
put_field(struct ca_buf *out, const char *text)
{
	if (text != NULL && is_line(text, strlen(text)))
		ca_buf_str(out, text);
}

enum ca_err
ca_fetch_order_put(struct ca_buf *out, const struct ca_fetch *f, size_t n,
    unsigned timeout, uint64_t max_bytes)
{
	if (n > CA_FETCH_ADDRESSES_MAX)
		return CA_ERR_LIMIT;
	ca_buf_fmt(
	    out, "certauth-fetch 1 %u %" PRIu64 "\n", timeout, max_bytes);
	for (size_t i = 0; i < n; i++) {
		put_field(out, f[i].url);
		ca_buf_str(out, "\t");
		put_field(out, f[i].etag);
		ca_buf_str(out, "\t");
		put_field(out, f[i].last_modified);
		if (f[i].ocsp != NULL) {
			if (f[i].ocsplen > CA_FETCH_OCSP_MAX)
				return CA_ERR_LIMIT;
			ca_buf_str(out, "\t");
			ca_base64url_encode(out, f[i].ocsp, f[i].ocsplen);
		}
		ca_buf_str(out, "\n");
	}
	return ca_buf_err(out);
}

/* Decode the OCSP request in text, in its place. */
static enum ca_err
parse_ocsp(char *text, struct ca_fetch *f)
{
	struct ca_buf der = CA_BUF_INIT(CA_FETCH_OCSP_MAX);
	enum ca_err rc = ca_base64url_decode(&der, text, strlen(text));

	if (rc == CA_OK && der.len == 0)
		rc = CA_ERR_FORMAT;
	if (rc == CA_OK) {
		/* three quarters as long as the text */
		memcpy(text, der.p, der.len);
		f->ocsp = text;
		f->ocsplen = der.len;
	}
	ca_buf_free(&der);
	return rc;
}

static enum ca_err
parse_address(char *line, struct ca_fetch *f)
{
	char *rest = line, *field[5] = {NULL};
	size_t n = 0;

	while (n < 5 && (field[n] = strsep(&rest, "\t")) != NULL)
		n++;
	if ((n != 3 && n != 4) || !ca_fetch_can(line))
		return CA_ERR_FORMAT;
	*f = (struct ca_fetch){
	    .url = line, .etag = field[1], .last_modified = field[2], .fd = -1};
	if (n == 3)
		return CA_OK;
	/* a file takes no request */
	return is_http(line) ? parse_ocsp(field[3], f) : CA_ERR_FORMAT;
}

/* Read decimal digits, at most max, up to the byte end, and skip that byte. */
static bool
take_number(const char **at, char end, uint64_t max, uint64_t *out)
{
	char *stop;

	/* strtoull accepts blanks and a sign */
	if (**at < '0' || **at > '9')
		return false;
	errno = 0;
	unsigned long long v = strtoull(*at, &stop, 10);
	if (errno != 0 || v > max || *stop != end)
		return false;
	*out = v;
	*at = stop + 1;
	return true;
}

static bool
parse_first(const char *line, unsigned *timeout, uint64_t *max_bytes)
{
	static const char head[] = "certauth-fetch 1 ";
	uint64_t seconds;

	if (strncmp(line, head, sizeof head - 1) != 0)
		return false;
	line += sizeof head - 1;
	if (!take_number(&line, ' ', UINT_MAX, &seconds) ||
	    !take_number(&line, '\0', UINT64_MAX, max_bytes))
		return false;
	*timeout = (unsigned)seconds;
	return true;
}

enum ca_err
ca_fetch_order_parse(char *text, struct ca_fetch **out, size_t *n,
    unsigned *timeout, uint64_t *max_bytes)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_fetch *f = calloc(CA_FETCH_ADDRESSES_MAX, sizeof *f);
	char *rest = text, *line = strsep(&rest, "\n");

	*n = 0;
	if (f == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if (rest == NULL || !parse_first(line, timeout, max_bytes)) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	while ((line = strsep(&rest, "\n")) != NULL && rest != NULL) {
		if (*n == CA_FETCH_ADDRESSES_MAX) {
			ret = CA_ERR_LIMIT;
			goto out;
		}
		if ((rc = parse_address(line, &f[*n])) != CA_OK) {
			ret = rc;
			goto out;
		}
		++*n;
	}
	if (line == NULL || *line != '\0') {
		ret = CA_ERR_FORMAT; /* the last line has no LF */
		goto out;
	}
	*out = f;
	f = NULL; /* transferred */
	ret = CA_OK;
out:
	free(f);
	return ret;
}

/* ---- the answer ---- */

void
ca_fetch_head_put(struct ca_buf *out, char type, size_t no, size_t len)
{
	ca_buf_u8(out, (uint8_t)type);
	ca_buf_u24(out, (uint32_t)no);
	ca_buf_u24(out, (uint32_t)len);
}

static void
fail(
    struct ca_fetch_input *in, struct ca_fetch *f, const char *text, size_t len)
{
	size_t max = sizeof f->error - 1;

	if (len > max)
		len = max;
	memcpy(f->error, text, len);
	f->error[len] = '\0';
	f->ended = true;
	in->ended++;
}

static void
store(
    struct ca_fetch_input *in, struct ca_fetch *f, const uint8_t *p, size_t len)
{
	char text[sizeof f->error];

	if (len > in->max_bytes - f->bytes) {
		int n = snprintf(text, sizeof text,
		    "the content is larger than %" PRIu64 " KiB",
		    in->max_bytes >> 10);
		fail(in, f, text, n > 0 ? (size_t)n : 0);
		return;
	}
	f->bytes += len;
	in->bytes += len;
	while (len > 0) {
		ssize_t w = write(f->fd, p, len);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0) {
			int n = snprintf(text, sizeof text,
			    "the content cannot be stored: %s",
			    strerror(errno));
			fail(in, f, text, n > 0 ? (size_t)n : 0);
			return;
		}
		p += w;
		len -= (size_t)w;
	}
}

static enum ca_err
take_header(char *out, size_t max, const uint8_t *p, size_t len)
{
	if (len >= max || !is_line((const char *)p, len))
		return CA_ERR_FORMAT;
	memcpy(out, p, len);
	out[len] = '\0';
	return CA_OK;
}

static enum ca_err
frame(struct ca_fetch_input *in, uint8_t type, struct ca_fetch *f,
    const uint8_t *p, size_t len)
{
	switch (type) {
	case CA_FETCH_DATA:
		store(in, f, p, len);
		return CA_OK;
	case CA_FETCH_ETAG:
		return take_header(f->new_etag, sizeof f->new_etag, p, len);
	case CA_FETCH_MODIFIED:
		return take_header(
		    f->new_last_modified, sizeof f->new_last_modified, p, len);
	case CA_FETCH_DONE:
	case CA_FETCH_SAME:
		if (len != 0)
			return CA_ERR_FORMAT;
		f->done = type == CA_FETCH_DONE;
		f->not_modified = type == CA_FETCH_SAME;
		f->ended = true;
		in->ended++;
		return CA_OK;
	case CA_FETCH_ERROR:
		fail(in, f, (const char *)p, len);
		return CA_OK;
	default:
		return CA_ERR_FORMAT;
	}
}

static size_t
u24(const uint8_t *p)
{
	return (size_t)p[0] << 16 | (size_t)p[1] << 8 | p[2];
}

/* Act on the frame in buf if it is complete. */
static enum ca_err
take_frame(struct ca_fetch_input *in)
{
	size_t no = u24(in->buf + 1), len = u24(in->buf + 4);
	struct ca_fetch *f;

	if (len > CA_FETCH_PAYLOAD_MAX || no >= in->n)
		return CA_ERR_FORMAT;
	f = &in->f[no];
	if (in->len < CA_FETCH_HEAD + len)
		return CA_OK;
	in->len = 0;
	/* the fetcher may still send a content that was too large here */
	if (f->ended)
		return f->done || f->not_modified ? CA_ERR_FORMAT : CA_OK;
	return frame(in, in->buf[0], f, in->buf + CA_FETCH_HEAD, len);
}

enum ca_err
ca_fetch_input_take(struct ca_fetch_input *in, const uint8_t *p, size_t len)
{
	enum ca_err ret = CA_ERR_UNSET, rc;

	while (len > 0) {
		size_t want = in->len < CA_FETCH_HEAD
				  ? CA_FETCH_HEAD
				  : CA_FETCH_HEAD + u24(in->buf + 4);
		size_t n = want - in->len < len ? want - in->len : len;

		memcpy(in->buf + in->len, p, n);
		in->len += n;
		p += n;
		len -= n;
		if (in->len < CA_FETCH_HEAD)
			continue;
		if ((rc = take_frame(in)) != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	ret = CA_OK;
out:
	return ret;
}
