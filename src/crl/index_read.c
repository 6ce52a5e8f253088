#include "crl/index_read.h"
#include "base/cdb.h"
#include "base/file.h"
#include "crl/index_format.h"
#include "crl/crlint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ca_crlidx {
	struct ca_crypto *crypto;
	struct ca_cdb db;
	int fd;
	unsigned refs;
	uint8_t sha256[32]; /* of the CRL file */
};

enum ca_err
ca_crlidx_name(int dirfd, const char *name, struct ca_buf *out)
{
	char target[4096];
	ssize_t n = readlinkat(dirfd, name, target, sizeof target - 1);

	if (n > 0) {
		target[n] = '\0';
		if (strchr(target, '/') == NULL)
			name = target;
	}
	ca_buf_fmt(out, "%s.idx", name);
	return ca_buf_text(out) != NULL ? CA_OK : CA_ERR_MEMORY;
}

enum ca_err
ca_crlidx_spki(struct ca_crypto *crypto, X509 *cert, uint8_t out[32])
{
	uint8_t *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	enum ca_err rc = CA_ERR_CRYPTO;

	if (len > 0)
		rc = ca_crypto_sha256(crypto, der, (size_t)len, out);
	OPENSSL_free(der);
	return rc;
}

/* Get a value and check it; what is left is without the check.  Whatever is
 * not there is damage: every key that is asked for was made. */
static enum ca_err
get(struct ca_crlidx *idx, const void *key, size_t keylen, struct ca_buf *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf all = CA_BUF_INIT(CA_CRLIDX_VALUE_MAX + 64);
	uint8_t sum[32];

	rc = ca_cdb_get(&idx->db, key, keylen, CA_CRLIDX_VALUE_MAX, out);
	if (rc != CA_OK) {
		ret = rc == CA_ERR_NOT_FOUND ? CA_ERR_FORMAT : rc;
		goto out;
	}
	if (out->len < CA_CRLIDX_CHECK) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	out->len -= CA_CRLIDX_CHECK;
	ca_buf_put(&all, idx->sha256, sizeof idx->sha256);
	ca_buf_put(&all, key, keylen);
	ca_buf_put(&all, out->p, out->len);
	if ((rc = ca_buf_err(&all)) != CA_OK ||
	    (rc = ca_crypto_sha256(idx->crypto, all.p, all.len, sum)) !=
		CA_OK) {
		ret = rc;
		goto out;
	}
	if (memcmp(sum, out->p + out->len, CA_CRLIDX_CHECK) != 0) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	ret = CA_OK;
out:
	ca_buf_free(&all);
	return ret;
}

/* Is it the index of the file with this status? */
static enum ca_err
check_binding(struct ca_reader *r, const struct stat *st)
{
	const uint64_t is[] = {(uint64_t)st->st_dev, (uint64_t)st->st_ino,
	    (uint64_t)st->st_size, (uint64_t)st->st_mtim.tv_sec,
	    (uint64_t)st->st_mtim.tv_nsec, (uint64_t)st->st_ctim.tv_sec,
	    (uint64_t)st->st_ctim.tv_nsec};
	const uint8_t *magic;
	bool same = true;
	uint64_t was;

	if (ca_read_bytes(r, 16, &magic) != CA_OK ||
	    memcmp(magic, CA_CRLIDX_MAGIC, 16) != 0)
		return CA_ERR_FORMAT;
	for (size_t i = 0; i < sizeof is / sizeof *is; i++) {
		if (ca_read_u64(r, &was) != CA_OK)
			return CA_ERR_FORMAT;
		same = same && was == is[i];
	}
	return same ? CA_OK : CA_ERR_STALE;
}

/* The SHA-256 in the metadata is needed to check the metadata. */
static enum ca_err
read_meta(struct ca_crlidx *idx, const struct stat *st, uint32_t *ncrls)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf meta = CA_BUF_INIT(CA_CRLIDX_VALUE_MAX);
	struct ca_reader r;
	const uint8_t *sha;

	rc = ca_cdb_get(&idx->db, "m", 1, CA_CRLIDX_VALUE_MAX, &meta);
	if (rc != CA_OK) {
		ret = rc == CA_ERR_NOT_FOUND ? CA_ERR_FORMAT : rc;
		goto out;
	}
	if (meta.len != CA_CRLIDX_META + CA_CRLIDX_CHECK) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	memcpy(idx->sha256, meta.p + CA_CRLIDX_META - 4 - 32, 32);
	ca_buf_reset(&meta);
	if ((rc = get(idx, "m", 1, &meta)) != CA_OK) {
		ret = rc;
		goto out;
	}
	r = ca_reader_of(meta.p, meta.len);
	if ((rc = check_binding(&r, st)) != CA_OK ||
	    (rc = ca_read_bytes(&r, 32, &sha)) != CA_OK ||
	    (rc = ca_read_u32(&r, ncrls)) != CA_OK ||
	    (rc = ca_read_end(&r)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (*ncrls < 1 || *ncrls > CA_CRLIDX_CRLS_MAX) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	ret = CA_OK;
out:
	ca_buf_free(&meta);
	return ret;
}

enum ca_err
ca_crlidx_open(struct ca_crypto *crypto, int dirfd, const char *name,
    const struct stat *st, struct ca_crlidx **out, uint32_t *ncrls)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf file = CA_BUF_INIT(8192);
	struct ca_crlidx *idx = calloc(1, sizeof *idx);

	if (idx == NULL)
		return CA_ERR_MEMORY;
	idx->crypto = crypto;
	idx->fd = -1;
	idx->refs = 1;
	if ((rc = ca_crlidx_name(dirfd, name, &file)) != CA_OK ||
	    (rc = ca_file_open(dirfd, ca_buf_text(&file), &idx->fd, NULL)) !=
		CA_OK ||
	    (rc = ca_cdb_open(idx->fd, &idx->db)) != CA_OK ||
	    (rc = read_meta(idx, st, ncrls)) != CA_OK) {
		ret = rc;
		goto out;
	}
	*out = idx;
	idx = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_buf_free(&file);
	ca_crlidx_free(idx);
	return ret;
}

struct ca_crlidx *
ca_crlidx_ref(struct ca_crlidx *idx)
{
	idx->refs++;
	return idx;
}

void
ca_crlidx_free(struct ca_crlidx *idx)
{
	if (idx == NULL || --idx->refs > 0)
		return;
	if (idx->fd >= 0)
		(void)close(idx->fd);
	free(idx);
}

void
ca_crlidx_sha256(const struct ca_crlidx *idx, uint8_t out[32])
{
	memcpy(out, idx->sha256, 32);
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
ca_crlidx_crl(struct ca_crlidx *idx, uint32_t no, struct ca_crlidx_crl *out)
{
	uint8_t key[9];
	struct ca_buf v = CA_BUF_INIT(CA_CRLIDX_VALUE_MAX);
	struct ca_reader r;
	const uint8_t *spki;
	enum ca_err rc;

	*out = (struct ca_crlidx_crl){
	    .stripped = CA_BUF_INIT(CA_CRLIDX_VALUE_MAX)};
	key_of(key, 'c', no, 0);
	rc = get(idx, key, 5, &v);
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
add_hit(struct ca_crlidx *idx, uint32_t no, struct ca_reader *r,
    struct ca_crl_hits *hits)
{
	struct ca_buf issuer = CA_BUF_INIT(CA_CRLIDX_VALUE_MAX);
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
		rc = get(idx, key, sizeof key, &issuer);
		item.issuer = issuer.p;
		item.issuer_len = issuer.len;
	}
	if (rc == CA_OK)
		rc = ca_crl_hits_add(hits, 0, &item, (int64_t)date);
	ca_buf_free(&issuer);
	return rc;
}

enum ca_err
ca_crlidx_lookup(struct ca_crlidx *idx, uint32_t no, uint32_t buckets,
    const void *serial, size_t len, struct ca_crl_hits *hits)
{
	struct ca_buf v = CA_BUF_INIT(CA_CRLIDX_VALUE_MAX);
	const uint8_t *p, *skip;
	struct ca_reader r;
	uint8_t key[9], n;
	enum ca_err rc;

	key_of(key, 'b', no, ca_crlidx_hash(serial, len) % buckets);
	rc = get(idx, key, sizeof key, &v);
	r = ca_reader_of(v.p, v.len);
	while (rc == CA_OK && r.left > 0) {
		if (ca_read_u8(&r, &n) != CA_OK ||
		    ca_read_bytes(&r, n, &p) != CA_OK)
			rc = CA_ERR_FORMAT;
		else if (n == len && memcmp(p, serial, len) == 0)
			rc = add_hit(idx, no, &r, hits);
		else
			rc =
			    ca_read_bytes(&r, CA_CRLIDX_ENTRY_FIXED - 1, &skip);
	}
	ca_buf_free(&v);
	return rc;
}
