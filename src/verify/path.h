/*
 * Candidate paths from a leaf to a trust anchor, the likeliest first: RFC 4158.
 *
 * Nothing is decided here.  A path that comes out is one whose names chain;
 * whether it is valid, X509_verify_cert and the checks behind it say.
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
 * Bounds of one verification.  A set of certificates made to hold the host up
 * (names in a circle, hundreds of issuers under one name) meets one of them
 * within milliseconds; CA_R_CHAIN_LIMIT says so.
 */
#define CA_PATH_CERTS_MAX 20      /* in a path, leaf and anchor included */
#define CA_PATH_CANDIDATES_MAX 64 /* issuers considered for a certificate */
#define CA_PATH_STEPS_MAX 512     /* certificates whose issuers are sought */
#define CA_PATH_TRIED_MAX 32      /* paths given to X509_verify_cert */
/* Signature verifications made to choose among issuers and on the paths
 * tried, in units of P-256 or RSA 2048; a P-384 costs ten times that much, an
 * RSA key with an exponent of 3,072 bits 160 times and more. */
#define CA_PATH_COST_MAX 320

struct ca_path {
	X509 *cert[CA_PATH_CERTS_MAX]; /* borrowed; leaf first, anchor last */
	size_t n;
};

struct ca_pathfinder;

/*
 * leaf and untrusted (may be NULL) are borrowed, as the directories are;
 * intermediates may be NULL.  NULL: no memory.
 */
struct ca_pathfinder *ca_pathfinder_new(struct ca_cadir *anchors,
    struct ca_cadir *intermediates, X509 *leaf,
    const STACK_OF(X509) * untrusted, time_t now);
void ca_pathfinder_free(struct ca_pathfinder *f); /* NULL is allowed */

/*
 * Call try with each candidate path until it says CA_OK (that path is
 * accepted), which is then the result; CA_DENIED goes on.  CA_DENIED: no more
 * paths.  CA_ERR_LIMIT: a bound was met.  Other results are errors.
 */
CA_MUST_CHECK enum ca_err ca_pathfinder_run(struct ca_pathfinder *f,
    enum ca_err (*try)(void *ctx, const struct ca_path *path), void *ctx);

/*
 * For the issuer of a CRL: the same certificates, but that anchor alone, which
 * anchors holds, and that leaf.  What it spends is spent of parent's bounds.
 * Both are borrowed, as parent is.  NULL: no memory.
 */
struct ca_pathfinder *ca_pathfinder_sub(
    struct ca_pathfinder *parent, struct ca_cadir *anchors, X509 *leaf);

/*
 * Append the certificates of that subject among the intermediates: those of
 * hashed names, then the untrusted ones; where there is none, those of plain
 * files.  Borrowed from f.  CA_ERR_LIMIT: more than CA_PATH_CANDIDATES_MAX.
 * CA_ERR_MEMORY, CA_ERR_CRYPTO, CA_ERR_IO.
 */
CA_MUST_CHECK enum ca_err ca_pathfinder_named(
    struct ca_pathfinder *f, const X509_NAME *subject, STACK_OF(X509) * out);

#endif
