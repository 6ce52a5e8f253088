/*
 * A CRL read from beginning to end in constant memory (RFC 5280 section 5):
 * its digest, its entries, and the CRL without them.  Private to src/crl.
 */
#ifndef CA_CRL_CRLREAD_H
#define CA_CRL_CRLREAD_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/crypto.h"
#include "crl/source.h"

/* Bounds: bytes.  An entry or a head beyond them is CA_ERR_LIMIT. */
#define CA_CRL_ENTRY_MAX 32768
#define CA_CRL_HEAD_MAX 65536 /* of the fields before the entries */
#define CA_CRL_EXTS_MAX 65536 /* of the extensions behind them */
#define CA_CRL_SIG_MAX 16384  /* of an accepted algorithm */

/*
 * Ed25519 and Ed448 sign the message itself, not its digest, and read it
 * twice: a CRL signed so is held in memory, up to this size.  Larger ones are
 * refused (CA_ERR_LIMIT); an index serves them no better, since it is made by
 * the same reader.
 */
#define CA_CRL_EDDSA_MAX ((size_t)64 << 20)

/* One entry of revokedCertificates; the pointers are valid in the callback. */
struct ca_crl_item {
	const uint8_t *serial; /* DER INTEGER contents, minimal */
	size_t serial_len;
	const uint8_t *time; /* contents of UTCTime or GeneralizedTime */
	size_t time_len;
	int reason; /* CRLReason; -1: none, or an unknown one */
	/* the certificateIssuer (DER GeneralNames) that applies to this entry:
	 * its own or that of an earlier entry; NULL: the issuer of the CRL.
	 * issuer_no counts the changes and is 0 for NULL */
	const uint8_t *issuer;
	size_t issuer_len;
	uint32_t issuer_no;
};

/* Called for each entry.  A code other than CA_OK ends the reading, and is
 * returned. */
typedef enum ca_err ca_crl_item_fn(void *ctx, const struct ca_crl_item *item);

/* What is kept of a CRL that was read; free with ca_crlread_clear. */
struct ca_crlread {
	struct ca_buf stripped; /* DER: no entries, an empty signature */
	struct ca_buf
	    signature;     /* contents of the BIT STRING, no unused bits */
	struct ca_buf tbs; /* only for a scheme without digest */
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t digest_len;   /* 0: tbs is used, or alg not accepted */
	bool accepted;       /* the signature algorithm is accepted */
	bool entry_critical; /* an entry has an unknown critical
			      * extension */
	uint64_t entries;
	const char *why; /* after CA_ERR_FORMAT: what is wrong, to stand
			  * behind "contains a CRL"; NULL: not DER */
};

/*
 * Read the CRL that src stands at.  fn (may be NULL) gets each entry.
 * CA_ERR_FORMAT: not a CRL in DER (OpenSSL decodes the content of extensions
 * and names later), bytes left over, or the two signature algorithms differ;
 * CA_ERR_LIMIT, CA_ERR_IO, CA_ERR_CRYPTO, CA_ERR_MEMORY.  The caller clears
 * out after a failure too.
 */
CA_MUST_CHECK enum ca_err ca_crlread(struct ca_crypto *crypto,
    struct ca_crl_source *src, ca_crl_item_fn *fn, void *ctx,
    struct ca_crlread *out);
void ca_crlread_clear(struct ca_crlread *out);

/* The same without entries, and every signed byte goes to hash too. */
CA_MUST_CHECK enum ca_err ca_crlread_hash(struct ca_crypto *crypto,
    struct ca_crl_source *src, EVP_MD_CTX *hash, struct ca_crlread *out);

/* Have both the same signed content?  False if a digest is missing. */
bool ca_crlread_same(const struct ca_crlread *a, const struct ca_crlread *b);

/*
 * Read the issuer's name (DER, with its header) of the CRL that src stands
 * at, and no further.  Errors as ca_crlread.
 */
CA_MUST_CHECK enum ca_err ca_crlread_issuer(
    struct ca_crl_source *src, struct ca_buf *name);

#endif
