#include "crl/window.h"

#include <stdlib.h>
#include <string.h>

/* Bytes for any element that is read as a whole, and for efficient reads. */
#define WINDOW 131072

/* Bytes for the head of a CRL up to an issuer's name of usual length. */
#define PEEK_WINDOW 8192

/* ---- entries ---- */

/* Add the issuer to the entry, and call the callback. */
static enum ca_err
give(struct scan *s, struct ca_crl_item *item)
{
	s->out->entries++;
	if (s->fn == NULL)
		return CA_OK;
	if (s->issuer_no > 0) {
		item->issuer = s->issuer.p;
		item->issuer_len = s->issuer.len;
		item->issuer_no = s->issuer_no;
	}
	return s->fn(s->ctx, item);
}

static enum ca_err
entry(struct scan *s, struct ca_reader r)
{
	struct ca_crl_item item = {.reason = -1};
	struct ca_der_entry_exts exts;
	struct ca_reader serial, date;
	uint8_t tag;

	if (ca_der_expect(&r, CA_DER_INTEGER, &serial) != CA_OK ||
	    !ca_der_integer_ok(serial.p, serial.left) ||
	    ca_der_next(&r, &tag, &date) != CA_OK ||
	    !ca_der_time_ok(tag, date.left))
		return CA_ERR_FORMAT;
	if (r.left > 0) {
		if (ca_der_entry_exts(r, &exts) != CA_OK)
			return CA_ERR_FORMAT;
		s->out->entry_critical |= exts.critical;
		item.reason = exts.reason;
		if (exts.issuer.p != NULL) {
			ca_buf_reset(&s->issuer);
			ca_buf_put(&s->issuer, exts.issuer.p, exts.issuer.left);
			if (ca_buf_err(&s->issuer) != CA_OK)
				return ca_buf_err(&s->issuer);
			s->issuer_no++;
		}
	}
	item.serial = serial.p;
	item.serial_len = serial.left;
	item.time = date.p;
	item.time_len = date.left;
	return give(s, &item);
}

/* crlEntryExtensions with only a reasonCode, without its value. */
static const uint8_t reason_alone[] = {0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55,
    0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01};

/*
 * Parse the common entry, which has short lengths and no extension but a
 * reasonCode: with a million entries, entry() costs more than the hash.  Return
 * the entry's length, or 0 if it is another entry, which entry() then parses.
 */
static inline size_t
common_entry(const uint8_t *p, size_t left, struct ca_crl_item *item)
{
	size_t n, serial, date, rest;

	if (left < 2 || p[0] != CA_DER_SEQUENCE || p[1] >= 0x80)
		return 0;
	n = 2 + (size_t)p[1];
	if (n > left || n < 6 || p[2] != CA_DER_INTEGER || p[3] >= 0x80)
		return 0;
	serial = p[3];
	if (4 + serial + 2 > n || !ca_der_integer_ok(p + 4, serial))
		return 0;
	date = p[4 + serial + 1];
	if (!ca_der_time_ok(p[4 + serial], date) || date >= 0x80 ||
	    4 + serial + 2 + date > n)
		return 0;
	rest = n - (4 + serial + 2 + date);
	if (rest == sizeof reason_alone + 1 && p[n - 1] < 0x80 &&
	    memcmp(p + n - rest, reason_alone, sizeof reason_alone) == 0)
		item->reason = p[n - 1];
	else if (rest != 0)
		return 0;
	item->serial = p + 4;
	item->serial_len = serial;
	item->time = p + 4 + serial + 2;
	item->time_len = date;
	return n;
}

static enum ca_err
entries(struct scan *s, uint64_t tbs_end)
{
	struct ca_reader r, content;
	uint64_t end;
	enum ca_err rc;

	if ((rc = ca_crl_window_enter(s, &end)) != CA_OK)
		return rc;
	if (end > tbs_end)
		return CA_ERR_FORMAT;
	while (pos(s) < end) {
		/* refill early, so that a whole entry is in the window */
		if (s->len - s->at < CA_CRL_ENTRY_MAX && !s->eof &&
		    (rc = ca_crl_window_refill(s)) != CA_OK)
			return rc;
		r = ca_reader_of(s->buf + s->at, s->len - s->at);
		if (r.left > end - pos(s))
			r.left = (size_t)(end - pos(s));
		struct ca_crl_item item = {.reason = -1};
		size_t before = r.left;
		size_t n = common_entry(r.p, r.left, &item);
		if (n > 0) {
			if ((rc = give(s, &item)) != CA_OK)
				return rc;
			s->at += n;
			continue;
		}
		if (ca_der_expect(&r, CA_DER_SEQUENCE, &content) != CA_OK)
			return s->len - s->at >= CA_CRL_ENTRY_MAX &&
				       s->buf[s->at] == CA_DER_SEQUENCE
				   ? CA_ERR_LIMIT
				   : CA_ERR_FORMAT;
		/* independent of the entry's place in the window */
		if (before - r.left > CA_CRL_ENTRY_MAX)
			return CA_ERR_LIMIT;
		if ((rc = entry(s, content)) != CA_OK)
			return rc;
		s->at += before - r.left;
	}
	return CA_OK;
}

/* ---- the end ---- */

static enum ca_err
crl_exts(struct scan *s, uint64_t end)
{
	struct ca_reader whole, content;
	uint8_t tag;
	enum ca_err rc =
	    ca_crl_window_take(s, end, CA_CRL_EXTS_MAX, &tag, &whole, &content);

	if (rc != CA_OK)
		return rc;
	if (tag != CA_DER_CONTEXT_0)
		return CA_ERR_FORMAT;
	if ((rc = ca_crl_exts_mean(content, s->issuer_no > 0, &s->out->why)) !=
	    CA_OK)
		return rc;
	ca_buf_put(&s->exts, whole.p, whole.left);
	return pos(s) == end ? ca_buf_err(&s->exts) : CA_ERR_FORMAT;
}

static enum ca_err
finish_digest(struct scan *s)
{
	unsigned n = 0;
	enum ca_err rc = ca_crl_window_flush(s);

	s->hashing = false;
	if (rc != CA_OK || s->md == NULL)
		return rc;
	if (EVP_DigestFinal_ex(s->md, s->out->digest, &n) != 1)
		return CA_ERR_CRYPTO;
	s->out->digest_len = n;
	return CA_OK;
}

/* The BIT STRING of an algorithm that is not accepted: nobody verifies it, and
 * one of SLH-DSA or XMSS^MT may be longer than all that are accepted. */
static enum ca_err
unused_signature(struct scan *s, uint64_t end)
{
	size_t header, len;
	uint8_t tag;
	enum ca_err rc;

	if (pos(s) >= end)
		return CA_ERR_FORMAT;
	if ((rc = ca_crl_window_peek(s, &tag, &header, &len)) != CA_OK ||
	    (rc = ca_crl_window_need(s, header + 1)) != CA_OK)
		return rc;
	if (tag != CA_DER_BIT_STRING || len < 1 ||
	    s->buf[s->at + header] != 0 || header + len != end - pos(s))
		return CA_ERR_FORMAT;
	return ca_crl_window_skip(s, header + len);
}

static enum ca_err
used_signature(struct scan *s, uint64_t end)
{
	struct ca_reader whole, content;
	uint8_t tag;
	enum ca_err rc;

	rc = ca_crl_window_take(s, end, CA_CRL_SIG_MAX, &tag, &whole, &content);
	if (rc != CA_OK)
		return rc;
	if (tag != CA_DER_BIT_STRING || content.left < 1 || content.p[0] != 0 ||
	    pos(s) != end)
		return CA_ERR_FORMAT;
	ca_buf_put(&s->out->signature, content.p + 1, content.left - 1);
	return ca_buf_err(&s->out->signature);
}

/* signatureAlgorithm, which must repeat the inner one, and the signature. */
static enum ca_err
signature(struct scan *s, uint64_t end)
{
	struct ca_reader whole, content;
	uint8_t tag;
	enum ca_err rc;

	rc = ca_crl_window_take(s, end, CA_CRL_SIG_MAX, &tag, &whole, &content);
	if (rc != CA_OK)
		return rc;
	if (whole.left != s->alg.len ||
	    memcmp(whole.p, s->alg.p, whole.left) != 0)
		return CA_ERR_FORMAT;
	rc = s->out->accepted ? used_signature(s, end)
			      : unused_signature(s, end);
	if (rc != CA_OK)
		return rc;
	/* nothing may follow */
	if (ca_crl_window_need(s, 1) == CA_OK || !s->eof)
		return CA_ERR_FORMAT;
	return CA_OK;
}

static enum ca_err
tbs(struct scan *s, uint64_t list_end)
{
	uint8_t tag;
	size_t header, len;
	uint64_t end;
	enum ca_err rc;

	s->hashing = true;
	s->from = s->at;
	if ((rc = ca_crl_window_enter(s, &end)) != CA_OK)
		return rc;
	if (end > list_end)
		return CA_ERR_FORMAT;
	if ((rc = ca_crl_head(s, end)) != CA_OK)
		return rc;
	if (pos(s) < end) {
		if ((rc = ca_crl_window_peek(s, &tag, &header, &len)) != CA_OK)
			return rc;
		if (tag == CA_DER_SEQUENCE && (rc = entries(s, end)) != CA_OK)
			return rc;
	}
	if (pos(s) < end)
		rc = crl_exts(s, end);
	else
		rc = ca_crl_exts_mean(
		    ca_reader_of(NULL, 0), s->issuer_no > 0, &s->out->why);
	return rc == CA_OK ? finish_digest(s) : rc;
}

static enum ca_err
scan_new(struct scan *s, struct ca_crypto *crypto, struct ca_crl_source *src,
    struct ca_crlread *out, size_t window)
{
	*s = (struct scan){
	    .crypto = crypto, .src = src, .out = out, .window = window};
	s->head = CA_BUF_INIT(CA_CRL_HEAD_MAX);
	s->exts = CA_BUF_INIT(CA_CRL_EXTS_MAX);
	s->alg = CA_BUF_INIT(CA_CRL_SIG_MAX);
	s->issuer = CA_BUF_INIT(CA_CRL_ENTRY_MAX);
	return (s->buf = malloc(window)) == NULL ? CA_ERR_MEMORY : CA_OK;
}

static void
scan_clear(struct scan *s)
{
	EVP_MD_CTX_free(s->md);
	ca_buf_free(&s->head);
	ca_buf_free(&s->exts);
	ca_buf_free(&s->alg);
	ca_buf_free(&s->issuer);
	free(s->buf);
}

/* For each entry call fn (may be NULL) with ctx, and hash the signed bytes also
 * with hash (may be NULL). */
struct listener {
	ca_crl_item_fn *fn;
	void *ctx;
	EVP_MD_CTX *hash;
};

static enum ca_err
read_whole(struct ca_crypto *crypto, struct ca_crl_source *src,
    const struct listener *to, struct ca_crlread *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct scan s;
	uint64_t end;

	*out = (struct ca_crlread){.stripped = CA_BUF_INIT(1u << 20),
	    .signature = CA_BUF_INIT(CA_CRL_SIG_MAX),
	    .tbs = CA_BUF_INIT(CA_CRL_EDDSA_MAX)};
	if ((rc = scan_new(&s, crypto, src, out, WINDOW)) != CA_OK) {
		ret = rc;
		goto out;
	}
	s.fn = to->fn;
	s.ctx = to->ctx;
	s.also = to->hash;
	if ((rc = ca_crl_window_enter(&s, &end)) != CA_OK ||
	    (rc = tbs(&s, end)) != CA_OK ||
	    (rc = signature(&s, end)) != CA_OK ||
	    (rc = ca_crl_skeleton(&s)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	scan_clear(&s);
	return ret;
}

enum ca_err
ca_crlread(struct ca_crypto *crypto, struct ca_crl_source *src,
    ca_crl_item_fn *fn, void *ctx, struct ca_crlread *out)
{
	const struct listener to = {fn, ctx, NULL};

	return read_whole(crypto, src, &to, out);
}

enum ca_err
ca_crlread_hash(struct ca_crypto *crypto, struct ca_crl_source *src,
    EVP_MD_CTX *hash, struct ca_crlread *out)
{
	const struct listener to = {NULL, NULL, hash};

	return read_whole(crypto, src, &to, out);
}

bool
ca_crlread_same(const struct ca_crlread *a, const struct ca_crlread *b)
{
	if (a->digest_len != b->digest_len || a->tbs.len != b->tbs.len)
		return false;
	if (a->digest_len > 0)
		return memcmp(a->digest, b->digest, a->digest_len) == 0;
	return a->tbs.len > 0 && memcmp(a->tbs.p, b->tbs.p, a->tbs.len) == 0;
}

void
ca_crlread_clear(struct ca_crlread *out)
{
	ca_buf_free(&out->stripped);
	ca_buf_free(&out->signature);
	ca_buf_free(&out->tbs);
}

enum ca_err
ca_crlread_issuer(struct ca_crl_source *src, struct ca_buf *name)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct scan s;
	struct ca_reader issuer;
	uint64_t end, tbs_end;

	if ((rc = scan_new(&s, NULL, src, NULL, PEEK_WINDOW)) != CA_OK ||
	    (rc = ca_crl_window_enter(&s, &end)) != CA_OK ||
	    (rc = ca_crl_window_enter(&s, &tbs_end)) != CA_OK ||
	    (rc = ca_crl_head_issuer(&s, tbs_end, false, &issuer)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ca_buf_put(name, issuer.p, issuer.left);
	if ((rc = ca_buf_err(name)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	scan_clear(&s);
	return ret;
}
