/*
 * The client rules of docs/protocol.md: whether a request may be signed.  They
 * are checked before any PIN is asked.
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

/* Which login the user means, as far as the client knows it. */
struct ca_intent {
	const char *const *host; /* every name of the host meant */
	size_t nhosts;
	bool any_host;    /* the user answered rule 1 (--any-host, or the user
			   * confirmed this request) */
	bool here;        /* this machine is meant because nothing else was
			   * named: then only logins at this machine are
			   * answered, none that came over the network */
	bool ssh;         /* an ssh asks, and has said host and user */
	const char *user; /* the login meant; NULL: the user answered rule 2 */
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
 * The name by which req passes rule 1, for questions to the user and for what
 * is stored: the user's own name for the host, else the name in req that
 * trusted_hosts matches, else (any_host) the first name in req.  NULL: rule 1
 * does not hold.  Borrowed.
 */
const char *ca_rules_host(const struct ca_client_conf *conf,
    const struct ca_intent *intent, const struct ca_request *req);

/* ---- client/prefix.c: what ssh gives to its askpass ---- */

/*
 * Take apart the `(user@host) ' that ssh (OpenSSH 8.5 and later) puts at the
 * very start of its question.  It is accepted nowhere else: the server writes
 * the rest, and could write a second one.  A prefix with a parenthesis or a
 * control byte in user or host is not accepted.  CA_ERR_NOT_FOUND: text does
 * not start with a prefix.  The caller frees *user and *host.
 */
CA_MUST_CHECK enum ca_err ca_rules_prefix(
    const char *text, char **user, char **host);

/*
 * The same for the whole text, in which the prompt is at start to end: between
 * the prefix and the prompt there are only whole lines, none of which contains
 * `@...) ', and after the prompt only blanks.  CA_DENIED: there is anything
 * else; user and host (free them) are what the prefix seems to be.
 */
CA_MUST_CHECK enum ca_err ca_rules_ssh_text(
    const char *text, size_t start, size_t end, char **user, char **host);

/* Only blanks follow the prompt, which ends at end. */
bool ca_rules_prompt_ends(const char *text, size_t end);

#endif
