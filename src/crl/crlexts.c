/*
 * The extensions of a CRL that decide what its entries mean.  Newer libcrypto
 * refuses to read a CRL in which one of them does not decode; here every
 * libcrypto comes to that.
 */
#include "crl/window.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

struct meaning {
	const char *why; /* NULL: each is there at most once, and decodes */
	bool indirect;
};

#define EXTENSION(a, name, section)                                            \
	{                                                                      \
		"with two " name " extensions (RFC 5280 section " section ")", \
		    "with " a " " name " that cannot be decoded (RFC 5280 "    \
		    "section " section ")"                                     \
	}

struct texts {
	const char *twice, *bad;
};

static const struct texts number_is = EXTENSION("a", "cRLNumber", "5.2.3");
static const struct texts delta_is =
    EXTENSION("a", "deltaCRLIndicator", "5.2.4");
static const struct texts idp_is =
    EXTENSION("an", "issuingDistributionPoint", "5.2.5");

/* NULL: absent, or one that decodes into *value, which the caller frees. */
static const char *
flaw_of(const STACK_OF(X509_EXTENSION) *exts, int nid,
    const struct texts *texts, void **value)
{
	int found = -1;

	*value = X509V3_get_d2i(exts, nid, &found, NULL);
	return *value != NULL || found == -1 ? NULL
	       : found == -2                 ? texts->twice
					     : texts->bad;
}

static struct meaning
meaning_of(struct ca_reader der)
{
	const uint8_t *p = der.p;
	STACK_OF(X509_EXTENSION) *exts =
	    d2i_X509_EXTENSIONS(NULL, &p, (long)der.left);
	void *number = NULL, *base = NULL, *idp = NULL;
	struct meaning m = {"with extensions that cannot be decoded", false};

	if (exts != NULL &&
	    (m.why = flaw_of(exts, NID_crl_number, &number_is, &number)) ==
		NULL &&
	    (m.why = flaw_of(exts, NID_delta_crl, &delta_is, &base)) == NULL &&
	    (m.why = flaw_of(
		 exts, NID_issuing_distribution_point, &idp_is, &idp)) == NULL)
		m.indirect =
		    idp != NULL && ((ISSUING_DIST_POINT *)idp)->indirectCRL > 0;
	ASN1_INTEGER_free(number);
	ASN1_INTEGER_free(base);
	ISSUING_DIST_POINT_free(idp);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	return m;
}

enum ca_err
ca_crl_exts_mean(struct ca_reader der, bool has_issuers, const char **why)
{
	struct meaning m = {NULL, false};

	if (der.p != NULL) {
		ERR_set_mark();
		m = meaning_of(der);
		if (m.why != NULL) /* perhaps for lack of memory: crlform.c */
			m = meaning_of(der);
		ERR_pop_to_mark();
	}
	if (m.why == NULL && has_issuers && !m.indirect)
		m.why = "with a certificateIssuer in an entry, but without "
			"indirectCRL (RFC 5280 section 5.3.3)";
	*why = m.why;
	return m.why == NULL ? CA_OK : CA_ERR_FORMAT;
}
