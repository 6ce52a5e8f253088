/*
 * The CA certificates that a path may be built from: those of the two
 * directories, loaded by name as they are needed, and the intermediates that
 * the peer sent.  Private to path.c and pathend.c.
 */
#ifndef CA_VERIFY_PATHPOOL_H
#define CA_VERIFY_PATHPOOL_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "verify/cadir.h"
#include "verify/path.h"

#define CA_PATHPOOL_NAMES_MAX CA_PATH_STEPS_MAX

struct ca_pathpool {
	struct ca_cadir *anchor_dir, *helper_dir; /* borrowed */
	const STACK_OF(X509) *untrusted;          /* borrowed */
	STACK_OF(X509) *anchors, *helpers;        /* loaded so far; owned */
	/* names looked up in the hashed directories; each belongs to a
	 * certificate that outlives the pool or is in it */
	const X509_NAME *looked[CA_PATHPOOL_NAMES_MAX];
	size_t nlooked;
	bool scanned; /* the plain files of helper_dir were read */
};

/* All arguments are borrowed.  helpers and untrusted may be NULL.
 * CA_ERR_MEMORY; call ca_pathpool_clear in any case. */
CA_MUST_CHECK enum ca_err ca_pathpool_init(struct ca_pathpool *pool,
    struct ca_cadir *anchors, struct ca_cadir *helpers,
    const STACK_OF(X509) *untrusted);
void ca_pathpool_clear(struct ca_pathpool *pool);

/* Load the certificates of that name from the hashed directories, once.
 * CA_ERR_LIMIT: more than CA_PATHPOOL_NAMES_MAX names; else the errors of
 * ca_cadir_by_subject. */
CA_MUST_CHECK enum ca_err ca_pathpool_look_up(
    struct ca_pathpool *pool, const X509_NAME *name);

/* Load all plain files of both directories; those of helpers once. */
CA_MUST_CHECK enum ca_err ca_pathpool_scan(struct ca_pathpool *pool);

/* How many certificates of the directories are loaded. */
size_t ca_pathpool_size(const struct ca_pathpool *pool);

/* As ca_pathfinder_named. */
CA_MUST_CHECK enum ca_err ca_pathpool_named(
    struct ca_pathpool *pool, const X509_NAME *subject, STACK_OF(X509) *out);

#endif
