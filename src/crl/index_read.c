#include "crl/index_read.h"
#include "base/sys.h"
#include "crl/index_format.h"
#include "crl/crlint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct ca_index_kind ca_crl_index_kind = {
    "certauth-crlidx3", 15, "m", CA_CRL_INDEX_VALUE_MAX};

struct ca_crl_index {
	struct ca_index *index;
	unsigned refs;
};

enum ca_err
ca_crl_index_name(int dirfd, const char *name, struct ca_buf *out)
{
	char target[PATH_MAX];

	if (ca_sys_link(dirfd, name, target) && strchr(target, '/') == NULL)
		name = target;
	ca_buf_fmt(out, "%s.idx", name);
	return ca_buf_text(out) != NULL ? CA_OK : CA_ERR_MEMORY;
}

enum ca_err
ca_crl_index_open(struct ca_crypto *crypto, int dirfd, const char *name,
    const struct stat *st, struct ca_crl_index **out, uint32_t *ncrls)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf file = CA_BUF_INIT(8192);
	struct ca_crl_index *idx = calloc(1, sizeof *idx);
	struct ca_reader rest;

	if (idx == NULL)
		return CA_ERR_MEMORY;
	idx->refs = 1;
	if ((rc = ca_crl_index_name(dirfd, name, &file)) != CA_OK ||
	    (rc = ca_index_open(&ca_crl_index_kind,
		 ca_crypto_get0_md(crypto, "SHA256"), dirfd, ca_buf_text(&file),
		 st, &idx->index)) != CA_OK) {
		ret = rc;
		goto out;
	}
	rest = ca_index_rest(idx->index);
	if ((rc = ca_read_u32(&rest, ncrls)) != CA_OK ||
	    (rc = ca_read_end(&rest)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (*ncrls < 1 || *ncrls > CA_CRL_INDEX_CRLS_MAX) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	*out = idx;
	idx = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_buf_free(&file);
	ca_crl_index_free(idx);
	return ret;
}

struct ca_crl_index *
ca_crl_index_ref(struct ca_crl_index *idx)
{
	idx->refs++;
	return idx;
}

void
ca_crl_index_free(struct ca_crl_index *idx)
{
	if (idx == NULL || --idx->refs > 0)
		return;
	ca_index_close(idx->index);
	free(idx);
}

static void
key_of(uint8_t key[9], char kind, uint32_t no, uint32_t i)
{
	key[0] = (uint8_t)kind;
	for (int b = 0; b < 4; b++) {
		key[1 + b] = (uint8_t)(no >> (24 - 8 * b));
		key[5 + b] = (uint8_t)(i >> (24 - 8 * b));
	}
}

enum ca_err
ca_crl_index_crl(
    struct ca_crl_index *idx, uint32_t no, struct ca_crl_index_crl *out)
{
	uint8_t key[9];
	struct ca_buf v = CA_BUF_INIT(CA_CRL_INDEX_VALUE_MAX);
	struct ca_reader r;
	const uint8_t *spki;
	enum ca_err rc;

	*out = (struct ca_crl_index_crl){
	    .stripped = CA_BUF_INIT(CA_CRL_INDEX_VALUE_MAX)};
	key_of(key, 'c', no, 0);
	rc = ca_index_get(idx->index, key, 5, &v);
	if (rc == CA_OK) {
		r = ca_reader_of(v.p, v.len);
		if (ca_read_bytes(&r, 32, &spki) != CA_OK ||
		    ca_read_u64(&r, &out->entries) != CA_OK ||
		    ca_read_u32(&r, &out->buckets) != CA_OK ||
		    out->buckets == 0) {
			rc = CA_ERR_FORMAT;
		} else {
			memcpy(out->spki, spki, 32);
			ca_buf_put(&out->stripped, r.p, r.left);
			rc = ca_buf_err(&out->stripped);
		}
	}
	ca_buf_free(&v);
	return rc;
}

static enum ca_err
add_hit(struct ca_crl_index *idx, uint32_t no, struct ca_reader *r,
    struct ca_crl_hits *hits)
{
	struct ca_buf issuer = CA_BUF_INIT(CA_CRL_INDEX_VALUE_MAX);
	struct ca_crl_item item = {0};
	uint8_t key[9], reason;
	uint64_t date;
	uint32_t i;
	enum ca_err rc;

	if (ca_read_u8(r, &reason) != CA_OK || ca_read_u64(r, &date) != CA_OK ||
	    ca_read_u32(r, &i) != CA_OK)
		return CA_ERR_FORMAT;
	item.reason = reason == 255 ? -1 : reason;
	item.issuer_no = i;
	rc = CA_OK;
	if (i > 0) {
		key_of(key, 'i', no, i);
		rc = ca_index_get(idx->index, key, sizeof key, &issuer);
		item.issuer = issuer.p;
		item.issuer_len = issuer.len;
	}
	if (rc == CA_OK)
		rc = ca_crl_hits_add(hits, 0, &item, (int64_t)date);
	ca_buf_free(&issuer);
	return rc;
}

enum ca_err
ca_crl_index_find(struct ca_crl_index *idx, uint32_t no, uint32_t buckets,
    const void *serial, size_t len, struct ca_crl_hits *hits)
{
	struct ca_buf v = CA_BUF_INIT(CA_CRL_INDEX_VALUE_MAX);
	const uint8_t *p, *skip;
	struct ca_reader r;
	uint8_t key[9], n;
	enum ca_err rc;

	key_of(key, 'b', no, ca_crl_index_hash(serial, len) % buckets);
	rc = ca_index_get(idx->index, key, sizeof key, &v);
	r = ca_reader_of(v.p, v.len);
	while (rc == CA_OK && r.left > 0) {
		if (ca_read_u8(&r, &n) != CA_OK ||
		    ca_read_bytes(&r, n, &p) != CA_OK)
			rc = CA_ERR_FORMAT;
		else if (n == len && memcmp(p, serial, len) == 0)
			rc = add_hit(idx, no, &r, hits);
		else
			rc = ca_read_bytes(
			    &r, CA_CRL_INDEX_ENTRY_FIXED - 1, &skip);
	}
	ca_buf_free(&v);
	return rc;
}
