/*
 * The records of a CRL index, for its reader and its maker.  Private to
 * index_read.c, index_build.c and index_file.c.
 *
 * Keys and values beside the head of data/index.h, numbers big-endian:
 *
 *	"m" (head)       u32 number of CRLs
 *	"c" u32 no       SHA-256 of SPKI, u64 entries, u32 buckets, stripped DER
 *	"i" u32 no u32 i certificateIssuer number i (1..), DER GeneralNames
 *	"b" u32 no u32 k bucket k: entries of u8 length of serial, serial, u8
 *	                 reason (255: none), u64 date, u32 i (0: CRL issuer)
 *
 * The length of a serial is at most CA_CRL_INDEX_SERIAL_MAX.
 */
#ifndef CA_CRL_INDEX_FORMAT_H
#define CA_CRL_INDEX_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "data/index.h"

extern const struct ca_index_kind ca_crl_index_kind;

#define CA_CRL_INDEX_VALUE_MAX (1u << 20) /* bytes of any value */
#define CA_CRL_INDEX_SERIAL_MAX 254 /* a CRL with a longer one has no index */
#define CA_CRL_INDEX_PER_BUCKET 16  /* entries, on average */
#define CA_CRL_INDEX_ENTRY_FIXED (1 + 1 + 8 + 4)
#define CA_CRL_INDEX_CRLS_MAX 1024

/* FNV-1a.  If serial numbers are chosen so that a bucket exceeds VALUE_MAX, the
 * compilation fails; look-ups are not affected. */
static inline uint32_t
ca_crl_index_hash(const uint8_t *p, size_t len)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 16777619u;
	return h ^ h >> 15;
}

#endif
