/*
 * The index of a large users file: FILE.cdb beside it.  Private to this room.
 *
 * The users file stays the truth: the index says only where the lines are that
 * a certificate might match, and these are read from the file and parsed at
 * each login.  A wrong index can thus never grant; and so that it cannot hide
 * a line either, every record carries a checksum, and there is a record for
 * every hash a value can have (a bucket), so that nothing is ever absent.
 * A line with ignorecase has the key of its folded value, and each value of a
 * certificate is looked up as it is and, where the file has such lines, folded.
 * What cannot be found by key (patterns, match:) stands in a list that each
 * login goes through.
 *
 * Records of the cdb; numbers are big-endian, each record ends with 8 bytes of
 * FNV-1a over its key and what is in front:
 *
 *	"M"             "certauth users 3\n", dev, ino, size, mtime, its ns,
 *	                ctime, its ns (8 bytes each), SHA-256 of the file,
 *	                8 bytes: number of buckets, 8: mask of selectors in use,
 *	                from bit 32 on of those with ignorecase
 *	"S"             lines to try always: offset (8), line number (8)
 *	"B" bucket (4)  hash (8), offset (8), line number (8) of each line
 *
 * Of the forms before, 1 had no keys for lines with ignorecase, and 2 was never
 * written.
 */
#ifndef CA_MAP_USERS_INDEX_H
#define CA_MAP_USERS_INDEX_H

#include "base/err.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "map/ident.h"
#include "map/users.h"

/*
 * Visit the rules of the users file at path that may match id, and perhaps
 * others.  CA_ERR_STALE: there is no index that can be used (why goes to the
 * log at debug, or as a warning where it is damaged), and the file must be
 * read in full; rules may have been visited already.  Other errors as
 * ca_users_scan.
 */
CA_MUST_CHECK enum ca_err ca_index_visit(const char *path, struct ca_ident *id,
    const struct ca_log *log, ca_users_visit *visit, void *ctx);

/*
 * How the index of the users file at path stands, for `certauth doctor`:
 * CA_OK: it is good, the SHA-256 of the whole file included; CA_ERR_NOT_FOUND:
 * there is none; CA_ERR_STALE: it is of another file, or of other content;
 * CA_ERR_UNSUPPORTED: in the form of another version; CA_ERR_FORMAT: damaged;
 * CA_ERR_UNTRUSTED, CA_ERR_IO, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_index_check(
    struct ca_crypto *crypto, const char *path, const struct ca_log *log);

/* What a selector's value is found by; a folded one. */
uint64_t ca_index_hash(enum ca_selector sel, const void *p, size_t len);
uint64_t ca_index_hash_folded(enum ca_selector sel, const void *p, size_t len);

/* The bit in the mask of a selector. */
#define CA_INDEX_BIT(sel, folded)                                              \
	(UINT64_C(1) << ((unsigned)(sel) + ((folded) ? 32 : 0)))

#define CA_INDEX_MAGIC "certauth users 3\n"
#define CA_INDEX_MAGIC_COMMON 15 /* bytes that all forms begin with */
#define CA_INDEX_MAGIC_LEN (sizeof CA_INDEX_MAGIC - 1)
#define CA_INDEX_RECORD_MAX ((size_t)64 * 1024 * 1024) /* bytes */

/* FNV-1a, 64 bits: any change of one byte changes it. */
uint64_t ca_index_sum(uint64_t start, const void *p, size_t len);
#define CA_INDEX_SUM_START 0xcbf29ce484222325ULL

/* Append what binds an index to a file. */
void ca_index_binding(const struct stat *st, struct ca_buf *out);

#endif
