/*
 * A certificate's chain, validity, purpose and revocation: RFC 5280 section 6.
 * The one engine behind the module, `certauth verify`, and the client's check
 * of the host.
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
	STACK_OF(X509) * untrusted;    /* the peer's intermediates; borrowed,
					* may be NULL */
	time_t now;                    /* the time to judge by */
	STACK_OF(X509) * anchors;      /* the trust anchors, instead of those
					* in ca_dir; borrowed; NULL: ca_dir */
	struct ca_verify_trace *trace; /* NULL, or filled with the path that
					* the report speaks of, accepted or
					* not; the caller clears it */
	bool all_crls;                 /* with a trace: look also into CRLs that
					* do not speak of a certificate */
};

/*
 * Verify by cfg (ca_dir, intermediates_dir, crl_dir, crl*, purpose, policy*,
 * max_depth).  Fills the findings CHAIN, VALIDITY, PURPOSE, REVOCATION and the
 * facts SUBJECT, ISSUER, SERIAL, SHA256, NOT_AFTER, ANCHOR.
 *
 * CA_OK: the checks ran, and the report says with what outcome; anything else:
 * they could not run, and the report has a failure that says why.
 * chain (may be NULL) receives the validated chain, leaf first, anchor last,
 * for the caller to free with sk_X509_pop_free(, X509_free); NULL where none.
 */
CA_MUST_CHECK enum ca_err ca_verify(struct ca_crypto *crypto,
    const struct ca_config *cfg, const struct ca_log *log,
    const struct ca_verify_input *in, struct ca_report *report,
    STACK_OF(X509) * *chain);

/* Fill the facts about a certificate into a report. */
void ca_verify_facts(
    struct ca_crypto *crypto, X509 *cert, struct ca_report *report);

/*
 * The subject names (DER) of the trust anchors in ca_dir, then, as far as they
 * all fit, of intermediates_dir, for the request's certificate_authorities.
 * Stops with CA_ERR_LIMIT when they exceed max bytes; out holds nothing then.
 * out: DER Names one after the other, each with a 2-byte length (the wire form
 * of RFC 8446 section 4.2.4).
 */
CA_MUST_CHECK enum ca_err ca_verify_authorities(struct ca_crypto *crypto,
    const struct ca_config *cfg, const struct ca_log *log, size_t max,
    struct ca_buf *out);

#endif
