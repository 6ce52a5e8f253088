#include "cli/crl.h"

#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

/* What a CRL is for and how long it serves, in words and seconds. */

time_t
ca_crl_seconds(const ASN1_TIME *t)
{
	struct tm tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	return timegm(&tm);
}

time_t
ca_crl_end(const X509_CRL *x, const struct ca_config *cfg)
{
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(x);

	if (next != NULL)
		return ca_crl_seconds(next);
	return ca_crl_seconds(X509_CRL_get0_lastUpdate(x)) +
	       (time_t)cfg->crl_no_next_update;
}

static void
put_number(X509_CRL *x, int nid, const char *before, struct ca_buf *out)
{
	ASN1_INTEGER *n = X509_CRL_get_ext_d2i(x, nid, NULL, NULL);
	char *text = n != NULL ? i2s_ASN1_INTEGER(NULL, n) : NULL;

	if (text != NULL)
		ca_buf_fmt(out, ", %s %s", before, text);
	OPENSSL_free(text);
	ASN1_INTEGER_free(n);
}

/* RFC 5280 section 4.2.1.13: the bits of ReasonFlags. */
static void
put_reasons(const ASN1_BIT_STRING *bits, struct ca_buf *out)
{
	static const char *const name[] = {"unused", "keyCompromise",
	    "cACompromise", "affiliationChanged", "superseded",
	    "cessationOfOperation", "certificateHold", "privilegeWithdrawn",
	    "aACompromise"};

	ca_buf_str(out, ", only the reasons");
	for (size_t i = 0; i < sizeof name / sizeof name[0]; i++)
		if (ASN1_BIT_STRING_get_bit(bits, (int)i))
			ca_buf_fmt(out, " %s", name[i]);
}

static void
put_point(const DIST_POINT_NAME *point, struct ca_buf *out)
{
	ca_buf_str(out, ", only the distribution point");
	for (int i = 0;
	     point->type == 0 && i < sk_GENERAL_NAME_num(point->name.fullname);
	     i++) {
		const GENERAL_NAME *g =
		    sk_GENERAL_NAME_value(point->name.fullname, i);

		if (g->type != GEN_URI)
			continue;
		ca_buf_u8(out, ' ');
		ca_buf_put(out, ASN1_STRING_get0_data(g->d.ia5),
		    (size_t)ASN1_STRING_length(g->d.ia5));
	}
}

void
ca_crl_about(X509_CRL *x, struct ca_buf *out)
{
	ISSUING_DIST_POINT *idp =
	    X509_CRL_get_ext_d2i(x, NID_issuing_distribution_point, NULL, NULL);

	put_number(x, NID_delta_crl, "delta of base", out);
	put_number(x, NID_crl_number, "number", out);
	if (idp == NULL)
		return;
	if (idp->onlyuser > 0)
		ca_buf_str(out, ", only users' certificates");
	if (idp->onlyCA > 0)
		ca_buf_str(out, ", only CAs' certificates");
	if (idp->onlyattr > 0)
		ca_buf_str(out, ", only attribute certificates");
	if (idp->onlysomereasons != NULL)
		put_reasons(idp->onlysomereasons, out);
	if (idp->indirectCRL > 0)
		ca_buf_str(out, ", indirect");
	if (idp->distpoint != NULL)
		put_point(idp->distpoint, out);
	ISSUING_DIST_POINT_free(idp);
}

/* ---- does the scope cover a certificate? ---- */

static bool
names_meet(const GENERAL_NAMES *a, const GENERAL_NAMES *b)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(a); i++)
		for (int k = 0; k < sk_GENERAL_NAME_num(b); k++)
			if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(a, i),
				sk_GENERAL_NAME_value(b, k)) == 0)
				return true;
	return false;
}

/* Is the CRL's distribution point one of the certificate's?  A name that is
 * relative to an issuer's is not resolved: it may be. */
static bool
point_fits(const DIST_POINT_NAME *point, const CRL_DIST_POINTS *dps)
{
	if (point == NULL || point->type != 0)
		return true;
	for (int i = 0; i < sk_DIST_POINT_num(dps); i++) {
		const DIST_POINT *dp = sk_DIST_POINT_value(dps, i);

		if (dp->distpoint != NULL && dp->distpoint->type != 0)
			return true;
		/* RFC 5280 section 6.3.3 (b)(2)(i): cRLIssuer, where the point
		 * has no name */
		if (names_meet(point->name.fullname,
			dp->distpoint != NULL ? dp->distpoint->name.fullname
					      : dp->CRLissuer))
			return true;
	}
	return false;
}

static bool
names_issuer(const CRL_DIST_POINTS *dps, const X509_NAME *name)
{
	for (int i = 0; i < sk_DIST_POINT_num(dps); i++) {
		const GENERAL_NAMES *g = sk_DIST_POINT_value(dps, i)->CRLissuer;

		for (int k = 0; k < sk_GENERAL_NAME_num(g); k++) {
			const GENERAL_NAME *one = sk_GENERAL_NAME_value(g, k);

			if (one->type == GEN_DIRNAME &&
			    X509_NAME_cmp(one->d.directoryName, name) == 0)
				return true;
		}
	}
	return false;
}

const char *
ca_crl_not_covered(const X509_CRL *x, X509 *cert)
{
	ISSUING_DIST_POINT *idp =
	    X509_CRL_get_ext_d2i(x, NID_issuing_distribution_point, NULL, NULL);
	CRL_DIST_POINTS *dps =
	    X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL, NULL);
	bool is_ca = X509_check_ca(cert) != 0;
	const char *why = NULL;

	if (idp == NULL)
		;
	else if (idp->onlyattr > 0)
		why = "the CRL is for attribute certificates only";
	else if (idp->onlyuser > 0 && is_ca)
		why = "the CRL is for users' certificates only";
	else if (idp->onlyCA > 0 && !is_ca)
		why = "the CRL is for CAs' certificates only";
	else if (X509_NAME_cmp(
		     X509_get_issuer_name(cert), X509_CRL_get_issuer(x)) != 0 &&
		 !names_issuer(dps, X509_CRL_get_issuer(x)))
		why = "no distribution point of the certificate names the "
		      "CRL's issuer";
	else if (!point_fits(idp->distpoint, dps))
		why = "the CRL is for a distribution point that the "
		      "certificate does not name";
	CRL_DIST_POINTS_free(dps);
	ISSUING_DIST_POINT_free(idp);
	return why;
}
