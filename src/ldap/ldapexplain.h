/*
 * Private to src/ldap: what is wrong with the certificate of a server.
 */
#ifndef CA_LDAP_LDAPEXPLAIN_H
#define CA_LDAP_LDAPEXPLAIN_H

#include "crypto/crypto.h"
#include "ldap/ldappull.h"
#include "ldap/ldapwhy.h"

/*
 * After a failure of TLS: if it is the certificate of the server, set *why.  libldap's
 * text depends on its library of TLS, and often names no reason.  This connects once
 * more, verifies nothing, sends nothing but the handshake, and looks at the
 * certificate.
 */
void ca_ldap_explain(struct ca_crypto *crypto,
    const struct ca_ldap_order *order, struct ca_ldap_why *why);

#endif
