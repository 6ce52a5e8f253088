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

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "map/map.h"
#include "report/report.h"
#include "verify/verify.h"
#include "wire/message.h"

struct ca_auth_peer {
	const char *service; /* PAM_SERVICE */
	const char *user;    /* PAM_USER; NULL or "": from the certificate */
	const char *rhost;   /* PAM_RHOST; NULL or "" */
};

/* The facts of peer into a report, before anything can go wrong. */
void ca_auth_facts(const struct ca_auth_peer *peer, struct ca_report *report);

/*
 * Make the request of one attempt: a fresh nonce, the schemes that this
 * libcrypto and cfg accept, the trust anchors' names where they fit, the
 * host's names and, where configured, its proof.  *out is freed with
 * ca_request_free.  Text that no request can carry (a PAM_USER with control
 * bytes) becomes "?", and ca_auth_check then refuses every answer.
 * On failure *reason says why (CA_R_HOST_PROOF, CA_R_INTERNAL); what the
 * administrator must mend is in the log.
 */
CA_MUST_CHECK enum ca_err ca_auth_request(struct ca_crypto *crypto,
    const struct ca_config *cfg, const struct ca_log *log,
    const struct ca_auth_peer *peer, time_t now, struct ca_request **out,
    enum ca_reason *reason);

/*
 * Who signs as the host where host_key is a `pkcs11:' URI, since no token
 * library is loaded here: ca_channel_host_sign, which says what the arguments
 * are.  NULL: nobody does, and such a host_key is an error.
 */
typedef enum ca_err ca_auth_signer(const struct ca_config *cfg,
    const struct ca_log *log, const char *uri, const struct ca_bytes *leaf,
    const struct ca_bytes *transcript, struct ca_buf *out);

/* ca_auth_request with a signer; it is not trusted: what it gives is verified
 * by the key in host_cert. */
CA_MUST_CHECK enum ca_err ca_auth_request_by(struct ca_crypto *crypto,
    const struct ca_config *cfg, const struct ca_log *log,
    const struct ca_auth_peer *peer, time_t now, ca_auth_signer *signer,
    struct ca_request **out, enum ca_reason *reason);

/*
 * The names of this host: those of cfg, else the full name as /etc/hosts has
 * it beside gethostname(2)'s, and the short one.  Nothing here asks the
 * network.  Appends to name[] (strings to free()) at most max, canonical one
 * first, and sets *n.  CA_ERR_NOT_FOUND: the host has no usable name.
 */
CA_MUST_CHECK enum ca_err ca_auth_host_names(
    const struct ca_config *cfg, char **name, size_t max, size_t *n);

/*
 * The full name that hosts, the text of /etc/hosts, gives to node, written to
 * out (size bytes): the first canonical name (that which follows the address)
 * which is node with a domain behind it.  False: there is none.
 */
bool ca_auth_host_fqdn(
    const char *hosts, const char *node, char *out, size_t size);

/*
 * Append the host's Certificate and CertificateVerify to msg, which holds the
 * CertificateRequest with that nonce.  cfg->host_cert: PEM, leaf first;
 * cfg->host_key: PEM without passphrase, owned by root (or the user that the
 * process runs as), for its owner alone; or a `pkcs11:' URI for signer.  What
 * is wrong with either goes to log, and the result is not CA_OK; msg is then as
 * it was.
 */
CA_MUST_CHECK enum ca_err ca_auth_host_proof(struct ca_crypto *crypto,
    const struct ca_config *cfg, const struct ca_log *log, const uint8_t *nonce,
    time_t now, ca_auth_signer *signer, struct ca_buf *msg);

/*
 * For `certauth doctor': look at host_cert and host_key as a login by cfg at
 * the time now would.  CA_OK: the proof can be made; any other code: it cannot,
 * and why went to log as an error (CA_ERR_NOT_FOUND: none is configured, which
 * is no error).  Warnings in log are what would make clients refuse the proof,
 * or soon will: no name of this host in subjectAltName, not for serverAuth,
 * expiry within warn_expiry, a host called localhost.  Signs nothing: of a key
 * on a token it cannot say whether it is there.
 */
CA_MUST_CHECK enum ca_err ca_auth_host_check(struct ca_crypto *crypto,
    const struct ca_config *cfg, const struct ca_log *log, time_t now);

/* What a granted login leaves behind. */
struct ca_auth_result {
	char *login;            /* owned */
	X509 *leaf;             /* owned */
	STACK_OF(X509) * chain; /* validated, leaf first, anchor last; owned */
	struct ca_verify_trace trace; /* what was looked at; owned */
};
void ca_auth_result_clear(struct ca_auth_result *result);

/*
 * Judge a response to req.  The order is that of docs/protocol.md: form and
 * nonce, lifetime, signature; only then files are opened (an answer with an
 * empty certificate_list has those of peer's user opened first: the client
 * has no say in which).  Every check that can run does, so the report shows
 * all that is wrong.
 *
 * CA_OK only if the login is granted: ca_report_granted(report, CA_REPORT_ALL)
 * holds, and result is filled (ca_auth_result_clear).  CA_DENIED: the report
 * says why.  Other codes: it could not be judged, the report says why too.
 */
CA_MUST_CHECK enum ca_err ca_auth_check(struct ca_crypto *crypto,
    const struct ca_config *cfg, const struct ca_log *log,
    const struct ca_auth_peer *peer, const struct ca_request *req,
    const void *response, size_t len, time_t now, struct ca_report *report,
    struct ca_auth_result *result);

/*
 * The part of ca_auth_check behind the signature, for those who want to see
 * why: chain, validity, purpose, revocation and mapping of result->leaf, which
 * the caller has put there.  Where the chain does not hold, the mapping runs
 * for a trace alone.  rest (may be NULL) helps to build chains; trace (may be
 * NULL) is told of every rule.  Fills the rest of result, also where the report
 * says no; ca_auth_result_clear.  Not CA_OK: something could not be judged, the
 * report says what.
 */
CA_MUST_CHECK enum ca_err ca_auth_certificate(struct ca_crypto *crypto,
    const struct ca_config *cfg, const struct ca_log *log,
    const struct ca_auth_peer *peer, STACK_OF(X509) * rest, time_t now,
    ca_map_trace *trace, void *ctx, struct ca_report *report,
    struct ca_auth_result *result);

/*
 * Decode the n certificates at cert but the first, for a path to be built
 * from: *out is freed with sk_X509_pop_free(, X509_free), after an error too.
 * A malformed one is left out, and recorded as a failure of the chain.
 */
CA_MUST_CHECK enum ca_err ca_auth_decode_rest(struct ca_crypto *crypto,
    const struct ca_log *log, const struct ca_bytes *cert, size_t n,
    struct ca_report *report, STACK_OF(X509) * *out);

/* ---- after the login ---- */

/* What is kept of a granted login for a later look: its name and its chain,
 * as bytes, bound to no library context. */
struct ca_auth_login;

CA_MUST_CHECK enum ca_err ca_auth_login_new(
    const struct ca_auth_result *from, struct ca_auth_login **out);
void ca_auth_login_free(struct ca_auth_login *login); /* NULL is allowed */

/*
 * Look again at the certificate that logged in before: chain, validity,
 * purpose and revocation as of now.  CA_OK only if peer->user is the login of
 * then and ca_report_granted(report, CA_REPORT_CERT); CA_DENIED; others as
 * above.
 */
CA_MUST_CHECK enum ca_err ca_auth_recheck(struct ca_crypto *crypto,
    const struct ca_config *cfg, const struct ca_log *log,
    const struct ca_auth_peer *peer, const struct ca_auth_login *login,
    time_t now, struct ca_report *report);

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
