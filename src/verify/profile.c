#include "verify/profile.h"
#include "base/buf.h"
#include "verify/verify.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>

static void
fail(struct ca_report *report, X509 *cert, enum ca_reason reason,
    const char *what)
{
	struct ca_buf name = CA_BUF_INIT(65536);

	ca_name_rfc4514(X509_get_subject_name(cert), &name);
	const char *text = ca_buf_text(&name);
	ca_report_set(report, CA_CHECK_CHAIN, CA_FAIL, reason, "%s (%s)", what,
	    text != NULL ? text : "?");
	ca_buf_free(&name);
}

/* ---- keys and digests ---- */

static const char *
key_weakness(const EVP_PKEY *key)
{
	static const char *const good[] = {"ED25519", "ED448", "ML-DSA-44",
	    "ML-DSA-65", "ML-DSA-87"};
	char group[64] = "";
	size_t len = 0;
	int bits;

	if (key == NULL)
		return "its key cannot be read";
	bits = EVP_PKEY_get_bits(key);
	if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS"))
		return bits < CA_PROFILE_RSA_MIN ? "RSA under 2,048 bits"
		    : bits > CA_PROFILE_RSA_MAX ? "RSA over 16,384 bits"
						: NULL;
	if (EVP_PKEY_is_a(key, "EC")) {
		if (EVP_PKEY_get_group_name(key, group, sizeof group,
		    &len) != 1)
			return "an elliptic curve without a name";
		if (strcmp(group, SN_X9_62_prime256v1) == 0 ||
		    strcmp(group, SN_secp384r1) == 0 ||
		    strcmp(group, SN_secp521r1) == 0)
			return NULL;
		return "an elliptic curve other than P-256, P-384 and P-521";
	}
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		if (EVP_PKEY_is_a(key, good[i]))
			return NULL;
	return EVP_PKEY_is_a(key, "DSA") ? "a DSA key"
					 : "a key of a type that is refused";
}

static const char *
signature_weakness(X509 *cert)
{
	int md = NID_undef, pk = NID_undef;

	if (X509_get_signature_info(cert, &md, &pk, NULL, NULL) != 1)
		return "a signature of an unknown kind";
	if (md == NID_md5 || md == NID_sha1 || md == NID_md5_sha1 ||
	    md == NID_md4 || md == NID_md2 || md == NID_ripemd160)
		return "a signature over MD5, SHA-1 or the like";
	return pk == NID_dsa ? "a DSA signature" : NULL;
}

static void
check_strength(X509 *cert, bool anchor, struct ca_report *report)
{
	const char *what = key_weakness(X509_get0_pubkey(cert));

	/* nobody relies on an anchor's own signature */
	if (what == NULL && !anchor)
		what = signature_weakness(cert);
	if (what != NULL)
		fail(report, cert, CA_R_CHAIN_WEAK, what);
}

void
ca_profile_check(const STACK_OF(X509) *chain, bool anchored,
    struct ca_report *report)
{
	int n = sk_X509_num(chain);

	for (int i = 0; i < n; i++) {
		X509 *cert = sk_X509_value(chain, i);

		check_strength(cert, anchored && i > 0 && i == n - 1, report);
	}
}
