#include "crladmin/crlpoints.h"

#include <openssl/x509v3.h>
#include <string.h>

#define URL_MAX 2048 /* bytes, with the NUL */

struct walk {
	enum ca_err (*visit)(
	    void *ctx, const char *url, enum ca_crladmin_kind kind);
	void *ctx;
};

bool
ca_crladmin_is_url(const char *url, size_t len)
{
	if (len == 0 || len >= URL_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)url[i] <= ' ' || url[i] == 0x7f)
			return false;
	return true;
}

static enum ca_err
one_name(
    const struct walk *w, const GENERAL_NAME *name, enum ca_crladmin_kind kind)
{
	char text[URL_MAX];
	size_t len;

	if (name->type != GEN_URI)
		return CA_OK;
	len = (size_t)ASN1_STRING_length(name->d.ia5);
	if (!ca_crladmin_is_url(
		(const char *)ASN1_STRING_get0_data(name->d.ia5), len))
		return CA_OK;
	memcpy(text, ASN1_STRING_get0_data(name->d.ia5), len);
	text[len] = '\0';
	return w->visit(w->ctx, text, kind);
}

static enum ca_err
one_point(const struct walk *w, const DIST_POINT *point, bool delta)
{
	const DIST_POINT_NAME *dp = point->distpoint;
	enum ca_crladmin_kind kind = delta ? CA_CRLADMIN_DELTA
				     : point->CRLissuer != NULL
					 ? CA_CRLADMIN_INDIRECT
					 : CA_CRLADMIN_COMPLETE;
	enum ca_err rc = CA_OK;

	if (dp == NULL || dp->type != 0)
		return CA_OK;
	for (int i = 0;
	     rc == CA_OK && i < sk_GENERAL_NAME_num(dp->name.fullname); i++)
		rc = one_name(
		    w, sk_GENERAL_NAME_value(dp->name.fullname, i), kind);
	return rc;
}

static enum ca_err
one_extension(const struct walk *w, const X509 *cert, int nid)
{
	CRL_DIST_POINTS *dps = X509_get_ext_d2i(cert, nid, NULL, NULL);
	enum ca_err rc = CA_OK;

	for (int i = 0; rc == CA_OK && i < sk_DIST_POINT_num(dps); i++)
		rc = one_point(
		    w, sk_DIST_POINT_value(dps, i), nid == NID_freshest_crl);
	CRL_DIST_POINTS_free(dps);
	return rc;
}

enum ca_err
ca_crladmin_points(const X509 *cert,
    enum ca_err (*visit)(
	void *ctx, const char *url, enum ca_crladmin_kind kind),
    void *ctx)
{
	const struct walk w = {visit, ctx};
	enum ca_err rc = one_extension(&w, cert, NID_crl_distribution_points);

	return rc == CA_OK ? one_extension(&w, cert, NID_freshest_crl) : rc;
}
