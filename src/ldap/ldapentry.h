/*
 * Private to src/ldap: one entry of the directory, with libldap.
 */
#ifndef CA_LDAP_LDAPENTRY_H
#define CA_LDAP_LDAPENTRY_H

#include <ldap.h>

#include "ldap/ldappull.h"

struct ca_ldap_out {
	struct ca_crypto *crypto;
	const struct ca_ldap_order *order;
	int to;
	struct ca_buf frames; /* that are not written yet */
	struct ca_ldap_sum sum;
	char last[512]; /* the name of the last entry, or its beginning */
	/* of one entry */
	struct ca_buf entry, value;
	size_t values;
};

/* The attributes to ask for, besides that of the login; ends with NULL. */
extern const char *const ca_ldap_attributes[];

/* Write the frames of an entry.  CA_ERR_IO, CA_ERR_MEMORY, CA_ERR_CRYPTO. */
CA_MUST_CHECK enum ca_err ca_ldap_entry(
    struct ca_ldap_out *out, LDAP *ld, LDAPMessage *message);

/* Say that a step begins. */
CA_MUST_CHECK enum ca_err ca_ldap_out_at(
    struct ca_ldap_out *out, enum ca_ldap_step step);

/* Write what frames has, or, with full, only if it is much. */
CA_MUST_CHECK enum ca_err ca_ldap_out_flush(struct ca_ldap_out *out, bool full);

#endif
