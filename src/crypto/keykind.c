#include "crypto/keykind.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <string.h>

#include "crypto/crypto.h"
#include "crypto/sigalg.h"

_Static_assert(CA_RSA_MIN_BITS == 2048 && CA_RSA_MAX_BITS == 16384,
    "ca_scheme_key_kind says these");

/* ---- EC ---- */

/* libcrypto has names of ANSI X9.62 and SECG for the curves of FIPS 186-4. */
static const char *
curve_name(const char *group)
{
	return strcmp(group, "prime256v1") == 0  ? "P-256"
	       : strcmp(group, "secp384r1") == 0 ? "P-384"
	       : strcmp(group, "secp521r1") == 0 ? "P-521"
						 : group;
}

static void
ec_kind(const EVP_PKEY *key, struct ca_buf *out)
{
	char group[64] = "";
	size_t len = 0;
	int is_explicit = 0;

	(void)EVP_PKEY_get_int_param(
	    key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit);
	if (is_explicit != 0 ||
	    EVP_PKEY_get_group_name(key, group, sizeof group, &len) != 1)
		ca_buf_str(out, "EC with explicit curve parameters");
	else
		ca_buf_fmt(out, "EC on %s", curve_name(group));
}

/* ---- RSA ---- */

static void
rsa_kind(const EVP_PKEY *key, struct ca_buf *out)
{
	int bits = EVP_PKEY_get_bits(key);

	ca_buf_fmt(out, "%s of %d bits",
	    EVP_PKEY_is_a(key, "RSA-PSS") ? "RSA-PSS" : "RSA", bits);
	if (bits >= CA_RSA_MIN_BITS && bits <= CA_RSA_MAX_BITS &&
	    !ca_crypto_rsa_ok(key))
		ca_buf_str(out, " with an unusual public exponent");
}

void
ca_key_kind(const EVP_PKEY *key, struct ca_buf *out)
{
	static const struct {
		const char *type, *name;
	} others[] = {{"ED25519", "Ed25519"}, {"ED448", "Ed448"},
	    {"X25519", "X25519 (for key agreement, not for signatures)"},
	    {"X448", "X448 (for key agreement, not for signatures)"}};
	const char *name = NULL;

	ERR_set_mark();
	if (EVP_PKEY_is_a(key, "EC")) {
		ec_kind(key, out);
	} else if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS")) {
		rsa_kind(key, out);
	} else {
		for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
			if (EVP_PKEY_is_a(key, others[i].type))
				name = others[i].name;
		if (name == NULL)
			name = EVP_PKEY_get0_type_name(key);
		ca_buf_str(out, name != NULL ? name : "unknown");
	}
	ERR_pop_to_mark();
}

void
ca_cert_key_kind(X509 *cert, struct ca_buf *out)
{
	const char *newer = ca_sigalg_newer_key(cert);
	const EVP_PKEY *key = X509_get0_pubkey(cert);
	ASN1_OBJECT *type = NULL;

	if (newer != NULL) {
		ca_sigalg_put_newer(newer, out);
	} else if (key != NULL) {
		ca_key_kind(key, out);
	} else if (X509_PUBKEY_get0_param(&type, NULL, NULL, NULL,
		       X509_get_X509_PUBKEY(cert)) == 1) {
		ca_buf_str(out, "of the type ");
		ca_sigalg_name(type, out);
		ca_buf_str(out, ", and cannot be decoded");
	}
}

const char *
ca_scheme_key_kind(const struct ca_scheme *scheme)
{
	switch (scheme->key) {
	case CA_KEY_EC:
		return strcmp(scheme->group, "prime256v1") == 0 ? "EC on P-256"
		       : strcmp(scheme->group, "secp384r1") == 0
			   ? "EC on P-384"
			   : "EC on P-521";
	case CA_KEY_ED25519:
		return "Ed25519";
	case CA_KEY_ED448:
		return "Ed448";
	case CA_KEY_RSA:
		return "RSA of 2048 to 16384 bits";
	case CA_KEY_RSA_PSS:
		return "RSA-PSS of 2048 to 16384 bits";
	case CA_KEY_MLDSA44:
	case CA_KEY_MLDSA65:
	case CA_KEY_MLDSA87:
		return scheme->key_name;
	case CA_KEY_NONE:
		break;
	}
	return "unknown";
}
