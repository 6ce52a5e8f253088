/*
 * From certificate to login: the users file and registered certificates.
 */
#ifndef CA_MAP_MAP_H
#define CA_MAP_MAP_H

#include <openssl/x509.h>
#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "verify/report.h"

struct ca_map_input {
	X509 *leaf;                 /* borrowed */
	STACK_OF(X509) *chain;      /* leaf first, anchor last; may be NULL */
	const char *user;           /* PAM_USER; NULL or "": from the map */
	const char *service;        /* PAM_SERVICE; may be NULL */
	const char *rhost;          /* PAM_RHOST; may be NULL */
	time_t now;
};

/*
 * Decide by cfg->users (and registered certificates) whether the certificate
 * may log in as in->user, or, with no user, which login it has.  Records
 * CA_CHECK_MAPPING and the facts USER and RULE.
 *
 * CA_OK: the check ran, the report has its outcome; *login (may be NULL as an
 * argument) is the login, to free(), or NULL where the outcome is no.
 * Anything else: the map could not be used; the report has the failure.
 */
CA_MUST_CHECK enum ca_err ca_map_login(struct ca_crypto *crypto,
    const struct ca_config *cfg, const struct ca_log *log,
    const struct ca_map_input *in, struct ca_report *report, char **login);

/*
 * The certificates registered for a user (*.pem in LOGIN of users_dir; the user's
 * own where user_certificates allows it), at most max, for an answer with an
 * empty certificate_list.  A user without any is CA_OK with an empty stack.
 * Caller frees with sk_X509_pop_free(, X509_free).
 */
CA_MUST_CHECK enum ca_err ca_map_registered(struct ca_crypto *crypto,
    const struct ca_config *cfg, const struct ca_log *log, const char *user,
    size_t max, STACK_OF(X509) **out);

#endif
