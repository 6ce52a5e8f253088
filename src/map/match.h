/*
 * Match a rule against a certificate.  Private to this room.
 */
#ifndef CA_MAP_MATCH_H
#define CA_MAP_MATCH_H

#include <stdbool.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "map/ident.h"

#include "map/rule.h"

/* Why a rule with an until= in the past does not match. */
#define CA_MATCH_PAST "the date of until= has passed"

/* The values that the options of a rule are compared with. */
struct ca_match_where {
	const char *service; /* PAM_SERVICE; may be NULL */
	const char *rhost;   /* PAM_RHOST; may be NULL */
	time_t now;
};

/*
 * Find the next value of the certificate that the rule matches.  *next is the
 * number of the first value to compare, 0 at the beginning; it is set to the one
 * after the match, because a pattern gives a login for each value.
 *
 * CA_OK: the rule matches, and made has the login: that of the rule, or what the
 * star of a pattern matched, as in the certificate (UPN and ignorecase: in lower
 * case; keep-domain: with the domain of the rule), which is not checked yet.
 * CA_DENIED: the rule does not match; *why, if why is not NULL, is a static
 * phrase with the reason.  If only an option does not match, made has the login as
 * above; otherwise made is empty.
 * CA_ERR_UNSUPPORTED: the selector match: could not be evaluated; CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_match(const struct ca_rule *rule,
    struct ca_ident *id, const struct ca_match_where *where, size_t *next,
    struct ca_buf *made, const char **why);

/* A hint for the writer of a rule whose value does not match: a static phrase,
 * or NULL. */
const char *ca_match_near(
    const struct ca_rule *rule, const struct ca_ident *id);

/* Load the library of the next function for good.  False: there is none.  For a
 * process whose children can load nothing any more. */
bool ca_certmap_load(void);

/* Apply a matching rule of sss-certmap(5) to a certificate: CA_OK, CA_DENIED,
 * CA_ERR_FORMAT (not such a rule), CA_ERR_UNSUPPORTED (no library). */
CA_MUST_CHECK enum ca_err ca_certmap_match(
    const char *rule, const void *der, size_t len);

/* Can SSSD use a certmap rule of its own, sss-certmap(5)?  match may be NULL.  CA_OK,
 * CA_ERR_FORMAT; CA_ERR_UNSUPPORTED (no library). */
CA_MUST_CHECK enum ca_err ca_certmap_check(const char *match, const char *map);

#endif
