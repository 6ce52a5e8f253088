#include "crl/window.h"

#include <string.h>

enum ca_err
ca_crl_window_flush(struct scan *s)
{
	const uint8_t *p = s->buf + s->from;
	size_t n = s->at - s->from;

	if (!s->hashing || n == 0)
		return CA_OK;
	if (s->md != NULL && EVP_DigestUpdate(s->md, p, n) != 1)
		return CA_ERR_CRYPTO;
	if (s->also != NULL && EVP_DigestUpdate(s->also, p, n) != 1)
		return CA_ERR_CRYPTO;
	if (s->keep_tbs)
		ca_buf_put(&s->out->tbs, p, n);
	s->from = s->at;
	return s->keep_tbs ? ca_buf_err(&s->out->tbs) : CA_OK;
}

enum ca_err
ca_crl_window_refill(struct scan *s)
{
	size_t keep = s->at, n;
	enum ca_err rc;

	if (s->hashing && (s->md != NULL || s->keep_tbs)) {
		if ((rc = ca_crl_window_flush(s)) != CA_OK)
			return rc;
	} else if (s->hashing) {
		keep = s->from; /* before the digest is known */
	}
	memmove(s->buf, s->buf + keep, s->len - keep);
	s->base += keep;
	s->at -= keep;
	s->len -= keep;
	s->from = s->hashing ? s->from - keep : 0;
	while (!s->eof && s->window - s->len >= 3) {
		rc = ca_crl_source_read(
		    s->src, s->buf + s->len, s->window - s->len, &n);
		if (rc != CA_OK)
			return rc;
		if (n == 0)
			s->eof = true;
		s->len += n;
	}
	return CA_OK;
}

enum ca_err
ca_crl_window_need(struct scan *s, size_t n)
{
	enum ca_err rc;

	if (s->len - s->at >= n)
		return CA_OK;
	if (n > s->window / 2)
		return CA_ERR_LIMIT;
	if ((rc = ca_crl_window_refill(s)) != CA_OK)
		return rc;
	return s->len - s->at >= n ? CA_OK : CA_ERR_FORMAT;
}

enum ca_err
ca_crl_window_peek(
    struct scan *s, uint8_t *tag, size_t *header, size_t *content)
{
	enum ca_err rc = ca_crl_window_need(s, 2);

	if (rc == CA_OK && s->len - s->at < 6 && !s->eof)
		rc = ca_crl_window_refill(s);
	if (rc != CA_OK)
		return rc;
	return ca_der_header(
	    s->buf + s->at, s->len - s->at, tag, header, content);
}

enum ca_err
ca_crl_window_enter(struct scan *s, uint64_t *end)
{
	uint8_t tag;
	size_t header, content;
	enum ca_err rc = ca_crl_window_peek(s, &tag, &header, &content);

	if (rc != CA_OK)
		return rc;
	if (tag != CA_DER_SEQUENCE)
		return CA_ERR_FORMAT;
	s->at += header;
	*end = pos(s) + content;
	return CA_OK;
}

enum ca_err
ca_crl_window_take(struct scan *s, uint64_t end, size_t max, uint8_t *tag,
    struct ca_reader *whole, struct ca_reader *content)
{
	size_t header, len;
	enum ca_err rc;

	if (pos(s) >= end)
		return CA_ERR_FORMAT;
	if ((rc = ca_crl_window_peek(s, tag, &header, &len)) != CA_OK)
		return rc;
	if (header + len > end - pos(s))
		return CA_ERR_FORMAT;
	if (header + len > max)
		return CA_ERR_LIMIT;
	if ((rc = ca_crl_window_need(s, header + len)) != CA_OK)
		return rc;
	*whole = ca_reader_of(s->buf + s->at, header + len);
	*content = ca_reader_of(whole->p + header, len);
	s->at += header + len;
	return CA_OK;
}

enum ca_err
ca_crl_window_skip(struct scan *s, uint64_t n)
{
	while (n > s->len - s->at) {
		enum ca_err rc;

		n -= s->len - s->at;
		s->at = s->len;
		if ((rc = ca_crl_window_refill(s)) != CA_OK)
			return rc;
		if (s->len == s->at)
			return CA_ERR_FORMAT;
	}
	s->at += (size_t)n;
	return CA_OK;
}
