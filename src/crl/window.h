/*
 * Inside the reading of a CRL: the window on its bytes (window.c), the
 * fields before the entries (crlhead.c), the entries and what follows
 * (crlread.c), and the CRL without entries (skeleton.c).  Private to them.
 */
#ifndef CA_CRL_WINDOW_H
#define CA_CRL_WINDOW_H

#include "crl/crlder.h"
#include "crl/crlread.h"

/*
 * The window on the file.  Bytes before `at` were consumed; bytes from `from`
 * on have not been hashed yet.
 */
struct scan {
	struct ca_crypto *crypto;
	struct ca_crl_source *src;
	ca_crl_item_fn *fn;
	void *ctx;
	struct ca_crlread *out;
	uint8_t *buf;
	size_t window; /* bytes of buf */
	size_t at, len, from;
	uint64_t base; /* the position of buf[0] in the DER */
	bool eof;
	bool hashing;
	EVP_MD_CTX *md;   /* NULL while the digest is not known */
	EVP_MD_CTX *also; /* gets the same bytes; borrowed; may be NULL */
	bool keep_tbs;
	struct ca_buf head, exts, alg;
	struct ca_buf issuer; /* certificateIssuer in force */
	uint32_t issuer_no;
};

/* The position in the DER. */
static inline uint64_t
pos(const struct scan *s)
{
	return s->base + s->at;
}

/* Hash the consumed bytes that have not been hashed yet. */
CA_MUST_CHECK enum ca_err ca_crl_window_flush(struct scan *s);

/* Read more of the file, and keep the bytes that were not consumed. */
CA_MUST_CHECK enum ca_err ca_crl_window_refill(struct scan *s);

/* Make sure that n bytes are in the window.  CA_ERR_FORMAT: the file ends
 * before; CA_ERR_LIMIT: n is too large. */
CA_MUST_CHECK enum ca_err ca_crl_window_need(struct scan *s, size_t n);

/* Read the header of the next element without consuming it. */
CA_MUST_CHECK enum ca_err ca_crl_window_peek(
    struct scan *s, uint8_t *tag, size_t *header, size_t *content);

/* Enter a SEQUENCE: step over its header.  *end: where it must end. */
CA_MUST_CHECK enum ca_err ca_crl_window_enter(struct scan *s, uint64_t *end);

/* Take a whole element, at most max bytes, that lies before end. */
CA_MUST_CHECK enum ca_err ca_crl_window_take(struct scan *s, uint64_t end,
    size_t max, uint8_t *tag, struct ca_reader *whole,
    struct ca_reader *content);

/* Step over n bytes, whatever their number.  CA_ERR_FORMAT: the file ends
 * before. */
CA_MUST_CHECK enum ca_err ca_crl_window_skip(struct scan *s, uint64_t n);

/* Read version (v2 if it is there), signature and issuer, whose name is
 * *issuer.  digest: start hashing by the signature algorithm. */
CA_MUST_CHECK enum ca_err ca_crl_head_issuer(
    struct scan *s, uint64_t end, bool digest, struct ca_reader *issuer);

/* Read the fields up to nextUpdate. */
CA_MUST_CHECK enum ca_err ca_crl_head(struct scan *s, uint64_t end);

/*
 * Check the extensions of a CRL: der is the Extensions (p NULL: it has none).
 * CA_ERR_FORMAT: cRLNumber, deltaCRLIndicator or issuingDistributionPoint is
 * there twice or cannot be decoded, or an entry has a certificateIssuer (RFC
 * 5280 section 5.3.3) and the CRL is not indirect; *why says which (static; to
 * stand behind "contains a CRL").  OpenSSL 4 reads no such CRL.
 */
CA_MUST_CHECK enum ca_err ca_crl_exts_mean(
    struct ca_reader der, bool has_issuers, const char **why);

/*
 * The CRL without its entries, into out->stripped.  Its signature is empty, so
 * that no key verifies it and the attempt costs no public key operation.
 */
CA_MUST_CHECK enum ca_err ca_crl_skeleton(struct scan *s);

#endif
