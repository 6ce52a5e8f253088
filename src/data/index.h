/*
 * A compiled index of a file (the users file, a CRL), which is its source: a
 * cdb whose records are bound to the state of the source.
 *
 * The source remains authoritative.  A login uses an index only if it can prove
 * that the index was made of the current state of the source, and otherwise
 * reads the source:
 *
 * - the head record holds the source's device, inode, size, mtime and ctime in
 *   nanoseconds.  A login compares these with fstat and does not read the
 *   source at all.  That is sound because whoever could change the content and
 *   keep the ctime (root, by setting the clock or writing to the device) could
 *   replace the source, the CAs, or this program: the index, the source and
 *   their directory belong to root or to the process's user and are writable by
 *   no other user, or they are refused.
 * - every value ends with its check of CA_INDEX_CHECK bytes: the truncated
 *   SHA-256 of the source's SHA-256, the key, and the value.  A cdb has no
 *   checksum, so that without the check, damage could hide a key.
 * - an absent key means damage: the maker writes a record for every key that a
 *   reader can ask for.
 *
 * The head record, numbers big-endian:
 *
 *	magic            of the kind, with its version
 *	7 * 8 bytes      dev, ino, size, mtime s, ns, ctime s, ns of the source
 *	32 bytes         SHA-256 of the source
 *	the rest         defined by the kind
 *
 * This room has no library context: callers pass the SHA-256 that they fetched
 * (ca_crypto_get0_md); NULL is CA_ERR_CRYPTO.
 */
#ifndef CA_DATA_INDEX_H
#define CA_DATA_INDEX_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"

#define CA_INDEX_CHECK 16 /* bytes at the end of each value */
#define CA_INDEX_BINDING ((size_t)7 * 8)
#define CA_INDEX_HASH 32 /* bytes of SHA-256 */

/* What distinguishes one kind of index from another. */
struct ca_index_kind {
	const char *magic; /* name and version */
	size_t common;     /* bytes of magic that all versions share */
	const char *head;  /* key of the head record */
	size_t max;        /* bytes of a value with its check, at most */
};

struct ca_index;

/*
 * Open the index called name in dirfd (or AT_FDCWD) as ca_file_open does;
 * source is the state that the file must have.  CA_ERR_NOT_FOUND; CA_ERR_STALE:
 * the index was made of another file, or of another state of it;
 * CA_ERR_UNSUPPORTED: another version of certauth made it; CA_ERR_FORMAT: it is
 * damaged, or not an index of this kind; CA_ERR_UNTRUSTED, CA_ERR_IO (errno),
 * CA_ERR_CRYPTO, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_index_open(const struct ca_index_kind *kind,
    const EVP_MD *sha256, int dirfd, const char *name,
    const struct stat *source, struct ca_index **out);
void ca_index_close(struct ca_index *index); /* NULL is allowed */

/* The kind's own part of the head record.  The bytes are borrowed. */
struct ca_reader ca_index_rest(const struct ca_index *index);

/* SHA-256 of the source when the index was made: CA_INDEX_HASH bytes, borrowed.
 */
const uint8_t *ca_index_source_hash(const struct ca_index *index);

/*
 * Empty out, and put the value of a key into it, without its check.
 * CA_ERR_FORMAT: the value is damaged, absent, or longer than the kind's max;
 * CA_ERR_IO, CA_ERR_CRYPTO, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_index_get(
    struct ca_index *index, const void *key, size_t keylen, struct ca_buf *out);

/* Do a and b describe the same state of the same file?  An index is bound to
 * these fields. */
bool ca_index_same_state(const struct stat *a, const struct stat *b);

/* ---- shared with index_make.c ---- */

/* Append the fields that bind an index to a state of its source:
 * CA_INDEX_BINDING bytes. */
void ca_index_binding(const struct stat *st, struct ca_buf *out);

/* What the check of a value needs, besides the value. */
struct ca_index_sum {
	const EVP_MD *sha256;
	EVP_MD_CTX *md;
	uint8_t source[CA_INDEX_HASH]; /* SHA-256 of the source */
};

/* The check of the len bytes at p under key.  CA_ERR_CRYPTO. */
CA_MUST_CHECK enum ca_err ca_index_check(const struct ca_index_sum *sum,
    const void *key, size_t keylen, const void *p, size_t len,
    uint8_t out[CA_INDEX_CHECK]);

#endif
