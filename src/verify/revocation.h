/*
 * Revocation of a whole path by the CRLs in crl_dir (RFC 5280 section 6.3), and by
 * OCSP responses, of the client or in ocsp_dir (src/ocsp).
 *
 * X509_verify_cert validates the path without CRLs.  Here, all CRLs that may
 * cover a certificate are evaluated by one rule: a CRL that has a valid
 * signature, is not of the future, covers the certificate, lists it and was
 * not replaced revokes it.  docs/security.md has the whole rule.
 */
#ifndef CA_VERIFY_REVOCATION_H
#define CA_VERIFY_REVOCATION_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "report/report.h"

struct ca_crl;
struct ca_ocsp_answer;
struct ca_revocation;

#define CA_REVOCATION_WHY 200 /* bytes of a text, its end included */
#define CA_REVOCATION_PATH 32 /* certificates whose waiver is traced */

/* Who could have brought an OCSP response; for texts. */
enum ca_staples_by {
	CA_STAPLES_BY_CLIENT,
	CA_STAPLES_BY_NOBODY,  /* the certificate is registered on the host, and
				* the client sends neither it nor a response */
	CA_STAPLES_BY_COMMAND, /* an option of `certauth` */
};

/* Where the paths of CRL issuers come from that are not on the path at hand
 * (section 6.3.3 (f)). */
struct ca_revocation_paths {
	/* Append the certificates with that subject; borrowed for as long as
	 * the revocation lives.  Errors as ca_cadir_by_subject. */
	enum ca_err (*named)(
	    void *ctx, const X509_NAME *subject, STACK_OF(X509) *out);
	/* A valid path from cert to that anchor: CA_OK, *chain is the
	 * caller's, leaf first, anchor last.  CA_DENIED: there is none, and
	 * why is filled.  CA_ERR_LIMIT, CA_ERR_MEMORY and their like. */
	enum ca_err (*find)(void *ctx, X509 *cert, X509 *anchor,
	    STACK_OF(X509) **chain, char why[CA_REVOCATION_WHY]);
	void *ctx;
	/* Count the cost of OCSP against the bound of path building.
	 * CA_ERR_LIMIT.  NULL: no bound. */
	enum ca_err (*spend)(void *ctx, size_t cost);
};

/*
 * Prepare for one verification by cfg (revocation, ocsp_dir, ocsp_max_age, crl,
 * crl_dir, crl_check, crl_grace, crl_no_next_update, crl_short_lived, crl_exempt,
 * crl_engine).  cfg is borrowed.
 * With crl = off it does nothing further and waives.  If crl_dir cannot be opened or trusted, the check fails
 * (CA_R_CRL_DIR) unless crl = off.  CRL files are opened when an issuer's CRLs
 * are needed, and their content is kept for the next candidate path.
 * CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_revocation_new(struct ca_crypto *crypto,
    const struct ca_config *cfg, const struct ca_log *log, time_t now,
    struct ca_revocation **out);
void ca_revocation_free(struct ca_revocation *rev); /* NULL is allowed */

/* Before the first check.  paths is copied. */
void ca_revocation_set_paths(
    struct ca_revocation *rev, const struct ca_revocation_paths *paths);

/* The OCSP responses that the client sent, about whichever certificate.  Both the
 * n elements and their bytes are borrowed. */
void ca_revocation_set_staples(struct ca_revocation *rev,
    enum ca_staples_by origin, const struct ca_bytes *staple, size_t n);

/* Record which CRLs are used, for ca_verify_trace_take.  others: also look up
 * certificates in CRLs that do not cover them. */
void ca_revocation_trace(struct ca_revocation *rev, bool others);

/*
 * Judge the certificates of chain, leaf first, anchor last, and put the finding
 * into the report as CA_CHECK_REVOCATION.  The signatures of chain must have
 * been verified, because CRL files of any size are read for them.  If a status
 * cannot be determined, the check fails.  chain must live until the next call.
 */
void ca_revocation_check(struct ca_revocation *rev, const STACK_OF(X509) *chain,
    struct ca_report *report);

/*
 * For `certauth ocsp`: what is left of answer, which is about the first certificate of
 * chain (that certificate first, anchor last; signatures verified), if the status of
 * its responder counts (RFC 6960 section 4.2.2.2.1).  That status is told by CRLs
 * that a certificate of chain has signed.  CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_revocation_weigh(struct ca_revocation *rev,
    const STACK_OF(X509) *chain, struct ca_ocsp_answer *answer);

/* For `certauth doctor`: does the CRL cover cert (section 6.3.3 (b))?  False:
 * why says what differs, as in "is for CA certificates only, and this is none".
 * True also if that cannot be determined. */
bool ca_revocation_covers(
    struct ca_crl *crl, X509 *cert, char why[CA_REVOCATION_WHY]);

/* Is the fingerprint of issuer (SHA-256) in prints, which is crl_exempt of a
 * configuration?  False also if it cannot be computed. */
bool ca_revocation_is_exempt(
    struct ca_crypto *crypto, const struct ca_list *prints, X509 *issuer);

/* Is cert an end-entity certificate, and valid for that many seconds at most?  With 0
 * no certificate is. */
bool ca_revocation_is_short_lived(X509 *cert, uint64_t seconds);

/* Did the last check find that the leaf is revoked, whatever else it found? */
bool ca_revocation_leaf_revoked(const struct ca_revocation *rev);

#endif
