/*
 * The index of a directory: what `certauth users update` took from the servers of
 * LDAP, in one file (data/index.h).  A login reads two or three records of it,
 * however many accounts it has.
 *
 * There is no file that the index is an index of.  Its source is the
 * configuration: SHA-256 of directory_uri, directory_base, directory_filter,
 * directory_login and directory_weak.  With another one of these, the index is
 * of another source, and is refused.
 *
 * The index has no values, but their keys (map/ldap_kind.h): 256 bits, so that
 * nobody finds another value with the key of a given one.  Records, numbers
 * big-endian:
 *
 *	"M" (head)      8 bytes: number of buckets, 8: accounts with a value,
 *	                8: values, 8: time of the update, 4: mask of kinds in use
 *	"B" bucket (4)  of each value: key (32), kind (1), length of the login (1),
 *	                login
 *
 * A key is in bucket (its first four bytes * number of buckets) / 2^32.  Every
 * bucket has a record, so that a missing one is noticed.
 */
#ifndef CA_MAP_LDAP_INDEX_H
#define CA_MAP_LDAP_INDEX_H

#include <time.h>

#include "base/log.h"
#include "config/config.h"
#include "data/index.h"
#include "map/ident.h"
#include "map/ldap_kind.h"
#include "verify/context.h"

#define CA_LDAP_RECORD_MAX ((size_t)64 * 1024 * 1024) /* bytes */
#define CA_LDAP_RECORD_ENDS (CA_LDAP_KEY + 2)         /* before the login */
#define CA_LDAP_REST (4 * 8 + 4)                      /* bytes of the head */

extern const struct ca_index_kind ca_ldap_index_kind;

/* SHA-256 of the configuration that names the source.  CA_ERR_CRYPTO,
 * CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_ldap_source(struct ca_crypto *crypto,
    const struct ca_config *cfg, uint8_t out[CA_INDEX_HASH]);

/* The bucket of a key. */
uint32_t ca_ldap_bucket(const uint8_t key[CA_LDAP_KEY], uint64_t buckets);

/* What the head says. */
struct ca_ldap_facts {
	uint64_t buckets, accounts, values;
	time_t made;
	uint32_t kinds; /* bit k: there are values of kind k */
};

/*
 * Read the head of cfg->directory_index.  CA_ERR_NOT_FOUND; CA_ERR_STALE: of
 * another source; CA_ERR_UNSUPPORTED: of another version of certauth;
 * CA_ERR_FORMAT: damaged; CA_ERR_UNTRUSTED, CA_ERR_IO (errno), CA_ERR_CRYPTO,
 * CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_ldap_index_facts(struct ca_crypto *crypto,
    const struct ca_config *cfg, struct ca_ldap_facts *out);

/* Anything but CA_OK ends the walk. */
typedef enum ca_err ca_ldap_visit(
    void *ctx, enum ca_ldap_kind kind, const char *login);

/*
 * Visit each login that the directory gives to the certificate.  A login of NULL: values
 * of this kind do not count, because the certificate has a SID, and the directory has
 * objectSids.  *made: when the index was made.  CA_ERR_EXPIRED: the index is older than directory_max_age; others as
 * ca_ldap_index_facts, or the result of visit.
 */
CA_MUST_CHECK enum ca_err ca_ldap_index_visit(const struct ca_context *ctx,
    const struct ca_ident *id, ca_ldap_visit *visit, void *arg, time_t *made);

/* Is an index of this time too old to be used?  So is one of the future, which would
 * be young for ever. */
bool ca_ldap_index_too_old(
    const struct ca_config *cfg, time_t made, time_t now);

#endif
