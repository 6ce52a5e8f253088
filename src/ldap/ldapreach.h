/*
 * Private to src/ldap: a TCP connection to a server.  libldap says of each failure
 * that it cannot contact the server, and no more.
 */
#ifndef CA_LDAP_LDAPREACH_H
#define CA_LDAP_LDAPREACH_H

#include "ldap/ldapwhy.h"

/*
 * Connect to the server of a URI, ldap:// or ldaps://.  The caller closes *fd, unless
 * libldap has it.  CA_ERR_IO with *why: there is no connection; CA_ERR_UNSUPPORTED: the
 * URI is malformed.
 */
CA_MUST_CHECK enum ca_err ca_ldap_reach(
    const char *uri, int *fd, struct ca_ldap_why *why);

#endif
