/*
 * The index of a large users file: FILE.cdb beside it (data/index.h).  Private
 * to this room.
 *
 * The index has only the places of the lines that a certificate might match.  A
 * login reads these lines from the users file and parses them, so a wrong index
 * cannot grant a login.  Every hash of a value has a record (a bucket), so that a
 * missing record is noticed and cannot hide a line.
 * A line with ignorecase has the key of its folded value.  Each value of a
 * certificate is looked up as it is and, if the file has such lines, folded.
 * Lines that cannot be found by key (patterns, match:) are in a list, and each
 * login tries all of them.
 *
 * Records beside the head; numbers are big-endian:
 *
 *	"M" (head)      8 bytes: number of buckets, 8: mask of selectors in use,
 *	                from bit 32 on of those with ignorecase
 *	"S"             lines that are always tried: offset (8), line number (8)
 *	"B" bucket (4)  hash (8), offset (8), line number (8) of each line
 *
 * Earlier versions: 1 had no keys for lines with ignorecase, 2 was never written,
 * 3 had another check.
 */
#ifndef CA_MAP_USERS_INDEX_H
#define CA_MAP_USERS_INDEX_H

#include "base/err.h"
#include "data/index.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "map/ident.h"
#include "map/users_file.h"

/*
 * Visit the rules of the users file at path that may match id, and perhaps
 * others.  CA_ERR_STALE: no index can be used (the reason is logged: at debug,
 * or as a warning if the index is damaged), and the file must be read in full;
 * rules may have been visited already.  Other errors as ca_users_scan.
 */
CA_MUST_CHECK enum ca_err ca_users_index_visit(struct ca_crypto *crypto,
    const char *path, struct ca_ident *id, const struct ca_log *log,
    ca_users_visit *visit, void *ctx);

/*
 * Check the index of the users file at path, for `certauth doctor`.  CA_OK: it
 * can be used, and the SHA-256 of the whole file is right too;
 * CA_ERR_NOT_FOUND: no index; CA_ERR_STALE: made of another file or of other
 * content, or the users file cannot be opened; CA_ERR_UNSUPPORTED: made by
 * another version; CA_ERR_FORMAT: damaged; CA_ERR_UNTRUSTED, CA_ERR_IO (both
 * logged), CA_ERR_CRYPTO, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_users_index_check(
    struct ca_crypto *crypto, const char *path, const struct ca_log *log);

/* The key by which a selector's value is found, as it is and folded. */
uint64_t ca_users_index_hash(enum ca_selector sel, const void *p, size_t len);
uint64_t ca_users_index_hash_folded(
    enum ca_selector sel, const void *p, size_t len);

/* The bit of a selector in the mask. */
#define CA_USERS_INDEX_BIT(sel, folded)                                        \
	(UINT64_C(1) << ((unsigned)(sel) + ((folded) ? 32 : 0)))

#define CA_USERS_INDEX_RECORD_MAX ((size_t)64 * 1024 * 1024) /* bytes */

extern const struct ca_index_kind ca_users_index_kind;

#endif
