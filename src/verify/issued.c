#include "verify/issued.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

bool
ca_issued_by(X509 *cert, X509 *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	bool is;

	ERR_set_mark();
	is = key != NULL &&
	     X509_NAME_cmp(X509_get_issuer_name(cert),
		 X509_get_subject_name(issuer)) == 0 &&
	     X509_verify(cert, key) == 1;
	ERR_pop_to_mark();
	return is;
}

/* By authorityKeyIdentifier, if cert has one. */
static int
identifiers_fit(const X509 *issuer, const X509 *cert)
{
	AUTHORITY_KEYID *aki =
	    X509_get_ext_d2i(cert, NID_authority_key_identifier, NULL, NULL);
	int how = X509_check_akid(issuer, aki);

	AUTHORITY_KEYID_free(aki);
	return how;
}

/* Is the signature of cert one that a key of the issuer's kind makes? */
static int
kinds_fit(X509 *issuer, const X509 *cert)
{
	const EVP_PKEY *key = X509_get0_pubkey(issuer);
	int pk = NID_undef;

	if (OBJ_find_sigid_algs(X509_get_signature_nid(cert), NULL, &pk) != 1)
		return X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM;
	if (key == NULL)
		return X509_V_ERR_NO_ISSUER_PUBLIC_KEY;
	return EVP_PKEY_is_a(key, OBJ_nid2sn(pk)) ||
		       (pk == NID_rsassaPss && EVP_PKEY_is_a(key, "RSA"))
		   ? X509_V_OK
		   : X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH;
}

int
ca_issued_fits(X509 *issuer, X509 *cert)
{
	int how = X509_check_issued(issuer, cert), next;

	if (X509_issuer_and_serial_cmp(issuer, cert) != 0 ||
	    (how != X509_V_OK && how != X509_V_ERR_CERT_SIGNATURE_FAILURE &&
		how != X509_V_ERR_KEYUSAGE_NO_CERTSIGN))
		return how;
	/* what libcrypto may have left out, in its order */
	if ((next = identifiers_fit(issuer, cert)) != X509_V_OK ||
	    (next = kinds_fit(issuer, cert)) != X509_V_OK)
		return next;
	return (X509_get_key_usage(issuer) & KU_KEY_CERT_SIGN) != 0
		   ? X509_V_OK
		   : X509_V_ERR_KEYUSAGE_NO_CERTSIGN;
}

bool
ca_issued_among(const STACK_OF(X509) *certs, int n, X509 *cert)
{
	for (int i = 0; i < n; i++)
		if (X509_cmp(sk_X509_value(certs, i), cert) == 0)
			return true;
	return false;
}
