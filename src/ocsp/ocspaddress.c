/* The responders that a certificate names. */
#include "ocsp/ocsp.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <strings.h>

static bool
usable(const char *url, size_t len)
{
	if (len >= CA_OCSP_URL_MAX || (strncasecmp(url, "http://", 7) != 0 &&
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
ca_ocsp_address(const X509 *cert, size_t n, char out[CA_OCSP_URL_MAX])
{
	AUTHORITY_INFO_ACCESS *aia;
	bool found = false;

	if (n >= CA_OCSP_ADDRESSES_MAX)
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
