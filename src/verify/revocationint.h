/*
 * Inside the revocation of a path: what revocation.c (set-up, the walk over
 * the path, the report), revocation_status.c (one certificate),
 * revocation_voices.c (the CRLs that cover it), revocation_rule.c (which of them revokes it), revocation_facts.c (what
 * a CRL says of itself), revocation_scope.c (for which certificates it speaks)
 * and revocation_signer.c (who signed it) share.  Private to them.
 */
#ifndef CA_VERIFY_REVOCATIONINT_H
#define CA_VERIFY_REVOCATIONINT_H

#include <openssl/x509v3.h>

#include "crl/crldir.h"
#include "verify/revocation.h"

#define DETAIL_MAX 512 /* bytes */

/* A finding: the reason, and what a person needs to find its cause. */
struct finding {
	enum ca_reason reason; /* CA_R_OK: nothing to tell */
	char detail[DETAIL_MAX];
};

/* CRLReason bits of RFC 5280 section 4.2.1.13, ReasonFlags: 1 to 8. */
#define REASONS_ALL 0x1feu

/* Whose key made the signature of a CRL. */
struct signer {
	X509 *cert;         /* borrowed; NULL: nobody's that may */
	bool sure;          /* and it is known not to be revoked itself */
	bool mute;          /* the key is that of one that may not sign CRLs,
			     * which crl = prefer takes for no CRL at all */
	struct finding why; /* not */
};

/* A CRL, and what it says of itself. */
struct crl_facts {
	struct ca_crl *crl;          /* borrowed from the directory */
	enum ca_reason bad;          /* CA_R_OK, or why it cannot be used */
	char why[CA_REVOCATION_WHY]; /* in words */
	bool future;                 /* its thisUpdate has not come */
	time_t this_update;
	time_t next_update;                /* until then it is current */
	bool has_next;                     /* the CRL says so itself */
	ASN1_INTEGER *number, *base;       /* owned; base: this is a delta */
	struct ISSUING_DIST_POINT_st *idp; /* owned; NULL: none */
	unsigned reasons;                  /* that it speaks of */
	/* on the path at hand, not on that of a CRL's issuer */
	bool tried;
	struct signer signer;
};

/* A CRL that speaks of a certificate and is rightly signed. */
struct voice {
	const struct crl_facts *f;
	X509 *signer; /* borrowed */
	bool sure;    /* as in struct signer */
	unsigned reasons;
	bool listed, replaced;
	struct ca_crl_entry entry;
};

/* All that speak of one certificate. */
struct voices {
	struct ca_crls found;
	CRL_DIST_POINTS *points;
	struct voice *v;
	size_t n;
	struct finding trouble; /* with a CRL that cannot be used */
	bool firm;              /* and not all of it can be waived */
	struct finding broken;  /* one that may revoke, and cannot be read */
};

/* Whether the path of a CRL's issuer is valid: asked once. */
struct crl_issuer {
	X509 *cert; /* borrowed */
	enum { ISSUER_BUSY, ISSUER_GOOD, ISSUER_UNSURE, ISSUER_BAD } state;
	STACK_OF(X509) *chain; /* owned */
	struct finding why;
};

#define CA_CRL_ISSUERS_MAX 16 /* off the path, for one path */

/* A CRL that was asked about a certificate of the path. */
struct crl_use {
	const struct crl_facts *facts;
	int depth;
	bool listed, revoked;
	char why[CA_REVOCATION_WHY]; /* it does not speak of the certificate;
					"": it does */
};

struct place;

struct ca_revocation {
	struct ca_crypto *crypto;
	const struct ca_log *log;
	enum ca_crl_mode mode;
	enum ca_crl_check check;
	uint64_t grace, no_next_update; /* seconds */
	time_t now;
	bool traced; /* somebody wants to see why, */
	bool others; /* also in CRLs that do not speak of it */
	struct ca_crldir *dir;
	enum ca_err dir_rc;
	int dir_errno;
	char *dir_path;
	struct ca_revocation_paths paths;
	struct crl_facts **facts;
	size_t nfacts;
	/* ca_rev_status, which asks who signed a CRL, and for that the status
	 * of an issuer of CRLs: the recursion goes by here */
	bool (*status)(struct ca_revocation *rev, const struct place *at,
	    struct finding *f);
	/* this path */
	const STACK_OF(X509) *chain;
	struct crl_issuer issuer[CA_CRL_ISSUERS_MAX];
	size_t nissuers;
	struct crl_use *use;
	size_t nuse;
	struct finding stale, absent;
	bool leaf_revoked;
	/* what could not be found out, on any path: it denies whatever else is
	 * found, since the CRL that revokes may be the one */
	struct finding error;
};

/* A certificate at its place: chain[i], level 0 on the path itself, 1 and 2
 * on the path of a CRL's issuer. */
struct place {
	const STACK_OF(X509) *chain;
	int i;
	int level;
};
#define CA_REVOCATION_LEVELS 2

static inline X509 *
place_cert(const struct place *at)
{
	return sk_X509_value(at->chain, at->i);
}

static inline bool
place_is_anchor(const struct place *at)
{
	return at->i == sk_X509_num(at->chain) - 1;
}

/* Fill in a finding; cert (may be NULL): whose status it is about. */
void ca_rev_find(struct finding *f, enum ca_reason reason, X509 *cert,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Replace f by other, where that tells an administrator more. */
void ca_rev_prefer(struct finding *f, const struct finding *other);

/* A moment as RFC 3339 has it, into 32 bytes; the buffer. */
const char *ca_rev_time(time_t t, char text[32]);

/*
 * What crl says of itself; remembered.  CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_rev_facts(
    struct ca_revocation *rev, struct ca_crl *crl, struct crl_facts **out);
void ca_rev_facts_clear(struct ca_revocation *rev);

/* ReasonFlags as bits of REASONS_ALL; NULL: all. */
unsigned ca_rev_reasons(const ASN1_BIT_STRING *flags);

/* Before its nextUpdate, and not of the future. */
bool ca_rev_is_current(
    const struct ca_revocation *rev, const struct crl_facts *f);

/* a takes the place of b (docs/security.md). */
bool ca_rev_replaces(const struct ca_revocation *rev, const struct voice *a,
    const struct voice *b);

/* delta can be applied to base (RFC 5280 section 6.3.3 (c)). */
bool ca_rev_applies(const struct voice *delta, const struct voice *base);

/* Of two deltas, a is earlier than b. */
bool ca_rev_earlier(const struct crl_facts *a, const struct crl_facts *b);

/*
 * The distribution points of cert; NULL: none.  CA_ERR_FORMAT: they cannot be
 * read.  To be freed with CRL_DIST_POINTS_free.
 */
CA_MUST_CHECK enum ca_err ca_rev_points(X509 *cert, CRL_DIST_POINTS **out);

/* Does the CRL speak of cert (RFC 5280 section 6.3.3 (b))?  *reasons: of which
 * revocations.  False: why (200 bytes) says what differs. */
bool ca_rev_covers(const struct crl_facts *f, X509 *cert,
    const CRL_DIST_POINTS *points, unsigned *reasons,
    char why[CA_REVOCATION_WHY]);

/*
 * Who signed the CRL, by a certificate with a valid path to the anchor of the
 * path at hand (section 6.3.3 (f)).  One that is revoked signs nothing; one
 * whose status is not known may revoke, and cannot say that others are not
 * revoked.  CA_ERR_LIMIT, CA_ERR_MEMORY, CA_ERR_CRYPTO, CA_ERR_IO.
 */
CA_MUST_CHECK enum ca_err ca_rev_sign(struct ca_revocation *rev,
    const struct place *at, struct crl_facts *f, struct signer *out);

/* Gather into all (zeroed, both reasons CA_R_OK) what CRLs say of the
 * certificate; to be cleared. */
void ca_rev_hear(
    struct ca_revocation *rev, const struct place *at, struct voices *all);
void ca_rev_voices_clear(struct voices *all);

/* The CRL cannot be used for cert: into all->trouble, which cannot be waived. */
void ca_rev_reject(struct voices *all, const struct crl_facts *f, X509 *cert,
    enum ca_reason reason, const char *why);

/* One of the CRLs revokes the certificate: f says which. */
bool ca_rev_revoked(struct ca_revocation *rev, const struct place *at,
    struct voices *all, struct finding *f);

/* The status of a certificate.  False: it is refused, and f says why. */
bool ca_rev_status(
    struct ca_revocation *rev, const struct place *at, struct finding *f);

#endif
