/*
 * Building the canonical form of a distinguished name.  Private to dn.c and
 * dn_parse.c.
 */
#ifndef CA_MAP_DNINT_H
#define CA_MAP_DNINT_H

#include <openssl/asn1.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "map/dn.h"

#define CA_DN_PAIRS_MAX 64
#define CA_DN_POOL_MAX 16384

/* The pairs of a name in the form of dn.h, without the first byte of each. */
struct ca_dn {
	struct ca_dn_pair {
		size_t at, len; /* in pool */
		int rdn;        /* pairs of one RDN have the same number */
	} pair[CA_DN_PAIRS_MAX];
	size_t n;
	uint8_t pool[CA_DN_POOL_MAX];
	size_t used;
	bool fold;
};

/*
 * Add a pair: first the content octets of its type's OID and the number of its
 * RDN, then a value, of kind 'S' or 'D' as in dn.h, or of ASN.1.
 * CA_ERR_LIMIT; CA_ERR_FORMAT: the value cannot be decoded.
 */
CA_MUST_CHECK enum ca_err ca_dn_pair_begin(
    struct ca_dn *dn, const uint8_t *oid, size_t oidlen, int rdn);
CA_MUST_CHECK enum ca_err ca_dn_pair_end(
    struct ca_dn *dn, char kind, const void *value, size_t len);
CA_MUST_CHECK enum ca_err ca_dn_pair_asn1(
    struct ca_dn *dn, const ASN1_TYPE *value);

/* Sort the pairs of each RDN, and append all to out.  reverse: the last RDN
 * comes first.  CA_ERR_MEMORY, CA_ERR_LIMIT. */
CA_MUST_CHECK enum ca_err ca_dn_write(
    struct ca_dn *dn, bool reverse, struct ca_buf *out);

#endif
