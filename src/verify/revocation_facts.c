/*
 * What a CRL says of itself, read once: its times and numbers, whether it is a
 * delta, and its issuing distribution point (RFC 5280 section 5.2).
 */
#include "crl/crlread.h"
#include "verify/revocationint.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ca_crl_trouble says what is wrong first, with the CRL's own text. */
#define UNREAD "has a field that cannot be read"

static void
facts_free(struct crl_facts *f)
{
	if (f == NULL)
		return;
	ASN1_INTEGER_free(f->number);
	ASN1_INTEGER_free(f->base);
	ISSUING_DIST_POINT_free(f->idp);
	free(f);
}

void
ca_rev_facts_clear(struct ca_revocation *rev)
{
	for (size_t i = 0; i < rev->nfacts; i++)
		facts_free(rev->facts[i]);
	free(rev->facts);
	rev->facts = NULL;
	rev->nfacts = 0;
}

static void
bad(struct crl_facts *f, enum ca_reason reason, const char *why)
{
	if (f->bad != CA_R_OK)
		return;
	f->bad = reason;
	(void)snprintf(f->why, sizeof f->why, "%s", why);
}

static void
read_times(
    const struct ca_revocation *rev, struct crl_facts *f, const X509_CRL *x)
{
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(x);

	if (!ca_crypto_seconds(X509_CRL_get0_lastUpdate(x), &f->this_update)) {
		bad(f, CA_R_CRL_MALFORMED, UNREAD);
		return;
	}
	f->future = f->this_update > rev->now;
	f->has_next = next != NULL;
	if (f->has_next) {
		if (!ca_crypto_seconds(next, &f->next_update))
			bad(f, CA_R_CRL_MALFORMED, UNREAD);
		return;
	}
	/* no overflow: the maximum of the key is small for time_t */
	f->next_update = f->this_update + (time_t)rev->no_next_update;
}

/* Decode an extension; NULL: absent.  If it occurs twice or cannot be decoded,
 * the CRL is bad. */
static void *
extension(struct crl_facts *f, const X509_CRL *x, int nid, const char *why)
{
	int crit = -1;
	void *ext;

	ERR_set_mark();
	ext = X509_CRL_get_ext_d2i(x, nid, &crit, NULL);
	if (ext == NULL && crit != -1) /* lack of memory? see crlform.c */
		ext = X509_CRL_get_ext_d2i(x, nid, &crit, NULL);
	ERR_pop_to_mark();
	if (ext == NULL && crit != -1)
		bad(f, CA_R_CRL_MALFORMED, why);
	return ext;
}

unsigned
ca_rev_reasons(const ASN1_BIT_STRING *flags)
{
	unsigned bits = 0;

	if (flags == NULL)
		return REASONS_ALL;
	for (int i = 1; i <= 8; i++)
		if (ASN1_BIT_STRING_get_bit(flags, i))
			bits |= 1u << i;
	return bits;
}

static void
read_idp(struct crl_facts *f, const X509_CRL *x)
{
	ISSUING_DIST_POINT *idp =
	    extension(f, x, NID_issuing_distribution_point,
		"has an issuingDistributionPoint that cannot be read");

	f->idp = idp;
	f->reasons = REASONS_ALL;
	if (idp == NULL)
		return;
	f->reasons = ca_rev_reasons(idp->onlysomereasons);
	if (idp->distpoint != NULL && /* lack of memory? see crlform.c */
	    DIST_POINT_set_dpname(idp->distpoint, X509_CRL_get_issuer(x)) !=
		1 &&
	    DIST_POINT_set_dpname(idp->distpoint, X509_CRL_get_issuer(x)) != 1)
		bad(f, CA_R_CRL_MALFORMED,
		    "has an issuingDistributionPoint that cannot be read");
}

static void
read_all(struct ca_revocation *rev, struct crl_facts *f)
{
	const X509_CRL *x = ca_crl_get0_x509(f->crl);
	enum ca_reason trouble = ca_crl_trouble(f->crl);

	if (trouble != CA_R_OK)
		bad(f, trouble, ca_crl_get0_trouble_text(f->crl));
	if (x == NULL) {
		bad(f, CA_R_CRL_MALFORMED, "is malformed");
		return;
	}
	read_times(rev, f, x);
	f->number = extension(
	    f, x, NID_crl_number, "has a cRLNumber that cannot be read");
	f->base = extension(
	    f, x, NID_delta_crl, "has a deltaCRLIndicator that cannot be read");
	read_idp(f, x);
}

enum ca_err
ca_rev_facts(
    struct ca_revocation *rev, struct ca_crl *crl, struct crl_facts **out)
{
	struct crl_facts **v, *f;

	for (size_t i = 0; i < rev->nfacts; i++) {
		if (rev->facts[i]->crl == crl) {
			*out = rev->facts[i];
			return CA_OK;
		}
	}
	/* an array of pointers is meant: NOLINTNEXTLINE(bugprone-sizeof-*) */
	v = realloc(rev->facts, (rev->nfacts + 1) * sizeof *v);
	if (v == NULL)
		return CA_ERR_MEMORY;
	rev->facts = v;
	if ((f = calloc(1, sizeof *f)) == NULL)
		return CA_ERR_MEMORY;
	f->crl = crl;
	f->bad = CA_R_OK;
	read_all(rev, f);
	v[rev->nfacts++] = *out = f;
	return CA_OK;
}

/* ---- two CRLs ---- */

bool
ca_rev_is_current(const struct ca_revocation *rev, const struct crl_facts *f)
{
	return !f->future && rev->now < f->next_update;
}

static bool
same_issuer(const struct voice *a, const struct voice *b)
{
	EVP_PKEY *ka = X509_get0_pubkey(a->signer);
	EVP_PKEY *kb = X509_get0_pubkey(b->signer);

	return ca_crl_same_name(
		   X509_CRL_get_issuer(ca_crl_get0_x509(a->f->crl)),
		   X509_CRL_get_issuer(ca_crl_get0_x509(b->f->crl))) &&
	       ka != NULL && kb != NULL && EVP_PKEY_eq(ka, kb) == 1;
}

static bool
same_point(const DIST_POINT_NAME *a, const DIST_POINT_NAME *b)
{
	uint8_t *da = NULL, *db = NULL;
	int la, lb;
	bool same;

	if (a == NULL || b == NULL)
		return a == b;
	la = i2d_DIST_POINT_NAME(a, &da);
	lb = i2d_DIST_POINT_NAME(b, &db);
	same = la > 0 && la == lb && memcmp(da, db, (size_t)la) == 0;
	OPENSSL_free(da);
	OPENSSL_free(db);
	return same;
}

/* Are the scopes equal?  The encodings may differ: DEFAULT FALSE may be
 * encoded.  A list of all reasons does not equal an absent list: in doubt,
 * neither CRL replaces the other. */
static bool
same_scope(const struct crl_facts *a, const struct crl_facts *b)
{
	const ISSUING_DIST_POINT *p = a->idp, *q = b->idp;

	if (p == NULL || q == NULL)
		return p == q;
	return a->reasons == b->reasons &&
	       (p->onlysomereasons != NULL) == (q->onlysomereasons != NULL) &&
	       (p->onlyuser > 0) == (q->onlyuser > 0) &&
	       (p->onlyCA > 0) == (q->onlyCA > 0) &&
	       (p->onlyattr > 0) == (q->onlyattr > 0) &&
	       (p->indirectCRL > 0) == (q->indirectCRL > 0) &&
	       same_point(p->distpoint, q->distpoint);
}

/*
 * A complete CRL replaces an older complete CRL or delta CRL.  A delta CRL
 * replaces no CRL, because it says nothing of certificates that it does not
 * list.  A delta CRL must also have a lower number to be replaced: a complete
 * CRL of the same day may have been made before it.
 */
bool
ca_rev_replaces(const struct ca_revocation *rev, const struct voice *a,
    const struct voice *b)
{
	const struct crl_facts *fa = a->f, *fb = b->f;
	bool numbered = fa->number != NULL && fb->number != NULL;

	if (fa == fb || fa->base != NULL || !ca_rev_is_current(rev, fa) ||
	    fa->this_update <= fb->this_update)
		return false;
	if (numbered && ASN1_INTEGER_cmp(fa->number, fb->number) <= 0)
		return false;
	if (fb->base != NULL && !numbered)
		return false;
	return same_issuer(a, b) && same_scope(fa, fb);
}

bool
ca_rev_applies(const struct voice *delta, const struct voice *base)
{
	const struct crl_facts *d = delta->f, *b = base->f;

	return d->base != NULL && b->base == NULL && d->number != NULL &&
	       b->number != NULL && ASN1_INTEGER_cmp(d->base, b->number) <= 0 &&
	       ASN1_INTEGER_cmp(b->number, d->number) < 0 &&
	       same_issuer(delta, base) && same_scope(d, b);
}

bool
ca_rev_earlier(const struct crl_facts *a, const struct crl_facts *b)
{
	return a->number != NULL && b->number != NULL &&
	       ASN1_INTEGER_cmp(a->number, b->number) < 0;
}
