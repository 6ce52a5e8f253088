/*
 * The search, with libldap.  Only certauth-ldap links this file.
 */
#ifndef CA_LDAP_LDAPPULL_H
#define CA_LDAP_LDAPPULL_H

#include <stdbool.h>

#include "crypto/crypto.h"
#include "ldap/ldapmsg.h"

/* Strings are borrowed; those that are not set are NULL. */
struct ca_ldap_order {
	const char *uri;
	const char *base, *filter, *login;
	bool weak;
	const char *dn, *password; /* simple bind */
	/* paths of files in memory */
	const char *ca, *client, *key; /* PEM */
	bool keytab;                   /* GSSAPI; the environment names it */
};

/*
 * Ask the server for all accounts, and write them as frames
 * to the descriptor `to'.  The last frame says that they are complete, or why not.
 * CA_ERR_IO: frames cannot be written; CA_ERR_MEMORY, CA_ERR_CRYPTO.
 */
CA_MUST_CHECK enum ca_err ca_ldap_pull(
    struct ca_crypto *crypto, const struct ca_ldap_order *order, int to);

#endif
