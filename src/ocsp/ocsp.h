/*
 * OCSP responses (RFC 6960, and the profile of RFC 5019): what one says of one
 * certificate.  Nothing is fetched here, and no request is made.
 *
 * A response comes from anybody: a client sends it, or a server on the network.
 * It is walked by a bounded cursor first; libcrypto sees only its names,
 * algorithm and certificates, and the latter go through ca_crypto_cert.
 */
#ifndef CA_OCSP_OCSP_H
#define CA_OCSP_OCSP_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/reason.h"
#include "crypto/crypto.h"

#define CA_OCSP_MAX 16384 /* bytes of one response */
#define CA_OCSP_ENTRIES_MAX 64
#define CA_OCSP_CERTS_MAX 4 /* certificates in one response */
#define CA_OCSP_SKEW 300 /* seconds that the responder's clock may be ahead */
#define CA_OCSP_WHY 200  /* bytes of a text, its end included */

/* The status of a certificate.  Without a certain answer there is none. */
enum ca_ocsp_status { CA_OCSP_NO_ANSWER, CA_OCSP_GOOD, CA_OCSP_REVOKED };

/* What a response is asked. */
struct ca_ocsp_question {
	X509 *cert;       /* borrowed */
	X509 *issuer;     /* of cert; borrowed */
	time_t now;       /* seconds since 1970 */
	uint64_t max_age; /* seconds: an answer older than this is none */
	/* Called before each expensive step with its cost (crypto/cost.h); a
	 * code other than CA_OK ends the judgement, and is returned.  NULL:
	 * the cost is not bounded by anything but the bounds above. */
	enum ca_err (*spend)(void *ctx, size_t cost);
	void *ctx;
};

/* What it answers. */
struct ca_ocsp_answer {
	enum ca_ocsp_status status;
	enum ca_reason reason; /* CA_R_OK, or why there is no answer */
	char why[CA_OCSP_WHY]; /* the same in words, to stand behind the name
				* of the response: "is not signed by ..." */
	time_t this_update;
	time_t until; /* a good answer holds before this time: nextUpdate, and
		       * max_age after thisUpdate at the latest */
	time_t revoked_at;
	int revoked_for; /* CRLReason; -1: none was given */
	/* The delegated responder that signed, whose own revocation the caller
	 * has to judge unless nocheck; NULL: the issuer signed.  Owned. */
	X509 *responder;
	bool nocheck; /* it has id-pkix-ocsp-nocheck (section 4.2.2.2.1) */
};

/*
 * Judge the response der.  The signatures of cert and issuer must have been
 * verified before: this one costs one or two verifications, and up to nine if
 * the response was made to cost much; twice that if it says revoked.
 *
 * CA_OK: out has the answer, whatever it is.  Any other code (CA_ERR_MEMORY,
 * CA_ERR_CRYPTO, what spend returned): it is not known what the response says.
 * The caller clears out in both cases.
 *
 * - Revoked: an entry about cert says so, also on hold and removeFromCRL, and
 *   however old it is; only thisUpdate must not be in the future.  The
 *   certificate of a delegated responder must have been valid at thisUpdate.
 * - Good: every entry about cert says so, is current, and has no critical
 *   extension that is not known here; the responder's certificate is valid now.
 * - Either only with the signature of the issuer, or of a responder to which
 *   the issuer itself delegated it (section 4.2.2.2), by accepted algorithms.
 */
CA_MUST_CHECK enum ca_err ca_ocsp_judge(struct ca_crypto *crypto,
    const struct ca_bytes *der, const struct ca_ocsp_question *q,
    struct ca_ocsp_answer *out);
void ca_ocsp_answer_clear(struct ca_ocsp_answer *answer);

/* Is an entry of the response about cert, which issuer issued?  Costs a few
 * digests.  CA_OK: *is says so; false also if the response is malformed or an
 * error message.  CA_ERR_CRYPTO. */
CA_MUST_CHECK enum ca_err ca_ocsp_is_about(struct ca_crypto *crypto,
    const struct ca_bytes *der, X509 *cert, X509 *issuer, bool *is);

/* Is it a response with entries?  Nothing is verified.  False: why stands behind its
 * name, as that of an answer does. */
bool ca_ocsp_is_response(const struct ca_bytes *der, char why[CA_OCSP_WHY]);

/* Does an entry of the response, about whichever certificate, say revoked?  Nothing
 * is verified.  False also if it is malformed or an error message. */
bool ca_ocsp_says_revoked(const struct ca_bytes *der);

/* The text of a CRLReason, as RFC 5280 section 5.3.1 has it, of a CRL too;
 * static. */
const char *ca_ocsp_reason_text(int reason);

#define CA_OCSP_FILE_LEN (64 + sizeof ".ocsp") /* with the NUL at its end */

/* The name in ocsp_dir of the file with the response about cert: its SHA-256
 * in lower-case hexadecimal digits, and ".ocsp".  CA_ERR_CRYPTO. */
CA_MUST_CHECK enum ca_err ca_ocsp_file(
    struct ca_crypto *crypto, X509 *cert, char out[CA_OCSP_FILE_LEN]);

#define CA_OCSP_URL_MAX 2048    /* bytes, with the NUL */
#define CA_OCSP_ADDRESSES_MAX 4 /* of one certificate; others are ignored */

/*
 * Copy the n-th (from 0) address of an OCSP responder that can be asked: id-ad-ocsp
 * of authorityInfoAccess (RFC 5280 section 4.2.2.1), http or https, without blanks
 * and control characters.  False: there is no such address.
 */
bool ca_ocsp_address(const X509 *cert, size_t n, char out[CA_OCSP_URL_MAX]);

#endif
