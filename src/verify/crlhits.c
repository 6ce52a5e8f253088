#include "verify/crlint.h"

#include <stdlib.h>
#include <string.h>

/* One serial number need not be on a CRL more often than this: an indirect
 * CRL can have it once for each issuer. */
#define HITS_MAX 256

void
ca_crl_hits_clear(struct ca_crl_hits *hits)
{
	for (size_t i = 0; i < hits->nasked; i++)
		free((void *)hits->asked[i].p);
	for (size_t i = 0; i < hits->n; i++)
		free(hits->hit[i].issuer);
	free(hits->asked);
	free(hits->hit);
	*hits = (struct ca_crl_hits){0};
}

enum ca_err
ca_crl_hits_init(
    struct ca_crl_hits *hits, const struct ca_bytes *serial, size_t n)
{
	if ((hits->asked = calloc(n + 1, sizeof *hits->asked)) == NULL)
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

enum ca_err
ca_crl_hits_add(struct ca_crl_hits *hits, size_t serial,
    const struct ca_crl_item *item, int64_t date)
{
	struct ca_crl_hit *v;
	uint8_t *issuer = NULL;

	if (hits->n >= HITS_MAX)
		return CA_ERR_LIMIT;
	if ((v = realloc(hits->hit, (hits->n + 1) * sizeof *v)) == NULL)
		return CA_ERR_MEMORY;
	hits->hit = v;
	if (item->issuer != NULL) {
		if ((issuer = malloc(item->issuer_len)) == NULL)
			return CA_ERR_MEMORY;
		memcpy(issuer, item->issuer, item->issuer_len);
	}
	v[hits->n++] = (struct ca_crl_hit){
	    serial, {item->reason, date}, issuer, item->issuer_len};
	return CA_OK;
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
		rc = ca_crl_hits_add(
		    hits, i, item, ca_crl_time(item->time, item->time_len));
		if (rc != CA_OK)
			return rc;
	}
	return CA_OK;
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
		if (!yes || (found && out->reason != CA_CRL_REMOVE))
			continue;
		*out = hit->entry;
		found = true;
	}
	return found ? CA_OK : CA_ERR_NOT_FOUND;
}
