/*
 * Private to src/ldap: a connection to one server, with libldap.
 */
#ifndef CA_LDAP_LDAPCONNECT_H
#define CA_LDAP_LDAPCONNECT_H

#include "ldap/ldapentry.h"
#include "ldap/ldapwhy.h"

/*
 * Connect to the server of out->order, with TLS unless it is on this machine, and bind;
 * a frame says when each step begins.  With *why: CA_ERR_IO: the server cannot be used,
 * and another may be; CA_DENIED: the server does not accept the bind, or libldap
 * refuses an option.  CA_ERR_MEMORY, CA_ERR_UNSET: the frames cannot be written.  *ld
 * is NULL after an error.
 */
CA_MUST_CHECK enum ca_err ca_ldap_connect(
    struct ca_ldap_out *out, LDAP **ld, struct ca_ldap_why *why);

#endif
