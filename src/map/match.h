/*
 * Does a rule match?  Private to this room.
 */
#ifndef CA_MAP_MATCH_H
#define CA_MAP_MATCH_H

#include <stdbool.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "map/ident.h"

#include "map/rule.h"

/* What the options of a rule are compared with. */
struct ca_match_where {
	const char *service; /* PAM_SERVICE; may be NULL */
	const char *rhost;   /* PAM_RHOST; may be NULL */
	time_t now;
};

/*
 * One value of the certificate that the rule matches.  *next: the number of
 * the first to look at, 0 to begin with; moved behind the one that matched,
 * for a pattern makes a login of each.
 *
 * CA_OK: the rule matches; made (emptied first) holds the login that it gives:
 * the rule's own, or what the star of a pattern matched, as it stands in the
 * certificate (UPN and ignorecase: in lower case), not yet judged.
 * CA_DENIED: it does not; *why, if not NULL, is a static phrase that says why.
 * CA_ERR_UNSUPPORTED: match: could not be evaluated; CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_match(const struct ca_rule *rule,
    struct ca_ident *id, const struct ca_match_where *where, size_t *next,
    struct ca_buf *made, const char **why);

/* For a rule whose value is another: what its writer may have meant, a static
 * phrase, or NULL. */
const char *ca_match_near(
    const struct ca_rule *rule, const struct ca_ident *id);

/* A matching rule of sss-certmap(5) on a certificate: CA_OK, CA_DENIED,
 * CA_ERR_FORMAT (not such a rule), CA_ERR_UNSUPPORTED (no library). */
CA_MUST_CHECK enum ca_err ca_certmap_match(
    const char *rule, const void *der, size_t len);

#endif
