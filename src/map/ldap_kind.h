/*
 * What a value of an account in the directory says of a certificate, and the key by
 * which the index of the directory finds it.
 */
#ifndef CA_MAP_LDAP_KIND_H
#define CA_MAP_LDAP_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/crypto.h"

#define CA_LDAP_KEY 32 /* bytes of a key: SHA-256 */

/* In the order of the table in ldap_kind.c.  The index stores these numbers. */
enum ca_ldap_kind {
	CA_LDAP_CERT,
	CA_LDAP_ISSUER_SERIAL,
	CA_LDAP_SKI,
	CA_LDAP_SHA1,
	CA_LDAP_SID,
	CA_LDAP_ISSUER_SID,
	CA_LDAP_ISSUER_SUBJECT,
	CA_LDAP_SUBJECT,
	CA_LDAP_RFC822,
	CA_LDAP_UPN,
	CA_LDAP_KINDS
};

/* The attribute and form, such as "altSecurityIdentities <SKI>". */
const char *ca_ldap_kind_name(enum ca_ldap_kind kind);

/* The value alone identifies one certificate, key or account, and is no name that a
 * CA may give to another person. */
bool ca_ldap_kind_strong(enum ca_ldap_kind kind);

/*
 * The key of a value, in the form that map/ident.h has for the certificate: hex in
 * lower case (CERT: SHA-256; SHA1: of the certificate or of its public key; SKI),
 * text, or canonical names (map/dn.h) and a semicolon before a second part.
 * CA_ERR_LIMIT: over 64 KiB; CA_ERR_CRYPTO, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_ldap_key(struct ca_crypto *crypto,
    enum ca_ldap_kind kind, const void *p, size_t len,
    uint8_t out[CA_LDAP_KEY]);

/* Return NULL if an account of the directory may have this login, else why not, as a
 * static phrase. */
const char *ca_ldap_login_refusal(const char *login, size_t len);

#endif
