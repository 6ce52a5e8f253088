/*
 * Candidate paths from a leaf to a trust anchor, the likeliest first: RFC 4158.
 *
 * Nothing is decided here: the names of a candidate path chain, and
 * ca_pathcheck_run decides whether the path is valid.
 */
#ifndef CA_VERIFY_PATH_H
#define CA_VERIFY_PATH_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/err.h"
#include "crypto/crypto.h"
#include "verify/cadir.h"

/*
 * Bounds of one verification.  Certificates that were made to keep the host
 * busy (names in a circle, hundreds of issuers with one name) reach a bound
 * within milliseconds; the reason is CA_R_CHAIN_LIMIT.
 */
#define CA_PATH_CERTS_MAX 20      /* in a path, leaf and anchor included */
#define CA_PATH_CANDIDATES_MAX 64 /* issuers considered for a certificate */
#define CA_PATH_STEPS_MAX 512     /* certificates whose issuers are sought */
#define CA_PATH_TRIED_MAX 32      /* paths given to X509_verify_cert */
/* Signature verifications to choose among issuers and on the paths tried, in
 * the units of cost.h. */
#define CA_PATH_COST_MAX 320

struct ca_path {
	X509 *cert[CA_PATH_CERTS_MAX]; /* borrowed; leaf first, anchor last */
	size_t n;
};

struct ca_pathfinder;

/*
 * All arguments are borrowed.  untrusted and intermediates may be NULL.
 * Returns NULL if out of memory.
 */
struct ca_pathfinder *ca_pathfinder_new(struct ca_cadir *anchors,
    struct ca_cadir *intermediates, X509 *leaf, const STACK_OF(X509) *untrusted,
    time_t now);
void ca_pathfinder_free(struct ca_pathfinder *f); /* NULL is allowed */

/*
 * Call try with each candidate path until it returns CA_OK (the path is
 * accepted), which is then the result; CA_DENIED continues.  CA_DENIED: no path
 * was accepted.  CA_ERR_LIMIT: a bound was reached.  Other results are errors.
 */
CA_MUST_CHECK enum ca_err ca_pathfinder_run(struct ca_pathfinder *f,
    enum ca_err (*try)(void *ctx, const struct ca_path *path), void *ctx);

/* After CA_ERR_LIMIT: which bound was reached, in words; static. */
const char *ca_pathfinder_limit(const struct ca_pathfinder *f);

/*
 * A finder for the issuer of a CRL (leaf): parent's intermediates, with anchors
 * instead of parent's.  Its cost counts against parent's bound.  All arguments
 * are borrowed.  Returns NULL if out of memory.
 */
struct ca_pathfinder *ca_pathfinder_sub(
    struct ca_pathfinder *parent, struct ca_cadir *anchors, X509 *leaf);

/*
 * Append the intermediates with that subject: those with hashed names, then the
 * untrusted ones; if there is none, those in plain files.  Borrowed from f.
 * CA_ERR_LIMIT: more than CA_PATH_CANDIDATES_MAX. CA_ERR_MEMORY, CA_ERR_CRYPTO,
 * CA_ERR_IO.
 */
CA_MUST_CHECK enum ca_err ca_pathfinder_named(
    struct ca_pathfinder *f, const X509_NAME *subject, STACK_OF(X509) *out);

/* Count cost, in the units of CA_PATH_COST_MAX, against the bound of f before
 * work that belongs to its verification.  CA_ERR_LIMIT: too much. */
CA_MUST_CHECK enum ca_err ca_pathfinder_spend(
    struct ca_pathfinder *f, size_t cost);

#endif
