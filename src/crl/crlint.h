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

/* An entry for a serial number that somebody asks for. */
struct ca_crl_hit {
	size_t serial; /* which one of asked */
	struct ca_crl_entry entry;
	uint8_t *issuer; /* certificateIssuer, DER; NULL: the CRL's issuer */
	size_t issuer_len;
	uint32_t issuer_no; /* as in struct ca_crl_item */
};

/* A serial number that is on one CRL for more issuers than this is not looked
 * up there: CA_ERR_LIMIT. */
#define CA_CRL_HITS_MAX 4096

struct ca_crl_hits {
	struct ca_bytes *asked; /* serial numbers, each p from malloc */
	size_t *count;          /* for each: how many were found */
	size_t nasked;
	struct ca_crl_hit *hit;
	size_t n;
};

/*
 * One way to read a CRL.  crl.c is given a row with each CRL and calls no way by
 * its name.
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
	X509 *signer;          /* who was asked about last */
	enum ca_err signed_by; /* what the answer was */
	/* streaming, and the index's way back to it */
	struct ca_crl_source *src;
	int fd; /* own; -1: none */
	struct ca_crlread read;
	struct ca_crl_hits hits;
	/* through the index; read.stripped is the index's then */
	struct ca_crl_index *idx;
	uint32_t no, buckets;
	uint8_t spki[32];
};

/* A new one of src->way without content, with the trouble CA_R_CRL_MALFORMED,
 * added to out; NULL: no memory. */
struct ca_crl *ca_crl_new(const struct ca_crl_file *src, struct ca_crls *out);

/* Does a certificateIssuer (DER GeneralNames; NULL: none) name the issuer of
 * cert?  *yes is the answer.  CA_ERR_FORMAT. */
CA_MUST_CHECK enum ca_err ca_crl_issuer_matches(const struct ca_crl *crl,
    X509 *cert, const uint8_t *issuer, size_t len, bool *yes);

/* CRLs in one PEM file at most. */
#define CA_CRL_PER_FILE_MAX 1024

/* The bytes are no CRL (CA_ERR_FORMAT), or one beyond our bounds
 * (CA_ERR_LIMIT): that is the CRL's trouble, and CA_OK. */
CA_MUST_CHECK enum ca_err ca_crl_malformed(struct ca_crl *crl, enum ca_err rc);

/* OpenSSL cannot decode what is inside a CRL of the right structure. */
void ca_crl_undecodable(struct ca_crl *crl);

/* The trouble that can be seen in crl->x509, and in entry_critical: an entry
 * has an unknown critical extension. */
void ca_crl_judge(struct ca_crl *crl, bool entry_critical);

/* Of two entries for one certificate in one CRL: does a say worse than b?
 * removeFromCRL says least, certificateHold may be lifted. */
bool ca_crl_entry_outweighs(
    const struct ca_crl_entry *a, const struct ca_crl_entry *b);

/* It revokes for good: nothing outweighs it. */
bool ca_crl_entry_final(const struct ca_crl_entry *e);

/* A CRL of libcrypto's out of exactly len bytes; NULL: it has none, or no
 * memory.  The caller's. */
X509_CRL *ca_crl_decode(
    struct ca_crypto *crypto, const uint8_t *der, size_t len);

/* The CRL without its entries out of its DER, and the trouble that can be seen
 * in it. */
void ca_crl_take_stripped(
    struct ca_crl *crl, const uint8_t *der, size_t len, bool entry_critical);

/* Call add for each CRL of the open file, at where it begins; add reads it and
 * puts it into out.  The first error ends it.  A file without a CRL gives one
 * with trouble.  CA_ERR_LIMIT, CA_ERR_MEMORY, CA_ERR_IO. */
typedef enum ca_err ca_crl_add_fn(const struct ca_crl_file *src,
    struct ca_crl_source *at, const struct ca_crl_wanted *wanted,
    struct ca_crls *out);
CA_MUST_CHECK enum ca_err ca_crl_each(const struct ca_crl_file *src,
    ca_crl_add_fn *add, const struct ca_crl_wanted *wanted,
    struct ca_crls *out);

/* The row ca_crl_by_stream, for the index when it must be left. */
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

/* An entry for asked[serial]; its time is date, in seconds. */
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

/* ca_crl_item_fn with a struct ca_crl_hits: those that were asked for. */
enum ca_err ca_crl_hits_collect(void *hits, const struct ca_crl_item *item);

void ca_crl_hits_clear(struct ca_crl_hits *hits);

#endif
