#include "verify/norevavail.h"

#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>

/* 2.5.29.56, which libcrypto knows by name only from version 3.4 on */
static const unsigned char oid[] = {0x55, 0x1d, 0x38};

static bool
is_present(const X509 *cert)
{
	for (int i = 0; i < X509_get_ext_count(cert); i++) {
		const ASN1_OBJECT *is =
		    X509_EXTENSION_get_object(X509_get_ext(cert, i));

		if (OBJ_length(is) == sizeof oid &&
		    memcmp(OBJ_get0_data(is), oid, sizeof oid) == 0)
			return true;
	}
	return false;
}

static bool
names_ocsp(const X509 *cert)
{
	int critical = -1;
	AUTHORITY_INFO_ACCESS *aia =
	    X509_get_ext_d2i(cert, NID_info_access, &critical, NULL);
	/* present but not decoded: it may */
	bool names = aia == NULL && critical != -1;

	for (int i = 0; !names && i < sk_ACCESS_DESCRIPTION_num(aia); i++)
		names =
		    OBJ_obj2nid(sk_ACCESS_DESCRIPTION_value(aia, i)->method) ==
		    NID_ad_OCSP;
	AUTHORITY_INFO_ACCESS_free(aia);
	return names;
}

const char *
ca_norevavail_flaw(X509 *cert)
{
	if (!is_present(cert))
		return NULL;
	if ((X509_get_extension_flags(cert) & EXFLAG_CA) != 0)
		return "its noRevAvail extension must not be in a CA "
		       "certificate (RFC 9608)";
	if (X509_get_ext_by_NID(cert, NID_crl_distribution_points, -1) >= 0)
		return "its noRevAvail extension contradicts its "
		       "cRLDistributionPoints (RFC 9608)";
	if (X509_get_ext_by_NID(cert, NID_freshest_crl, -1) >= 0)
		return "its noRevAvail extension contradicts its freshestCRL "
		       "(RFC 9608)";
	if (names_ocsp(cert))
		return "its noRevAvail extension contradicts the OCSP "
		       "responder in its authorityInfoAccess (RFC 9608)";
	return NULL;
}
