/*
 * One attempt, between check.c, which has the sequence of checks, signature.c
 * and decode.c.  Private to this room.
 */
#ifndef CA_AUTH_ATTEMPT_H
#define CA_AUTH_ATTEMPT_H

#include "auth/auth.h"
#include "wire/password.h"

#define CA_ATTEMPT_REGISTERED 8 /* certificates, thus verifications */

/* All that one attempt is judged by. */
struct ca_attempt {
	const struct ca_context *ctx;
	const struct ca_auth_peer *peer;
	const struct ca_request *req;        /* NULL: a signed password */
	const struct ca_auth_claims *claims; /* of a signed password, or NULL */
	struct ca_report *report;
	uint16_t scheme[CA_AUTH_SCHEMES]; /* that are accepted */
	size_t nschemes;
	struct ca_proof_msgs msgs;
	uint8_t tbs[CA_SIGNED_CONTENT_MAX];
	size_t tbs_len; /* 0: not made yet */
	/* of a signed password */
	struct ca_password password; /* borrows from bytes */
	struct ca_buf bytes, der;    /* der: the signature */
	uint8_t content[CA_TRANSCRIPT_HASH_LEN];
};

/*
 * Take a signed password for this host: a->msgs and a->tbs are then as of a response.
 * CA_DENIED and others: the report says why.
 */
CA_MUST_CHECK enum ca_err ca_attempt_password(
    struct ca_attempt *a, const struct ca_bytes *text);

/* May cert be the one whose key signed?  A signed password says which. */
bool ca_attempt_has_key(const struct ca_attempt *a, X509 *cert);

/* Everything else has passed: is this a use that is allowed?  CA_OK; else the report
 * says why not. */
CA_MUST_CHECK enum ca_err ca_attempt_claim(struct ca_attempt *a);

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
