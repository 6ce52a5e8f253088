/*
 * The extensions of a CRL that decide what its entries mean.  Newer libcrypto
 * refuses to read a CRL in which one of them does not decode; here every
 * libcrypto comes to that.
 */
#include "crl/window.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

struct meaning {
	bool decoded; /* each is there at most once, and can be decoded */
	bool indirect;
};

/* True: absent, or one that decodes into *value, which the caller frees. */
static bool
decodes(const STACK_OF(X509_EXTENSION) *exts, int nid, void **value)
{
	int found = -1;

	*value = X509V3_get_d2i(exts, nid, &found, NULL);
	return *value != NULL || found == -1;
}

static struct meaning
meaning_of(struct ca_reader der)
{
	const uint8_t *p = der.p;
	STACK_OF(X509_EXTENSION) *exts =
	    d2i_X509_EXTENSIONS(NULL, &p, (long)der.left);
	void *number = NULL, *base = NULL, *idp = NULL;
	struct meaning m = {false, false};

	if (exts != NULL) {
		m.decoded = decodes(exts, NID_crl_number, &number) &&
			    decodes(exts, NID_delta_crl, &base) &&
			    decodes(exts, NID_issuing_distribution_point, &idp);
		m.indirect =
		    idp != NULL && ((ISSUING_DIST_POINT *)idp)->indirectCRL > 0;
	}
	ASN1_INTEGER_free(number);
	ASN1_INTEGER_free(base);
	ISSUING_DIST_POINT_free(idp);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	return m;
}

enum ca_err
ca_crl_exts_mean(struct ca_reader der, bool has_issuers)
{
	struct meaning m = {der.p == NULL, false};

	if (der.p != NULL) {
		ERR_set_mark();
		m = meaning_of(der);
		if (!m.decoded) /* perhaps for lack of memory: crlform.c */
			m = meaning_of(der);
		ERR_pop_to_mark();
	}
	return m.decoded && (m.indirect || !has_issuers) ? CA_OK
							 : CA_ERR_FORMAT;
}
