/*
 * The report is the verdict.
 *
 * Every check writes what it found here; ca_report_granted() derives the
 * grant, and nothing else does.  A zeroed report denies.  The same report is
 * what is logged, audited and explained.
 */
#ifndef CA_REPORT_REPORT_H
#define CA_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum ca_check {
	CA_CHECK_SIGNATURE,
	CA_CHECK_CHAIN,
	CA_CHECK_VALIDITY,
	CA_CHECK_PURPOSE,
	CA_CHECK_REVOCATION,
	CA_CHECK_MAPPING,
	CA_CHECKS
};

enum ca_verdict { CA_NOT_RUN = 0, CA_PASS, CA_FAIL, CA_WAIVED };

/*
 * Reason codes.  The strings are stable: they stand in logs, JSON and the
 * manual (certauth(1), REASON CODES), and tests name them.  The table in
 * report.c holds them; X(enumerator, "code", "text").
 */
#define CA_REASONS(X)                                                          \
	X(CA_R_NONE, "none", "no check has run")                               \
	X(CA_R_OK, "ok", "passed")                                             \
	/* before the checks */                                                \
	X(CA_R_CONFIG, "config", "the configuration has a mistake")            \
	X(CA_R_INTERNAL, "internal", "an internal error")                      \
	X(CA_R_CONVERSATION, "conversation", "the application gave no answer") \
	X(CA_R_ANSWER_EMPTY, "answer-empty", "the answer is empty")            \
	X(CA_R_ANSWER_CUT, "answer-cut", "the answer was cut on its way")      \
	X(CA_R_ANSWER_MALFORMED, "answer-malformed",                           \
	    "the answer is malformed")                                         \
	X(CA_R_ANSWER_REPEATED, "answer-repeated",                             \
	    "the application gave the same answer twice")                      \
	X(CA_R_ANSWER_LIMIT, "answer-limit", "too many or too long answers")   \
	X(CA_R_REQUEST_EXPIRED, "request-expired",                             \
	    "the answer came after the request's lifetime")                    \
	X(CA_R_HELPER, "helper", "the helper failed")                          \
	X(CA_R_HELPER_TIMEOUT, "helper-timeout", "the helper took too long")   \
	X(CA_R_HOST_PROOF, "host-proof", "the host cannot prove itself")       \
	X(CA_R_NO_CREDENTIAL, "no-credential",                                 \
	    "no certificate with a usable key was found")                      \
	/* signature */                                                        \
	X(CA_R_NONCE, "nonce", "the answer is for another request")            \
	X(CA_R_SCHEME, "scheme", "the signature scheme is not accepted")       \
	X(CA_R_KEY_WEAK, "key-weak",                                           \
	    "a key is too short, takes too long to verify by, or is of a "     \
	    "refused type")                                                    \
	X(CA_R_SIGNATURE, "signature", "the signature is wrong")               \
	X(CA_R_CERT_MALFORMED, "cert-malformed", "a certificate is malformed") \
	X(CA_R_NO_REGISTERED, "no-registered",                                 \
	    "the client sent no certificate, and none is registered")          \
	/* chain */                                                            \
	X(CA_R_CHAIN_UNKNOWN_CA, "unknown-ca",                                 \
	    "no chain to a certificate of ca_dir")                             \
	X(CA_R_CHAIN_SIGNATURE, "chain-signature",                             \
	    "a signature in the chain is wrong")                               \
	X(CA_R_CHAIN_NOT_CA, "not-a-ca", "an issuer is no CA")                 \
	X(CA_R_CHAIN_PATHLEN, "path-length", "a path length is exceeded")      \
	X(CA_R_CHAIN_NAMES, "name-constraints",                                \
	    "a name constraint is violated")                                   \
	X(CA_R_CHAIN_POLICY, "policy", "no valid certificate policy")          \
	X(CA_R_CHAIN_WEAK, "weak", "a weak key or digest in the chain")        \
	X(CA_R_CHAIN_PROFILE, "profile",                                       \
	    "a certificate breaks the profile of RFC 5280")                    \
	X(CA_R_CHAIN_EXTENSION, "critical-extension",                          \
	    "an unknown critical extension")                                   \
	X(CA_R_CHAIN_LIMIT, "chain-limit",                                     \
	    "the bounds of path building are exceeded")                        \
	X(CA_R_CHAIN_DIR, "ca-dir", "ca_dir cannot be used")                   \
	X(CA_R_CHAIN_OTHER, "chain", "the chain is not valid")                 \
	/* validity */                                                         \
	X(CA_R_EXPIRED, "expired", "a certificate has expired")                \
	X(CA_R_NOT_YET_VALID, "not-yet-valid",                                 \
	    "a certificate is not yet valid")                                  \
	/* purpose */                                                          \
	X(CA_R_PURPOSE, "purpose", "the certificate is not for this purpose")  \
	/* revocation */                                                       \
	X(CA_R_REVOKED, "revoked", "a certificate is revoked")                 \
	X(CA_R_CRL_MISSING, "crl-missing", "no usable CRL for an issuer")      \
	X(CA_R_CRL_EXPIRED, "crl-expired", "the CRL is out of date")           \
	X(CA_R_CRL_FUTURE, "crl-future", "the CRL is not yet valid")           \
	X(CA_R_CRL_SIGNATURE, "crl-signature", "the CRL's signature is wrong") \
	X(CA_R_CRL_ISSUER, "crl-issuer",                                       \
	    "the issuer of the CRL may not sign it")                           \
	X(CA_R_CRL_SCOPE, "crl-scope",                                         \
	    "the CRL does not cover the certificate")                          \
	X(CA_R_CRL_MALFORMED, "crl-malformed", "the CRL is malformed")         \
	X(CA_R_CRL_EXTENSION, "crl-extension",                                 \
	    "the CRL has an unknown critical extension")                       \
	X(CA_R_CRL_DIR, "crl-dir", "crl_dir cannot be used")                   \
	X(CA_R_CRL_STALE, "crl-stale",                                         \
	    "waived: the CRL is past its nextUpdate, within crl_grace")        \
	X(CA_R_CRL_OFF, "crl-off", "waived: revocation is not checked")        \
	X(CA_R_CRL_ABSENT, "crl-absent",                                       \
	    "waived: no CRL for an issuer, and crl = prefer")                  \
	/* mapping */                                                          \
	X(CA_R_UNMAPPED, "unmapped", "no rule maps the certificate")           \
	X(CA_R_OTHER_USER, "other-user",                                       \
	    "the certificate maps to another user")                            \
	X(CA_R_AMBIGUOUS, "ambiguous",                                         \
	    "the certificate maps to more than one user")                      \
	X(CA_R_LOGIN_INVALID, "login-invalid",                                 \
	    "the mapped login is not allowed or does not exist")               \
	X(CA_R_USERS_FILE, "users-file", "the users file cannot be used")      \
	X(CA_R_NAME_MALFORMED, "name-malformed",                               \
	    "a name in the certificate is malformed")

#define CA_REASON_ENUM(e, code, text) e,
enum ca_reason { CA_REASONS(CA_REASON_ENUM) CA_REASON_COUNT };
#undef CA_REASON_ENUM

/* Facts that go into the log line beside the outcome. */
enum ca_fact {
	CA_FACT_USER,
	CA_FACT_SERVICE,
	CA_FACT_RHOST,
	CA_FACT_SUBJECT, /* RFC 4514 */
	CA_FACT_ISSUER,
	CA_FACT_SERIAL, /* hex */
	CA_FACT_SHA256, /* of the certificate, hex */
	CA_FACT_SCHEME,
	CA_FACT_NOT_AFTER, /* RFC 3339 */
	CA_FACT_ANCHOR,    /* subject of the trust anchor */
	CA_FACT_RULE,      /* the rule that mapped, FILE:LINE SELECTOR */
	CA_FACTS
};

struct ca_report;

struct ca_report *ca_report_new(void); /* NULL: no memory */
void ca_report_free(struct ca_report *r);

/*
 * Record a check's finding.  Once a check has failed it stays failed, whatever
 * is recorded afterwards.  CA_WAIVED is taken for CA_CHECK_REVOCATION alone
 * and is a failure elsewhere.  fmt (may be NULL) adds detail for the log; it
 * may hold text of others, which the printers escape.
 */
void ca_report_set(struct ca_report *r, enum ca_check check,
    enum ca_verdict verdict, enum ca_reason reason, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* The attempt failed outside the checks; the report never grants any more. */
void ca_report_abort(struct ca_report *r, enum ca_reason reason,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Record src's findings for the checks in the mask only into r, by the rules
 * of ca_report_set. */
void ca_report_merge(
    struct ca_report *r, const struct ca_report *src, unsigned only);

void ca_report_fact(struct ca_report *r, enum ca_fact fact, const char *text);

/* Cut every fact and every detail to max bytes and "..."; no verdict changes.
 * For a log whose lines are short. */
void ca_report_clip(struct ca_report *r, size_t max);
const char *ca_report_get0_fact(const struct ca_report *r, enum ca_fact fact);

enum ca_verdict ca_report_verdict(
    const struct ca_report *r, enum ca_check check);

/* Of one check: its reason (CA_R_NONE: it did not run), and the detail,
 * unescaped and owned by r, or NULL. */
enum ca_reason ca_report_check_reason(
    const struct ca_report *r, enum ca_check check);
const char *ca_report_get0_detail(
    const struct ca_report *r, enum ca_check check);
const char *ca_check_name(enum ca_check check);       /* static */
const char *ca_verdict_name(enum ca_verdict verdict); /* static */
const char *ca_fact_name(enum ca_fact fact);          /* static */

/* The reason that decided: of the abort, else of the first failed check in
 * their order, else of a check that did not run, else of a waiver, else OK. */
enum ca_reason ca_report_reason(const struct ca_report *r);
const char *ca_reason_code(enum ca_reason reason); /* static */
const char *ca_reason_text(enum ca_reason reason); /* static */

/*
 * True if every check passed, revocation perhaps waived, and nothing aborted.
 * only: bit mask of checks (1 << CA_CHECK_...) that count, for `certauth
 * verify`, which has neither signature nor mapping; the module passes
 * CA_REPORT_ALL.
 */
#define CA_REPORT_ALL ((1u << CA_CHECKS) - 1)
#define CA_REPORT_CERT                                                         \
	(1u << CA_CHECK_CHAIN | 1u << CA_CHECK_VALIDITY |                      \
	    1u << CA_CHECK_PURPOSE | 1u << CA_CHECK_REVOCATION)
bool ca_report_granted(const struct ca_report *r, unsigned only);

/*
 * Print: one key=value line for the log, of the outcome or of one check; a few
 * lines for a person; JSON.  In the lines for the log, text of others stands in
 * quotes, and `KEY=' outside of quotes is ours alone; docs/operations.md has
 * the form.
 */
void ca_report_line(
    const struct ca_report *r, unsigned only, struct ca_buf *out);
void ca_report_check_line(
    const struct ca_report *r, enum ca_check check, struct ca_buf *out);
void ca_report_text(
    const struct ca_report *r, unsigned only, struct ca_buf *out);
void ca_report_json(
    const struct ca_report *r, unsigned only, struct ca_buf *out);

#endif
