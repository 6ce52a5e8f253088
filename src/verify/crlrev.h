/*
 * Inside the revocation of a path: what revocation.c (set-up, findings,
 * report), crloffer.c (which CRLs OpenSSL's engine is offered), crlgate.c (for
 * whom large ones are read), crlengine.c (the engine at work) and crlerror.c
 * (its complaints) share.  Private to them.
 */
#ifndef CA_VERIFY_CRLREV_H
#define CA_VERIFY_CRLREV_H

#include "verify/crldir.h"
#include "verify/revocation.h"

#define DETAIL_MAX 400

/* A finding: the reason, and what a person needs to find its cause. */
struct finding {
	enum ca_reason reason; /* CA_R_OK: nothing to tell */
	char detail[DETAIL_MAX];
};

/* What this path's verification knows of a CRL. */
struct seen {
	struct ca_crl *crl;
	bool late; /* past nextUpdate and crl_grace */
	/* a bit for each depth of the path: the certificate there was looked
	 * up in it, and it revokes it */
	uint64_t asked, revoked;
};

#define CA_SEEN_DEPTHS 64

/* A signature that crlgate.c has verified. */
struct signed_pair {
	X509 *cert, *issuer; /* owned */
	bool good;
};

#define CA_PAIRS_MAX 64

struct ca_revocation {
	struct ca_crypto *crypto;
	const struct ca_log *log;
	enum ca_crl_mode mode;
	enum ca_crl_check check;
	uint64_t grace;
	time_t now;
	struct ca_crldir *dir;
	enum ca_err dir_rc;
	int dir_errno;
	char *dir_path;
	struct ca_crl_gate gate; /* ca_crlrev_gate_open, and this */
	struct signed_pair pair[CA_PAIRS_MAX];
	size_t npairs;
	X509_STORE_CTX *looking; /* on whose behalf CRLs are read now */
	/* what OpenSSL would do if we were not here */
	X509_STORE_CTX_check_crl_fn check_crl;
	X509_STORE_CTX_cert_crl_fn cert_crl;
	X509_STORE_CTX_check_revocation_fn check_revocation;
	/* this path */
	struct seen *seen;
	size_t n;
	const X509_CRL *checking; /* the CRL that check_crl is about */
	struct finding trouble;   /* of CRLs that are not offered, for the
				   * certificate at hand: the most useful one */
	struct finding failed;
	struct finding stale;
	struct finding absent;
	bool done; /* OpenSSL's engine came to its end, content */
};

/* Fill in a finding about cert (may be NULL). */
void ca_crlrev_find(struct finding *f, enum ca_reason reason, X509 *cert,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Keep the first failure: what follows it is its consequence. */
#define ca_crlrev_fail(rev, ...)                                               \
	do {                                                                   \
		if ((rev)->failed.reason == CA_R_OK)                           \
			ca_crlrev_find(&(rev)->failed, __VA_ARGS__);           \
	} while (0)

/* A CRL that is none, and why: the most useful reason is kept. */
void ca_crlrev_not_offered(struct ca_revocation *rev, const struct ca_crl *crl,
    enum ca_reason reason, X509 *cert, const char *why);

struct ca_revocation *ca_crlrev_of(X509_STORE_CTX *ctx);
struct seen *ca_crlrev_seen(struct ca_revocation *rev, const X509_CRL *x);

/* All signatures of rev->looking's path are good: a large file may be read.
 * arg is the struct ca_revocation. */
bool ca_crlrev_gate_open(void *arg);
void ca_crlrev_pairs_clear(struct ca_revocation *rev);

/* The certificate at hand is the last of its path, which needs no CRL. */
bool ca_crlrev_anchor(X509_STORE_CTX *ctx);

/* The certificate whose key must have signed the CRL at hand. */
X509 *ca_crlrev_issuer(X509_STORE_CTX *ctx);

/* The callbacks of X509_STORE. */
STACK_OF(X509_CRL) *
    ca_crlrev_lookup_crls(const X509_STORE_CTX *ctx, const X509_NAME *name);
int ca_crlrev_check_revocation(X509_STORE_CTX *ctx);
int ca_crlrev_check_crl(X509_STORE_CTX *ctx, X509_CRL *x);
int ca_crlrev_cert_crl(X509_STORE_CTX *ctx, X509_CRL *x, X509 *cert);

#endif
