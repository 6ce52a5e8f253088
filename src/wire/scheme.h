/*
 * The signature schemes (RFC 8446 section 4.2.3): each fixes the key type, the
 * curve, the digest and the padding.
 */
#ifndef CA_WIRE_SCHEME_H
#define CA_WIRE_SCHEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ca_key_type {
	CA_KEY_NONE,
	CA_KEY_EC,
	CA_KEY_ED25519,
	CA_KEY_ED448,
	CA_KEY_RSA,
	CA_KEY_RSA_PSS, /* id-RSASSA-PSS: a key for RSA-PSS only */
	CA_KEY_MLDSA44,
	CA_KEY_MLDSA65,
	CA_KEY_MLDSA87,
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): ordered for readers
 */
struct ca_scheme {
	uint16_t code;    /* on the wire */
	const char *name; /* as in RFC 8446 */
	enum ca_key_type key;
	const char *key_name; /* OpenSSL's name of the key type */
	const char *group;    /* OpenSSL's name of the curve, or NULL */
	const char *digest; /* OpenSSL's name, or NULL if the scheme has none */
	bool pss;           /* RSA-PSS, salt as long as the hash */
};

#define CA_RSA_MIN_BITS 2048
#define CA_RSA_MAX_BITS 16384
#define CA_RSA_EXPONENT_BITS 64 /* libcrypto's limit for keys over 3,072 bits */

/* RSASSA-PKCS1-v1_5, which `rsa_pkcs1 = no` disables. */
static inline bool
ca_scheme_is_pkcs1(const struct ca_scheme *s)
{
	return s->key == CA_KEY_RSA && !s->pss;
}

/* The scheme with this code or name, or NULL.  Static storage. */
const struct ca_scheme *ca_scheme_by_code(uint16_t code);
const struct ca_scheme *ca_scheme_by_name(const char *name);

/* Scheme number i in the host's order of preference, or NULL after the last.
 * The mldsa schemes are included even if libcrypto does not have them. */
const struct ca_scheme *ca_scheme_at(size_t i);

#endif
