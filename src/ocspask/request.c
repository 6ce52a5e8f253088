/* The addresses in a certificate, and the request (ocspask.h). */
#include "ocspask/ocspask.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <strings.h>

/* ---- addresses ---- */

static bool
usable(const char *url, size_t len)
{
	if (len >= CA_OCSPASK_URL_MAX ||
	    (strncasecmp(url, "http://", 7) != 0 &&
		strncasecmp(url, "https://", 8) != 0))
		return false;
	/* it is written into a line of an order, and into messages */
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)url[i] <= ' ' ||
		    (unsigned char)url[i] >= 0x7f)
			return false;
	return true;
}

/* The address of an AccessDescription, or NULL.  An IA5String has a NUL behind its
 * bytes; one inside them is a control character. */
static const ASN1_STRING *
address_of(const ACCESS_DESCRIPTION *ad)
{
	if (OBJ_obj2nid(ad->method) != NID_ad_OCSP ||
	    ad->location->type != GEN_URI)
		return NULL;
	const ASN1_STRING *url = ad->location->d.ia5;
	return usable((const char *)ASN1_STRING_get0_data(url),
		   (size_t)ASN1_STRING_length(url))
		   ? url
		   : NULL;
}

bool
ca_ocspask_address(const X509 *cert, size_t n, char out[CA_OCSPASK_URL_MAX])
{
	AUTHORITY_INFO_ACCESS *aia;
	bool found = false;

	if (n >= CA_OCSPASK_ADDRESSES_MAX)
		return false;
	ERR_set_mark();
	aia = X509_get_ext_d2i(cert, NID_info_access, NULL, NULL);
	for (int i = 0; !found && i < sk_ACCESS_DESCRIPTION_num(aia); i++) {
		const ASN1_STRING *url =
		    address_of(sk_ACCESS_DESCRIPTION_value(aia, i));

		if (url == NULL || n-- > 0)
			continue;
		size_t len = (size_t)ASN1_STRING_length(url);
		memcpy(out, ASN1_STRING_get0_data(url), len);
		out[len] = '\0';
		found = true;
	}
	AUTHORITY_INFO_ACCESS_free(aia);
	ERR_pop_to_mark();
	return found;
}

/* ---- the request ---- */

enum ca_err
ca_ocspask_request(
    struct ca_crypto *crypto, X509 *cert, X509 *issuer, struct ca_buf *out)
{
	enum ca_err ret = CA_ERR_UNSET;
	const EVP_MD *sha1 = ca_crypto_get0_md(crypto, "SHA1");
	OCSP_REQUEST *req = NULL;
	OCSP_CERTID *id = NULL;
	unsigned char *der = NULL;
	OSSL_LIB_CTX *before;
	int len;

	ERR_set_mark();
	before = ca_crypto_enter(crypto);
	if (sha1 == NULL || (req = OCSP_REQUEST_new()) == NULL ||
	    (id = OCSP_cert_to_id(sha1, cert, issuer)) == NULL ||
	    OCSP_request_add0_id(req, id) == NULL) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	id = NULL; /* transferred */
	if ((len = i2d_OCSP_REQUEST(req, &der)) <= 0) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	ca_buf_put(out, der, (size_t)len);
	if (ca_buf_err(out) != CA_OK) {
		ret = ca_buf_err(out);
		goto out;
	}
	ret = CA_OK;
out:
	ca_crypto_leave(before);
	OCSP_CERTID_free(id);
	OCSP_REQUEST_free(req);
	OPENSSL_free(der);
	ERR_pop_to_mark();
	return ret;
}
