#include "wire/scheme.h"

#include <string.h>

/*
 * In the host's order of preference: small and fast schemes first; last those
 * with PKCS #1 v1.5 padding, which TLS 1.3 no longer allows.
 */
static const struct ca_scheme table[] = {
    {0x0403, "ecdsa_secp256r1_sha256", CA_KEY_EC, "EC", "prime256v1", "SHA256",
	false},
    {0x0503, "ecdsa_secp384r1_sha384", CA_KEY_EC, "EC", "secp384r1", "SHA384",
	false},
    {0x0603, "ecdsa_secp521r1_sha512", CA_KEY_EC, "EC", "secp521r1", "SHA512",
	false},
    {0x0807, "ed25519", CA_KEY_ED25519, "ED25519", NULL, NULL, false},
    {0x0808, "ed448", CA_KEY_ED448, "ED448", NULL, NULL, false},
    {0x0904, "mldsa44", CA_KEY_MLDSA44, "ML-DSA-44", NULL, NULL, false},
    {0x0905, "mldsa65", CA_KEY_MLDSA65, "ML-DSA-65", NULL, NULL, false},
    {0x0906, "mldsa87", CA_KEY_MLDSA87, "ML-DSA-87", NULL, NULL, false},
    {0x0804, "rsa_pss_rsae_sha256", CA_KEY_RSA, "RSA", NULL, "SHA256", true},
    {0x0805, "rsa_pss_rsae_sha384", CA_KEY_RSA, "RSA", NULL, "SHA384", true},
    {0x0806, "rsa_pss_rsae_sha512", CA_KEY_RSA, "RSA", NULL, "SHA512", true},
    {0x0809, "rsa_pss_pss_sha256", CA_KEY_RSA_PSS, "RSA-PSS", NULL, "SHA256",
	true},
    {0x080a, "rsa_pss_pss_sha384", CA_KEY_RSA_PSS, "RSA-PSS", NULL, "SHA384",
	true},
    {0x080b, "rsa_pss_pss_sha512", CA_KEY_RSA_PSS, "RSA-PSS", NULL, "SHA512",
	true},
    {0x0401, "rsa_pkcs1_sha256", CA_KEY_RSA, "RSA", NULL, "SHA256", false},
    {0x0501, "rsa_pkcs1_sha384", CA_KEY_RSA, "RSA", NULL, "SHA384", false},
    {0x0601, "rsa_pkcs1_sha512", CA_KEY_RSA, "RSA", NULL, "SHA512", false},
};

#define TABLE_LEN (sizeof table / sizeof table[0])

const struct ca_scheme *
ca_scheme_by_code(uint16_t code)
{
	for (size_t i = 0; i < TABLE_LEN; i++) {
		if (table[i].code == code)
			return &table[i];
	}
	return NULL;
}

const struct ca_scheme *
ca_scheme_by_name(const char *name)
{
	for (size_t i = 0; i < TABLE_LEN; i++) {
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	}
	return NULL;
}

const struct ca_scheme *
ca_scheme_at(size_t i)
{
	return i < TABLE_LEN ? &table[i] : NULL;
}
