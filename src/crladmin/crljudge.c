#include "crladmin/crljudge.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

bool
ca_crladmin_same_ext(const X509_CRL *a, const X509_CRL *b, int nid)
{
	int i = X509_CRL_get_ext_by_NID(a, nid, -1);
	int k = X509_CRL_get_ext_by_NID(b, nid, -1);

	if (i < 0 || k < 0)
		return i < 0 && k < 0;
	return ASN1_OCTET_STRING_cmp(
		   X509_EXTENSION_get_data(X509_CRL_get_ext(a, i)),
		   X509_EXTENSION_get_data(X509_CRL_get_ext(b, k))) == 0;
}

bool
ca_crladmin_is_delta(const X509_CRL *x)
{
	return X509_CRL_get_ext_by_NID(x, NID_delta_crl, -1) >= 0;
}

/* Are a and b of one issuer, scope and kind? */
static bool
counterpart(X509_CRL *a, X509_CRL *b)
{
	return X509_NAME_cmp(X509_CRL_get_issuer(a), X509_CRL_get_issuer(b)) ==
		   0 &&
	       ca_crladmin_is_delta(a) == ca_crladmin_is_delta(b) &&
	       ca_crladmin_same_ext(a, b, NID_issuing_distribution_point);
}

/* Compare the cRLNumber if both have one and are of one key (RFC 5280 section
 * 5.2.3), and thisUpdate. */
static bool
older(X509_CRL *fresh, X509_CRL *old)
{
	ASN1_INTEGER *a =
	    X509_CRL_get_ext_d2i(fresh, NID_crl_number, NULL, NULL);
	ASN1_INTEGER *b = X509_CRL_get_ext_d2i(old, NID_crl_number, NULL, NULL);
	bool less =
	    a != NULL && b != NULL && ASN1_INTEGER_cmp(a, b) < 0 &&
	    ca_crladmin_same_ext(fresh, old, NID_authority_key_identifier);

	ASN1_INTEGER_free(a);
	ASN1_INTEGER_free(b);
	return less || ASN1_TIME_compare(X509_CRL_get0_lastUpdate(fresh),
			   X509_CRL_get0_lastUpdate(old)) < 0;
}

bool
ca_crladmin_is_other(const struct ca_crls *fresh, const struct ca_crls *old)
{
	for (size_t i = 0; i < old->n; i++) {
		X509_CRL *o = ca_crl_get0_x509(old->v[i]);

		for (size_t k = 0; o != NULL && k < fresh->n; k++)
			if (counterpart(o, ca_crl_get0_x509(fresh->v[k])))
				return false;
	}
	return old->n > 0;
}

/* A digest of issuer, scope and kind. */
static bool
digest_scope(X509_CRL *x, uint8_t sum[EVP_MAX_MD_SIZE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int at = X509_CRL_get_ext_by_NID(x, NID_issuing_distribution_point, -1);
	const ASN1_OCTET_STRING *scope =
	    at < 0 ? NULL : X509_EXTENSION_get_data(X509_CRL_get_ext(x, at));
	const unsigned char *name;
	size_t len;
	uint8_t delta = ca_crladmin_is_delta(x);
	bool ok =
	    ctx != NULL &&
	    X509_NAME_get0_der(X509_CRL_get_issuer(x), &name, &len) == 1 &&
	    EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(ctx, &delta, 1) == 1 &&
	    EVP_DigestUpdate(ctx, name, len) == 1 &&
	    (scope == NULL ||
		EVP_DigestUpdate(ctx, ASN1_STRING_get0_data(scope),
		    (size_t)ASN1_STRING_length(scope)) == 1) &&
	    EVP_DigestFinal_ex(ctx, sum, NULL) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

enum ca_err
ca_crladmin_name_beside(
    const char *file, const struct ca_crls *fresh, char *out, size_t size)
{
	static const char ending[] = ".crl";
	uint8_t sum[EVP_MAX_MD_SIZE];
	size_t stem = strlen(file);

	if (fresh->n == 0 || ca_crl_get0_x509(fresh->v[0]) == NULL)
		return CA_ERR_FORMAT;
	if (!digest_scope(ca_crl_get0_x509(fresh->v[0]), sum))
		return CA_ERR_CRYPTO;
	if (stem > sizeof ending - 1 &&
	    strcmp(file + stem - (sizeof ending - 1), ending) == 0)
		stem -= sizeof ending - 1;
	int n =
	    snprintf(out, size, "%.*s-%02x%02x%02x%02x%02x%02x%s", (int)stem,
		file, sum[0], sum[1], sum[2], sum[3], sum[4], sum[5], ending);
	return n > 0 && (size_t)n < size ? CA_OK : CA_ERR_LIMIT;
}

const char *
ca_crladmin_not_successor(
    const struct ca_crls *fresh, const struct ca_crls *old)
{
	for (size_t i = 0; i < old->n; i++) {
		X509_CRL *o = ca_crl_get0_x509(old->v[i]);
		bool found = false, newer = false;

		if (o == NULL)
			continue;
		for (size_t k = 0; k < fresh->n; k++) {
			X509_CRL *f = ca_crl_get0_x509(fresh->v[k]);

			if (!counterpart(o, f))
				continue;
			found = true;
			newer = newer || !older(f, o);
		}
		if (!found)
			return "has another issuer or scope than the CRL "
			       "that it would replace";
		if (!newer)
			return "is older than the CRL that it would replace";
	}
	return NULL;
}

const char *
ca_crladmin_unsigned(struct ca_crladmin_run *r, struct ca_crl *crl)
{
	const X509_NAME *issuer = X509_CRL_get_issuer(ca_crl_get0_x509(crl));

	for (int i = 0; i < sk_X509_num(r->cas); i++) {
		X509 *ca = sk_X509_value(r->cas, i);

		if (ca_crl_same_name(X509_get_subject_name(ca), issuer) &&
		    ca_crl_verify(crl, ca) == CA_OK)
			return "is signed by a CA whose keyUsage lacks cRLSign";
	}
	return "is not signed by any of the CAs";
}

const char *
ca_crladmin_not_usable(struct ca_crladmin_run *r, const struct ca_crls *crls)
{
	for (size_t i = 0; i < crls->n; i++) {
		struct ca_crl *crl = crls->v[i];
		X509_CRL *x = ca_crl_get0_x509(crl);

		if (x == NULL)
			return "is not a CRL";
		if (ca_crl_trouble(crl) != CA_R_OK)
			return ca_crl_get0_trouble_text(crl);
		if (ca_crl_signer(crl, r->cas) == NULL)
			return ca_crladmin_unsigned(r, crl);
		if (X509_cmp_time(X509_CRL_get0_lastUpdate(x), NULL) > 0)
			return "is not yet valid";
	}
	return NULL;
}
