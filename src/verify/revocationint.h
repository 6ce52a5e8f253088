/*
 * Inside the revocation of a path, shared by revocation.c (set-up, the walk
 * over the path, the report), revocation_status.c (the status of one
 * certificate), revocation_voices.c (the CRLs that cover it),
 * revocation_rule.c (which of them revokes it), revocation_facts.c (what a CRL
 * says of itself), revocation_scope.c (which certificates it covers),
 * revocation_signer.c (who signed it), revocation_exempt.c (what needs no CRL),
 * revocation_ocsp.c (OCSP responses) and revocation_finding.c (findings).
 * Private to these files.
 */
#ifndef CA_VERIFY_REVOCATIONINT_H
#define CA_VERIFY_REVOCATIONINT_H

#include <openssl/x509v3.h>

#include "crl/crldir.h"
#include "ocsp/ocsp.h"
#include "verify/revocation.h"

#define DETAIL_MAX 1024 /* bytes */

/* A finding: the reason, and what an administrator needs to find the cause. */
struct finding {
	enum ca_reason reason; /* CA_R_OK: there is no finding */
	char detail[DETAIL_MAX];
};

/* CRLReason bits of RFC 5280 section 4.2.1.13, ReasonFlags: 1 to 8. */
#define REASONS_ALL 0x1feu

/* Whose key made the signature of a CRL. */
struct signer {
	X509 *cert;         /* borrowed; NULL: no permitted signer */
	bool sure;          /* it is known that cert is not revoked itself */
	bool mute;          /* the signer must not sign CRLs; crl = prefer then
			     * treats the CRL as absent */
	struct finding why; /* why cert is NULL or not sure */
};

/* A CRL, and what it says of itself. */
struct crl_facts {
	struct ca_crl *crl;          /* borrowed from the directory */
	enum ca_reason bad;          /* CA_R_OK, or why it cannot be used */
	char why[CA_REVOCATION_WHY]; /* in words */
	bool future;                 /* its thisUpdate is in the future */
	time_t this_update;
	time_t next_update;                /* it is current until then */
	bool has_next;                     /* the CRL has a nextUpdate */
	ASN1_INTEGER *number, *base;       /* owned; base: it is a delta CRL */
	struct ISSUING_DIST_POINT_st *idp; /* owned; NULL: none */
	unsigned reasons;                  /* the reasons that it covers */
	/* on the path at hand, not on that of a CRL's issuer */
	bool tried;
	struct signer signer;
};

/* A CRL that covers a certificate and has a valid signature. */
struct voice {
	const struct crl_facts *f;
	X509 *signer; /* borrowed */
	bool sure;    /* as in struct signer */
	unsigned reasons;
	bool listed, replaced;
	struct ca_crl_entry entry;
};

/* All CRLs that cover one certificate. */
struct voices {
	struct ca_crls found;
	CRL_DIST_POINTS *points;
	struct voice *v;
	size_t n;
	struct finding trouble; /* a CRL cannot be used */
	bool firm;              /* some of the trouble cannot be waived */
	struct finding broken;  /* a CRL that may revoke cannot be read */
};

/* Is the path of a CRL's issuer valid?  Determined once. */
struct crl_issuer {
	X509 *cert; /* borrowed */
	enum { ISSUER_BUSY, ISSUER_GOOD, ISSUER_UNSURE, ISSUER_BAD } state;
	STACK_OF(X509) *chain; /* owned */
	struct finding why;
};

#define CA_CRL_ISSUERS_MAX 16 /* that are not on the path, for one path */

/* A CRL in which a certificate of the path was looked up. */
struct crl_use {
	const struct crl_facts *facts;
	int depth;
	bool listed, revoked;
	char why[CA_REVOCATION_WHY]; /* why it does not cover the certificate;
					"": it covers it */
};

/* An OCSP response that was judged for a certificate of the path. */
struct ocsp_use {
	int depth;
	struct ca_ocsp_answer answer; /* without its responder */
	char *file;                   /* its path; owned; NULL: a staple */
	struct ca_bytes staple;       /* borrowed; empty: a file */
};

/* How a response without a file is named in texts. */
#define CA_OCSP_SENT "the OCSP response that the client sent"

/* What OCSP says of one certificate. */
struct ocsp_says {
	bool good;
	struct finding revoked; /* a response revokes the certificate */
	struct finding trouble; /* a response gives no answer */
	bool firm;              /* some of the trouble cannot be waived */
	struct finding broken;  /* a response that may revoke cannot be read */
};

struct place;

struct ca_revocation {
	struct ca_crypto *crypto;
	const struct ca_log *log;
	enum ca_sources sources;
	enum ca_crl_mode mode;
	enum ca_crl_check check;
	uint64_t grace, no_next_update; /* seconds */
	uint64_t short_lived;           /* seconds; 0: off */
	const struct ca_list *exempt;   /* of the configuration; borrowed */
	time_t now;
	bool traced; /* record which CRLs are used */
	bool others; /* look up also in CRLs that do not cover */
	struct ca_crldir *dir;
	enum ca_err dir_rc;
	int dir_errno;
	char *dir_path;
	char *options; /* for the commands in texts: the directories, if a
			* command does not read these by itself; or "" */
	struct ca_revocation_paths paths;
	uint64_t ocsp_max_age; /* seconds */
	char *ocsp_path;       /* ocsp_dir */
	int ocsp_fd;           /* ocsp_dir; -1: not open */
	enum ca_err ocsp_rc;   /* why; CA_ERR_NOT_FOUND also if not asked for */
	int ocsp_errno;
	enum ca_staples_by origin;
	const struct ca_bytes *staple; /* borrowed */
	size_t nstaples;
	struct crl_facts **facts;
	size_t nfacts;
	/* ca_rev_status, for revocation_signer.c: the status of a certificate
	 * depends on the signers of its CRLs, and a signer on its own status */
	bool (*status)(struct ca_revocation *rev, const struct place *at,
	    struct finding *f);
	/* this path */
	const STACK_OF(X509) *chain;
	struct crl_issuer issuer[CA_CRL_ISSUERS_MAX];
	size_t nissuers;
	struct crl_use *use;
	size_t nuse;
	struct ocsp_use *ocsp;
	size_t nocsp;
	/* what is waived, by crl_grace, crl = prefer, crl_exempt and
	 * crl_short_lived */
	struct finding stale, absent, exempted, brief;
	/* CA_R_CRL_EXEMPT or CA_R_CRL_SHORT_LIVED of the certificates of the
	 * path; CA_R_NONE: not waived so */
	enum ca_reason waiver[CA_REVOCATION_PATH];
	bool leaf_revoked;
	/* what could not be determined, on any path: access is then denied,
	 * because the certificate may be revoked */
	struct finding error;
};

/* A certificate at its place: chain[i], level 0 on the path itself, 1 and 2
 * on the path of a CRL's issuer. */
struct place {
	const STACK_OF(X509) *chain;
	int i;
	int level;
	bool strict; /* crl = prefer does not apply: a responder */
};
#define CA_REVOCATION_LEVELS 2

static inline X509 *
place_cert(const struct place *at)
{
	return sk_X509_value(at->chain, at->i);
}

/* A certificate of the path that is checked.  The others are those of signers: of
 * CRLs, and of OCSP responses; CRLs alone tell their status. */
static inline bool
place_is_on_path(const struct ca_revocation *rev, const struct place *at)
{
	return at->chain == rev->chain;
}

/* Do CRLs count for it? */
static inline bool
place_needs_crls(const struct ca_revocation *rev, const struct place *at)
{
	return rev->sources != CA_SOURCES_OCSP || !place_is_on_path(rev, at);
}

/* Can crl_dir not be read, so that it is not known which CRLs are in it? */
static inline bool
place_is_unread(const struct ca_revocation *rev, const struct place *at)
{
	return place_needs_crls(rev, at) && rev->dir == NULL &&
	       rev->dir_rc != CA_ERR_NOT_FOUND;
}

static inline bool
place_is_anchor(const struct place *at)
{
	return at->i == sk_X509_num(at->chain) - 1;
}

/* Fill in a finding; cert (may be NULL): whose status it is about. */
void ca_rev_find(struct finding *f, enum ca_reason reason, X509 *cert,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Replace f by other if other tells an administrator more. */
void ca_rev_prefer(struct finding *f, const struct finding *other);

/* Put into out (a or b, or another one) the reason of a, and the details of both,
 * as far as they fit. */
void ca_rev_join(
    const struct finding *a, const struct finding *b, struct finding *out);

/* Write t as RFC 3339 has it into text, and return text. */
const char *ca_rev_time(time_t t, char text[32]);

/*
 * What crl says of itself; read once and kept in rev.  CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_rev_facts(
    struct ca_revocation *rev, struct ca_crl *crl, struct crl_facts **out);
void ca_rev_facts_clear(struct ca_revocation *rev);

/* ReasonFlags as bits of REASONS_ALL; NULL: all. */
unsigned ca_rev_reasons(const ASN1_BIT_STRING *flags);

/* Is the CRL before its nextUpdate, and not of the future? */
bool ca_rev_is_current(
    const struct ca_revocation *rev, const struct crl_facts *f);

/* Does a replace b (docs/security.md)? */
bool ca_rev_replaces(const struct ca_revocation *rev, const struct voice *a,
    const struct voice *b);

/* Can delta be applied to base (RFC 5280 section 6.3.3 (c))? */
bool ca_rev_applies(const struct voice *delta, const struct voice *base);

/* Of two delta CRLs, is a earlier than b? */
bool ca_rev_earlier(const struct crl_facts *a, const struct crl_facts *b);

/*
 * The distribution points of cert; NULL: none.  CA_ERR_FORMAT: they cannot be
 * decoded.  The caller frees them with CRL_DIST_POINTS_free.
 */
CA_MUST_CHECK enum ca_err ca_rev_points(X509 *cert, CRL_DIST_POINTS **out);

/* Does the CRL cover cert (RFC 5280 section 6.3.3 (b))?  *reasons: for which
 * reasons.  False: why says what differs. */
bool ca_rev_covers(const struct crl_facts *f, X509 *cert,
    const CRL_DIST_POINTS *points, unsigned *reasons,
    char why[CA_REVOCATION_WHY]);

/*
 * Who signed the CRL, by a certificate with a valid path to the anchor of the
 * current path (section 6.3.3 (f)).  A revoked signer is not accepted.  The
 * CRL of a signer with unknown status can revoke, but cannot show that a
 * certificate is not revoked.  CA_ERR_LIMIT, CA_ERR_MEMORY, CA_ERR_CRYPTO,
 * CA_ERR_IO.
 */
CA_MUST_CHECK enum ca_err ca_rev_sign(struct ca_revocation *rev,
    const struct place *at, struct crl_facts *f, struct signer *out);

/* Collect in all (zeroed, reasons CA_R_OK) what CRLs say of the certificate.
 * The caller clears all. */
void ca_rev_hear(
    struct ca_revocation *rev, const struct place *at, struct voices *all);
void ca_rev_voices_clear(struct voices *all);

/* Record in all->trouble that the CRL cannot be used for cert; this cannot be
 * waived. */
void ca_rev_reject(const struct ca_revocation *rev, struct voices *all,
    const struct crl_facts *f, X509 *cert, enum ca_reason reason,
    const char *why);

/* Does one of the CRLs revoke the certificate?  f says which. */
bool ca_rev_revoked(struct ca_revocation *rev, const struct place *at,
    struct voices *all, struct finding *f);

/* Collect in says (zeroed, reasons CA_R_OK) what OCSP responses say of the
 * certificate: the file in ocsp_dir, and the client's.  Nothing, if it is not on
 * the path, or the trust anchor. */
void ca_rev_ask_ocsp(
    struct ca_revocation *rev, const struct place *at, struct ocsp_says *says);

/* What is left of an answer about the certificate, if the status of the responder
 * that signed it counts.  CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_rev_weigh(struct ca_revocation *rev,
    const struct place *at, struct ca_ocsp_answer *answer);

/* Open ocsp_dir, if the configuration asks for it.  CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_rev_ocsp_open(
    struct ca_revocation *rev, const struct ca_config *cfg);

/* Forget the responses of one path. */
void ca_rev_ocsp_clear(struct ca_revocation *rev);

/* Why there is no OCSP response about a certificate of the path, and what to do; for a
 * configuration in which OCSP counts. */
void ca_rev_ocsp_missing(
    struct ca_revocation *rev, const struct place *at, struct finding *f);

/* Does the configuration say that the certificate needs no CRL?  Whether a CRL
 * lists it is not asked here. */
bool ca_rev_is_exempt(struct ca_revocation *rev, const struct place *at);

/* Is the status of the certificate acceptable?  False: f says why not. */
bool ca_rev_status(
    struct ca_revocation *rev, const struct place *at, struct finding *f);

#endif
