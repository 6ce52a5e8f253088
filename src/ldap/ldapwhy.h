/*
 * Private to src/ldap: why a server gives no answer, with libldap.
 */
#ifndef CA_LDAP_LDAPWHY_H
#define CA_LDAP_LDAPWHY_H

#include <ldap.h>

#include "ldap/ldapmsg.h"

struct ca_ldap_why {
	enum ca_ldap_cause cause;
	char text[CA_LDAP_TEXT_MAX]; /* of libraries and of the server */
};

void ca_ldap_why_set(struct ca_ldap_why *why, enum ca_ldap_cause cause,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* A result of libldap or of the server, at this step; said: the text that came with
 * it, NULL: the last that libldap has. */
void ca_ldap_why_result(struct ca_ldap_why *why, LDAP *ld,
    enum ca_ldap_step step, int result, const char *said);

/* Another server may have an answer. */
bool ca_ldap_why_away(const struct ca_ldap_why *why);

#endif
