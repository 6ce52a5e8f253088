/*
 * The one sequence of checks: signature, chain, validity, purpose, revocation,
 * mapping.
 */
#ifndef CA_AUTH_AUTH_H
#define CA_AUTH_AUTH_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "host/host.h"
#include "map/map.h"
#include "report/report.h"
#include "verify/verify.h"
#include "wire/message.h"

#define CA_AUTH_SCHEMES 64

struct ca_auth_peer {
	const char *service; /* PAM_SERVICE */
	const char *user;    /* PAM_USER; NULL or "": from the certificate */
	const char *rhost;   /* PAM_RHOST; NULL or "" */
};

/* The facts of peer into a report, before anything can go wrong. */
void ca_auth_facts(const struct ca_auth_peer *peer, struct ca_report *report);

/*
 * Make the request of one attempt at ctx->now: a fresh nonce, the schemes that
 * this libcrypto and the configuration accept, the trust anchors' names if they
 * fit, the host's names and, if configured, the host's proof, which signer makes
 * for a key on a token (NULL: such a host_key is an error).  *out is freed with
 * ca_request_free.  Text that no request can carry (a PAM_USER with control
 * bytes) becomes "?", and ca_auth_check then refuses every response.
 * On failure *reason says why (CA_R_HOST_PROOF, CA_R_INTERNAL); what the
 * administrator must mend is in the log.
 */
CA_MUST_CHECK enum ca_err ca_auth_request(const struct ca_context *ctx,
    const struct ca_auth_peer *peer, const struct ca_host_signer *signer,
    struct ca_request **out, enum ca_reason *reason);

/* The signature schemes that this libcrypto has and cfg allows, the host's preference
 * first; their number. */
size_t ca_auth_schemes(struct ca_crypto *crypto, const struct ca_config *cfg,
    uint16_t out[CA_AUTH_SCHEMES]);

/* ---- signed passwords ---- */

/* One use of a signed password. */
struct ca_claim {
	uint8_t content[CA_TRANSCRIPT_HASH_LEN]; /* SHA-384 of what was signed:
						  * ECDSA has two signatures
						  * for one text */
	uint64_t issued_at;                      /* seconds since 1970 */
	uint32_t lifetime, skew;                 /* seconds */
	uint32_t window;      /* seconds after the first use; 0: one use */
	uint64_t user, rhost; /* the first bytes of their SHA-256 */
};

/* Who remembers uses.  claim: CA_R_OK, or the reason of a refusal. */
struct ca_auth_claims {
	enum ca_reason (*claim)(void *ctx, const struct ca_claim *claim);
	void *ctx;
};

/* What the client sent: a response to req, or, without req, a signed password. */
struct ca_auth_answer {
	const struct ca_request *req;
	struct ca_bytes text;
	const struct ca_auth_claims *claims; /* of a signed password */
};

/* ---- judging ---- */

/* What a granted login leaves behind. */
struct ca_auth_result {
	char *login;           /* owned */
	X509 *leaf;            /* owned */
	STACK_OF(X509) *chain; /* validated, leaf first, anchor last; owned */
	struct ca_verify_trace trace; /* what was looked at; owned */
};
void ca_auth_result_clear(struct ca_auth_result *result);

/*
 * Judge an answer.  The order is that of docs/protocol.md: form and
 * nonce, lifetime, signature; only then files are opened (an answer with an
 * empty certificate_list has those of peer's user opened first: the client
 * has no say in which).  Every check that can run does, so the report shows
 * all that is wrong.
 *
 * CA_OK only if the login is granted: ca_report_granted(report, CA_REPORT_ALL)
 * holds, and result is filled (ca_auth_result_clear).  CA_DENIED: the report
 * says why.  Other codes: it could not be judged, the report says why too.
 */
CA_MUST_CHECK enum ca_err ca_auth_check(const struct ca_context *ctx,
    const struct ca_auth_peer *peer, const struct ca_auth_answer *answer,
    struct ca_report *report, struct ca_auth_result *result);

/* Who is told of every rule of the mapping that is tried. */
struct ca_auth_trace {
	ca_map_trace *rule;
	void *ctx; /* its first argument */
};

/* What came with the client's certificate.  All of it is borrowed. */
struct ca_auth_sent {
	STACK_OF(X509) *rest;          /* to build paths from; NULL: none */
	const struct ca_bytes *staple; /* nstaples OCSP responses */
	size_t nstaples;
	enum ca_staples_by origin;
};

/*
 * The part of ca_auth_check behind the signature, for those who want to see
 * why: chain, validity, purpose, revocation and mapping of result->leaf, which
 * the caller has put there.  Where the chain does not hold, the mapping runs
 * for a trace alone.  Certificates may be added to sent->rest.  trace (may be
 * NULL) is told of every rule.  Fills the rest of result, also where the report
 * says no; ca_auth_result_clear.  Not CA_OK: something could not be judged, the
 * report says what.
 */
CA_MUST_CHECK enum ca_err ca_auth_certificate(const struct ca_context *ctx,
    const struct ca_auth_peer *peer, const struct ca_auth_sent *sent,
    const struct ca_auth_trace *trace, struct ca_report *report,
    struct ca_auth_result *result);

/*
 * Decode the client's certificate, for the caller to free.  CA_ERR_FORMAT,
 * CA_ERR_UNSUPPORTED, CA_ERR_LIMIT, CA_ERR_MEMORY: as ca_crypto_cert, and
 * recorded with the reason as a failure of check.
 */
CA_MUST_CHECK enum ca_err ca_auth_decode_leaf(struct ca_crypto *crypto,
    const struct ca_bytes *cert, enum ca_check check, struct ca_report *report,
    X509 **leaf);

/* Does some signature scheme fit the key of the client's certificate?  If none
 * does, the reason is recorded as a failure of check. */
bool ca_auth_leaf_signs(
    X509 *leaf, enum ca_check check, struct ca_report *report);

/* Where the further certificates go, and what is told of those that do not. */
struct ca_auth_rest {
	struct ca_crypto *crypto;
	const struct ca_log *log;
	struct ca_report *report;
	STACK_OF(X509) *certs;
	const char *file; /* that they are from; NULL: a response */
};

/*
 * Decode a further certificate, the number-th from 1, and append it to
 * rest->certs.  A malformed one is left out, and recorded as a failure of the
 * chain.  One that the gate refuses is left out, and logged.  CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_auth_decode_more(
    struct ca_auth_rest *rest, size_t number, const struct ca_bytes *cert);

/*
 * Decode the n certificates of a response but the first, as above, for a path to
 * be built from: *out is freed with sk_X509_pop_free(, X509_free), after an
 * error too.
 */
CA_MUST_CHECK enum ca_err ca_auth_decode_rest(struct ca_crypto *crypto,
    const struct ca_log *log, const struct ca_bytes *cert, size_t n,
    struct ca_report *report, STACK_OF(X509) **out);

/* For a login that ended before ca_auth_check: what the reason means and what
 * to do, for ca_report_abort.  NULL: the reason's own text is enough.  Static. */
const char *ca_auth_abort_text(enum ca_reason reason);

/* ---- after the login ---- */

/* Append what is kept of a granted login for a later look: its name, its chain, and
 * the client's OCSP responses by which it was granted.
 * CA_ERR_LIMIT, CA_ERR_CRYPTO, CA_ERR_MEMORY; out must not be used then. */
CA_MUST_CHECK enum ca_err ca_auth_keep(
    const struct ca_auth_result *from, struct ca_buf *out);

/*
 * Look again at the certificate that logged in before: chain, validity,
 * purpose and revocation as of now.  kept: what ca_auth_keep wrote.  CA_OK only
 * if peer->user is the login of then and ca_report_granted(report,
 * CA_REPORT_CERT); CA_DENIED; others as above.
 */
CA_MUST_CHECK enum ca_err ca_auth_recheck(const struct ca_context *ctx,
    const struct ca_auth_peer *peer, const struct ca_bytes *kept,
    struct ca_report *report);

/*
 * Judge an open session: as ca_auth_recheck, and whether the certificate still maps to
 * peer->user.  CA_OK only if both is so; CA_DENIED: the report has which check failed;
 * others as above.
 */
CA_MUST_CHECK enum ca_err ca_auth_session(const struct ca_context *ctx,
    const struct ca_auth_peer *peer, const struct ca_bytes *kept,
    struct ca_report *report);

/* The name of variable number i below, or NULL after the last. */
const char *ca_auth_env_name(size_t i);

/* Append variable number i for the environment of the session, NAME=VALUE
 * without control bytes; false after the last. */
bool ca_auth_env(const struct ca_report *report, size_t i, struct ca_buf *out);

/* True if leaf ends within cfg->warn_expiry; then a sentence about it for the
 * user is appended to out. */
bool ca_auth_expires_soon(const struct ca_config *cfg,
    const struct ca_report *report, X509 *leaf, time_t now, struct ca_buf *out);

/* Log, as warnings, which CA of the chain ends within cfg->warn_expiry, and
 * which of the CRLs that answered is due: past seven eighths of its time, and
 * within cfg->warn_expiry of its nextUpdate. */
void ca_auth_warn_site(const struct ca_config *cfg, const struct ca_log *log,
    const struct ca_auth_result *result, time_t now);

/* Log the outcome as cfg->audit has it: a line or a JSON object, with event
 * ("login", "account") and mode where they are not the usual ones; with debug,
 * each check too.  Where there is no memory for the line, its outcome, reason
 * and user are logged.  Facts and details that make it too long are cut in
 * report. */
void ca_auth_log(const struct ca_config *cfg, const struct ca_log *log,
    struct ca_report *report, unsigned only, const char *event);

#endif
