/*
 * Map a certificate to a login: the users file and registered certificates.
 */
#ifndef CA_MAP_MAP_H
#define CA_MAP_MAP_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "report/report.h"
#include "verify/context.h"

struct ca_map_input {
	X509 *leaf;            /* borrowed */
	STACK_OF(X509) *chain; /* leaf first, anchor last; may be NULL */
	const char *user;      /* PAM_USER; NULL or "": from the map */
	const char *service;   /* PAM_SERVICE; may be NULL */
	const char *rhost;     /* PAM_RHOST; may be NULL */
};

/*
 * Decide by cfg->users (and registered certificates) whether the certificate
 * may log in as in->user, or, with no user, which login it has.  Records
 * CA_CHECK_MAPPING and the facts USER and RULE.
 *
 * CA_OK: the check ran, and the report has its outcome; *login is the login, which
 * the caller frees, or NULL if the login is refused.  login may be NULL.  Other
 * results: the users file could not be used; the report has the failure.
 */
CA_MUST_CHECK enum ca_err ca_map_login(const struct ca_context *ctx,
    const struct ca_map_input *in, struct ca_report *report, char **login);

/* One rule that was tried, for `certauth explain` and `users test`. */
struct ca_map_trial {
	const char *file;     /* the users file, or a registered certificate */
	unsigned line;        /* 0: not a line */
	const char *login;    /* as written in the rule, "*" for a pattern */
	const char *selector; /* "email:alice@corp.example" */
	bool matched;
	const char *made; /* the resulting login if it matched; else NULL */
	const char
	    *why; /* the reason; has text of others, so print it escaped */
};

typedef void ca_map_trace(void *ctx, const struct ca_map_trial *trial);

/*
 * As ca_map_login, and call trace for every rule, in order.  All rules are tried,
 * so no index is used.
 */
CA_MUST_CHECK enum ca_err ca_map_explain(const struct ca_context *ctx,
    const struct ca_map_input *in, struct ca_report *report, char **login,
    ca_map_trace *trace, void *trace_ctx);

/*
 * Does a line of the users file, not a pattern, or a directory of users_dir name this
 * login?  CA_DENIED: none does.  CA_ERR_CONFIG and others, logged: it cannot be
 * said.
 */
CA_MUST_CHECK enum ca_err ca_map_names(
    const struct ca_context *ctx, const char *login);

typedef void ca_map_selector(void *ctx, bool strong, const char *selector);

/*
 * Call each with every selector of the certificate, as a line of the users file
 * has to write it: quoted and escaped, so that `LOGIN SELECTOR' maps the
 * certificate.  strong: it identifies one certificate or key, and is no name.
 * Values that no line can have are left out.  CA_ERR_FORMAT, CA_ERR_LIMIT: no
 * rule can match the certificate, because of *why (static); CA_ERR_MEMORY,
 * CA_ERR_CRYPTO.
 */
CA_MUST_CHECK enum ca_err ca_map_selectors(struct ca_crypto *crypto, X509 *leaf,
    ca_map_selector *each, void *ctx, const char **why);

/*
 * Check a users file's form: CA_OK, or CA_ERR_CONFIG with FILE:LINE in the log
 * for each of the first 20 lines that do not parse; CA_ERR_NOT_FOUND,
 * CA_ERR_UNTRUSTED, CA_ERR_IO, logged.
 */
CA_MUST_CHECK enum ca_err ca_map_check(
    const char *path, const struct ca_log *log);

/*
 * Build the index of a users file, path.cdb: logins then find the lines of a
 * certificate by key, whatever the file's size.  The index is bound to the
 * file as it is now; when the file changes, logins read the whole file again
 * until it is rebuilt.  A line that does not parse is an error, as in
 * ca_map_check.  lines (may be NULL): how many rules.
 */
CA_MUST_CHECK enum ca_err ca_map_compile(struct ca_crypto *crypto,
    const char *path, const struct ca_log *log, size_t *lines);

/*
 * What may be spent on registered certificates.  The client is not authenticated
 * when they are read, and a user can write any number of them into a home.
 */
struct ca_map_budget {
	size_t max;  /* certificates given out */
	size_t cost; /* units of crypto/cost.h; each call subtracts what it
		      * spends */
};

/*
 * The certificates registered for a user (*.pem in LOGIN of users_dir; the
 * user's own if user_certificates allows it), for a response with an empty
 * certificate_list.  Every decoding is subtracted from the budget.  When the
 * budget is spent, the file is logged, and the file and those after it are not
 * used.  A certificate that must not be decoded (ca_cert_gate) is logged and not
 * used.  If the user has no certificate, CA_OK with an empty stack.  Caller frees with
 * sk_X509_pop_free(, X509_free).
 */
CA_MUST_CHECK enum ca_err ca_map_registered(const struct ca_context *ctx,
    const char *user, struct ca_map_budget *budget, STACK_OF(X509) **out);

/*
 * The CA certificates after the first certificate of those files.  They help to
 * build chains, and are never accepted for a login.  Budget, errors and ownership as above.
 */
CA_MUST_CHECK enum ca_err ca_map_registered_chain(const struct ca_context *ctx,
    const char *user, struct ca_map_budget *budget, STACK_OF(X509) **out);

/*
 * Append the path of the file in which a certificate is registered for user to
 * path; sha256 is 64 hexadecimal digits in lower case.  CA_ERR_NOT_FOUND; others as
 * above.
 */
CA_MUST_CHECK enum ca_err ca_map_registered_path(const struct ca_context *ctx,
    const char *user, const char *sha256, struct ca_buf *path);

#endif
