/*
 * A reader of constant databases (https://cr.yp.to/cdb/cdb.txt) that libcdb
 * wrote: a header of 2,048 bytes, records, 256 hash tables.
 *
 * libcdb's own reader maps the file: if the file is truncated meanwhile, SIGBUS
 * kills the host application.  This reader uses pread, and checks every
 * position and length against the file's size, so that a truncated or corrupt
 * file is an error.
 *
 * A cdb has no checksum.  If a hash table is damaged, a record of the file may
 * not be found: CA_ERR_NOT_FOUND does not prove that a key is absent, unless
 * the writer of the file made sure of it.  The compiled indexes do that
 * (data/index.h).
 */
#ifndef CA_DATA_CDB_H
#define CA_DATA_CDB_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define CA_CDB_HEADER 2048
#define CA_CDB_KEY_MAX 65536 /* bytes of a key, at most */

struct ca_cdb {
	int fd;        /* borrowed */
	uint64_t size; /* bytes */
	uint64_t end;  /* of the records: where the first table begins */
	struct {
		uint32_t pos, slots;
	} table[256];
};

/* A search for the records of one key. */
struct ca_cdb_find {
	const struct ca_cdb *db;
	const void *key;
	size_t len;
	uint32_t hash, slot, left;
};

/*
 * Read the size and the header of an open database.  fd is borrowed: it must
 * stay open as long as db is used, and its offset is never used.
 * CA_ERR_FORMAT: the file is not a cdb; CA_ERR_IO.
 */
CA_MUST_CHECK enum ca_err ca_cdb_open(int fd, struct ca_cdb *db);

/*
 * Append the value of the first record whose key is the len bytes at key to
 * out.  CA_ERR_LIMIT: the value is longer than max bytes; CA_ERR_NOT_FOUND: no
 * record; CA_ERR_FORMAT: the file is corrupt or truncated; CA_ERR_IO.
 */
CA_MUST_CHECK enum ca_err ca_cdb_get(const struct ca_cdb *db, const void *key,
    size_t len, size_t max, struct ca_buf *out);

/* All records of a key, in the order in which they were added: call begin, then
 * next until it returns CA_ERR_NOT_FOUND; other errors as for ca_cdb_get.  The
 * key is borrowed until then. */
void ca_cdb_find_begin(const struct ca_cdb *db, const void *key, size_t len,
    struct ca_cdb_find *find);
CA_MUST_CHECK enum ca_err ca_cdb_find_next(
    struct ca_cdb_find *find, size_t max, struct ca_buf *out);

/* Read exactly len bytes at offset of fd.  CA_ERR_FORMAT: the file ends before;
 * CA_ERR_IO. */
CA_MUST_CHECK enum ca_err ca_pread_exact(
    int fd, void *p, size_t len, uint64_t offset);

#endif
