/*
 * A directory of CA certificates: ca_dir or intermediates_dir.
 *
 * It uses these files:
 * - HASH.N, eight lower-case hex digits and a number from 0 on, as `openssl
 *   rehash` makes them, links or files.  They are found by name, so that a
 *   login costs the same with one CA or a thousand.  The name is only a hint:
 *   the certificate's subject is compared.
 * - plain files whose name ends in .pem, .crt, .cer, .cert, .der, .p7b or .p7c,
 *   with any number of certificates in PEM or PKCS #7, or one in DER.  They are
 *   read only if no path through hashed names is accepted.  Then a HASH.N is
 *   read too: if HASH is that of OpenSSL before 1.0 (-subject_hash_old), or N
 *   comes after a gap, the file counts as a plain one.  If HASH is neither hash
 *   of a subject in the file, the name is a problem and not used.
 * All other files are not read: README, CRLs (HASH.rN), leftovers of editors and
 * packages (~, .bak, .disabled, .dpkg-old), names that begin with a dot, and
 * directories.  A PEM file without a certificate is ignored too.
 *
 * A used file that cannot be read, trusted or decoded is logged as an error and
 * remembered as a problem.  It does not refuse a login with a path that does
 * not need it: a missing CA certificate can only cause a refusal.  But if no
 * path is found, the problem is the reason, not "unknown CA".
 */
#ifndef CA_VERIFY_CADIR_H
#define CA_VERIFY_CADIR_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "crypto/crypto.h"

#define CA_CADIR_SAME_SUBJECT_MAX 64 /* HASH.0 to HASH.63 */
#define CA_CADIR_FILES_MAX 10000     /* plain files read in one scan */
#define CA_CADIR_CERTS_MAX 20000     /* certificates of one scan */

/* Hashed names of which the hash is compared with the content in one scan. */
#define CA_CADIR_CHECKED_MAX 2000

struct ca_cadir;

/* How a file counts, by its name. */
enum ca_cadir_name {
	CA_CADIR_NOTHING, /* . and .., or a hashed CRL */
	CA_CADIR_HASHED,
	CA_CADIR_PLAIN,
	CA_CADIR_OTHER, /* not read */
};

/* *hash is set for CA_CADIR_HASHED. */
enum ca_cadir_name ca_cadir_name(const char *name, unsigned long *hash);

/* Which hash of a subject is the one in a hashed name? */
enum ca_cadir_hash {
	CA_CADIR_HASH_NEITHER,
	CA_CADIR_HASH_NEW, /* of OpenSSL since 1.0 */
	CA_CADIR_HASH_OLD, /* of earlier versions */
};
enum ca_cadir_hash ca_cadir_hash_fits(
    struct ca_crypto *crypto, const X509_NAME *subject, unsigned long hash);

/*
 * Open path.  key: the configuration key it comes from, for messages; static.
 * CA_ERR_NOT_FOUND, CA_ERR_UNTRUSTED, CA_ERR_IO (all logged), CA_ERR_MEMORY:
 * *out is NULL then.
 */
CA_MUST_CHECK enum ca_err ca_cadir_open(struct ca_crypto *crypto,
    const char *path, const char *key, const struct ca_log *log,
    struct ca_cadir **out);

/* The same with certs instead of a directory, for a client whose CAs are in one
 * file.  certs remains the caller's.  ca_cadir_subjects returns
 * CA_ERR_UNSUPPORTED for it.  CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_cadir_hold(struct ca_crypto *crypto,
    STACK_OF(X509) *certs, const struct ca_log *log, struct ca_cadir **out);
void ca_cadir_free(struct ca_cadir *dir); /* NULL is allowed */

/* Append the certificates with that subject in files HASH.N; the caller owns
 * them.  CA_OK also if there is none.  CA_ERR_MEMORY, CA_ERR_CRYPTO. */
CA_MUST_CHECK enum ca_err ca_cadir_by_subject(
    struct ca_cadir *dir, const X509_NAME *subject, STACK_OF(X509) *out);

/* Append the certificates of all files that no hashed name leads to.
 * CA_ERR_MEMORY, CA_ERR_IO. */
CA_MUST_CHECK enum ca_err ca_cadir_scan(
    struct ca_cadir *dir, STACK_OF(X509) *out);

/* Append the path of the file that cert was loaded from and, if that is a link,
 * its target in parentheses.  cert: the same object that was returned.  False:
 * not known, and nothing is appended. */
bool ca_cadir_file(
    const struct ca_cadir *dir, const X509 *cert, struct ca_buf *out);

/* Append the key of the configuration and the path of dir, for messages. */
void ca_cadir_show(const struct ca_cadir *dir, struct ca_buf *out);

/* Append what installs a CA's certificate there: `certauth setup --ca FILE` for
 * the usual ca_dir, else a copy, because setup reads [default] alone. */
void ca_cadir_install(const struct ca_cadir *dir, struct ca_buf *out);

/* The first problem with a file, or NULL; owned by dir. */
const char *ca_cadir_get0_problem(const struct ca_cadir *dir);

/* For a message, after a scan: `KEY PATH: NAMES', the files that the scan did not
 * read because of their names.  Nothing is appended if there is none. */
void ca_cadir_skipped(const struct ca_cadir *dir, struct ca_buf *out);

/*
 * Append the subjects (DER, each with a 2-byte length in front), hashed names
 * first, then plain files.  CA_ERR_LIMIT: more than max bytes.  To avoid
 * reading a thousand files only to find that out, more than max / 32 hashed
 * subjects are assumed to be too long.
 */
CA_MUST_CHECK enum ca_err ca_cadir_subjects(
    struct ca_cadir *dir, size_t max, struct ca_buf *out);

#endif
