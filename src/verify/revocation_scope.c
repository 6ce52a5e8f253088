/*
 * Which certificates a CRL covers: RFC 5280 section 6.3.3 (b), with the
 * distribution points of the certificate (section 4.2.1.13) on one side and
 * the issuing distribution point of the CRL (section 5.2.5) on the other.
 */
#include "verify/revocationint.h"
#include "verify/verify.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

/* The first directoryName in cRLIssuer, or NULL. */
static X509_NAME *
first_name(const GENERAL_NAMES *gens)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(gens); i++) {
		GENERAL_NAME *gen = sk_GENERAL_NAME_value(gens, i);

		if (gen->type == GEN_DIRNAME)
			return gen->d.directoryName;
	}
	return NULL;
}

enum ca_err
ca_rev_points(X509 *cert, CRL_DIST_POINTS **out)
{
	int crit = -1;
	CRL_DIST_POINTS *dps;

	*out = NULL;
	ERR_set_mark();
	dps = X509_get_ext_d2i(cert, NID_crl_distribution_points, &crit, NULL);
	ERR_pop_to_mark();
	if (dps == NULL)
		return crit == -1 ? CA_OK : CA_ERR_FORMAT;
	for (int i = 0; i < sk_DIST_POINT_num(dps); i++) {
		DIST_POINT *dp = sk_DIST_POINT_value(dps, i);
		const X509_NAME *above = first_name(dp->CRLissuer);

		/* a relative name is relative to the CRL issuer's name */
		if (above == NULL)
			above = X509_get_issuer_name(cert);
		if (dp->distpoint != NULL &&
		    DIST_POINT_set_dpname(dp->distpoint, above) != 1) {
			CRL_DIST_POINTS_free(dps);
			return CA_ERR_FORMAT;
		}
	}
	*out = dps;
	return CA_OK;
}

/* ---- names ---- */

static bool
is_name(const GENERAL_NAME *gen, const X509_NAME *name)
{
	return name != NULL && gen->type == GEN_DIRNAME &&
	       ca_crl_same_name(gen->d.directoryName, name);
}

static bool
has_name(const GENERAL_NAMES *gens, const X509_NAME *name)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(gens); i++)
		if (is_name(sk_GENERAL_NAME_value(gens, i), name))
			return true;
	return false;
}

static bool
share_name(const GENERAL_NAMES *a, const GENERAL_NAMES *b)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(a); i++)
		for (int j = 0; j < sk_GENERAL_NAME_num(b); j++)
			if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(a, i),
				sk_GENERAL_NAME_value(b, j)) == 0)
				return true;
	return false;
}

#define RELATIVE 1 /* DIST_POINT_NAME.type: nameRelativeToCRLIssuer */

/* Is one of gens among the names of the point? */
static bool
named_among(const GENERAL_NAMES *gens, const DIST_POINT_NAME *point)
{
	if (point->type == RELATIVE)
		return has_name(gens, point->dpname);
	return share_name(gens, point->name.fullname);
}

static bool
same_point(const DIST_POINT_NAME *a, const DIST_POINT_NAME *b)
{
	if (a->type != RELATIVE)
		return named_among(a->name.fullname, b);
	if (b->type != RELATIVE)
		return has_name(b->name.fullname, a->dpname);
	return a->dpname != NULL && b->dpname != NULL &&
	       ca_crl_same_name(a->dpname, b->dpname);
}

/* ---- one distribution point, and the CRL ---- */

/* 6.3.3 (b)(1); direct: the CRL's issuer is the certificate's. */
static bool
issuer_fits(const DIST_POINT *dp, const struct crl_facts *f, bool direct)
{
	if (dp->CRLissuer == NULL)
		return direct;
	return has_name(dp->CRLissuer,
		   X509_CRL_get_issuer(ca_crl_get0_x509(f->crl))) &&
	       (direct || (f->idp != NULL && f->idp->indirectCRL > 0));
}

/* 6.3.3 (b)(2)(i) */
static bool
point_fits(const DIST_POINT *dp, const struct crl_facts *f)
{
	const DIST_POINT_NAME *point =
	    f->idp != NULL ? f->idp->distpoint : NULL;

	if (point == NULL)
		return true;
	if (dp->distpoint != NULL)
		return same_point(dp->distpoint, point);
	return named_among(dp->CRLissuer, point);
}

/* The text of 6.3.3 after (l): a CRL of the certificate's issuer is used as if
 * the certificate had a distribution point of that name, for all reasons. */
static bool
implied_fits(X509 *cert, const struct crl_facts *f)
{
	const DIST_POINT_NAME *point =
	    f->idp != NULL ? f->idp->distpoint : NULL;
	const X509_NAME *name = X509_get_issuer_name(cert);

	if (point == NULL)
		return true;
	if (point->type == RELATIVE)
		return point->dpname != NULL &&
		       ca_crl_same_name(point->dpname, name);
	return has_name(point->name.fullname, name);
}

/* ---- why a CRL does not fit ---- */

static void
add_names(struct ca_buf *out, const GENERAL_NAMES *gens)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(gens) && i < 2; i++) {
		const GENERAL_NAME *gen = sk_GENERAL_NAME_value(gens, i);

		if (i > 0)
			ca_buf_str(out, ", ");
		if (gen->type == GEN_DIRNAME)
			ca_name_rfc4514(gen->d.directoryName, out);
		else if (gen->type == GEN_URI)
			ca_buf_put(out, ASN1_STRING_get0_data(gen->d.ia5),
			    (size_t)ASN1_STRING_length(gen->d.ia5));
		else
			ca_buf_str(out, "a name of another type");
	}
	if (sk_GENERAL_NAME_num(gens) > 2)
		ca_buf_str(out, ", ...");
}

static void
add_point(struct ca_buf *out, const DIST_POINT_NAME *point)
{
	if (point == NULL)
		ca_buf_str(out, "no name");
	else if (point->type != RELATIVE)
		add_names(out, point->name.fullname);
	else if (point->dpname != NULL)
		ca_name_rfc4514(point->dpname, out);
}

/* Show the names of both sides, so that the wrong one can be seen. */
static void
tell_points(const struct crl_facts *f, const CRL_DIST_POINTS *points,
    char why[CA_REVOCATION_WHY])
{
	struct ca_buf text = CA_BUF_INIT(8000);
	const char *s;

	ca_buf_str(&text, "covers the distribution point ");
	add_point(&text, f->idp != NULL ? f->idp->distpoint : NULL);
	ca_buf_str(&text, "; the certificate names ");
	for (int i = 0; i < sk_DIST_POINT_num(points) && i < 2; i++) {
		const DIST_POINT *dp = sk_DIST_POINT_value(points, i);

		if (i > 0)
			ca_buf_str(&text, " and ");
		if (dp->distpoint != NULL)
			add_point(&text, dp->distpoint);
		else
			add_names(&text, dp->CRLissuer);
	}
	if (sk_DIST_POINT_num(points) <= 0)
		ca_buf_str(&text, "none");
	s = ca_buf_text(&text);
	(void)snprintf(why, CA_REVOCATION_WHY, "%s",
	    s != NULL ? s : "covers another distribution point");
	ca_buf_free(&text);
}

/* 6.3.3 (b)(2)(ii) to (iv): NULL, or which certificates the CRL is for. */
static const char *
other_kind(const ISSUING_DIST_POINT *idp, X509 *cert)
{
	bool ca = (X509_get_extension_flags(cert) & EXFLAG_CA) != 0;

	if (idp == NULL)
		return NULL;
	if (idp->onlyattr > 0)
		return "covers only attribute certificates";
	if (ca && idp->onlyuser > 0)
		return "covers only end-entity certificates, and this is a CA "
		       "certificate";
	if (!ca && idp->onlyCA > 0)
		return "covers only CA certificates, and this is an end-entity "
		       "certificate";
	return NULL;
}

bool
ca_rev_covers(const struct crl_facts *f, X509 *cert,
    const CRL_DIST_POINTS *points, unsigned *reasons,
    char why[CA_REVOCATION_WHY])
{
	const X509_NAME *by = X509_CRL_get_issuer(ca_crl_get0_x509(f->crl));
	bool direct = ca_crl_same_name(by, X509_get_issuer_name(cert));
	const char *other = other_kind(f->idp, cert);
	bool named = direct, found = false;

	why[0] = '\0';
	*reasons = 0;
	if (other != NULL) {
		(void)snprintf(why, CA_REVOCATION_WHY, "%s", other);
		return false;
	}
	for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
		const DIST_POINT *dp = sk_DIST_POINT_value(points, i);

		if (!issuer_fits(dp, f, direct))
			continue;
		named = true;
		if (!point_fits(dp, f))
			continue;
		found = true;
		*reasons |= f->reasons & ca_rev_reasons(dp->reasons);
	}
	if (direct && implied_fits(cert, f)) {
		found = true;
		*reasons |= f->reasons;
	}
	if (!found && named)
		tell_points(f, points, why);
	else if (!found)
		(void)snprintf(why, CA_REVOCATION_WHY,
		    "has an issuer that no distribution point of the "
		    "certificate names as cRLIssuer");
	return found;
}

bool
ca_revocation_covers(
    struct ca_crl *crl, X509 *cert, char why[CA_REVOCATION_WHY])
{
	struct ca_revocation rev = {.now = 0};
	struct crl_facts *f;
	CRL_DIST_POINTS *points = NULL;
	unsigned reasons;
	bool yes = true;

	/* a CRL without a scope covers all certificates of its issuer, and no
	 * others */
	if (ca_rev_facts(&rev, crl, &f) == CA_OK && f->bad == CA_R_OK &&
	    f->idp != NULL && ca_rev_points(cert, &points) == CA_OK)
		yes = ca_rev_covers(f, cert, points, &reasons, why);
	CRL_DIST_POINTS_free(points);
	ca_rev_facts_clear(&rev);
	return yes;
}
