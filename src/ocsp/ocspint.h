/*
 * Inside the room: a response as it was parsed.  Private to src/ocsp.
 */
#ifndef CA_OCSP_OCSPINT_H
#define CA_OCSP_OCSPINT_H

#include "ocsp/ocsp.h"

#define CA_OCSP_STATUS_OK 0 /* OCSPResponseStatus, successful */

/* Everything borrows from the bytes of the response. */
struct ca_ocsp_response {
	unsigned status; /* OCSPResponseStatus; not 0: nothing else is set */
	struct ca_bytes tbs;       /* ResponseData, with its header */
	struct ca_bytes algorithm; /* AlgorithmIdentifier, with its header */
	struct ca_bytes signature;
	struct ca_bytes cert[CA_OCSP_CERTS_MAX];
	size_t ncerts;
	bool by_key;               /* responderID is byKey, else byName */
	struct ca_bytes responder; /* KeyHash, or Name with its header */
	struct ca_reader entries;  /* the responses, one after the other */
	bool critical;             /* has an unknown critical extension */
};

enum ca_ocsp_says {
	CA_OCSP_SAYS_GOOD,
	CA_OCSP_SAYS_REVOKED,
	CA_OCSP_SAYS_UNKNOWN
};

/* A SingleResponse. */
struct ca_ocsp_entry {
	struct ca_reader hash; /* hashAlgorithm: the content of its OID */
	struct ca_reader name_hash, key_hash;
	struct ca_reader serial; /* the content of the INTEGER */
	enum ca_ocsp_says says;
	int64_t this_update, next_update;
	bool has_next;
	int64_t revoked_at;
	int revoked_for; /* CRLReason; -1: none */
	bool critical;   /* has an unknown critical extension */
};

/*
 * Parse a whole response, all of its entries included.  CA_ERR_FORMAT: not an
 * OCSPResponse with a BasicOCSPResponse in DER, or bytes are left over;
 * CA_ERR_LIMIT: a bound of ocsp.h is exceeded; CA_ERR_UNSUPPORTED: the
 * responseType or the version is another one.
 */
CA_MUST_CHECK enum ca_err ca_ocsp_parse(
    const struct ca_bytes *der, struct ca_ocsp_response *out);

/* Take the next entry off r, which is entries of a parsed response.
 * CA_ERR_FORMAT. */
CA_MUST_CHECK enum ca_err ca_ocsp_entry(
    struct ca_reader *r, struct ca_ocsp_entry *out);

/* Put into out what the response says of q's certificate if its signature is
 * good.  CA_ERR_CRYPTO, CA_ERR_FORMAT. */
CA_MUST_CHECK enum ca_err ca_ocsp_read_entries(struct ca_crypto *crypto,
    const struct ca_ocsp_response *r, const struct ca_ocsp_question *q,
    struct ca_ocsp_answer *out);

/* Find who signed, and fill out->responder and out->nocheck.  CA_DENIED:
 * nobody who may; out->reason and out->why say so.  Others as ca_ocsp_judge. */
CA_MUST_CHECK enum ca_err ca_ocsp_signer(struct ca_crypto *crypto,
    const struct ca_ocsp_response *r, const struct ca_ocsp_question *q,
    struct ca_ocsp_answer *out);

/* Record why there is no answer.  why is text of ours. */
void ca_ocsp_no(
    struct ca_ocsp_answer *out, enum ca_reason reason, const char *why);

#endif
