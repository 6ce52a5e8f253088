#include "crl/index_format.h"
#include "crl/index_build.h"
#include "crl/crlint.h"
#include "crl/crlsig.h"

#include <stdlib.h>
#include <string.h>

static void
put_be(uint8_t *p, uint64_t v, int n)
{
	for (int i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

static void
key_of(uint8_t key[9], char kind, uint32_t no, uint32_t i)
{
	key[0] = (uint8_t)kind;
	put_be(key + 1, no, 4);
	put_be(key + 5, i, 4);
}

static enum ca_err
add_issuer(struct maker *m, const struct ca_crl_item *item)
{
	struct ca_buf b = CA_BUF_INIT(CA_CRL_INDEX_VALUE_MAX);
	uint8_t key[9];
	enum ca_err rc;

	key_of(key, 'i', m->no, item->issuer_no);
	ca_buf_put(&b, item->issuer, item->issuer_len);
	rc = ca_index_maker_put(m->index, key, sizeof key, &b);
	ca_buf_free(&b);
	m->issuer_no = item->issuer_no;
	return rc;
}

static bool
room(struct maker *m, size_t more)
{
	if (m->len + more > m->cap) {
		size_t cap = (m->cap + more) * 2 + 65536;
		uint8_t *p = realloc(m->arena, cap);

		if (p == NULL)
			return false;
		m->arena = p;
		m->cap = cap;
	}
	if (m->n == m->places) {
		size_t places = m->places * 2 + 4096;
		struct place *v = realloc(m->place, places * sizeof *v);

		if (v == NULL)
			return false;
		m->place = v;
		m->places = places;
	}
	return true;
}

/* ca_crl_item_fn */
static enum ca_err
gather(void *ctx, const struct ca_crl_item *item)
{
	struct maker *m = ctx;
	enum ca_err rc;
	uint8_t *p;

	if (item->serial_len > CA_CRL_INDEX_SERIAL_MAX)
		return CA_ERR_LIMIT;
	if (item->issuer_no != m->issuer_no &&
	    (rc = add_issuer(m, item)) != CA_OK)
		return rc;
	if (!room(m, item->serial_len + CA_CRL_INDEX_ENTRY_FIXED))
		return CA_ERR_MEMORY;
	m->place[m->n++] = (struct place){
	    m->len, ca_crl_index_hash(item->serial, item->serial_len)};
	p = m->arena + m->len;
	*p++ = (uint8_t)item->serial_len;
	memcpy(p, item->serial, item->serial_len);
	p += item->serial_len;
	*p++ = item->reason < 0 ? 255 : (uint8_t)item->reason;
	put_be(p, (uint64_t)ca_crl_item_date(item), 8);
	put_be(p + 8, item->issuer_no, 4);
	m->len += item->serial_len + CA_CRL_INDEX_ENTRY_FIXED;
	return CA_OK;
}

/* Return the places in the order of their buckets (a counting sort). */
static uint32_t *
in_order(const struct maker *m, uint32_t buckets, uint32_t *first)
{
	uint32_t *order = calloc(m->n + 1, sizeof *order);

	if (order == NULL)
		return NULL;
	for (size_t i = 0; i < m->n; i++)
		first[m->place[i].hash % buckets + 1]++;
	for (uint32_t b = 0; b < buckets; b++)
		first[b + 1] += first[b];
	for (size_t i = m->n; i-- > 0;)
		order[--first[m->place[i].hash % buckets + 1]] = (uint32_t)i;
	return order;
}

/* After in_order, first[b + 1] is where bucket b begins. */
static enum ca_err
add_buckets(struct maker *m, uint32_t buckets)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	uint32_t *first = calloc((size_t)buckets + 2, sizeof *first);
	uint32_t *order = first != NULL ? in_order(m, buckets, first) : NULL;
	struct ca_buf v = CA_BUF_INIT(CA_CRL_INDEX_VALUE_MAX);
	uint8_t key[9];

	if (order == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	for (uint32_t b = 0; b < buckets; b++) {
		size_t end = b + 1 < buckets ? first[b + 2] : m->n;

		ca_buf_reset(&v);
		for (size_t i = first[b + 1]; i < end; i++) {
			const uint8_t *p = m->arena + m->place[order[i]].at;
			ca_buf_put(&v, p, p[0] + CA_CRL_INDEX_ENTRY_FIXED);
		}
		key_of(key, 'b', m->no, b);
		rc = ca_index_maker_put(m->index, key, sizeof key, &v);
		if (rc != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	ret = CA_OK;
out:
	ca_buf_free(&v);
	free(order);
	free(first);
	return ret;
}

static enum ca_err
add_crl(struct maker *m, struct ca_crl *crl)
{
	struct ca_buf v = CA_BUF_INIT(CA_CRL_INDEX_VALUE_MAX);
	size_t buckets = m->n / CA_CRL_INDEX_PER_BUCKET + 1;
	uint8_t key[9], spki[32];
	enum ca_err rc;
	X509 *ca;

	if (crl->trouble != CA_R_OK) {
		ca_log_err(m->log, "%s %-s", crl->name, crl->why);
		return CA_ERR_FORMAT;
	}
	if ((ca = ca_crl_signer(crl, m->cas)) == NULL)
		return CA_DENIED;
	if (buckets > UINT32_MAX / 2)
		return CA_ERR_LIMIT;
	if ((rc = ca_crypto_spki(m->crypto, ca, spki)) != CA_OK)
		return rc;
	key_of(key, 'c', m->no, 0);
	ca_buf_put(&v, spki, sizeof spki);
	ca_buf_u64(&v, crl->read.entries);
	put_be(key + 5, buckets, 4);
	ca_buf_put(&v, key + 5, 4);
	ca_buf_put(&v, crl->read.stripped.p, crl->read.stripped.len);
	rc = ca_index_maker_put(m->index, key, 5, &v);
	ca_buf_free(&v);
	if (rc == CA_OK)
		rc = add_buckets(m, (uint32_t)buckets);
	m->total += m->n;
	return rc;
}

/* A signature of ML-DSA is verified in a second pass. */
static enum ca_err
keep_source(struct ca_crl *crl, const struct ca_crl_source *src)
{
	if ((crl->src = malloc(sizeof *crl->src)) == NULL)
		return CA_ERR_MEMORY;
	*crl->src = *src; /* the descriptor is borrowed */
	return CA_OK;
}

enum ca_err
ca_crl_index_put_crls(struct maker *m, int fd, const char *name)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_crl_source *src = malloc(sizeof *src);
	struct ca_crl_file from = {
	    m->crypto, m->log, &ca_crl_by_stream, -1, name, -1};
	struct ca_crls list = {NULL, 0};
	struct ca_crl *crl;

	if (src == NULL || (rc = ca_crl_source_open(src, fd)) != CA_OK) {
		ret = src == NULL ? CA_ERR_MEMORY : rc;
		goto out;
	}
	while ((rc = ca_crl_source_next(src)) == CA_OK) {
		if (m->no >= CA_CRL_INDEX_CRLS_MAX) {
			ret = CA_ERR_LIMIT;
			goto out;
		}
		if ((crl = ca_crl_new(&from, &list)) == NULL) {
			ret = CA_ERR_MEMORY;
			goto out;
		}
		m->len = m->n = 0;
		m->issuer_no = 0;
		rc = ca_crlread(m->crypto, src, gather, m, &crl->read);
		if (rc != CA_OK) {
			ret = rc;
			goto out;
		}
		if ((rc = keep_source(crl, src)) != CA_OK) {
			ret = rc;
			goto out;
		}
		ca_crl_take_stripped(crl, crl->read.stripped.p,
		    crl->read.stripped.len, crl->read.entry_critical);
		if ((rc = add_crl(m, crl)) != CA_OK) {
			ret = rc;
			goto out;
		}
		ca_crls_clear(&list);
		m->no++;
	}
	if (rc != CA_ERR_NOT_FOUND || m->no == 0) {
		ret = rc == CA_ERR_NOT_FOUND ? CA_ERR_FORMAT : rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_crls_clear(&list);
	free(src);
	return ret;
}
