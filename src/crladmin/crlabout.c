#include "crladmin/crlabout.h"
#include "crypto/crypto.h"

#include <openssl/x509v3.h>
#include <string.h>

bool
ca_crladmin_end(const X509_CRL *x, const struct ca_config *cfg, time_t *out)
{
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(x);
	const ASN1_TIME *t = next != NULL ? next : X509_CRL_get0_lastUpdate(x);

	if (!ca_crypto_seconds(t, out))
		return false;
	if (next == NULL)
		*out += (time_t)cfg->crl_no_next_update;
	return true;
}

bool
ca_crladmin_expired(const X509_CRL *x, const struct ca_config *cfg, time_t now)
{
	time_t end;

	return !ca_crladmin_end(x, cfg, &end) || end <= now;
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
ca_crladmin_about(X509_CRL *x, struct ca_buf *out)
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
