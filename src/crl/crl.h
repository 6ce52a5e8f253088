/*
 * One CRL of crl_dir, for callers that need not know whether it is read through
 * its index or by streaming its file.
 */
#ifndef CA_CRL_CRL_H
#define CA_CRL_CRL_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "report/report.h"

/* `certauth crl update` fetches no larger file.  A login streams files of any
 * length in constant memory. */
#define CA_CRL_MAX ((size_t)256 << 20) /* bytes */

struct ca_crl;

/* A way to read CRLs: a row of functions (crlint.h). */
struct ca_crl_way;
extern const struct ca_crl_way ca_crl_by_index; /* streams if it has to */
extern const struct ca_crl_way ca_crl_by_stream;

/* The CRLs of one file or of one directory look-up; borrowed or owned as the
 * function that fills it says. */
struct ca_crls {
	struct ca_crl **v;
	size_t n;
};

/* Add to a list; CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_crls_add(struct ca_crls *list, struct ca_crl *crl);

/* Free the CRLs and the list. */
void ca_crls_clear(struct ca_crls *list);

/*
 * Which serial numbers the caller will ask for.  A streaming reader looks them
 * up while it hashes, so that one pass serves a whole path; others may still
 * be asked for, at the price of another pass.
 */
struct ca_crl_wanted {
	const struct ca_bytes *serial; /* DER INTEGER contents */
	size_t n;
};

/* What an entry of a CRL says. */
struct ca_crl_entry {
	int reason; /* CRLReason (RFC 5280 section 5.3.1), -1: none given */
	int64_t
	    date; /* revocationDate, seconds since 1970; or CA_CRL_NO_DATE */
};

#define CA_CRL_NO_DATE INT64_MIN /* it could not be read */

#define CA_CRL_HOLD 6   /* CRLReason certificateHold */
#define CA_CRL_REMOVE 8 /* CRLReason removeFromCRL */

/*
 * Read the CRLs of an open file: one in DER, one or several in PEM (other PEM
 * blocks are passed over).  dirfd and name are those that fd was opened by;
 * they also find the index.  fd is consumed, also by a failure.  The CRLs are
 * appended to out and belong to the caller; what cannot be read as a CRL is
 * given too, with its trouble.  CA_ERR_IO, CA_ERR_MEMORY, CA_ERR_LIMIT.
 */
struct ca_crl_file {
	struct ca_crypto *crypto;
	const struct ca_log *log;
	const struct ca_crl_way *way;
	int dirfd;
	const char *name;
	int fd;
};
CA_MUST_CHECK enum ca_err ca_crl_load(const struct ca_crl_file *src,
    const struct ca_crl_wanted *wanted, struct ca_crls *out);

void ca_crl_free(struct ca_crl *crl); /* NULL is allowed */

/*
 * Its names, times and extensions: the whole CRL, or one without its entries
 * and its signature, which can never verify by itself.  Borrowed.  NULL if it
 * cannot be decoded; the trouble is then CA_R_CRL_MALFORMED.
 */
X509_CRL *ca_crl_get0_x509(const struct ca_crl *crl);

/* The file's name, for messages. */
const char *ca_crl_get0_name(const struct ca_crl *crl);

/* "index" or "stream": how it is read. */
const char *ca_crl_engine_name(const struct ca_crl *crl);

/*
 * CA_R_OK, or why this is no CRL, whoever may have signed it:
 * CA_R_CRL_MALFORMED, CA_R_CRL_EXTENSION (unknown critical extension, of the
 * CRL or of an entry), CA_R_CHAIN_WEAK (signed by a refused algorithm, whether
 * the signature be right or wrong), CA_R_UNSUPPORTED (signed by an algorithm
 * that the program or libcrypto does not have).
 */
enum ca_reason ca_crl_trouble(const struct ca_crl *crl);

/* The same in words, to stand behind the file's name: "is signed with SHA-1,
 * which is refused"; "" for CA_R_OK.  The CRL's own.  It may hold an OID of
 * the file's, in figures, but no other text of others. */
const char *ca_crl_get0_trouble_text(const struct ca_crl *crl);

/*
 * Is the signature over the whole CRL that of this certificate's key?  CA_OK,
 * CA_DENIED, or an error (not good either).
 * Remembered for the last key.
 */
CA_MUST_CHECK enum ca_err ca_crl_verify(struct ca_crl *crl, X509 *issuer);

/*
 * The entry for cert (its serial and issuer name; RFC 5280 section 6.3.3 (i)).
 * CA_OK: *out is filled.  CA_ERR_NOT_FOUND: there is certainly none.  Anything
 * else: it is not known, and the CRL must not be used.
 */
CA_MUST_CHECK enum ca_err ca_crl_lookup(
    struct ca_crl *crl, X509 *cert, struct ca_crl_entry *out);

/* The certificate among cas of the CRL's issuer name that may sign CRLs
 * (cRLSign) and whose key made the signature; NULL: none.  Borrowed. */
X509 *ca_crl_signer(struct ca_crl *crl, STACK_OF(X509) *cas);

/* How many entries it has. */
uint64_t ca_crl_entries(const struct ca_crl *crl);

/* Are they one name (RFC 5280 section 7.1)?  libcrypto's comparison can fail,
 * and another name is no answer then: a failure is believed when it comes
 * twice. */
bool ca_crl_same_name(const X509_NAME *a, const X509_NAME *b);

/* The serial number of a certificate as DER INTEGER contents; the length, or
 * -1.  *out is to be freed with OPENSSL_free. */
int ca_crl_serial(X509 *cert, uint8_t **out);

#endif
