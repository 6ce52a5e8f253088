/*
 * Private to ldap_stage.c and ldap_make.c: an index of a directory that is being
 * made.
 */
#ifndef CA_MAP_LDAP_MAKEINT_H
#define CA_MAP_LDAP_MAKEINT_H

#include <stdio.h>

#include "map/ldap_make.h"

/* The place of a value: its first bytes sort as the buckets do. */
struct ca_ldap_place {
	uint64_t first;
	uint64_t offset; /* of the record in the stage */
};

/*
 * The records are staged in a file without a name beside the index, in the order in
 * which they come.  Memory holds 16 bytes of each value and 8 of each account.
 */
struct ca_ldap_maker {
	struct ca_crypto *crypto;
	const struct ca_config *cfg;
	const struct ca_log *log;
	FILE *stage;
	uint64_t size; /* of the stage */
	struct ca_ldap_place *v;
	size_t n, cap;
	uint64_t *account; /* an id of each login */
	size_t accounts, accounts_cap;
	size_t twice; /* the first entries of account, once sorted: in two */
	char login[UINT8_MAX + 1];
	size_t len; /* 0: no account yet */
	size_t named;
	char last_named[UINT8_MAX + 1];
};

/* An id of a login: names that differ in case have the same, for they are one account
 * for many name services. */
CA_MUST_CHECK enum ca_err ca_ldap_login_id(
    struct ca_ldap_maker *m, const char *login, size_t len, uint64_t *out);

#endif
