/*
 * The index beside a CRL file: FILE.idx, a cdb written by `certauth crl
 * compile`, so that a login costs the same with 1,000,000 entries as with none.
 *
 * The index is bound to its file by device, inode, size, mtime and ctime in
 * nanoseconds, so a login does not read the CRL.  This is sound: to change the
 * CRL and keep its ctime, an attacker must be root (to set the clock or write to
 * the device), and root could also replace the CRL, the CAs or this module.  The
 * index, the CRL and their directory are refused unless root or the process's
 * own user owns them and nobody else can write to them.  (The SHA-256 of the
 * file is stored too, for `certauth crl list`.)  compile waits until the last
 * change of a file is some clock ticks old, so that a later change is noticed.
 *
 * The CRL must be signed with a key of the login's own chain.  The index has the
 * key with which compile verified the signature; if the login needs another key,
 * it streams the file.
 *
 * Absence means "not revoked", so it must be proved.  Each serial number belongs
 * to one of N buckets by its hash.  Every bucket exists, with a checksum over its
 * number, its content and the file's binding.  If the login finds damage, it
 * streams the file.
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

struct ca_crl_index; /* of one file, which may have several CRLs */
struct ca_crl_hits;

/* One CRL in the index; it owns stripped. */
struct ca_crl_index_crl {
	uint8_t spki[32]; /* SHA-256 of the SubjectPublicKeyInfo */
	uint64_t entries;
	uint32_t buckets;
	struct ca_buf stripped; /* DER, as ca_crlread makes it */
};

/* The name of the index of the CRL file name in dirfd.  If name is a symbolic
 * link within the directory, the index belongs to its target.  CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_crl_index_name(
    int dirfd, const char *name, struct ca_buf *out);

/*
 * Open the index of a CRL file that is open with the status st.  *ncrls is the
 * number of its CRLs.  CA_ERR_NOT_FOUND: no index; CA_ERR_STALE: the index is of
 * another file; CA_ERR_FORMAT: the index is damaged; CA_ERR_UNTRUSTED, CA_ERR_IO.
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
 * CA_OK; hits->n is 0 if there is certainly no entry; CA_ERR_FORMAT:
 * damaged; CA_ERR_LIMIT, CA_ERR_IO, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_crl_index_find(struct ca_crl_index *idx,
    uint32_t no, uint32_t buckets, const void *serial, size_t len,
    struct ca_crl_hits *hits);

/*
 * Make the index of the CRL file name in dirfd, replacing an old index at once.
 * Each CRL of the file must be usable, and signed by one of cas that may sign
 * CRLs.  entries (may be NULL): the number of entries.
 * CA_DENIED: none of cas signed a CRL; CA_ERR_FORMAT: no CRL, or not usable;
 * CA_ERR_STALE: the file changed meanwhile; CA_ERR_NOT_FOUND, CA_ERR_UNTRUSTED,
 * CA_ERR_LIMIT, CA_ERR_IO, CA_ERR_CRYPTO, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_crl_index_make(struct ca_crypto *crypto,
    const struct ca_log *log, int dirfd, const char *name, STACK_OF(X509) *cas,
    uint64_t *entries);

#endif
