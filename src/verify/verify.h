/*
 * The verification of a certificate (path, validity, purpose, revocation): RFC
 * 5280 section 6.  The module, `certauth verify` and the client's check of the
 * host all use it.
 */
#ifndef CA_VERIFY_VERIFY_H
#define CA_VERIFY_VERIFY_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "report/report.h"
#include "verify/name.h"
#include "verify/trace.h"

struct ca_verify_input {
	X509 *leaf;                    /* borrowed */
	STACK_OF(X509) *untrusted;     /* the peer's intermediates; borrowed,
					* may be NULL */
	time_t now;                    /* the time of the verification */
	STACK_OF(X509) *anchors;       /* the trust anchors, borrowed; NULL:
					* those in ca_dir */
	struct ca_verify_trace *trace; /* NULL, or receives the path that the
					* report is about, accepted or not;
					* the caller clears it */
	const struct ca_bytes *staple; /* the peer's OCSP responses, nstaples of
					* them, each about whichever
					* certificate; borrowed */
	size_t nstaples;
	enum ca_staples_by origin;
	bool all_crls; /* with a trace: also read CRLs that do
					* not cover a certificate */
};

/*
 * Verify by cfg (ca_dir, intermediates_dir, revocation, ocsp*, crl*, purpose, policy*,
 * max_depth).  Fills the findings CHAIN, VALIDITY, PURPOSE, REVOCATION and the
 * facts SUBJECT, ISSUER, SERIAL, SHA256, NOT_AFTER, ANCHOR.
 *
 * CA_OK: the checks ran, and the report has the outcome.  Any other code: they
 * could not run, and the report has a failure with the reason.
 * chain (may be NULL) receives the validated chain, leaf first, anchor last,
 * which the caller frees with sk_X509_pop_free(, X509_free); NULL if no path
 * was accepted.
 */
CA_MUST_CHECK enum ca_err ca_verify(struct ca_crypto *crypto,
    const struct ca_config *cfg, const struct ca_log *log,
    const struct ca_verify_input *in, struct ca_report *report,
    STACK_OF(X509) **chain);

/* Add the facts about a certificate to a report. */
void ca_verify_facts(
    struct ca_crypto *crypto, X509 *cert, struct ca_report *report);

/*
 * The subject names (DER) of the trust anchors in ca_dir, then, if all of them
 * fit, of intermediates_dir, for the request's certificate_authorities.
 * CA_ERR_LIMIT: the names of ca_dir exceed max bytes; out is empty then.
 * out: DER Names, each with a 2-byte length in front (the wire form of RFC 8446
 * section 4.2.4).
 */
CA_MUST_CHECK enum ca_err ca_verify_authorities(struct ca_crypto *crypto,
    const struct ca_config *cfg, const struct ca_log *log, size_t max,
    struct ca_buf *out);

#endif
