/*
 * Reading a constant database (https://cr.yp.to/cdb/cdb.txt) that libcdb has
 * written: 2,048 bytes of header, records, 256 hash tables.
 *
 * Why not libcdb's reader: it maps the file, and a file that is cut while it
 * is mapped kills the host application by SIGBUS.  Here every byte is fetched
 * by pread, so that a cut file is an error; and every position and length is
 * checked against the file's size, so that a corrupt one is an error too.
 *
 * A cdb has no checksum.  Where a hash table is damaged, a record that is in
 * the file may not be found: CA_ERR_NOT_FOUND proves nothing about a key
 * unless the file's maker arranges for it.  The compiled indexes of the users
 * file and of CRLs do, each with a checksum of its own (map/index.h,
 * crl/index_format.h).
 */
#ifndef CA_BASE_CDB_H
#define CA_BASE_CDB_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define CA_CDB_HEADER 2048
#define CA_CDB_KEY_MAX 65536 /* bytes of a key that can be looked for */

struct ca_cdb {
	int fd;        /* borrowed */
	uint64_t size; /* bytes */
	uint64_t end;  /* of the records: where the first table begins */
	struct {
		uint32_t pos, slots;
	} table[256];
};

/* A walk over the records of one key. */
struct ca_cdb_find {
	const struct ca_cdb *db;
	const void *key;
	size_t len;
	uint32_t hash, slot, left;
};

/*
 * Look at an open database: its size and the header.  fd stays the caller's,
 * must stay open as long as db is used, and its offset is never used.
 * CA_ERR_FORMAT: no such file; CA_ERR_IO.
 */
CA_MUST_CHECK enum ca_err ca_cdb_open(int fd, struct ca_cdb *db);

/*
 * The value of the first record with the len bytes of key.  At most max bytes
 * are appended to out; more is CA_ERR_LIMIT.  CA_ERR_NOT_FOUND: no record;
 * CA_ERR_FORMAT: the file is corrupt or cut; CA_ERR_IO.
 */
CA_MUST_CHECK enum ca_err ca_cdb_get(const struct ca_cdb *db, const void *key,
    size_t len, size_t max, struct ca_buf *out);

/* All records of a key, one after the other, in the order they were added:
 * begin, then next until it is CA_ERR_NOT_FOUND; other results as
 * ca_cdb_get.  The key is borrowed until then. */
void ca_cdb_find_begin(const struct ca_cdb *db, const void *key, size_t len,
    struct ca_cdb_find *find);
CA_MUST_CHECK enum ca_err ca_cdb_find_next(
    struct ca_cdb_find *find, size_t max, struct ca_buf *out);

/* Read exactly len bytes at offset of fd: CA_ERR_FORMAT where the file ends
 * before, CA_ERR_IO. */
CA_MUST_CHECK enum ca_err ca_pread_exact(
    int fd, void *p, size_t len, uint64_t offset);

#endif
