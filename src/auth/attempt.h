/*
 * One attempt, between check.c, which has the sequence of checks, signature.c
 * and decode.c.  Private to this room.
 */
#ifndef CA_AUTH_ATTEMPT_H
#define CA_AUTH_ATTEMPT_H

#include "auth/auth.h"

#define CA_ATTEMPT_REGISTERED 8 /* certificates, thus verifications */

/* All that one attempt is judged by. */
struct ca_attempt {
	const struct ca_context *ctx;
	const struct ca_auth_peer *peer;
	const struct ca_request *req;
	struct ca_report *report;
	struct ca_proof_msgs msgs;
	uint8_t tbs[CA_SIGNED_CONTENT_MAX];
	size_t tbs_len;
};

/*
 * The client signed the request: *leaf is then its certificate, the caller's to
 * free.  CA_DENIED and others: CA_CHECK_SIGNATURE in the report says why.
 */
CA_MUST_CHECK enum ca_err ca_attempt_signature(
    struct ca_attempt *a, X509 **leaf);

/* Record as a failure of check that the key of the client's certificate does not
 * fit the scheme, or no scheme at all if it is NULL. */
void ca_attempt_unfit(X509 *cert, const struct ca_scheme *scheme,
    enum ca_check check, struct ca_report *report);

#endif
