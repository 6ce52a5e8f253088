/*
 * What the values of an account in a directory say of certificates.
 */
#ifndef CA_LDAP_LDAPVALUE_H
#define CA_LDAP_LDAPVALUE_H

#include "base/buf.h"
#include "map/ldap_kind.h"

/*
 * Append to out the value in the form of map/ldap_kind.h, and set *kind.  p has len
 * bytes of the attribute.  CA_ERR_UNSUPPORTED: it is no mapping of a certificate
 * (altSecurityIdentities has others), and is ignored.  CA_ERR_FORMAT, with *why, a
 * static phrase: it is malformed.  CA_ERR_LIMIT, CA_ERR_CRYPTO, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_ldap_value_cert(struct ca_crypto *crypto,
    const void *p, size_t len, struct ca_buf *out, const char **why);
CA_MUST_CHECK enum ca_err ca_ldap_value_sid(
    const void *p, size_t len, struct ca_buf *out, const char **why);
CA_MUST_CHECK enum ca_err ca_ldap_value_upn(
    const void *p, size_t len, struct ca_buf *out, const char **why);

/* altSecurityIdentities and ipaCertMapData: X509:<TAG>VALUE, once or twice.  Names
 * have their most significant RDN first. */
CA_MUST_CHECK enum ca_err ca_ldap_value_mapping(const void *p, size_t len,
    enum ca_ldap_kind *kind, struct ca_buf *out, const char **why);

#endif
