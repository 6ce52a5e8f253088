/*
 * The client rules of docs/protocol.md: whether a request may be signed at
 * all.  They are checked before any PIN is asked.
 */
#ifndef CA_CLIENT_RULES_H
#define CA_CLIENT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "client/clientconf.h"
#include "crypto/crypto.h"
#include "wire/message.h"

#define CA_RULES_SKEW 300 /* seconds between the two clocks */

/* What the user wants, as far as the user's own side knows it. */
struct ca_intent {
	const char *const *host; /* every name of the host meant */
	size_t nhosts;
	bool any_host;    /* rule 1 was answered by the user (--any-host, or a
			   * confirmation of this very request) */
	bool here;        /* this machine is meant because nothing else was
			   * said: then only logins made at it count, none
			   * that came over the network */
	const char *user; /* the login meant; NULL: answered by the user */
	time_t now;
};

/* What is judged, all of it borrowed. */
struct ca_rules_case {
	struct ca_crypto *crypto;
	const struct ca_client_conf *conf;
	const struct ca_intent *intent;
	const struct ca_request *req;
	const struct ca_log *log;
	struct ca_buf *why; /* gets the reason why a rule does not hold */
};

/*
 * Check all rules.  CA_OK only if the request may be signed.  CA_DENIED: *rule
 * (may be NULL) is the number of the first rule that does not hold, and c->why
 * gets a message that names the rule and says what to do.  Any other error: the
 * rules could not be checked, and c->why says which one.  Text of the host in
 * c->why is escaped.
 */
CA_MUST_CHECK enum ca_err ca_rules_check(
    const struct ca_rules_case *c, int *rule);

/*
 * The name by which req passes rule 1, for questions to the user and what is
 * stored: the user's own, else the one of req that trusted_hosts matches, else
 * (any_host) the first of req.  NULL: rule 1 does not hold.  Borrowed.
 */
const char *ca_rules_host(const struct ca_client_conf *conf,
    const struct ca_intent *intent, const struct ca_request *req);

/* ---- client/prefix.c: what ssh gives to its askpass ---- */

/*
 * The `(user@host) ` that ssh (OpenSSH 8.5 and later) itself puts at the very
 * start of what it asks.  Nowhere else: the server writes the rest, and could
 * write a second one.  One with a parenthesis or a control byte in user or host
 * does not count.  CA_ERR_NOT_FOUND: text does not start with one.  The caller
 * frees *user and *host.
 */
CA_MUST_CHECK enum ca_err ca_rules_prefix(
    const char *text, char **user, char **host);

/*
 * The same for the whole text, in which the prompt stands from start to end:
 * between the prefix and the prompt only whole lines, of which none holds
 * `@...) `, and blanks behind the prompt.  CA_DENIED: anything else; user and
 * host (free them) are what the prefix seems to be.
 */
CA_MUST_CHECK enum ca_err ca_rules_ssh_text(
    const char *text, size_t start, size_t end, char **user, char **host);

/* Only blanks follow the prompt, which ends at end. */
bool ca_rules_prompt_ends(const char *text, size_t end);

#endif
