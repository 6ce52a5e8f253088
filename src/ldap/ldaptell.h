/*
 * Private to src/ldap: what the log says of a server that gave no answer.
 */
#ifndef CA_LDAP_LDAPTELL_H
#define CA_LDAP_LDAPTELL_H

#include "ldap/ldap.h"

/* Log why the server of in has no answer, and what to do; more: there is another
 * server, which is asked next. */
void ca_ldap_tell(const struct ca_config *cfg, const struct ca_log *log,
    const struct ca_ldap_input *in, bool more);

/* The same for a server that was given up after that many seconds. */
void ca_ldap_tell_silent(const struct ca_config *cfg, const struct ca_log *log,
    const struct ca_ldap_input *in, unsigned seconds, bool more);

#endif
