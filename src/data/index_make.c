#include "data/index_make.h"

#include <cdb.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Nanoseconds after which a new change gets a new time stamp: five ticks of the
 * slowest kernel clock, 100 Hz. */
#define SETTLE_NS 50000000L

struct ca_index_maker {
	const struct ca_index_kind *kind;
	const struct ca_index_place *place;
	int source; /* descriptor, borrowed */
	struct stat st;
	struct ca_index_sum sum;
	struct cdb_make cdb;
	int fd;
	bool temp, begun; /* the file exists; cdb must be finished */
};

/* ---- the source ---- */

static void
settle(const struct stat *st)
{
	struct timespec now, wait = {0, SETTLE_NS};

	if (clock_gettime(CLOCK_REALTIME, &now) != 0 ||
	    now.tv_sec - st->st_ctim.tv_sec > 1 ||
	    now.tv_sec < st->st_ctim.tv_sec)
		return;
	if ((now.tv_sec - st->st_ctim.tv_sec) * 1000000000L + now.tv_nsec -
		st->st_ctim.tv_nsec <
	    SETTLE_NS)
		(void)nanosleep(&wait, NULL);
}

static enum ca_err
hash_file(EVP_MD_CTX *md, int fd, off_t *size, uint8_t out[CA_INDEX_HASH])
{
	uint8_t block[65536], hash[EVP_MAX_MD_SIZE];
	ssize_t n;

	*size = 0;
	while ((n = pread(fd, block, sizeof block, *size)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return CA_ERR_IO;
		if (EVP_DigestUpdate(md, block, (size_t)n) != 1)
			return CA_ERR_CRYPTO;
		*size += n;
	}
	if (EVP_DigestFinal_ex(md, hash, NULL) != 1)
		return CA_ERR_CRYPTO;
	memcpy(out, hash, CA_INDEX_HASH);
	return CA_OK;
}

enum ca_err
ca_index_source_read(const EVP_MD *sha256, int fd, struct ca_index_source *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	off_t size;

	*out = (struct ca_index_source){.fd = fd};
	if (md == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if (fstat(fd, &out->st) != 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	settle(&out->st);
	if (sha256 == NULL || EVP_DigestInit_ex(md, sha256, NULL) != 1) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	if ((rc = hash_file(md, fd, &size, out->hash)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (size != out->st.st_size) {
		ret = CA_ERR_STALE;
		goto out;
	}
	ret = CA_OK;
out:
	EVP_MD_CTX_free(md);
	return ret;
}

/* ---- the index ---- */

enum ca_err
ca_index_maker_new(const struct ca_index_kind *kind, const EVP_MD *sha256,
    const struct ca_index_source *source, const struct ca_index_place *place,
    struct ca_index_maker **out)
{
	enum ca_err ret = CA_ERR_UNSET;
	struct ca_index_maker *m = calloc(1, sizeof *m);

	*out = NULL;
	if (m == NULL)
		return CA_ERR_MEMORY;
	m->kind = kind;
	m->place = place;
	m->source = source->fd;
	m->st = source->st;
	m->sum.sha256 = sha256;
	memcpy(m->sum.source, source->hash, CA_INDEX_HASH);
	m->fd = -1;
	if ((m->sum.md = EVP_MD_CTX_new()) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	(void)unlinkat(place->dirfd, place->temp, 0);
	m->fd = openat(place->dirfd, place->temp,
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (m->fd < 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	m->temp = true;
	if (cdb_make_start(&m->cdb, m->fd) != 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	m->begun = true;
	*out = m;
	m = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_index_maker_free(m);
	return ret;
}

enum ca_err
ca_index_maker_put(struct ca_index_maker *m, const void *key, size_t keylen,
    struct ca_buf *value)
{
	uint8_t check[CA_INDEX_CHECK];
	enum ca_err rc = ca_buf_err(value);

	if (rc == CA_OK && value->len + CA_INDEX_CHECK > m->kind->max)
		rc = CA_ERR_LIMIT;
	if (rc == CA_OK)
		rc = ca_index_check(
		    &m->sum, key, keylen, value->p, value->len, check);
	if (rc != CA_OK)
		return rc;
	ca_buf_put(value, check, sizeof check);
	if ((rc = ca_buf_err(value)) != CA_OK)
		return rc;
	return cdb_make_add(&m->cdb, key, (unsigned)keylen, value->p,
		   (unsigned)value->len) == 0
		   ? CA_OK
		   : CA_ERR_IO;
}

static enum ca_err
put_head(struct ca_index_maker *m, const void *rest, size_t len)
{
	struct ca_buf head = CA_BUF_INIT(m->kind->max);
	enum ca_err rc;

	ca_buf_str(&head, m->kind->magic);
	ca_index_binding(&m->st, &head);
	ca_buf_put(&head, m->sum.source, CA_INDEX_HASH);
	ca_buf_put(&head, rest, len);
	rc = ca_index_maker_put(m, m->kind->head, strlen(m->kind->head), &head);
	ca_buf_free(&head);
	return rc;
}

enum ca_err
ca_index_maker_finish(struct ca_index_maker *m, const void *rest, size_t len)
{
	const struct ca_index_place *place = m->place;
	struct stat now;
	enum ca_err rc;

	if ((rc = put_head(m, rest, len)) != CA_OK)
		return rc;
	m->begun = false;
	if (cdb_make_finish(&m->cdb) != 0 || fchmod(m->fd, place->mode) != 0 ||
	    fsync(m->fd) != 0)
		return CA_ERR_IO;
	if (m->source >= 0 && fstat(m->source, &now) != 0)
		return CA_ERR_IO;
	if (m->source >= 0 && !ca_index_same_state(&m->st, &now))
		return CA_ERR_STALE;
	if (renameat(place->dirfd, place->temp, place->dirfd, place->name) != 0)
		return CA_ERR_IO;
	m->temp = false;
	return CA_OK;
}

void
ca_index_maker_free(struct ca_index_maker *m)
{
	int saved = errno;

	if (m == NULL)
		return;
	if (m->begun)
		(void)cdb_make_finish(&m->cdb); /* frees what cdb_make holds */
	if (m->fd >= 0)
		(void)close(m->fd);
	if (m->temp)
		(void)unlinkat(m->place->dirfd, m->place->temp, 0);
	EVP_MD_CTX_free(m->sum.md);
	free(m);
	errno = saved;
}
