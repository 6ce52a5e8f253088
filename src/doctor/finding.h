/*
 * doctor: what can be found, and how the checks record it.
 */
#ifndef CA_DOCTOR_FINDING_H
#define CA_DOCTOR_FINDING_H

#include <openssl/x509.h>
#include <time.h>

struct ca_doctor; /* doctor.h */

/*
 * What can be found.  The codes are stable; certauth(1) lists them, and a test
 * compares.  X(enumerator, "code", "why it matters").
 */
#define CA_FINDINGS(X)                                                         \
	X(CA_F_CONFIG_MISTAKE, "config-mistake",                               \
	    "while it stands, nobody gets in by certificate")                  \
	X(CA_F_CONFIG_ABSENT, "config-absent",                                 \
	    "the built-in defaults are in force")                              \
	X(CA_F_MODE_AUDIT, "mode-audit",                                       \
	    "logins are judged and logged, but never granted")                 \
	X(CA_F_MAX_ANSWER, "max-answer",                                       \
	    "128 answers of this size cannot carry the longest response")      \
	X(CA_F_CRL_OFF, "crl-off", "revoked certificates log in")              \
	X(CA_F_HELPER, "helper",                                               \
	    "logins at the machine (proof = command) cannot be signed")        \
	X(CA_F_HOST_CERT, "host-cert",                                         \
	    "the host cannot prove itself to clients")                         \
	X(CA_F_HOST_CERT_DOUBTFUL, "host-cert-doubtful",                       \
	    "clients refuse the proof, or soon will")                          \
	X(CA_F_FILE_UNTRUSTED, "file-untrusted",                               \
	    "others can change what decides about logins, so it is refused")   \
	X(CA_F_PARENT_UNTRUSTED, "parent-untrusted",                           \
	    "others can put another file or directory in its place")           \
	X(CA_F_CA_DIR, "ca-dir", "no certificate leads to a trust anchor")     \
	X(CA_F_CA_NONE, "ca-none", "no certificate leads to a trust anchor")   \
	X(CA_F_CA_UNREADABLE, "ca-unreadable",                                 \
	    "certificates of that CA are refused")                             \
	X(CA_F_CA_EXPIRED, "ca-expired",                                       \
	    "certificates of that CA are refused")                             \
	X(CA_F_CA_FUTURE, "ca-not-yet-valid",                                  \
	    "certificates of that CA are refused until then")                  \
	X(CA_F_CA_EXPIRING, "ca-expiring",                                     \
	    "certificates of that CA are refused from then on")                \
	X(CA_F_CA_WEAK, "ca-weak",                                             \
	    "weak keys and digests are refused anywhere in a chain")           \
	X(CA_F_CA_NOT_CA, "ca-not-a-ca",                                       \
	    "it may sign nothing; as an anchor it only trusts itself")         \
	X(CA_F_CA_INTERMEDIATE, "ca-intermediate-anchor",                      \
	    "chains end at it: its issuer cannot revoke it any more")          \
	X(CA_F_CA_DUPLICATE, "ca-duplicate",                                   \
	    "whoever removes one of them may think the CA gone")               \
	X(CA_F_CA_SAME_SUBJECT, "ca-same-subject",                             \
	    "a rule of the users file that rests on the CA's name means both") \
	X(CA_F_CA_NOT_HASHED, "ca-not-hashed",                                 \
	    "each login reads every file of the directory")                    \
	X(CA_F_CRL_DIR, "crl-dir", "revocation cannot be checked")             \
	X(CA_F_CRL_MISSING, "crl-missing",                                     \
	    "what that CA has issued is refused, or with crl = prefer not "    \
	    "checked")                                                         \
	X(CA_F_CRL_STALE, "crl-stale",                                         \
	    "past its nextUpdate (and crl_grace) it proves nothing")           \
	X(CA_F_CRL_EXPIRING, "crl-expiring",                                   \
	    "logins are refused from then on, unless a newer one comes")       \
	X(CA_F_CRL_FUTURE, "crl-future",                                       \
	    "it counts for nothing before its thisUpdate")                     \
	X(CA_F_CRL_UNSIGNED, "crl-unsigned",                                   \
	    "a CRL counts only with the signature of its CA")                  \
	X(CA_F_CRL_MALFORMED, "crl-malformed", "it counts for nothing")        \
	X(CA_F_CRL_WEAK, "crl-weak",                                           \
	    "a CRL by a refused algorithm counts for nothing, and to fetch "   \
	    "it once more gives the same one")                                 \
	X(CA_F_CRL_NO_SIGN, "crl-no-sign",                                     \
	    "no CRL of that CA counts, and with crl = require all that it "    \
	    "has issued is refused")                                           \
	X(CA_F_CRL_SKIPPED, "crl-skipped",                                     \
	    "it is passed over, and so is what is in it")                      \
	X(CA_F_CRL_PAIR, "crl-pair",                                           \
	    "neither replaces the other: what either lists is refused")        \
	X(CA_F_CRL_DELTA, "crl-delta",                                         \
	    "a delta revokes, but without its complete CRL it says of nobody " \
	    "that he is not revoked")                                          \
	X(CA_F_CRL_OUTSIDE, "crl-outside-scope",                               \
	    "the certificate logs in though its serial number is on a CRL")    \
	X(CA_F_CRL_UNINDEXED, "crl-unindexed", "each login reads all of it")   \
	X(CA_F_CRL_INDEX_STALE, "crl-index-stale",                             \
	    "the index is not used, and each login reads all of the CRL")      \
	X(CA_F_CRL_NOT_HASHED, "crl-not-hashed",                               \
	    "each login looks into every file of the directory")               \
	X(CA_F_CRL_TIMER, "crl-timer",                                         \
	    "nobody fetches new CRLs, and logins end with the old ones")       \
	X(CA_F_USERS_FILE, "users-file", "nobody is mapped to a login by it")  \
	X(CA_F_USERS_MISTAKE, "users-mistake",                                 \
	    "a users file with a mistake maps nobody")                         \
	X(CA_F_USERS_EMPTY, "users-empty", "nobody is mapped to a login")      \
	X(CA_F_USERS_WEAK, "users-weak",                                       \
	    "any of the CAs can issue a certificate with that name, and so "   \
	    "for that login")                                                  \
	X(CA_F_USERS_NO_ACCOUNT, "users-no-account",                           \
	    "a typing error, or a line that outlived its user")                \
	X(CA_F_USERS_UNINDEXED, "users-unindexed",                             \
	    "each login reads all of it")                                      \
	X(CA_F_USERS_INDEX_STALE, "users-index-stale",                         \
	    "the index is not used, and each login reads the whole file")      \
	X(CA_F_REGISTERED, "registered",                                       \
	    "logins with a registered certificate fail")                       \
	X(CA_F_REGISTERED_EXPIRED, "registered-expired",                       \
	    "it cannot log in any more")                                       \
	X(CA_F_PAM_UNUSED, "pam-unused", "no login asks for a certificate")    \
	X(CA_F_PAM_FILE, "pam-file", "it could not be looked at")              \
	X(CA_F_PAM_MODULE, "pam-module",                                       \
	    "libpam cannot load it, and the line fails")                       \
	X(CA_F_PAM_CONTROL, "pam-control",                                     \
	    "the certificate's verdict does not have the weight it seems to")  \
	X(CA_F_PAM_OPEN, "pam-open",                                           \
	    "whoever has no certificate gets in without anything else")        \
	X(CA_F_PAM_ARGUMENT, "pam-argument",                                   \
	    "the service refuses every login by certificate")                  \
	X(CA_F_PAM_PASSWORD, "pam-password",                                   \
	    "a certificate is no password to change: the stack fails")         \
	X(CA_F_PAM_SESSION, "pam-session", "it does nothing there")            \
	X(CA_F_PAM_ACCOUNT, "pam-account",                                     \
	    "a certificate revoked during a session is not noticed by sudo "   \
	    "-v "                                                              \
	    "or a screen lock")                                                \
	X(CA_F_SSHD_CONFIG, "sshd-config",                                     \
	    "whether sshd asks PAM could not be looked at")                    \
	X(CA_F_SSHD_USEPAM, "sshd-usepam", "sshd does not ask PAM at all")     \
	X(CA_F_SSHD_KBD, "sshd-keyboard-interactive",                          \
	    "sshd shows the prompt of no PAM module")                          \
	X(CA_F_SSHD_METHODS, "sshd-methods",                                   \
	    "sshd never comes to ask for a certificate")                       \
	X(CA_F_CLOCK, "clock",                                                 \
	    "validity and CRLs are judged by this clock, and so are requests") \
	X(CA_F_LIBCRYPTO, "libcrypto",                                         \
	    "certificates with such keys are refused, or worse")

#define CA_FINDING_ENUM(e, code, why) e,
enum ca_finding_code { CA_FINDINGS(CA_FINDING_ENUM) CA_FINDING_COUNT };
#undef CA_FINDING_ENUM

enum ca_level { CA_LEVEL_NOTE, CA_LEVEL_WARNING, CA_LEVEL_ERROR };

struct ca_finding {
	enum ca_finding_code code;
	const char *id; /* static: the code as it is printed */
	enum ca_level level;
	const char *check; /* static */
	char *what, *mend; /* owned; mend may be NULL */
	const char *why;   /* static */
};

/* Keep what the log says from now on in d->heard: it becomes findings. */
void ca_doctor_listen(struct ca_doctor *d);

/* Record a finding; what is printf's.  Text of others may be in it. */
void ca_doctor_find(struct ca_doctor *d, enum ca_finding_code code,
    enum ca_level level, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The command, or the deed, that mends what was found last. */
void ca_doctor_mend(struct ca_doctor *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A finding for each line that was logged since the last call, or one with
 * what alone where none was. */
void ca_doctor_heard(struct ca_doctor *d, enum ca_finding_code code,
    enum ca_level level, const char *what, const char *mend);

/* "in 3 days", "2 hours ago" */
void ca_doctor_when(time_t t, time_t now, char out[48]);
/* 0: it cannot be told */
time_t ca_doctor_seconds(const ASN1_TIME *t);

/* A name as RFC 4514 has it, for free(); NULL: no memory. */
char *ca_doctor_name(const X509_NAME *name);

#endif
