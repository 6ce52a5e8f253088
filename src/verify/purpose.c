#include "verify/purpose.h"
#include "verify/anchor.h"

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

/*
 * OpenSSL's purpose id for a CA of the path.  X509_check_purpose does not accept
 * a CA with anyExtendedKeyUsage, which is not restricted (RFC 5280 section
 * 4.2.1.12), nor a trust anchor without basicConstraints; of these, only what
 * their extendedKeyUsage says counts here.
 */
static bool
ca_holds(X509 *cert, int id, bool anchor)
{
	int oid =
	    id == X509_PURPOSE_SSL_CLIENT ? NID_client_auth : NID_server_auth;

	if (X509_check_purpose(cert, id, 1) == 1)
		return true;
	if (anchor)
		return ca_anchor_may_issue(cert) &&
		       allows(cert, OBJ_nid2obj(oid), false);
	return X509_check_ca(cert) == 1 &&
	       allows(cert, OBJ_nid2obj(NID_anyExtendedKeyUsage), false);
}

/* Check OpenSSL's purpose id over the whole chain: only the result 1 is a yes.
 * Every chain with more than one certificate ends at its anchor. */
static bool
holds_for_tls(const STACK_OF(X509) *chain, int id)
{
	int n = sk_X509_num(chain);

	for (int i = 1; i < n; i++)
		if (!ca_holds(sk_X509_value(chain, i), id, i == n - 1))
			return false;
	return n > 0 && X509_check_purpose(sk_X509_value(chain, 0), id, 0) == 1;
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
