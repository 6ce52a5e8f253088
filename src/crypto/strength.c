#include "crypto/strength.h"
#include "crypto/crypto.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>

static const char *
rsa_weakness(const EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);

	if (bits < CA_PROFILE_RSA_MIN)
		return "its RSA key has fewer than 2,048 bits";
	if (bits > CA_PROFILE_RSA_MAX)
		return "its RSA key has more than 16,384 bits";
	if (bits % 8 != 0) /* no working generator makes such a key */
		return "its RSA key has a length that is not a multiple of "
		       "8 bits";
	if (!ca_crypto_rsa_exponent(key))
		return "its RSA key has an exponent that is 1, even or longer "
		       "than 64 bits";
	if (!ca_crypto_rsa_ok(key))
		return "its RSA key takes too long to verify with";
	return NULL;
}

const char *
ca_strength_key(const EVP_PKEY *key)
{
	static const char *const good[] = {
	    "ED25519", "ED448", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"};
	char group[64] = "";
	size_t len = 0;

	if (key == NULL)
		return "its key cannot be read";
	if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS"))
		return rsa_weakness(key);
	if (EVP_PKEY_is_a(key, "EC")) {
		if (EVP_PKEY_get_group_name(key, group, sizeof group, &len) !=
		    1)
			return "its key is on an elliptic curve without a name";
		if (strcmp(group, SN_X9_62_prime256v1) == 0 ||
		    strcmp(group, SN_secp384r1) == 0 ||
		    strcmp(group, SN_secp521r1) == 0)
			return NULL;
		return "its key is on an elliptic curve other than P-256, "
		       "P-384 and P-521";
	}
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		if (EVP_PKEY_is_a(key, good[i]))
			return NULL;
	return EVP_PKEY_is_a(key, "DSA")
		   ? "its key is a DSA key"
		   : "its key has a type that is not accepted";
}

const char *
ca_strength_signature(X509 *cert)
{
	int md = NID_undef, pk = NID_undef;

	if (X509_get_signature_info(cert, &md, &pk, NULL, NULL) != 1)
		return "its signature algorithm is unknown";
	if (md == NID_md5 || md == NID_sha1 || md == NID_md5_sha1 ||
	    md == NID_md4 || md == NID_md2 || md == NID_ripemd160)
		return "its signature uses a weak digest (MD5, SHA-1 or "
		       "similar)";
	return pk == NID_dsa ? "its signature is a DSA signature" : NULL;
}
