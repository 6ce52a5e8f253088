/*
 * A search for certificates and keys on tokens.  Private to p11search.c, which goes
 * through the modules, p11.c, which goes through the slots of one, p11token.c and
 * p11identity.c, which read one token, p11merge.c, which looks at what several
 * tokens have in common, and p11why.c, which says why nothing was found.
 */
#ifndef CA_KEY_P11SCAN_H
#define CA_KEY_P11SCAN_H

#include "key/p11.h"

#define CA_P11_CLOSED_MAX 8

/* The attributes read from an object. */
struct ca_p11_object {
	CK_OBJECT_HANDLE handle;
	struct ca_buf id, label;
	struct ca_buf value; /* of a certificate */
};

struct ca_p11_objects {
	struct ca_p11_object *v;
	size_t n;
};

/* The scan of one module, in a thread of its own; or of one token after a login. */
struct ca_p11_scan {
	struct ca_crypto *crypto;
	struct ca_p11_module *module;
	struct ca_identities out;
	X509 *given;  /* a certificate whose key is on a token; NULL: use the
		       * certificates on the tokens */
	bool refused; /* a token with keys needs no PIN, but one is required */
	/* the tokens that show no certificate before a login, at most that many */
	struct ca_p11_token closed[CA_P11_CLOSED_MAX];
	size_t nclosed;              /* all of them */
	struct ca_buf found;         /* a phrase: the slots and tokens */
	size_t cards, labels;        /* as of struct ca_p11_module */
	struct ca_view_module *view; /* the same with all facts, or NULL */
	enum ca_err rc;
	/* the current token */
	struct ca_p11_session at;
	struct ca_p11_held *held; /* its keys share it */
	struct ca_p11_objects keys, public_keys, certs;
	STACK_OF(X509) *parsed; /* one for each of certs; NULL if broken */
};

/* ---- p11identity.c ---- */

/* A CA certificate, by its extension or its version. */
bool ca_p11_is_ca(X509 *cert);

/* Append an identity with leaf to s->out: the current token has its key, whose
 * CKA_ID is id (may be empty), and the certificate's label (NULL: none).
 * CA_ERR_UNSUPPORTED: a type of key that nobody knows; CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_p11_add_identity(struct ca_p11_scan *s, X509 *leaf,
    struct ca_bytes id, const struct ca_buf *label);

/* ---- p11token.c ---- */

/*
 * Append the identities of the current token to s->out.  Only CA_ERR_MEMORY
 * ends the search; a token that fails is skipped with a debug line.
 */
CA_MUST_CHECK enum ca_err ca_p11_scan_token(struct ca_p11_scan *s);

/* ---- p11.c ---- */

/* Initialise the scan's module and read all its tokens, in the thread of
 * ca_p11_run; s->rc is the result. */
void ca_p11_scan_module(void *scan);

/* ---- p11merge.c ---- */

/* A certificate that two modules show of one token is kept once: the later one is
 * the fallback of the first. */
void ca_p11_merge(struct ca_identities *ids);

/* Tokens of one label get their serial number or reader into their names, and so
 * into the labels of ids.  CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_p11_distinguish(struct ca_identities *ids);

/* ---- p11why.c ---- */

/* Append why nothing was found, and the next command, and what there is. */
void ca_p11_why(const struct ca_p11 *p11, size_t nclosed,
    const struct ca_p11_token *closed, struct ca_buf *out);

#endif
