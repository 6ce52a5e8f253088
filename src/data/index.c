#include "data/index.h"
#include "data/cdb.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ca_index {
	const struct ca_index_kind *kind;
	struct ca_index_sum sum;
	int fd;
	struct ca_cdb db;
	struct ca_buf head; /* the head record, without its check */
	size_t fixed;       /* bytes of head before the kind's own part */
};

bool
ca_index_same_state(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

void
ca_index_binding(const struct stat *st, struct ca_buf *out)
{
	ca_buf_u64(out, (uint64_t)st->st_dev);
	ca_buf_u64(out, (uint64_t)st->st_ino);
	ca_buf_u64(out, (uint64_t)st->st_size);
	ca_buf_u64(out, (uint64_t)st->st_mtim.tv_sec);
	ca_buf_u64(out, (uint64_t)st->st_mtim.tv_nsec);
	ca_buf_u64(out, (uint64_t)st->st_ctim.tv_sec);
	ca_buf_u64(out, (uint64_t)st->st_ctim.tv_nsec);
}

enum ca_err
ca_index_check(const struct ca_index_sum *sum, const void *key, size_t keylen,
    const void *p, size_t len, uint8_t out[CA_INDEX_CHECK])
{
	uint8_t hash[EVP_MAX_MD_SIZE];

	if (sum->sha256 == NULL ||
	    EVP_DigestInit_ex(sum->md, sum->sha256, NULL) != 1 ||
	    EVP_DigestUpdate(sum->md, sum->source, CA_INDEX_HASH) != 1 ||
	    EVP_DigestUpdate(sum->md, key, keylen) != 1 ||
	    EVP_DigestUpdate(sum->md, p, len) != 1 ||
	    EVP_DigestFinal_ex(sum->md, hash, NULL) != 1)
		return CA_ERR_CRYPTO;
	memcpy(out, hash, CA_INDEX_CHECK);
	return CA_OK;
}

/* The value of a key as stored in the file, with its check. */
static enum ca_err
get_raw(const struct ca_index *index, const void *key, size_t keylen,
    struct ca_buf *out)
{
	enum ca_err rc;

	ca_buf_reset(out);
	rc = ca_cdb_get(&index->db, key, keylen, index->kind->max, out);
	if (rc == CA_ERR_NOT_FOUND || rc == CA_ERR_LIMIT ||
	    (rc == CA_OK && out->len < CA_INDEX_CHECK))
		return CA_ERR_FORMAT;
	return rc;
}

/* Compare the check at the end of a value, and remove it. */
static enum ca_err
take_check(const struct ca_index *index, const void *key, size_t keylen,
    struct ca_buf *value)
{
	uint8_t check[CA_INDEX_CHECK];
	enum ca_err rc;

	value->len -= CA_INDEX_CHECK;
	rc = ca_index_check(
	    &index->sum, key, keylen, value->p, value->len, check);
	if (rc != CA_OK)
		return rc;
	return memcmp(check, value->p + value->len, sizeof check) == 0
		   ? CA_OK
		   : CA_ERR_FORMAT;
}

enum ca_err
ca_index_get(
    struct ca_index *index, const void *key, size_t keylen, struct ca_buf *out)
{
	enum ca_err rc = get_raw(index, key, keylen, out);

	return rc == CA_OK ? take_check(index, key, keylen, out) : rc;
}

/* Check that the head record is undamaged, and has this kind, version and
 * source. */
static enum ca_err
read_head(struct ca_index *index, const struct stat *source)
{
	const struct ca_index_kind *kind = index->kind;
	size_t magic = strlen(kind->magic), key = strlen(kind->head);
	struct ca_buf bound = CA_BUF_INIT(CA_INDEX_BINDING);
	struct ca_buf *head = &index->head;
	enum ca_err rc = get_raw(index, kind->head, key, head);

	if (rc != CA_OK)
		return rc;
	if (head->len < magic ||
	    memcmp(head->p, kind->magic, kind->common) != 0)
		return CA_ERR_FORMAT;
	/* the magic first: another version may have another check */
	if (memcmp(head->p, kind->magic, magic) != 0)
		return CA_ERR_UNSUPPORTED;
	index->fixed = magic + CA_INDEX_BINDING + CA_INDEX_HASH;
	if (head->len < index->fixed + CA_INDEX_CHECK)
		return CA_ERR_FORMAT;
	/* the check needs the hash that the record contains */
	memcpy(index->sum.source, head->p + magic + CA_INDEX_BINDING,
	    CA_INDEX_HASH);
	if ((rc = take_check(index, kind->head, key, head)) != CA_OK)
		return rc;
	ca_index_binding(source, &bound);
	rc = ca_buf_err(&bound);
	if (rc == CA_OK &&
	    memcmp(bound.p, head->p + magic, CA_INDEX_BINDING) != 0)
		rc = CA_ERR_STALE;
	ca_buf_free(&bound);
	return rc;
}

enum ca_err
ca_index_open(const struct ca_index_kind *kind, const EVP_MD *sha256, int dirfd,
    const char *name, const struct stat *source, struct ca_index **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_index *index = calloc(1, sizeof *index);

	if (index == NULL)
		return CA_ERR_MEMORY;
	index->kind = kind;
	index->fd = -1;
	index->head = CA_BUF_INIT(kind->max);
	index->sum.sha256 = sha256;
	if ((index->sum.md = EVP_MD_CTX_new()) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = ca_file_open(dirfd, name, &index->fd, NULL)) != CA_OK ||
	    (rc = ca_cdb_open(index->fd, &index->db)) != CA_OK ||
	    (rc = read_head(index, source)) != CA_OK) {
		ret = rc;
		goto out;
	}
	*out = index;
	index = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_index_close(index);
	return ret;
}

void
ca_index_close(struct ca_index *index)
{
	if (index == NULL)
		return;
	if (index->fd >= 0)
		(void)close(index->fd);
	EVP_MD_CTX_free(index->sum.md);
	ca_buf_free(&index->head);
	free(index);
}

struct ca_reader
ca_index_rest(const struct ca_index *index)
{
	return ca_reader_of(
	    index->head.p + index->fixed, index->head.len - index->fixed);
}

const uint8_t *
ca_index_source_hash(const struct ca_index *index)
{
	return index->sum.source;
}
