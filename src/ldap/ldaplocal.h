/*
 * Which servers are on this machine.
 */
#ifndef CA_LDAP_LDAPLOCAL_H
#define CA_LDAP_LDAPLOCAL_H

#include <stdbool.h>

/*
 * Is the server of this URI on this machine by its text alone?  A connection to it
 * needs no TLS; any other has TLS, or is not made.  A name is never asked for: who
 * answers for names must not decide what is sent in the clear.
 */
bool ca_ldap_is_local(const char *uri);

#endif
