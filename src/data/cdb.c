#include "data/cdb.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOT 8 /* bytes: hash and position, both little-endian */

enum ca_err
ca_pread_exact(int fd, void *p, size_t len, uint64_t offset)
{
	uint8_t *at = p;

	if (offset > INT64_MAX - len)
		return CA_ERR_FORMAT;
	while (len > 0) {
		ssize_t n = pread(fd, at, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return CA_ERR_IO;
		if (n == 0)
			return CA_ERR_FORMAT;
		at += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return CA_OK;
}

static uint32_t
le32(const uint8_t p[4])
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[1] << 8 | p[0];
}

static uint32_t
hash_of(const uint8_t *p, size_t len)
{
	uint32_t h = 5381;

	while (len-- > 0)
		h = (h + (h << 5)) ^ *p++;
	return h;
}

enum ca_err
ca_cdb_open(int fd, struct ca_cdb *db)
{
	uint8_t header[CA_CDB_HEADER];
	struct stat st;
	enum ca_err rc;

	if (fstat(fd, &st) != 0)
		return CA_ERR_IO;
	/* positions have 32 bits */
	if (!S_ISREG(st.st_mode) || st.st_size < CA_CDB_HEADER ||
	    (uint64_t)st.st_size > UINT32_MAX)
		return CA_ERR_FORMAT;
	if ((rc = ca_pread_exact(fd, header, sizeof header, 0)) != CA_OK)
		return rc;
	db->fd = fd;
	db->size = (uint64_t)st.st_size;
	db->end = db->size;
	for (size_t i = 0; i < 256; i++) {
		uint32_t pos = le32(header + 8 * i);
		uint32_t slots = le32(header + 8 * i + 4);

		if (pos < CA_CDB_HEADER || pos > db->size ||
		    slots > (db->size - pos) / SLOT)
			return CA_ERR_FORMAT;
		if (pos < db->end)
			db->end = pos;
		db->table[i].pos = pos;
		db->table[i].slots = slots;
	}
	return CA_OK;
}

void
ca_cdb_find_begin(const struct ca_cdb *db, const void *key, size_t len,
    struct ca_cdb_find *find)
{
	uint32_t hash = hash_of(key, len);
	uint32_t slots = db->table[hash & 255].slots;

	find->db = db;
	find->key = key;
	find->len = len;
	find->hash = hash;
	find->slot = slots > 0 ? (hash >> 8) % slots : 0;
	find->left = slots;
}

/*
 * Compare the record at pos with the key, for another key can have the same
 * hash.  If *same, *at and *len are the offset and length of its value.
 */
static enum ca_err
match(const struct ca_cdb_find *find, uint32_t pos, uint64_t *at, uint32_t *len,
    bool *same)
{
	const struct ca_cdb *db = find->db;
	const uint8_t *key = find->key;
	uint8_t block[256];
	enum ca_err rc;

	*same = false;
	if (pos < CA_CDB_HEADER || pos + 8ULL > db->end)
		return CA_ERR_FORMAT;
	if ((rc = ca_pread_exact(db->fd, block, 8, pos)) != CA_OK)
		return rc;
	uint64_t klen = le32(block), vlen = le32(block + 4);
	if (klen + vlen > db->end - pos - 8)
		return CA_ERR_FORMAT;
	if (klen != find->len)
		return CA_OK;
	for (size_t done = 0; done < klen;) {
		size_t n =
		    klen - done < sizeof block ? klen - done : sizeof block;

		rc = ca_pread_exact(db->fd, block, n, pos + 8 + done);
		if (rc != CA_OK)
			return rc;
		if (memcmp(block, key + done, n) != 0)
			return CA_OK;
		done += n;
	}
	*at = (uint64_t)pos + 8 + klen;
	*len = (uint32_t)vlen;
	*same = true;
	return CA_OK;
}

static enum ca_err
read_value(const struct ca_cdb *db, uint64_t at, uint32_t len, size_t max,
    struct ca_buf *out)
{
	uint8_t block[4096];

	if (len > max)
		return CA_ERR_LIMIT;
	while (len > 0) {
		uint32_t n = len < sizeof block ? len : sizeof block;
		enum ca_err rc = ca_pread_exact(db->fd, block, n, at);

		if (rc != CA_OK)
			return rc;
		ca_buf_put(out, block, n);
		at += n;
		len -= n;
	}
	return ca_buf_err(out);
}

enum ca_err
ca_cdb_find_next(struct ca_cdb_find *find, size_t max, struct ca_buf *out)
{
	const struct ca_cdb *db = find->db;
	uint32_t base = db->table[find->hash & 255].pos;
	uint32_t slots = db->table[find->hash & 255].slots;
	uint8_t slot[SLOT];
	bool same;
	enum ca_err rc;

	/* each slot is read at most once: a full table has no end mark */
	while (find->left > 0) {
		uint32_t len;
		uint64_t at = (uint64_t)base + (uint64_t)SLOT * find->slot;

		rc = ca_pread_exact(db->fd, slot, sizeof slot, at);
		if (rc != CA_OK)
			return rc;
		uint32_t pos = le32(slot + 4);
		if (pos == 0)
			return CA_ERR_NOT_FOUND;
		find->left--;
		find->slot = find->slot + 1 == slots ? 0 : find->slot + 1;
		if (le32(slot) != find->hash)
			continue;
		rc = match(find, pos, &at, &len, &same);
		if (rc != CA_OK)
			return rc;
		if (same)
			return read_value(db, at, len, max, out);
	}
	return CA_ERR_NOT_FOUND;
}

enum ca_err
ca_cdb_get(const struct ca_cdb *db, const void *key, size_t len, size_t max,
    struct ca_buf *out)
{
	struct ca_cdb_find find;

	if (len > CA_CDB_KEY_MAX)
		return CA_ERR_NOT_FOUND;
	ca_cdb_find_begin(db, key, len, &find);
	return ca_cdb_find_next(&find, max, out);
}
