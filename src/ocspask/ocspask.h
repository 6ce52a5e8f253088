/*
 * Ask OCSP responders about certificates: the request (RFC 6960 section 4.1, in the
 * profile of RFC 5019), and the answer, judged as a host judges it.
 */
#ifndef CA_OCSPASK_OCSPASK_H
#define CA_OCSPASK_OCSPASK_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/crypto.h"
#include "fetch/fetch.h"
#include "ocsp/ocsp.h"

#define CA_OCSPASK_MAX 256 /* questions at once: each needs a descriptor */

/* Ignore the age of an answer: the host that gets it has a bound of its own. */
#define CA_OCSPASK_ANY_AGE (UINT64_C(400) * 86400)

/* One question. */
struct ca_ocspask {
	/* in */
	X509 *cert, *issuer; /* borrowed; whose signature is verified */
	char url[CA_OCSP_URL_MAX];
	uint64_t max_age; /* seconds: an older answer is none */
	/* out */
	struct ca_buf response;       /* DER; empty: none came */
	struct ca_ocsp_answer answer; /* of that response; or no answer */
	char why[300]; /* why there is no answer, to stand behind the url */
};

/*
 * Append the request about cert.  Its CertID has SHA-1, which every responder
 * knows (RFC 5019 section 2.1.1) and which protects nothing here: the host
 * compares serial number and issuer itself.  It has no nonce, so that a responder
 * can send a response that it made before (section 2.2).  CA_ERR_LIMIT: no room in
 * out, which has CA_FETCH_OCSP_MAX bytes; CA_ERR_CRYPTO, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_ocspask_request(
    struct ca_crypto *crypto, X509 *cert, X509 *issuer, struct ca_buf *out);

/*
 * Ask all n questions at once, and judge the answers.  limits->max_bytes is not
 * read: the bound is CA_OCSP_MAX.  CA_OK also if there is no answer to any of them.
 * CA_ERR_LIMIT: more than CA_OCSPASK_MAX; others as ca_fetch_all.  The caller calls
 * ca_ocspask_clear for each question in every case.
 */
CA_MUST_CHECK enum ca_err ca_ocspask_all(struct ca_crypto *crypto,
    struct ca_ocspask *ask, size_t n, const struct ca_fetch_limits *limits);
void ca_ocspask_clear(struct ca_ocspask *ask);

#endif
