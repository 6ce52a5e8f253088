/*
 * Make the index of a directory (map/ldap_index.h).
 */
#ifndef CA_MAP_LDAP_MAKE_H
#define CA_MAP_LDAP_MAKE_H

#include "map/ldap_index.h"

#define CA_LDAP_ACCOUNTS_MAX 4000000
#define CA_LDAP_ALL_VALUES_MAX 8000000

struct ca_ldap_maker;

/* Begin; cfg and log are borrowed.  The caller holds a lock: the names of files beside
 * the index are fixed.  CA_ERR_IO (logged), CA_ERR_CRYPTO,
 * CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_ldap_maker_new(struct ca_crypto *crypto,
    const struct ca_config *cfg, const struct ca_log *log,
    struct ca_ldap_maker **out);
void ca_ldap_maker_free(struct ca_ldap_maker *m); /* NULL is allowed */

/* The values that follow are of this account.  CA_ERR_FORMAT: the login is none that
 * a directory may give; CA_ERR_LIMIT, CA_ERR_CRYPTO, CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_ldap_maker_account(
    struct ca_ldap_maker *m, const char *login, size_t len);

/* CA_ERR_USAGE: no account was begun; CA_ERR_FORMAT: the kind is unknown, or weak
 * without directory_weak; CA_ERR_LIMIT, CA_ERR_IO, CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_ldap_maker_value(
    struct ca_ldap_maker *m, uint8_t kind, const uint8_t key[CA_LDAP_KEY]);

/*
 * Write the index and replace the old one by rename.  A login that two accounts
 * have, in any case of its letters, belongs to neither: up to 20 are logged.  *out
 * is what the index has.
 *
 * Unless force is set, an index without an account is refused, and one with a
 * tenth of the accounts, or fewer, of the old index of the same source:
 * CA_DENIED, the old index remains, and *before is its number of accounts, or 0.
 * CA_ERR_IO (logged), CA_ERR_LIMIT, CA_ERR_CRYPTO, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_ldap_maker_finish(struct ca_ldap_maker *m,
    bool force, struct ca_ldap_facts *out, uint64_t *before);

#endif
