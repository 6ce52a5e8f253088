#include "verify/anchor.h"
#include "verify/verr.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

bool
ca_anchor_may_issue(X509 *cert)
{
	/* basicConstraints, or a self-signed version 1, or keyCertSign */
	if (X509_check_ca(cert) != 0)
		return true;
	/* X509_get_key_usage returns all ones if there is no extension, and 0
	 * if an extension cannot be decoded */
	return X509_get_ext_by_NID(cert, NID_basic_constraints, -1) < 0 &&
	       X509_get_ext_by_NID(cert, NID_netscape_cert_type, -1) < 0 &&
	       (X509_get_extension_flags(cert) & EXFLAG_SI) != 0 &&
	       (X509_get_key_usage(cert) & KU_KEY_CERT_SIGN) != 0;
}

bool
ca_anchor_excused(X509 *cert, int error)
{
	switch (error) {
	case X509_V_ERR_INVALID_CA:
		return ca_anchor_may_issue(cert);
	case X509_V_ERR_PATHLEN_WITHOUT_KU_KEY_CERT_SIGN:
	case X509_V_ERR_CA_BCONS_NOT_CRITICAL:
	case X509_V_ERR_CA_CERT_MISSING_KEY_USAGE:
	case X509_V_ERR_KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA:
	case X509_V_ERR_ISSUER_NAME_EMPTY:
	case X509_V_ERR_EMPTY_SUBJECT_ALT_NAME:
	case X509_V_ERR_SIGNATURE_ALGORITHM_INCONSISTENCY:
	case X509_V_ERR_AUTHORITY_KEY_IDENTIFIER_CRITICAL:
	case X509_V_ERR_SUBJECT_KEY_IDENTIFIER_CRITICAL:
	case X509_V_ERR_MISSING_AUTHORITY_KEY_IDENTIFIER:
	case X509_V_ERR_MISSING_SUBJECT_KEY_IDENTIFIER:
	case X509_V_ERR_EMPTY_AUTHORITY_KEY_IDENTIFIER:
	case X509_V_ERR_AKID_ISSUER_SERIAL_NOT_PAIRED:
	case X509_V_ERR_EXTENSIONS_REQUIRE_VERSION_3:
		return true;
	default:
		return false;
	}
}
