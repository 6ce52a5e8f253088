#include "verify/crlread.h"
#include "verify/crlder.h"
#include "verify/crlsig.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Room for any element that is read as a whole, and a good read's worth. */
#define WINDOW 131072

/* Enough for the head of a CRL up to a common issuer's name. */
#define PEEK_WINDOW 8192

/*
 * The window on the file.  Bytes before `at` are used up; from `from` on they
 * are still to go into the digest.
 */
struct scan {
	struct ca_crypto *crypto;
	struct ca_crlsrc *src;
	ca_crl_item_fn *fn;
	void *ctx;
	struct ca_crlread *out;
	uint8_t *buf;
	size_t window; /* bytes of buf */
	size_t at, len, from;
	uint64_t base; /* the position of buf[0] in the DER */
	bool eof;
	bool hashing;
	EVP_MD_CTX *md; /* NULL while the digest is not known */
	bool keep_tbs;
	struct ca_buf head, exts, alg;
	struct ca_buf issuer; /* certificateIssuer in force */
	uint32_t issuer_no;
};

static uint64_t
pos(const struct scan *s)
{
	return s->base + s->at;
}

/* Give the digest what it has not seen. */
static enum ca_err
flush(struct scan *s)
{
	const uint8_t *p = s->buf + s->from;
	size_t n = s->at - s->from;

	if (!s->hashing || n == 0)
		return CA_OK;
	if (s->md != NULL && EVP_DigestUpdate(s->md, p, n) != 1)
		return CA_ERR_CRYPTO;
	if (s->keep_tbs)
		ca_buf_put(&s->out->tbs, p, n);
	s->from = s->at;
	return s->keep_tbs ? ca_buf_err(&s->out->tbs) : CA_OK;
}

static enum ca_err
refill(struct scan *s)
{
	size_t keep = s->at, n;
	enum ca_err rc;

	if (s->hashing && (s->md != NULL || s->keep_tbs)) {
		if ((rc = flush(s)) != CA_OK)
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
		rc = ca_crlsrc_read(s->src, s->buf + s->len,
		    s->window - s->len, &n);
		if (rc != CA_OK)
			return rc;
		if (n == 0)
			s->eof = true;
		s->len += n;
	}
	return CA_OK;
}

/* At least n bytes at hand. */
static enum ca_err
need(struct scan *s, size_t n)
{
	enum ca_err rc;

	if (s->len - s->at >= n)
		return CA_OK;
	if (n > s->window / 2)
		return CA_ERR_LIMIT;
	if ((rc = refill(s)) != CA_OK)
		return rc;
	return s->len - s->at >= n ? CA_OK : CA_ERR_FORMAT;
}

/* Look at the header of the next element. */
static enum ca_err
peek(struct scan *s, uint8_t *tag, size_t *header, size_t *content)
{
	enum ca_err rc = need(s, 2);

	if (rc == CA_OK && s->len - s->at < 6 && !s->eof)
		rc = refill(s);
	if (rc != CA_OK)
		return rc;
	return ca_der_header(s->buf + s->at, s->len - s->at, tag, header,
	    content);
}

/* Enter a SEQUENCE: step over its header.  *end: where it must end. */
static enum ca_err
enter(struct scan *s, uint64_t *end)
{
	uint8_t tag;
	size_t header, content;
	enum ca_err rc = peek(s, &tag, &header, &content);

	if (rc != CA_OK)
		return rc;
	if (tag != CA_DER_SEQUENCE)
		return CA_ERR_FORMAT;
	s->at += header;
	*end = pos(s) + content;
	return CA_OK;
}

/* Take a whole element, at most max bytes, that lies before end. */
static enum ca_err
take(struct scan *s, uint64_t end, size_t max, uint8_t *tag,
    struct ca_reader *whole, struct ca_reader *content)
{
	size_t header, len;
	enum ca_err rc;

	if (pos(s) >= end)
		return CA_ERR_FORMAT;
	if ((rc = peek(s, tag, &header, &len)) != CA_OK)
		return rc;
	if (header + len > end - pos(s))
		return CA_ERR_FORMAT;
	if (header + len > max)
		return CA_ERR_LIMIT;
	if ((rc = need(s, header + len)) != CA_OK)
		return rc;
	*whole = ca_reader_of(s->buf + s->at, header + len);
	*content = ca_reader_of(whole->p + header, len);
	s->at += header + len;
	return CA_OK;
}

/* ---- the signature algorithm, which says how to hash ---- */

static enum ca_err
choose_digest(struct scan *s, struct ca_reader whole)
{
	const uint8_t *p = whole.p;
	X509_ALGOR *alg = d2i_X509_ALGOR(NULL, &p, (long)whole.left);
	const char *name;
	const EVP_MD *md;

	if (alg == NULL) {
		ERR_clear_error();
		return CA_ERR_FORMAT;
	}
	name = ca_crlsig_digest(alg);
	X509_ALGOR_free(alg);
	if (name == NULL) {
		s->hashing = false; /* nobody will ask */
		return CA_OK;
	}
	s->out->accepted = true;
	if (*name == '\0') {
		s->keep_tbs = true;
		return CA_OK;
	}
	if ((md = ca_crypto_get0_md(s->crypto, name)) == NULL ||
	    (s->md = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(s->md, md, NULL) != 1)
		return CA_ERR_CRYPTO;
	return CA_OK;
}

/* ---- the fields before the entries ---- */

static bool
is_time(uint8_t tag)
{
	return tag == CA_DER_UTCTIME || tag == CA_DER_GENERALIZEDTIME;
}

/* version (v2 if there), signature, issuer.  *issuer: the name. */
static enum ca_err
head_to_issuer(struct scan *s, uint64_t end, bool digest,
    struct ca_reader *issuer)
{
	struct ca_reader whole, content;
	uint8_t tag;
	enum ca_err rc;

	rc = take(s, end, CA_CRL_HEAD_MAX, &tag, &whole, &content);
	if (rc != CA_OK)
		return rc;
	ca_buf_put(&s->head, whole.p, whole.left);
	if (tag == CA_DER_INTEGER) {
		if (content.left != 1 || content.p[0] != 1)
			return CA_ERR_FORMAT;
		rc = take(s, end, CA_CRL_HEAD_MAX, &tag, &whole, &content);
		if (rc != CA_OK)
			return rc;
		ca_buf_put(&s->head, whole.p, whole.left);
	}
	if (tag != CA_DER_SEQUENCE)
		return CA_ERR_FORMAT;
	ca_buf_put(&s->alg, whole.p, whole.left);
	if (digest && (rc = choose_digest(s, whole)) != CA_OK)
		return rc;
	rc = take(s, end, CA_CRL_HEAD_MAX, &tag, issuer, &content);
	if (rc != CA_OK)
		return rc;
	return tag == CA_DER_SEQUENCE ? CA_OK : CA_ERR_FORMAT;
}

static enum ca_err
head(struct scan *s, uint64_t end)
{
	struct ca_reader whole, content;
	uint8_t tag;
	size_t header, len;
	enum ca_err rc;

	if ((rc = head_to_issuer(s, end, true, &whole)) != CA_OK)
		return rc;
	ca_buf_put(&s->head, whole.p, whole.left);
	rc = take(s, end, CA_CRL_HEAD_MAX, &tag, &whole, &content);
	if (rc != CA_OK)
		return rc;
	if (!is_time(tag))
		return CA_ERR_FORMAT;
	ca_buf_put(&s->head, whole.p, whole.left);
	if (pos(s) < end) {
		if ((rc = peek(s, &tag, &header, &len)) != CA_OK)
			return rc;
		if (is_time(tag)) {
			rc = take(s, end, CA_CRL_HEAD_MAX, &tag, &whole,
			    &content);
			if (rc != CA_OK)
				return rc;
			ca_buf_put(&s->head, whole.p, whole.left);
		}
	}
	return ca_buf_err(&s->head);
}

/* ---- entries ---- */

/* What the callback gets beside what is in the entry. */
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
	    ca_der_next(&r, &tag, &date) != CA_OK || !is_time(tag))
		return CA_ERR_FORMAT;
	if (r.left > 0) {
		if (ca_der_entry_exts(r, &exts) != CA_OK)
			return CA_ERR_FORMAT;
		s->out->entry_critical |= exts.critical;
		item.reason = exts.reason;
		if (exts.issuer.p != NULL) {
			ca_buf_reset(&s->issuer);
			ca_buf_put(&s->issuer, exts.issuer.p,
			    exts.issuer.left);
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

/* crlEntryExtensions with a reasonCode alone, but for its value. */
static const uint8_t reason_alone[] = {0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55,
    0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01};

/*
 * The common entry, with short lengths and no extension but a reasonCode,
 * taken apart in one place: with a million of them the general way costs more
 * than the hash.  Its length, or 0 if it is none such, which is then for the
 * general way to judge.
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
	if (!is_time(p[4 + serial]) || date >= 0x80 ||
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

	if ((rc = enter(s, &end)) != CA_OK)
		return rc;
	if (end > tbs_end)
		return CA_ERR_FORMAT;
	while (pos(s) < end) {
		/* topped up, so that an entry is always at hand as a whole */
		if (s->len - s->at < CA_CRL_ENTRY_MAX && !s->eof &&
		    (rc = refill(s)) != CA_OK)
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
	enum ca_err rc = take(s, end, CA_CRL_EXTS_MAX, &tag, &whole, &content);

	if (rc != CA_OK)
		return rc;
	if (tag != CA_DER_CONTEXT_0)
		return CA_ERR_FORMAT;
	ca_buf_put(&s->exts, whole.p, whole.left);
	return pos(s) == end ? ca_buf_err(&s->exts) : CA_ERR_FORMAT;
}

static enum ca_err
finish_digest(struct scan *s)
{
	unsigned n = 0;
	enum ca_err rc = flush(s);

	s->hashing = false;
	if (rc != CA_OK || s->md == NULL)
		return rc;
	if (EVP_DigestFinal_ex(s->md, s->out->digest, &n) != 1)
		return CA_ERR_CRYPTO;
	s->out->digest_len = n;
	return CA_OK;
}

/* signatureAlgorithm, which must be the inner one again, and the signature. */
static enum ca_err
signature(struct scan *s, uint64_t end)
{
	struct ca_reader whole, content;
	uint8_t tag;
	enum ca_err rc;

	rc = take(s, end, CA_CRL_SIG_MAX, &tag, &whole, &content);
	if (rc != CA_OK)
		return rc;
	if (whole.left != s->alg.len ||
	    memcmp(whole.p, s->alg.p, whole.left) != 0)
		return CA_ERR_FORMAT;
	rc = take(s, end, CA_CRL_SIG_MAX, &tag, &whole, &content);
	if (rc != CA_OK)
		return rc;
	if (tag != CA_DER_BIT_STRING || content.left < 1 ||
	    content.p[0] != 0 || pos(s) != end)
		return CA_ERR_FORMAT;
	ca_buf_put(&s->out->signature, content.p + 1, content.left - 1);
	/* nothing may follow */
	if (need(s, 1) == CA_OK || !s->eof)
		return CA_ERR_FORMAT;
	return ca_buf_err(&s->out->signature);
}

static void
put_sequence(struct ca_buf *b, size_t len)
{
	ca_buf_u8(b, CA_DER_SEQUENCE);
	if (len < 0x80) {
		ca_buf_u8(b, (uint8_t)len);
	} else if (len < 0x100) {
		ca_buf_u8(b, 0x81);
		ca_buf_u8(b, (uint8_t)len);
	} else if (len < 0x10000) {
		ca_buf_u8(b, 0x82);
		ca_buf_u16(b, (uint16_t)len);
	} else {
		ca_buf_u8(b, 0x83);
		ca_buf_u24(b, (uint32_t)len);
	}
}

/*
 * The CRL for OpenSSL's engine.  Its signature is empty, so that no key
 * verifies it and the attempt costs no public key operation.
 */
static enum ca_err
strip(struct scan *s)
{
	static const uint8_t no_signature[] = {CA_DER_BIT_STRING, 1, 0};
	struct ca_buf tbs = CA_BUF_INIT(1u << 20);
	struct ca_buf *out = &s->out->stripped;

	put_sequence(&tbs, s->head.len + s->exts.len);
	ca_buf_put(&tbs, s->head.p, s->head.len);
	ca_buf_put(&tbs, s->exts.p, s->exts.len);
	put_sequence(out, tbs.len + s->alg.len + sizeof no_signature);
	ca_buf_put(out, tbs.p, tbs.len);
	ca_buf_put(out, s->alg.p, s->alg.len);
	ca_buf_put(out, no_signature, sizeof no_signature);
	if (ca_buf_err(&tbs) != CA_OK && out->err == CA_OK)
		out->err = ca_buf_err(&tbs);
	ca_buf_free(&tbs);
	return ca_buf_err(out);
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
	if ((rc = enter(s, &end)) != CA_OK)
		return rc;
	if (end > list_end)
		return CA_ERR_FORMAT;
	if ((rc = head(s, end)) != CA_OK)
		return rc;
	if (pos(s) < end) {
		if ((rc = peek(s, &tag, &header, &len)) != CA_OK)
			return rc;
		if (tag == CA_DER_SEQUENCE && (rc = entries(s, end)) != CA_OK)
			return rc;
	}
	if (pos(s) < end && (rc = crl_exts(s, end)) != CA_OK)
		return rc;
	return finish_digest(s);
}

static enum ca_err
scan_new(struct scan *s, struct ca_crypto *crypto, struct ca_crlsrc *src,
    struct ca_crlread *out, size_t window)
{
	*s = (struct scan){.crypto = crypto, .src = src, .out = out,
	    .window = window};
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

enum ca_err
ca_crlread(struct ca_crypto *crypto, struct ca_crlsrc *src,
    ca_crl_item_fn *fn, void *ctx, struct ca_crlread *out)
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
	s.fn = fn;
	s.ctx = ctx;
	if ((rc = enter(&s, &end)) != CA_OK || (rc = tbs(&s, end)) != CA_OK ||
	    (rc = signature(&s, end)) != CA_OK || (rc = strip(&s)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	scan_clear(&s);
	return ret;
}

void
ca_crlread_clear(struct ca_crlread *out)
{
	ca_buf_free(&out->stripped);
	ca_buf_free(&out->signature);
	ca_buf_free(&out->tbs);
}

enum ca_err
ca_crlread_issuer(struct ca_crlsrc *src, struct ca_buf *name)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct scan s;
	struct ca_reader issuer;
	uint64_t end, tbs_end;

	if ((rc = scan_new(&s, NULL, src, NULL, PEEK_WINDOW)) != CA_OK ||
	    (rc = enter(&s, &end)) != CA_OK ||
	    (rc = enter(&s, &tbs_end)) != CA_OK ||
	    (rc = head_to_issuer(&s, tbs_end, false, &issuer)) != CA_OK) {
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

int64_t
ca_crl_time(const uint8_t *p, size_t len)
{
	struct tm tm = {0};
	int v[7], n = 0;
	size_t i = 0;

	if ((len != 13 && len != 15) || p[len - 1] != 'Z')
		return 0;
	for (; i + 1 < len; i += 2) {
		if (p[i] < '0' || p[i] > '9' || p[i + 1] < '0' ||
		    p[i + 1] > '9')
			return 0;
		v[n++] = (p[i] - '0') * 10 + p[i + 1] - '0';
	}
	/* UTCTime: 50..99 is 19YY (RFC 5280 section 4.1.2.5.1) */
	tm.tm_year = len == 15 ? v[0] * 100 + v[1] - 1900
			       : v[0] + (v[0] < 50 ? 100 : 0);
	const int *m = len == 15 ? v + 2 : v + 1;
	tm.tm_mon = m[0] - 1;
	tm.tm_mday = m[1];
	tm.tm_hour = m[2];
	tm.tm_min = m[3];
	tm.tm_sec = m[4];
	return (int64_t)timegm(&tm);
}
