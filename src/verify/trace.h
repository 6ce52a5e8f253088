/*
 * The trace of a verification, for `certauth explain`: the path of the report,
 * and the CRLs in which each certificate of the path was looked up, and the OCSP
 * responses that were judged for it.
 */
#ifndef CA_VERIFY_TRACE_H
#define CA_VERIFY_TRACE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"
#include "ocsp/ocsp.h"
#include "verify/revocation.h"

/* A CRL in which a certificate of the path was looked up. */
struct ca_crl_use {
	int depth;          /* of that certificate; 0: the leaf */
	char *file;         /* its name in crl_dir; owned */
	char *other;        /* why it does not cover the certificate; owned;
			     * NULL: it covers it */
	const char *engine; /* "index" or "stream"; static */
	time_t this_update, next_update; /* next_update 0: it has none */
	uint64_t entries;
	bool listed;  /* if it does not cover the certificate: it lists it */
	bool revoked; /* it revokes the certificate */
};

/* An OCSP response that was judged for a certificate of the path. */
struct ca_ocsp_use {
	int depth;
	char *file; /* its path; owned; NULL: the client sent it */
	enum ca_ocsp_status status;
	char *why;                 /* there is no answer; owned; or "" */
	time_t this_update, until; /* of a good answer */
	time_t revoked_at;         /* of a revocation */
	/* a good one of the client; owned; NULL: another one */
	uint8_t *der;
	size_t len; /* bytes at der */
};

struct ca_verify_trace {
	STACK_OF(X509) *chain;  /* leaf first; owned; NULL: nothing was tried */
	bool anchored;          /* its last certificate is of ca_dir */
	struct ca_crl_use *use; /* by depth */
	size_t n;
	struct ca_ocsp_use *ocsp; /* by depth */
	size_t nocsp;
	/* by depth: CA_R_CRL_EXEMPT or CA_R_CRL_SHORT_LIVED if the certificate
	 * is accepted without CRLs for that reason, else CA_R_NONE */
	enum ca_reason waiver[CA_REVOCATION_PATH];
};

/* Free what it holds, and empty it. */
void ca_verify_trace_clear(struct ca_verify_trace *t);

/* Replace the content of t by path and the CRLs and OCSP responses that rev (may
 * be NULL) used for it.  CA_ERR_MEMORY: t is empty. */
CA_MUST_CHECK enum ca_err ca_verify_trace_take(struct ca_verify_trace *t,
    const STACK_OF(X509) *path, bool anchored, const struct ca_revocation *rev);

#endif
