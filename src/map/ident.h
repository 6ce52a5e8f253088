/*
 * The values of a certificate that selectors can compare, read once per login.
 * Private to this room.
 */
#ifndef CA_MAP_IDENT_H
#define CA_MAP_IDENT_H

#include <openssl/x509.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/crypto.h"
#include "map/rule.h"

#define CA_IDENT_MAX 128         /* values of one certificate */
#define CA_IDENT_VALUE_MAX 65536 /* bytes of all of them together */

struct ca_ident {
	struct {
		enum ca_selector sel;
		size_t at, len; /* in bytes */
	} v[CA_IDENT_MAX];
	size_t n;
	struct ca_buf bytes;
	/* the values in lower case, at the same places; empty until
	 * ca_ident_fold */
	struct ca_buf folded;
	unsigned folds;       /* how often folded was made */
	struct ca_buf issuer; /* canonical (dn.h) */
	X509 *leaf;           /* borrowed */
	unsigned char *der;
	size_t der_len;
	const char *why; /* after CA_ERR_FORMAT or CA_ERR_LIMIT */
};

/*
 * Read the values of leaf.  CA_ERR_FORMAT: a name in the certificate cannot be
 * decoded or holds a NUL, so the certificate matches no rule.  CA_ERR_LIMIT:
 * more values than CA_IDENT_MAX.  CA_ERR_MEMORY, CA_ERR_CRYPTO.  The caller
 * calls ca_ident_free, also after an error; leaf must live until then.
 */
CA_MUST_CHECK enum ca_err ca_ident_of(
    struct ca_crypto *crypto, X509 *leaf, struct ca_ident *id);
void ca_ident_free(struct ca_ident *id);

/* Make id->folded, unless it is made already.  Errors as ca_ident_of. */
CA_MUST_CHECK enum ca_err ca_ident_fold(struct ca_ident *id);

/* Append the values of the selector as text, separated by blanks. */
void ca_ident_show(
    const struct ca_ident *id, enum ca_selector sel, struct ca_buf *out);

#endif
