/*
 * Private to src/ldap: a connection to one server, with libldap.
 */
#ifndef CA_LDAP_LDAPCONNECT_H
#define CA_LDAP_LDAPCONNECT_H

#include <ldap.h>

#include "ldap/ldappull.h"

/*
 * Connect to a server, with TLS unless it is on this machine, and bind.  *why is the
 * reason of a failure, of whyn bytes.  CA_ERR_IO: the server cannot be used, and
 * another may be; CA_DENIED: the server does not accept the bind; CA_ERR_UNSUPPORTED:
 * libldap refuses an option.  *ld is NULL after an error.
 */
CA_MUST_CHECK enum ca_err ca_ldap_connect(const struct ca_ldap_order *order,
    const char *uri, LDAP **ld, char *why, size_t whyn);

/* What libldap and the server say of the last error. */
void ca_ldap_say(LDAP *ld, int error, char *why, size_t whyn);

#endif
