/*
 * Reason codes: what a login was refused for, or why it could not be judged.
 */
#ifndef CA_BASE_REASON_H
#define CA_BASE_REASON_H

/*
 * Reason codes: X(enumerator, "code", "text").  The codes are stable: logs,
 * JSON, the manual (certauth(1), REASON CODES) and tests use them.  The texts
 * are for people and may change.
 */
#define CA_REASONS(X)                                                          \
	X(CA_R_NONE, "none", "a check did not run")                            \
	X(CA_R_OK, "ok", "passed")                                             \
	/* before the checks */                                                \
	X(CA_R_CONFIG, "config", "the configuration has a mistake")            \
	X(CA_R_INTERNAL, "internal", "an internal error occurred")             \
	X(CA_R_CONVERSATION, "conversation",                                   \
	    "the application returned no answer")                              \
	X(CA_R_ANSWER_EMPTY, "answer-empty", "the answer is empty")            \
	X(CA_R_ANSWER_CUT, "answer-cut", "an answer was truncated in transit") \
	X(CA_R_ANSWER_MALFORMED, "answer-malformed",                           \
	    "the answer is malformed")                                         \
	X(CA_R_ANSWER_REPEATED, "answer-repeated",                             \
	    "the application returned the same answer twice")                  \
	X(CA_R_ANSWER_LIMIT, "answer-limit",                                   \
	    "there are too many answers, or an answer is too long")            \
	X(CA_R_REQUEST_EXPIRED, "request-expired",                             \
	    "the answer arrived after the request had expired")                \
	X(CA_R_HELPER, "helper", "the helper failed")                          \
	X(CA_R_HELPER_TIMEOUT, "helper-timeout",                               \
	    "the helper exceeded its time limit")                              \
	X(CA_R_HOST_PROOF, "host-proof", "the host cannot prove its identity") \
	X(CA_R_NO_CREDENTIAL, "no-credential",                                 \
	    "no certificate with a usable key was found")                      \
	/* signature */                                                        \
	X(CA_R_NONCE, "nonce", "the response belongs to another request")      \
	X(CA_R_SCHEME, "scheme", "the signature scheme is not accepted")       \
	X(CA_R_KEY_WEAK, "key-weak",                                           \
	    "a key is too short, takes too long to verify with, or has a "     \
	    "refused type")                                                    \
	X(CA_R_UNSUPPORTED, "unsupported",                                     \
	    "a key or a signature has an algorithm that is not supported "     \
	    "here")                                                            \
	X(CA_R_SIGNATURE, "signature", "the signature is wrong")               \
	X(CA_R_CERT_MALFORMED, "cert-malformed", "a certificate is malformed") \
	X(CA_R_NO_REGISTERED, "no-registered",                                 \
	    "the client sent no certificate, and none is registered for the "  \
	    "user")                                                            \
	X(CA_R_OTHER_HOST, "other-host",                                       \
	    "the signed password is for another host")                         \
	X(CA_R_PASSWORD_EXPIRED, "password-expired",                           \
	    "the signed password is too old, or from the future")              \
	X(CA_R_REPLAYED, "replayed", "the signed password was used before")    \
	X(CA_R_RESTARTED, "verifier-restarted",                                \
	    "the signed password was made before the resident verifier "       \
	    "started")                                                         \
	X(CA_R_CLAIMS_FULL, "claims-full",                                     \
	    "too many signed passwords are remembered")                        \
	X(CA_R_NO_RESIDENT, "no-resident",                                     \
	    "signed passwords need the resident verifier")                     \
	/* chain */                                                            \
	X(CA_R_CHAIN_UNKNOWN_CA, "unknown-ca",                                 \
	    "no certification path leads to a CA in ca_dir")                   \
	X(CA_R_CHAIN_SIGNATURE, "chain-signature",                             \
	    "a signature in the certification path is wrong")                  \
	X(CA_R_CHAIN_NOT_CA, "not-a-ca", "an issuer is not a CA")              \
	X(CA_R_CHAIN_PATHLEN, "path-length",                                   \
	    "the certification path is too long")                              \
	X(CA_R_CHAIN_NAMES, "name-constraints",                                \
	    "a name constraint is violated")                                   \
	X(CA_R_CHAIN_POLICY, "policy",                                         \
	    "the certification path has no valid certificate policy")          \
	X(CA_R_CHAIN_WEAK, "weak",                                             \
	    "a key or digest in the certification path is too weak")           \
	X(CA_R_CHAIN_PROFILE, "profile",                                       \
	    "a certificate does not comply with the profile of RFC 5280")      \
	X(CA_R_CHAIN_EXTENSION, "critical-extension",                          \
	    "a certificate has an unknown critical extension")                 \
	X(CA_R_CHAIN_LIMIT, "chain-limit",                                     \
	    "path building exceeded one of its limits")                        \
	X(CA_R_CHAIN_DIR, "ca-dir", "ca_dir cannot be used")                   \
	X(CA_R_CHAIN_OTHER, "chain", "the certification path is not valid")    \
	/* validity */                                                         \
	X(CA_R_EXPIRED, "expired", "a certificate has expired")                \
	X(CA_R_NOT_YET_VALID, "not-yet-valid",                                 \
	    "a certificate is not yet valid")                                  \
	/* purpose */                                                          \
	X(CA_R_PURPOSE, "purpose",                                             \
	    "the certificate is not valid for this purpose")                   \
	/* revocation */                                                       \
	X(CA_R_REVOKED, "revoked", "a certificate is revoked")                 \
	X(CA_R_CRL_MISSING, "crl-missing",                                     \
	    "no usable CRL of an issuer was found")                            \
	X(CA_R_CRL_EXPIRED, "crl-expired", "the CRL has expired")              \
	X(CA_R_CRL_FUTURE, "crl-future", "the CRL is not yet valid")           \
	X(CA_R_CRL_SIGNATURE, "crl-signature", "the CRL's signature is wrong") \
	X(CA_R_CRL_ISSUER, "crl-issuer",                                       \
	    "the issuer of the CRL is not allowed to sign it")                 \
	X(CA_R_CRL_SCOPE, "crl-scope",                                         \
	    "the CRL does not cover the certificate")                          \
	X(CA_R_CRL_MALFORMED, "crl-malformed", "the CRL is malformed")         \
	X(CA_R_CRL_EXTENSION, "crl-extension",                                 \
	    "the CRL has an unknown critical extension")                       \
	X(CA_R_CRL_DIR, "crl-dir", "crl_dir cannot be used")                   \
	X(CA_R_CRL_STALE, "crl-stale",                                         \
	    "the CRL has expired, and crl_grace still accepts it")             \
	X(CA_R_CRL_OFF, "crl-off",                                             \
	    "revocation was not checked because crl = off")                    \
	X(CA_R_CRL_ABSENT, "crl-absent",                                       \
	    "no CRL of an issuer was found, and crl = prefer accepts that")    \
	X(CA_R_CRL_EXEMPT, "crl-exempt",                                       \
	    "crl_exempt accepts certificates of an issuer without a CRL")      \
	X(CA_R_CRL_SHORT_LIVED, "crl-short-lived",                             \
	    "crl_short_lived accepts a certificate of such a short validity "  \
	    "without a CRL")                                                   \
	X(CA_R_OCSP_MISSING, "ocsp-missing",                                   \
	    "no OCSP response about a certificate was found")                  \
	X(CA_R_OCSP_EXPIRED, "ocsp-expired", "the OCSP response has expired")  \
	X(CA_R_OCSP_FUTURE, "ocsp-future",                                     \
	    "the OCSP response is not yet valid")                              \
	X(CA_R_OCSP_SIGNATURE, "ocsp-signature",                               \
	    "the OCSP response's signature is wrong")                          \
	X(CA_R_OCSP_RESPONDER, "ocsp-responder",                               \
	    "the signer of the OCSP response is not allowed to sign it")       \
	X(CA_R_OCSP_UNKNOWN, "ocsp-unknown",                                   \
	    "the OCSP responder does not know the certificate")                \
	X(CA_R_OCSP_SCOPE, "ocsp-scope",                                       \
	    "the OCSP response is about another certificate")                  \
	X(CA_R_OCSP_MALFORMED, "ocsp-malformed",                               \
	    "the OCSP response is malformed")                                  \
	X(CA_R_OCSP_EXTENSION, "ocsp-extension",                               \
	    "the OCSP response has an unknown critical extension")             \
	X(CA_R_OCSP_ERROR, "ocsp-error",                                       \
	    "the OCSP responder answered with an error")                       \
	X(CA_R_OCSP_DIR, "ocsp-dir", "ocsp_dir cannot be used")                \
	X(CA_R_OCSP_ABSENT, "ocsp-absent",                                     \
	    "no OCSP response was found, and crl = prefer accepts that")       \
	/* mapping */                                                          \
	X(CA_R_UNMAPPED, "unmapped", "no rule maps the certificate to a user") \
	X(CA_R_OTHER_USER, "other-user",                                       \
	    "the certificate maps to another user")                            \
	X(CA_R_AMBIGUOUS, "ambiguous",                                         \
	    "the certificate maps to more than one user")                      \
	X(CA_R_LOGIN_INVALID, "login-invalid",                                 \
	    "the mapped user name is not allowed or does not exist")           \
	X(CA_R_USERS_FILE, "users-file", "the users file cannot be used")      \
	X(CA_R_NAME_MALFORMED, "name-malformed",                               \
	    "a name in the certificate is malformed")                          \
	X(CA_R_REFUSED, "refused",                                             \
	    "a line of the users file refuses the certificate")                \
	X(CA_R_DIRECTORY, "directory", "the directory cannot be asked")

#define CA_REASON_ENUM(e, code, text) e,
enum ca_reason { CA_REASONS(CA_REASON_ENUM) CA_REASON_COUNT };
#undef CA_REASON_ENUM

const char *ca_reason_code(enum ca_reason reason); /* static */
const char *ca_reason_text(enum ca_reason reason); /* static */

#endif
