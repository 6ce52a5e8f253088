/*
 * Inside one CRL: shared by the files that read it one way or another
 * (crlstream.c, crlindexed.c).  Private to src/crl and to a third way, which the
 * unit tests compare with.
 */
#ifndef CA_CRL_CRLINT_H
#define CA_CRL_CRLINT_H

#include "crl/crl.h"
#include "crl/index_read.h"
#include "crl/crlread.h"
#include "crl/source.h"

/* An entry for a serial number that the caller asks for. */
struct ca_crl_hit {
	size_t serial; /* which one of asked */
	struct ca_crl_entry entry;
	uint8_t *issuer; /* certificateIssuer, DER; NULL: the CRL's issuer */
	size_t issuer_len;
	uint32_t issuer_no; /* as in struct ca_crl_item */
};

/* If a CRL lists one serial number for more issuers than this, looking up the
 * number fails: CA_ERR_LIMIT. */
#define CA_CRL_HITS_MAX 4096

struct ca_crl_hits {
	struct ca_bytes *asked; /* serial numbers, each p from malloc */
	size_t *count;          /* for each: how many were found */
	size_t nasked;
	struct ca_crl_hit *hit;
	size_t n;
};

/*
 * One way to read a CRL.  crl.c gets a row with each CRL, and calls its
 * functions through the row only.
 */
struct ca_crl_way {
	const char *name; /* of ca_crl_engine_name */
	/* Append the CRLs of src->fd, which stays open, to out. */
	enum ca_err (*load)(const struct ca_crl_file *src,
	    const struct ca_crl_wanted *wanted, struct ca_crls *out);
	/* Is the signature that of key, the key of issuer?  CA_DENIED. */
	enum ca_err (*verify)(struct ca_crl *crl, X509 *issuer, EVP_PKEY *key);
	/* As ca_crl_lookup; serial is that of cert. */
	enum ca_err (*lookup)(struct ca_crl *crl, X509 *cert,
	    const struct ca_bytes *serial, struct ca_crl_entry *out);
};

struct ca_crl {
	char *name;
	struct ca_crypto *crypto;
	const struct ca_log *log;
	const struct ca_crl_way *way;
	X509_CRL *x509;
	enum ca_reason trouble;
	char why[160];         /* the trouble in words */
	X509 *signer;          /* the certificate that was tried last */
	enum ca_err signed_by; /* the result for it */
	/* for streaming, also after the index was given up */
	struct ca_crl_source *src;
	int fd; /* own; -1: none */
	struct ca_crlread read;
	struct ca_crl_hits hits;
	/* for the index, which then provides read.stripped */
	struct ca_crl_index *idx;
	uint32_t no, buckets;
	uint8_t spki[32];
};

/* Add an empty CRL of src->way, with the trouble CA_R_CRL_MALFORMED, to out.
 * NULL: no memory. */
struct ca_crl *ca_crl_new(const struct ca_crl_file *src, struct ca_crls *out);

/* Does a certificateIssuer (DER GeneralNames; NULL: none) name the issuer of
 * cert?  *yes is the answer.  CA_ERR_FORMAT. */
CA_MUST_CHECK enum ca_err ca_crl_issuer_matches(const struct ca_crl *crl,
    X509 *cert, const uint8_t *issuer, size_t len, bool *yes);

/* CRLs in one PEM file at most. */
#define CA_CRL_PER_FILE_MAX 1024

/* Record as the CRL's trouble that its bytes are not a CRL (rc is
 * CA_ERR_FORMAT; crl->read.why), or exceed our bounds (CA_ERR_LIMIT).  Returns
 * CA_OK. */
CA_MUST_CHECK enum ca_err ca_crl_malformed(struct ca_crl *crl, enum ca_err rc);

/* Record that the structure of the CRL is right, but OpenSSL cannot decode the
 * content. */
void ca_crl_undecodable(struct ca_crl *crl);

/* Set the trouble that crl->x509 shows.  entry_critical: an entry has an
 * unknown critical extension. */
void ca_crl_judge(struct ca_crl *crl, bool entry_critical);

/* Of two entries for one certificate in one CRL, is a worse than b?
 * removeFromCRL is the least, then certificateHold, which can be lifted. */
bool ca_crl_entry_outweighs(
    const struct ca_crl_entry *a, const struct ca_crl_entry *b);

/* Does e revoke permanently, so that no entry outweighs it? */
bool ca_crl_entry_final(const struct ca_crl_entry *e);

/* Decode exactly len bytes.  NULL: they are not a CRL, or there is no memory.
 * The caller frees the CRL. */
X509_CRL *ca_crl_decode(
    struct ca_crypto *crypto, const uint8_t *der, size_t len);

/* Decode the CRL without its entries into crl, and set the trouble that it
 * shows. */
void ca_crl_take_stripped(
    struct ca_crl *crl, const uint8_t *der, size_t len, bool entry_critical);

/* Call add at the beginning of each CRL of the open file; add reads the CRL
 * and adds it to out.  The first error ends the loop.  A file without a CRL
 * gives one CRL with trouble.  CA_ERR_LIMIT, CA_ERR_MEMORY, CA_ERR_IO. */
typedef enum ca_err ca_crl_add_fn(const struct ca_crl_file *src,
    struct ca_crl_source *at, const struct ca_crl_wanted *wanted,
    struct ca_crls *out);
CA_MUST_CHECK enum ca_err ca_crl_each(const struct ca_crl_file *src,
    ca_crl_add_fn *add, const struct ca_crl_wanted *wanted,
    struct ca_crls *out);

/* The functions of ca_crl_by_stream, for use when an index is given up. */
CA_MUST_CHECK enum ca_err ca_crl_stream_load(const struct ca_crl_file *src,
    const struct ca_crl_wanted *wanted, struct ca_crls *out);
CA_MUST_CHECK enum ca_err ca_crl_stream_verify(
    struct ca_crl *crl, X509 *issuer, EVP_PKEY *key);
CA_MUST_CHECK enum ca_err ca_crl_stream_lookup(struct ca_crl *crl, X509 *cert,
    const struct ca_bytes *serial, struct ca_crl_entry *out);

/* Unknown critical extensions of a CRL or of an entry of it. */
bool ca_crl_critical_unknown(const STACK_OF(X509_EXTENSION) *exts, bool entry);

/* Copy n serial numbers to look for. */
CA_MUST_CHECK enum ca_err ca_crl_hits_init(
    struct ca_crl_hits *hits, const struct ca_bytes *serial, size_t n);

/* The revocationDate of an entry; CA_CRL_NO_DATE. */
int64_t ca_crl_item_date(const struct ca_crl_item *item);

/* Add an entry for asked[serial]; date is as in struct ca_crl_entry. */
CA_MUST_CHECK enum ca_err ca_crl_hits_add(struct ca_crl_hits *hits,
    size_t serial, const struct ca_crl_item *item, int64_t date);

/*
 * Among the entries found for asked[i], the one for the issuer of cert that
 * outweighs the others.  CA_ERR_NOT_FOUND: none; CA_ERR_LIMIT: there were too
 * many, and none of those that were kept revokes.
 */
CA_MUST_CHECK enum ca_err ca_crl_hits_choose(const struct ca_crl *crl,
    const struct ca_crl_hits *hits, size_t i, X509 *cert,
    struct ca_crl_entry *out);

/* A ca_crl_item_fn: collect the entries that were asked for in hits. */
enum ca_err ca_crl_hits_collect(void *hits, const struct ca_crl_item *item);

void ca_crl_hits_clear(struct ca_crl_hits *hits);

#endif
