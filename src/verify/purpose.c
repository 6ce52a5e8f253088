#include "verify/purpose.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>

static bool
lists(const EXTENDED_KEY_USAGE *eku, const ASN1_OBJECT *oid)
{
	for (int i = 0; i < sk_ASN1_OBJECT_num(eku); i++)
		if (OBJ_cmp(sk_ASN1_OBJECT_value(eku, i), oid) == 0)
			return true;
	return false;
}

/* A CA with anyExtendedKeyUsage is not restricted (RFC 5280 section 4.2.1.12).
 */
static bool
is_for_any(X509 *cert)
{
	EXTENDED_KEY_USAGE *eku =
	    X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	bool yes = lists(eku, OBJ_nid2obj(NID_anyExtendedKeyUsage));

	EXTENDED_KEY_USAGE_free(eku);
	return yes;
}

/* Check OpenSSL's purpose id over the whole chain: only the result 1 is a yes.
 * X509_check_purpose does not accept a CA with anyExtendedKeyUsage; here such a
 * certificate must only be a CA's. */
static bool
holds_for_tls(const STACK_OF(X509) *chain, int id)
{
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *cert = sk_X509_value(chain, i);

		if (X509_check_purpose(cert, id, i > 0) != 1 &&
		    (i == 0 || !is_for_any(cert) || X509_check_ca(cert) != 1))
			return false;
	}
	return sk_X509_num(chain) > 0;
}

/* The extendedKeyUsage of cert allows oid.  leaf: it must be present. */
static bool
allows(X509 *cert, const ASN1_OBJECT *oid, bool leaf)
{
	int critical;
	EXTENDED_KEY_USAGE *eku =
	    X509_get_ext_d2i(cert, NID_ext_key_usage, &critical, NULL);
	bool yes;

	/* -1: absent; -2: more than one; other: it does not decode */
	if (eku == NULL)
		return !leaf && critical == -1;
	yes = lists(eku, oid) ||
	      (!leaf && lists(eku, OBJ_nid2obj(NID_anyExtendedKeyUsage)));
	EXTENDED_KEY_USAGE_free(eku);
	return yes;
}

static bool
holds_for_oid(const STACK_OF(X509) *chain, const char *text)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(text, 1);
	bool yes = oid != NULL && sk_X509_num(chain) > 0;

	for (int i = 0; yes && i < sk_X509_num(chain); i++)
		yes = allows(sk_X509_value(chain, i), oid, i == 0);
	ASN1_OBJECT_free(oid);
	return yes;
}

/* X509_get_key_usage returns all ones if there is no extension. */
bool
ca_purpose_may_sign(X509 *leaf)
{
	return (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) != 0;
}

/* All requirements of purpose except ca_purpose_may_sign. */
static bool
holds(const STACK_OF(X509) *chain, const char *purpose)
{
	if (strcmp(purpose, "any") == 0)
		return true;
	if (strcmp(purpose, "sslclient") == 0)
		return holds_for_tls(chain, X509_PURPOSE_SSL_CLIENT);
	if (strcmp(purpose, "sslserver") == 0)
		return holds_for_tls(chain, X509_PURPOSE_SSL_SERVER);
	return holds_for_oid(chain, purpose);
}

static bool
wants_signature(const char *purpose)
{
	return strcmp(purpose, "any") != 0 && strcmp(purpose, "sslserver") != 0;
}

bool
ca_purpose_holds(const STACK_OF(X509) *chain, const char *purpose)
{
	return holds(chain, purpose) &&
	       (!wants_signature(purpose) ||
		   ca_purpose_may_sign(sk_X509_value(chain, 0)));
}
