/*
 * What a verification looked at, for those who want to see why: the path that
 * its report speaks of, and the CRL that answered for each link of it.
 */
#ifndef CA_VERIFY_TRACE_H
#define CA_VERIFY_TRACE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"

struct ca_revocation;

/* A CRL that was asked about a certificate of the path. */
struct ca_crl_use {
	int depth;          /* of that certificate; 0: the leaf */
	char *file;         /* its name in crl_dir; owned */
	char *other;        /* why it does not speak of the certificate; owned;
			     * NULL: it does */
	const char *engine; /* "index" or "stream"; static */
	time_t this_update, next_update; /* next_update 0: it has none */
	uint64_t entries;
	bool listed;  /* where it does not: it lists the certificate */
	bool revoked; /* it revokes the certificate */
};

struct ca_verify_trace {
	STACK_OF(X509) *chain;  /* leaf first; owned; NULL: nothing was tried */
	bool anchored;          /* its last certificate is of ca_dir */
	struct ca_crl_use *use; /* by depth */
	size_t n;
};

/* Free what it holds, and empty it. */
void ca_verify_trace_clear(struct ca_verify_trace *t);

/* Replace what t holds by path and by the CRLs that rev (may be NULL) was
 * asked for on it.  CA_ERR_MEMORY: t is empty. */
CA_MUST_CHECK enum ca_err ca_verify_trace_take(struct ca_verify_trace *t,
    const STACK_OF(X509) *path, bool anchored, const struct ca_revocation *rev);

#endif
