/*
 * The entries of a CRL for the serial numbers that a caller asks for, and the
 * choice of the entry that applies to a certificate.
 */
#include "data/der.h"
#include "crl/crlint.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

void
ca_crl_hits_clear(struct ca_crl_hits *hits)
{
	for (size_t i = 0; i < hits->nasked; i++)
		free((void *)hits->asked[i].p);
	for (size_t i = 0; i < hits->n; i++)
		free(hits->hit[i].issuer);
	free(hits->asked);
	free(hits->count);
	free(hits->hit);
	*hits = (struct ca_crl_hits){0};
}

enum ca_err
ca_crl_hits_init(
    struct ca_crl_hits *hits, const struct ca_bytes *serial, size_t n)
{
	hits->asked = calloc(n + 1, sizeof *hits->asked);
	hits->count = calloc(n + 1, sizeof *hits->count);
	if (hits->asked == NULL || hits->count == NULL)
		return CA_ERR_MEMORY;
	for (size_t i = 0; i < n; i++) {
		uint8_t *p = malloc(serial[i].len + 1);

		if (p == NULL)
			return CA_ERR_MEMORY;
		memcpy(p, serial[i].p, serial[i].len);
		hits->asked[hits->nasked++] =
		    (struct ca_bytes){p, serial[i].len};
	}
	return CA_OK;
}

/* The weight of an entry: removeFromCRL has less than certificateHold, which
 * can be lifted, and this less than any other reason or none. */
static int
weight(const struct ca_crl_entry *e)
{
	if (e->reason == CA_CRL_REMOVE)
		return 0;
	return e->reason == CA_CRL_HOLD ? 1 : 2;
}

bool
ca_crl_entry_outweighs(
    const struct ca_crl_entry *a, const struct ca_crl_entry *b)
{
	return weight(a) > weight(b);
}

bool
ca_crl_entry_final(const struct ca_crl_entry *e)
{
	return weight(e) == 2;
}

/* A serial number that is listed more than once for one issuer is one hit, so
 * that repetitions do not reach the bound. */
static bool
merge(struct ca_crl_hits *hits, size_t serial, uint32_t issuer_no,
    const struct ca_crl_entry *entry)
{
	for (size_t i = hits->n; i-- > 0;) {
		struct ca_crl_hit *hit = &hits->hit[i];

		if (hit->serial != serial)
			continue;
		/* an issuer's entries are contiguous */
		if (hit->issuer_no != issuer_no)
			return false;
		if (ca_crl_entry_outweighs(entry, &hit->entry))
			hit->entry = *entry;
		return true;
	}
	return false;
}

enum ca_err
ca_crl_hits_add(struct ca_crl_hits *hits, size_t serial,
    const struct ca_crl_item *item, int64_t date)
{
	struct ca_crl_entry entry = {item->reason, date};
	struct ca_crl_hit *v;
	uint8_t *issuer = NULL;

	if (merge(hits, serial, item->issuer_no, &entry) ||
	    ++hits->count[serial] > CA_CRL_HITS_MAX)
		return CA_OK;
	if ((v = realloc(hits->hit, (hits->n + 1) * sizeof *v)) == NULL)
		return CA_ERR_MEMORY;
	hits->hit = v;
	if (item->issuer != NULL) {
		if ((issuer = malloc(item->issuer_len)) == NULL)
			return CA_ERR_MEMORY;
		memcpy(issuer, item->issuer, item->issuer_len);
	}
	v[hits->n++] = (struct ca_crl_hit){
	    serial, entry, issuer, item->issuer_len, item->issuer_no};
	return CA_OK;
}

int64_t
ca_crl_item_date(const struct ca_crl_item *item)
{
	int64_t date;

	return ca_der_time(item->time, item->time_len, &date) ? date
							      : CA_CRL_NO_DATE;
}

enum ca_err
ca_crl_hits_collect(void *ctx, const struct ca_crl_item *item)
{
	struct ca_crl_hits *hits = ctx;
	enum ca_err rc;

	for (size_t i = 0; i < hits->nasked; i++) {
		const struct ca_bytes *b = &hits->asked[i];
		/* the last byte differs most */
		if (b->len != item->serial_len ||
		    b->p[b->len - 1] != item->serial[b->len - 1] ||
		    memcmp(b->p, item->serial, b->len) != 0)
			continue;
		rc = ca_crl_hits_add(hits, i, item, ca_crl_item_date(item));
		if (rc != CA_OK)
			return rc;
	}
	return CA_OK;
}

/* X509_NAME_cmp returns -2 if it fails: that does not mean different names. */
static enum ca_err
same_name(const X509_NAME *a, const X509_NAME *b, bool *same)
{
	int cmp = X509_NAME_cmp(a, b);

	*same = cmp == 0;
	return cmp == -2 ? CA_ERR_MEMORY : CA_OK;
}

/* As OpenSSL's crl_revoked_issuer_match. */
enum ca_err
ca_crl_issuer_matches(const struct ca_crl *crl, X509 *cert,
    const uint8_t *issuer, size_t len, bool *yes)
{
	const X509_NAME *name = X509_get_issuer_name(cert);
	const uint8_t *p = issuer;
	GENERAL_NAMES *gens;
	enum ca_err rc = CA_OK;

	*yes = false;
	if (issuer == NULL)
		return same_name(name, X509_CRL_get_issuer(crl->x509), yes);
	ERR_set_mark();
	gens = d2i_GENERAL_NAMES(NULL, &p, (long)len);
	ERR_pop_to_mark();
	if (gens == NULL)
		return CA_ERR_FORMAT;
	for (int i = 0; i < sk_GENERAL_NAME_num(gens) && rc == CA_OK && !*yes;
	     i++) {
		const GENERAL_NAME *gen = sk_GENERAL_NAME_value(gens, i);

		if (gen->type == GEN_DIRNAME)
			rc = same_name(gen->d.directoryName, name, yes);
	}
	GENERAL_NAMES_free(gens);
	if (rc != CA_OK)
		return rc;
	return p == issuer + len ? CA_OK : CA_ERR_FORMAT;
}

enum ca_err
ca_crl_hits_choose(const struct ca_crl *crl, const struct ca_crl_hits *hits,
    size_t i, X509 *cert, struct ca_crl_entry *out)
{
	bool found = false, yes;
	enum ca_err rc;

	for (size_t k = 0; k < hits->n; k++) {
		const struct ca_crl_hit *hit = &hits->hit[k];

		if (hit->serial != i)
			continue;
		rc = ca_crl_issuer_matches(
		    crl, cert, hit->issuer, hit->issuer_len, &yes);
		if (rc != CA_OK)
			return rc;
		if (yes && (!found || ca_crl_entry_outweighs(&hit->entry, out)))
			*out = hit->entry;
		found |= yes;
	}
	if (hits->count[i] > CA_CRL_HITS_MAX &&
	    !(found && ca_crl_entry_final(out)))
		return CA_ERR_LIMIT;
	return found ? CA_OK : CA_ERR_NOT_FOUND;
}
