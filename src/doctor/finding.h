/*
 * doctor: the table of findings, and how the checks record a finding.
 */
#ifndef CA_DOCTOR_FINDING_H
#define CA_DOCTOR_FINDING_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <time.h>

#include "base/err.h"

struct ca_doctor; /* doctor.h */

/*
 * Everything that can be found.  The codes are stable.  certauth(1) lists codes
 * and texts, and a test compares.  X(enumerator, "code", "why it matters").
 */
#define CA_FINDINGS(X)                                                         \
	X(CA_F_CONFIG_MISTAKE, "config-mistake",                               \
	    "Logins by certificate fail until the mistake is corrected.")      \
	X(CA_F_CONFIG_ABSENT, "config-absent",                                 \
	    "The built-in defaults are used.")                                 \
	X(CA_F_CONFIG_SECTION, "config-section",                               \
	    "No login reads the section.")                                     \
	X(CA_F_CONFIG_UNUSED, "config-unused", "The key has no effect.")       \
	X(CA_F_MODE_AUDIT, "mode-audit",                                       \
	    "Logins are checked and logged, but never granted.")               \
	X(CA_F_MAX_ANSWER, "max-answer",                                       \
	    "128 answers of this size cannot carry the longest "               \
	    "response.")                                                       \
	X(CA_F_PURPOSE, "purpose",                                             \
	    "Only a certificate with a purpose of the configuration is "       \
	    "accepted.")                                                       \
	X(CA_F_CRL_OFF, "crl-off", "Revoked certificates can log in.")         \
	X(CA_F_HELPER, "helper",                                               \
	    "Logins at the machine (proof = command) cannot be signed.")       \
	X(CA_F_HELPER_CONFINED, "helper-confined",                             \
	    "A PKCS#11 module in the helper of root, or in the one that "      \
	    "signs for the host, has more of root's rights than it needs.")    \
	X(CA_F_HELPER_STORE, "helper-store",                                   \
	    "The helper of root, and the one that signs for the host, can "    \
	    "read every file, but change only those of helper_write.")         \
	X(CA_F_HELPER_SILENT, "helper-silent",                                 \
	    "sudo passes PAM_SILENT, so users do not see what the helper "     \
	    "says without a question, such as `Insert your smart card.'")      \
	X(CA_F_LANGUAGE, "language",                                           \
	    "What the module and its helper say to a user is in English.")     \
	X(CA_F_HOST_NAME, "host-name",                                         \
	    "A client answers only if the request has the name of the "        \
	    "host that the user means.")                                       \
	X(CA_F_HOST_CERT, "host-cert",                                         \
	    "The host cannot prove its identity to clients.")                  \
	X(CA_F_HOST_CERT_DOUBTFUL, "host-cert-doubtful",                       \
	    "Clients reject the host's proof, or will reject it soon.")        \
	X(CA_F_FILE_UNTRUSTED, "file-untrusted",                               \
	    "Other users can change a file that decides about logins, so "     \
	    "the file is refused.")                                            \
	X(CA_F_PARENT_UNTRUSTED, "parent-untrusted",                           \
	    "Other users can replace the files and directories below this "    \
	    "directory.")                                                      \
	X(CA_F_NOT_READABLE, "not-readable",                                   \
	    "Logins of the service are refused.")                              \
	X(CA_F_SANDBOX, "sandbox",                                             \
	    "The module cannot read its files there, and refuses every "       \
	    "certificate.")                                                    \
	X(CA_F_CA_DIR, "ca-dir",                                               \
	    "Certificates cannot be verified without the CA certificates of "  \
	    "this directory.")                                                 \
	X(CA_F_CA_NONE, "ca-none",                                             \
	    "No certification path ends at a trust anchor, so every "          \
	    "certificate is rejected.")                                        \
	X(CA_F_CA_UNREADABLE, "ca-unreadable",                                 \
	    "Certificates of that CA are rejected.")                           \
	X(CA_F_CA_EXPIRED, "ca-expired",                                       \
	    "Certificates of that CA are rejected.")                           \
	X(CA_F_CA_FUTURE, "ca-not-yet-valid",                                  \
	    "Certificates of that CA are rejected until its own certificate "  \
	    "is valid.")                                                       \
	X(CA_F_CA_EXPIRING, "ca-expiring",                                     \
	    "Certificates of that CA are rejected when its own certificate "   \
	    "has expired.")                                                    \
	X(CA_F_CA_WEAK, "ca-weak",                                             \
	    "Weak keys and digests are rejected in every certificate of a "    \
	    "certification path.")                                             \
	X(CA_F_CA_UNSUPPORTED, "ca-unsupported",                               \
	    "Certificates of that CA are rejected.")                           \
	X(CA_F_CA_NOT_CA, "ca-not-a-ca",                                       \
	    "Only the certificates of CAs belong there; a user who has the "   \
	    "key of a trust anchor may be able to issue certificates.")        \
	X(CA_F_CA_INTERMEDIATE, "ca-intermediate-anchor",                      \
	    "Certification paths end at this trust anchor, so its issuer "     \
	    "cannot revoke it.")                                               \
	X(CA_F_CA_NOT_TRUSTED, "ca-not-trusted",                               \
	    "Only the CAs of ca_dir are trust anchors, so certificates "       \
	    "of that CA are rejected.")                                        \
	X(CA_F_CA_NO_ISSUER, "ca-no-issuer",                                   \
	    "Certificates of that CA are rejected, unless the client "         \
	    "sends its issuer.")                                               \
	X(CA_F_CA_DUPLICATE, "ca-duplicate",                                   \
	    "If only one of the two files is removed, the CA is still "        \
	    "trusted.")                                                        \
	X(CA_F_CA_SAME_SUBJECT, "ca-same-subject",                             \
	    "A rule of the users file that names this issuer applies to "      \
	    "both CAs.")                                                       \
	X(CA_F_CA_NOT_HASHED, "ca-not-hashed",                                 \
	    "Each login reads every file of the directory.")                   \
	X(CA_F_CA_HASH, "ca-hash",                                             \
	    "A hashed name is found by the subject's hash only, so this name " \
	    "is not used.")                                                    \
	X(CA_F_CA_SKIPPED, "ca-skipped",                                       \
	    "Only files with a hashed name, or with an ending that "           \
	    "certauth.conf(5) lists, are read.")                               \
	X(CA_F_CRL_EXEMPT, "crl-exempt",                                       \
	    "The entry has no effect, unless clients send that CA's "          \
	    "certificate.")                                                    \
	X(CA_F_CRL_DIR, "crl-dir", "Revocation cannot be checked.")            \
	X(CA_F_CRL_MISSING, "crl-missing",                                     \
	    "Certificates of that CA are rejected; with crl = prefer they "    \
	    "are accepted without a revocation check.")                        \
	X(CA_F_CRL_ADDRESS, "crl-address",                                     \
	    "The CRL is not fetched, and logins fail when it has expired, "    \
	    "unless a new one is installed by hand.")                          \
	X(CA_F_CRL_STALE, "crl-stale",                                         \
	    "An expired CRL (past its nextUpdate and crl_grace) cannot show "  \
	    "that a certificate is not revoked.")                              \
	X(CA_F_CRL_EXPIRING, "crl-expiring",                                   \
	    "Logins are refused when the CRL has expired, unless a newer "     \
	    "CRL is fetched before.")                                          \
	X(CA_F_CRL_FUTURE, "crl-future",                                       \
	    "A CRL is ignored until its thisUpdate time.")                     \
	X(CA_F_CRL_UNSIGNED, "crl-unsigned",                                   \
	    "A CRL is ignored unless its CA has signed it.")                   \
	X(CA_F_CRL_MALFORMED, "crl-malformed", "The CRL is ignored.")          \
	X(CA_F_CRL_WEAK, "crl-weak",                                           \
	    "A CRL that is signed with a refused algorithm is ignored, and "   \
	    "the CA serves the same CRL if it is fetched again.")              \
	X(CA_F_CRL_UNSUPPORTED, "crl-unsupported",                             \
	    "A CRL that is signed with an algorithm that this host does not "  \
	    "support is ignored.")                                             \
	X(CA_F_CRL_NO_SIGN, "crl-no-sign",                                     \
	    "Every CRL of that CA is ignored, and with crl = require its "     \
	    "certificates are rejected.")                                      \
	X(CA_F_CRL_SKIPPED, "crl-skipped",                                     \
	    "The entry of crl_dir is skipped, and CRLs in it are not "         \
	    "read.")                                                           \
	X(CA_F_CRL_PAIR, "crl-pair",                                           \
	    "Neither CRL replaces the other, so a certificate that is on "     \
	    "one of them is rejected.")                                        \
	X(CA_F_CRL_DELTA, "crl-delta",                                         \
	    "A delta CRL can revoke certificates, but without its complete "   \
	    "CRL it cannot show that a certificate is not revoked.")           \
	X(CA_F_CRL_OUTSIDE, "crl-outside-scope",                               \
	    "The certificate can log in although its serial number is on a "   \
	    "CRL.")                                                            \
	X(CA_F_CRL_UNINDEXED, "crl-unindexed",                                 \
	    "Each login reads the whole CRL, and is denied if that takes "     \
	    "too long.")                                                       \
	X(CA_F_CRL_INDEX_STALE, "crl-index-stale",                             \
	    "The index is not used, and each login reads the whole CRL.")      \
	X(CA_F_CRL_NOT_HASHED, "crl-not-hashed",                               \
	    "Each login opens every file of the directory.")                   \
	X(CA_F_CRL_TIMER, "crl-timer",                                         \
	    "New CRLs are not fetched, and logins fail when the CRLs in "      \
	    "crl_dir have expired.")                                           \
	X(CA_F_OCSP_NONE, "ocsp-none",                                         \
	    "Only clients that send OCSP responses can log in, unless there "  \
	    "are CRLs and revocation = any.")                                  \
	X(CA_F_OCSP_AGE, "ocsp-age",                                           \
	    "A login can be refused because the response that the client "     \
	    "kept is too old.")                                                \
	X(CA_F_OCSP_MISSING, "ocsp-missing",                                   \
	    "A login with the certificate needs a response that the client "   \
	    "sends, or CRLs and revocation = any.")                            \
	X(CA_F_OCSP_NO_RESPONDER, "ocsp-no-responder",                         \
	    "Nobody can fetch a response about the certificate, so a login "   \
	    "with it needs CRLs and revocation = any.")                        \
	X(CA_F_OCSP_UNUSABLE, "ocsp-unusable",                                 \
	    "The response does not show that the certificate is not "          \
	    "revoked.")                                                        \
	X(CA_F_OCSP_REVOKED, "ocsp-revoked",                                   \
	    "Logins with the certificate are refused.")                        \
	X(CA_F_OCSP_SKIPPED, "ocsp-skipped", "No login reads the file.")       \
	X(CA_F_OCSP_TIMER, "ocsp-timer",                                       \
	    "New OCSP responses are not fetched, and those in ocsp_dir "       \
	    "expire.")                                                         \
	X(CA_F_LDAP_INDEX, "ldap-index",                                       \
	    "The directory maps no certificate to a login.")                   \
	X(CA_F_LDAP_FILE, "ldap-file",                                         \
	    "The index of the directory is not kept current.")                 \
	X(CA_F_LDAP_ISSUER, "ldap-issuer",                                     \
	    "Each of the CAs can issue a certificate that the directory "      \
	    "takes for another one's, by a SID or a key identifier.")          \
	X(CA_F_LDAP_OLD, "ldap-index-old",                                     \
	    "What the directory has removed since then can still log in.")     \
	X(CA_F_LDAP_TIMER, "ldap-timer",                                       \
	    "The index of the directory is not kept current.")                 \
	X(CA_F_LDAP_SECRET, "ldap-secret",                                     \
	    "Other users of this host can bind to the directory as it does.")  \
	X(CA_F_USERS_FILE, "users-file",                                       \
	    "The users file maps no certificate to a login.")                  \
	X(CA_F_USERS_MISTAKE, "users-mistake",                                 \
	    "A line whose login has a blank is ignored; any other mistake "    \
	    "refuses the whole users file, so it maps no certificate to a "    \
	    "login.")                                                          \
	X(CA_F_USERS_EMPTY, "users-empty",                                     \
	    "No certificate is mapped to a login.")                            \
	X(CA_F_USERS_WEAK, "users-weak",                                       \
	    "Each of the CAs can issue a certificate with that name, and so "  \
	    "a certificate for that login.")                                   \
	X(CA_F_USERS_NO_ACCOUNT, "users-no-account",                           \
	    "The name is misspelt, or the account was removed.")               \
	X(CA_F_USERS_UNINDEXED, "users-unindexed",                             \
	    "Each login reads the whole users file.")                          \
	X(CA_F_USERS_INDEX_STALE, "users-index-stale",                         \
	    "The index is not used, and each login reads the whole users "     \
	    "file.")                                                           \
	X(CA_F_REGISTERED, "registered",                                       \
	    "Logins with a registered certificate fail.")                      \
	X(CA_F_REGISTERED_EXPIRED, "registered-expired",                       \
	    "The certificate cannot log in any more.")                         \
	X(CA_F_DIRECTORY, "directory",                                         \
	    "Logins that no line of the users file maps are denied.")          \
	X(CA_F_DIRECTORY_RULE, "directory-rule",                               \
	    "SSSD finds no account by a certificate, or that of another "      \
	    "person.")                                                         \
	X(CA_F_DIRECTORY_STALE, "directory-stale",                             \
	    "SSSD still works by its former configuration.")                   \
	X(CA_F_PAM_UNUSED, "pam-unused", "No login asks for a certificate.")   \
	X(CA_F_PAM_FILE, "pam-file",                                           \
	    "The PAM configuration could not be checked.")                     \
	X(CA_F_PAM_INCLUDE, "pam-include",                                     \
	    "libpam refuses every login of the service.")                      \
	X(CA_F_PAM_MODULE, "pam-module",                                       \
	    "libpam cannot load the module, and the line fails.")              \
	X(CA_F_PAM_CONTROL, "pam-control",                                     \
	    "The module's result does not have the effect that the line "      \
	    "suggests.")                                                       \
	X(CA_F_PAM_ORDER, "pam-order",                                         \
	    "The certificate does not decide about the login.")                \
	X(CA_F_PAM_NOLOGIN, "pam-nologin",                                     \
	    "Without it a refusal has no user name, which crashes "            \
	    "lightdm, and users are asked for a certificate while "            \
	    "logins are off.")                                                 \
	X(CA_F_PAM_FORM, "pam-form",                                           \
	    "The password is no answer to a request, so it ends the "          \
	    "attempt, and no certificate logs in.")                            \
	X(CA_F_PAM_OPEN, "pam-open",                                           \
	    "A user without a certificate is let in, and nothing else is "     \
	    "checked.")                                                        \
	X(CA_F_PAM_ARGUMENT, "pam-argument",                                   \
	    "The service refuses every login by certificate.")                 \
	X(CA_F_PAM_PASSWORD, "pam-password",                                   \
	    "A certificate is not a password that can be changed, so the "     \
	    "stack fails.")                                                    \
	X(CA_F_PAM_SESSION, "pam-session",                                     \
	    "Without sessions = yes, the module does nothing in a session "    \
	    "stack.")                                                          \
	X(CA_F_PAM_ACCOUNT, "pam-account",                                     \
	    "sudo -v and screen locks do not notice a certificate that is "    \
	    "revoked during a session.")                                       \
	X(CA_F_DESK_CONVERSATION, "desk-conversation",                         \
	    "The request of a conversation does not fit into the field, and "  \
	    "nobody can answer it there.")                                     \
	X(CA_F_PAM_REQUIRE, "pam-require-account",                             \
	    "Logins without a certificate are admitted, although "             \
	    "require_account is to refuse them.")                              \
	X(CA_F_SESSIONS_LINE, "sessions-line",                                 \
	    "The sessions of the service are not recorded, and stay open "     \
	    "after a revocation.")                                             \
	X(CA_F_SESSIONS_ORDER, "sessions-order",                               \
	    "The record does not name the session of logind, so only one "     \
	    "process can be ended, and no screen be locked.")                  \
	X(CA_F_SESSIONS_PATH_OFF, "sessions-path-off",                         \
	    "Open sessions are not checked when a revocation arrives.")        \
	X(CA_F_SESSIONS_FOLDER, "sessions-folder",                             \
	    "Sessions are not recorded, because other users could read or "    \
	    "change the records.")                                             \
	X(CA_F_SSHD_CONFIG, "sshd-config",                                     \
	    "It is unknown whether sshd uses PAM.")                            \
	X(CA_F_SSHD_USEPAM, "sshd-usepam", "sshd does not use PAM at all.")    \
	X(CA_F_SSHD_KBD, "sshd-keyboard-interactive",                          \
	    "sshd shows no prompt of any PAM module.")                         \
	X(CA_F_SSHD_METHODS, "sshd-methods",                                   \
	    "sshd never asks for a certificate.")                              \
	X(CA_F_SSHD_SERVICE, "sshd-service",                                   \
	    "sshd never asks for a certificate.")                              \
	X(CA_F_SSHD_MATCH, "sshd-match",                                       \
	    "sshd asks the users of that block for no certificate.")           \
	X(CA_F_VERIFIER_PROGRAM, "verifier-program",                           \
	    "Logins that start a verifier of their own are denied.")           \
	X(CA_F_VERIFIER_USER, "verifier-user",                                 \
	    "The verifier cannot give up root's rights, and denies every "     \
	    "login of a service that runs as root.")                           \
	X(CA_F_VERIFIER_SOCKET, "verifier-socket",                             \
	    "Without a resident verifier each login starts one, which takes "  \
	    "longer; with verifier=resident it is denied.")                    \
	X(CA_F_VERIFIER_LOGIN, "verifier-login",                               \
	    "Logins by this way are denied.")                                  \
	X(CA_F_VERIFIER_KERNEL, "verifier-kernel",                             \
	    "The verifier is confined by fewer means, and confine = require "  \
	    "denies every login.")                                             \
	X(CA_F_VERIFIER_READS, "verifier-reads",                               \
	    "If the application runs as root, the module opens the file for "  \
	    "the verifier; a screen locker cannot use it.")                    \
	X(CA_F_VERIFIER_SERVICE, "verifier-service",                           \
	    "The module cannot connect to the resident verifier there.")       \
	X(CA_F_PASSWORD_PROOF, "password-proof",                               \
	    "The service shows no prompt of the module, so no certificate "    \
	    "logs in.")                                                        \
	X(CA_F_PASSWORD_CONTROL, "password-control",                           \
	    "The next module may log, store or send a signed password, or "    \
	    "users without a certificate cannot log in.")                      \
	X(CA_F_PASSWORD_NAMES, "password-names",                               \
	    "A signed password for a name is good at each host that answers "  \
	    "to that name; one for another name is refused.")                  \
	X(CA_F_PASSWORD_LENGTH, "password-length",                             \
	    "The service cuts or refuses a longer signed password.")           \
	X(CA_F_PASSWORD_REGISTERED, "password-registered",                     \
	    "A signed password without certificates is refused unless the "    \
	    "login's certificate is registered.")                              \
	X(CA_F_PASSWORD_AGAIN, "password-again",                               \
	    "Each use of a signed password after the first is refused "        \
	    "(replayed).")                                                     \
	X(CA_F_PASSWORD_WINDOW, "password-window",                             \
	    "Any host can use a signed password again during the window.")     \
	X(CA_F_PASSWORD_RESIDENT, "password-resident",                         \
	    "Signed passwords are refused (no-resident), because only a "      \
	    "resident verifier remembers their uses.")                         \
	X(CA_F_PASSWORD_CACHE, "password-cache",                               \
	    "The service accepts a signed password again without asking the "  \
	    "module, also after it has expired or its certificate was "        \
	    "revoked.")                                                        \
	X(CA_F_PASSWORD_PLAIN, "password-plain",                               \
	    "Whoever reads a signed password on the network can use it "       \
	    "before its client does.")                                         \
	X(CA_F_PASSWORD_CLOCK, "password-clock",                               \
	    "A signed password is refused if the clocks differ by more than "  \
	    "password_lifetime, or by password_skew in the other direction.")  \
	X(CA_F_CLOCK, "clock",                                                 \
	    "Certificates, CRLs and requests are checked against this "        \
	    "clock.")                                                          \
	X(CA_F_LIBCRYPTO, "libcrypto",                                         \
	    "Certificates with such keys are rejected, or libcrypto fails "    \
	    "in other ways.")

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
	char *where;       /* owned: the section, or the line of PAM's
			    * configuration, that has it; NULL: [default] */
	const char *why;   /* static */
};

/* Keep warnings and errors of d->log in d->heard, for ca_doctor_heard. */
void ca_doctor_listen(struct ca_doctor *d);

/* Record a finding of the running check and d->view.  A finding with the same
 * code and text as an earlier one, and no higher level, is dropped: a view has
 * most values from the one above it.  The text may contain untrusted input: it
 * is escaped when it is printed. */
void ca_doctor_find(struct ca_doctor *d, enum ca_finding_code code,
    enum ca_level level, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The text of the last finding says where it is: no place is printed before it. */
void ca_doctor_drop_where(struct ca_doctor *d);

/* Say how to correct the last finding (nothing happens if it was dropped): a
 * command, or a sentence. */
void ca_doctor_mend(struct ca_doctor *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The text as one word of a command for ca_doctor_mend: file names may have
 * blanks, and what a shell interprets.  Static; the next seven calls keep it. */
const char *ca_doctor_word(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* Record a finding for each line that was logged since the last call, or one
 * finding with the text what if no line was logged. */
void ca_doctor_heard(struct ca_doctor *d, enum ca_finding_code code,
    enum ca_level level, const char *what, const char *mend);

/* "in 3 days", "2 hours ago" */
void ca_doctor_when(time_t t, time_t now, char out[48]);
/* A name as an RFC 4514 string.  The caller frees it; NULL: out of memory. */
char *ca_doctor_name(const X509_NAME *name);

#endif
