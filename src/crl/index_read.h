/*
 * The index beside a CRL file: FILE.idx, a cdb written by `certauth crl
 * compile`, so that a login costs the same with 1,000,000 entries as with none.
 *
 * Bound to its file by device, inode, size, mtime and ctime in nanoseconds:
 * a login does not read the CRL at all.  That is sound because whoever could
 * change the CRL's content and keep its ctime (root, by setting the clock or
 * writing to the device) could replace the CRL, the CAs, or this module: the
 * index, the CRL and their directory are root's or the own user's and writable
 * by nobody else, or they are refused.  (The SHA-256 of the file is kept as
 * well, for `certauth crl list`.)  compile does not read a file before its
 * last change is some clock ticks old, so that a second change would show.
 *
 * What a login needs of the signature is that the key of its own chain made
 * it: the index names the key that compile has verified it with, and another
 * key means that the file is streamed.
 *
 * Absence must be proved, since it means "not revoked": each serial number
 * belongs to one of N buckets by its hash, every bucket is there, and carries
 * a checksum over its number, its content and the file's binding.  Damage
 * anywhere on the way to it is thus seen; the login then streams.
 */
#ifndef CA_CRL_INDEX_READ_H
#define CA_CRL_INDEX_READ_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "crypto/crypto.h"

struct ca_crl_index; /* of one file; may hold several CRLs */
struct ca_crl_hits;

/* What the index says of one CRL of its file; stripped is owned by it. */
struct ca_crl_index_crl {
	uint8_t spki[32]; /* SHA-256 of the SubjectPublicKeyInfo */
	uint64_t entries;
	uint32_t buckets;
	struct ca_buf stripped; /* DER, as ca_crlread makes it */
};

/* The index's name for the CRL file name of dirfd: beside the file itself
 * where name is a symbolic link within the directory.  CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_crl_index_name(
    int dirfd, const char *name, struct ca_buf *out);

/*
 * Open the index of a CRL file that is open with the status st.  ncrls is how
 * many CRLs it holds.  CA_ERR_NOT_FOUND: there is none; CA_ERR_STALE: it is of
 * another file; CA_ERR_FORMAT: it is damaged; CA_ERR_UNTRUSTED, CA_ERR_IO.
 */
CA_MUST_CHECK enum ca_err ca_crl_index_open(struct ca_crypto *crypto, int dirfd,
    const char *name, const struct stat *st, struct ca_crl_index **out,
    uint32_t *ncrls);
struct ca_crl_index *ca_crl_index_ref(struct ca_crl_index *idx);
void ca_crl_index_free(struct ca_crl_index *idx); /* NULL is allowed */

/* CRL number no of the file.  CA_ERR_FORMAT: damaged; CA_ERR_IO. */
CA_MUST_CHECK enum ca_err ca_crl_index_crl(
    struct ca_crl_index *idx, uint32_t no, struct ca_crl_index_crl *out);

/*
 * The entries of CRL number no with a serial number, as hits for asked[0].
 * CA_OK, hits->n being 0 where there is certainly none; CA_ERR_FORMAT:
 * damaged; CA_ERR_LIMIT, CA_ERR_IO, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_crl_index_find(struct ca_crl_index *idx,
    uint32_t no, uint32_t buckets, const void *serial, size_t len,
    struct ca_crl_hits *hits);

/*
 * Make the index of the CRL file name in dirfd, replacing an old one whole.
 * cas: who may have signed; each CRL of the file must be usable and verify by
 * one of them that may sign CRLs.  entries (may be NULL): how many there are.
 * CA_DENIED: by none of them; CA_ERR_FORMAT: no CRL, or not usable;
 * CA_ERR_STALE: it changed meanwhile; CA_ERR_NOT_FOUND, CA_ERR_UNTRUSTED,
 * CA_ERR_LIMIT, CA_ERR_IO, CA_ERR_CRYPTO, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_crl_index_make(struct ca_crypto *crypto,
    const struct ca_log *log, int dirfd, const char *name, STACK_OF(X509) *cas,
    uint64_t *entries);

/* SHA-256 of a certificate's SubjectPublicKeyInfo. */
CA_MUST_CHECK enum ca_err ca_crl_index_spki(
    struct ca_crypto *crypto, X509 *cert, uint8_t out[32]);

#endif
