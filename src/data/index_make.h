/*
 * The maker of compiled indexes (data/index.h): the binding, the checks, and
 * the replacement of the old index by rename.  It is not in index.c because the
 * PAM module only reads.
 */
#ifndef CA_DATA_INDEX_MAKE_H
#define CA_DATA_INDEX_MAKE_H

#include "data/index.h"

/* The file that an index is made of; or, with fd -1 and a zeroed st, something that
 * is no file, and that the hash names. */
struct ca_index_source {
	int fd; /* open for reading; borrowed */
	struct stat st;
	uint8_t hash[CA_INDEX_HASH];
};

/*
 * Take the state and the SHA-256 of the open file fd.  The time stamps of a
 * file system have steps: a second change within one step would not be seen.
 * Therefore this function waits until the last change is older than a step.
 * CA_ERR_STALE: the file's size changed meanwhile; CA_ERR_IO, CA_ERR_CRYPTO,
 * CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_index_source_read(
    const EVP_MD *sha256, int fd, struct ca_index_source *out);

/* The place of the index: in dirfd or AT_FDCWD; borrowed until
 * ca_index_maker_free. */
struct ca_index_place {
	int dirfd;
	const char *name;
	const char *temp; /* in the same directory; used by no other maker */
	mode_t mode;
};

struct ca_index_maker;

/*
 * Begin an index of source at place->temp; a file of this name is removed
 * first.  CA_ERR_IO (errno), CA_ERR_CRYPTO, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_index_maker_new(const struct ca_index_kind *kind,
    const EVP_MD *sha256, const struct ca_index_source *source,
    const struct ca_index_place *place, struct ca_index_maker **out);

/* Add a record, and append the check to value.  CA_ERR_LIMIT: it is longer than
 * the kind's max; CA_ERR_IO, CA_ERR_CRYPTO, CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_index_maker_put(struct ca_index_maker *m,
    const void *key, size_t keylen, struct ca_buf *value);

/*
 * Add the head record with the kind's rest (len bytes), and replace the old
 * index by rename.  CA_ERR_STALE: the source changed meanwhile, and the old
 * index remains; other errors as above.
 */
CA_MUST_CHECK enum ca_err ca_index_maker_finish(
    struct ca_index_maker *m, const void *rest, size_t len);

/* Free m, and remove place->temp unless it has become the index.  NULL is
 * allowed; errno is kept. */
void ca_index_maker_free(struct ca_index_maker *m);

#endif
