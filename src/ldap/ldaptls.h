/*
 * Private to src/ldap: TLS, with libldap.
 */
#ifndef CA_LDAP_LDAPTLS_H
#define CA_LDAP_LDAPTLS_H

#include "ldap/ldappull.h"
#include "ldap/ldapwhy.h"

/* What bounds every connection, also one that only explains: no referral is followed,
 * and no message has any length. */
CA_MUST_CHECK bool ca_ldap_tls_bound(LDAP *ld);

/* Put a descriptor of ca_ldap_reach into a new handle, which closes it.  False: *ld is
 * NULL, and the descriptor is closed. */
bool ca_ldap_handle(int fd, const char *uri, LDAP **ld);

/* A context of TLS of our own: with our CA alone, and no file or variable of the
 * host.  False: libldap refuses an option. */
bool ca_ldap_tls_set(LDAP *ld, const struct ca_ldap_order *order);

/* Begin TLS: a result of libldap or of the server, which is above 0. */
int ca_ldap_tls_start(LDAP *ld, const char *uri);

#endif
